"""The variational autoencoder."""

from collections.abc import Mapping

from torch import Tensor

from samplebench import Samples, Shape
from samplebench.networks import Backbone, Likelihood
from samplebench_autoencoders.posterior import LatentsOf, split_posterior
from samplebench_autoencoders.vector_autoencoder import VectorAutoencoder


class VariationalAutoencoder(VectorAutoencoder):
    """The variational autoencoder with a diagonal Gaussian posterior and a standard normal prior.

    ``L = −E_q log p(x | z) + KL(q(z | x) ‖ N(0, I))``, ``q(z | x) = N(μ(x), diag σ²(x))`` and one
    reparametrised draw ``z = μ + σ ε``, summed over pixels and dimensions, averaged over samples.
    Latents are posterior means, or draws. The paper's networks are MLPs with a Bernoulli
    likelihood, or a Gaussian one that is learned; here the Gaussian's variance is 1.

    Args:
        shape: of one sample.
        latent: the number of reals in the latent vector.
        backbone: the kind of network; the depth follows the image size.
        width: channels after the first downsampling, which double with each further one; an
            ``mlp`` has 16 times as many hidden units a layer.
        likelihood: the likelihood behind the reconstruction error.
        latents: the latent of an image: the "mean" of its posterior, or a "sample" drawn from it.

    Reference: Auto-Encoding Variational Bayes (Kingma & Welling, 2013), arXiv:1312.6114
    """

    def __init__(
        self,
        shape: Shape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "bernoulli",
        latents: LatentsOf = "mean",
    ) -> None:
        super().__init__(
            shape,
            latent=latent,
            backbone=backbone,
            width=width,
            likelihood=likelihood,
            posterior=True,
            latents=latents,
        )

    def loss_terms(self, samples: Samples) -> Mapping[str, Tensor]:
        posterior = split_posterior(self.encoder(samples))
        return {
            "reconstruction": self.reconstruction(posterior.draw(), samples),
            "kl": posterior.divergence(),
        }
