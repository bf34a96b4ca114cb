"""The β-VAE."""

from collections.abc import Mapping

from torch import Tensor

from samplebench import Samples, Shape
from samplebench.networks import Backbone, Likelihood
from samplebench.settings import at_least
from samplebench_autoencoders.posterior import LatentsOf, split_posterior
from samplebench_autoencoders.vector_autoencoder import VectorAutoencoder


class BetaVariationalAutoencoder(VectorAutoencoder):
    """The variational autoencoder whose divergence from the prior is weighted by β.

    ``L = −E_q log p(x | z) + β KL(q(z | x) ‖ N(0, I))``, with the posterior, the single draw and
    the sums of the plain variational autoencoder. β = 4 is the paper's value for its own shapes
    dataset; it chooses others for other data, and comparisons on MNIST have used 2.

    Args:
        shape: of one sample.
        latent: the number of reals in the latent vector.
        backbone: the kind of network; the depth follows the image size.
        width: channels after the first downsampling, which double with each further one; an
            ``mlp`` has 16 times as many hidden units a layer.
        likelihood: the likelihood behind the reconstruction error.
        beta: the weight of the divergence; 1 is the plain variational autoencoder.
        latents: the latent of an image: the "mean" of its posterior, or a "sample" drawn from it.

    Raises:
        ValueError: β is negative.

    Reference: beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework
    (Higgins et al., 2017), https://openreview.net/forum?id=Sy2fzU9gl
    """

    def __init__(
        self,
        shape: Shape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "bernoulli",
        beta: float = 4.0,
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
        at_least("beta", beta, 0)
        self.beta = beta

    def loss_terms(self, samples: Samples) -> Mapping[str, Tensor]:
        posterior = split_posterior(self.encoder(samples))
        return {
            "reconstruction": self.reconstruction(posterior.draw(), samples),
            "kl": self.beta * posterior.divergence(),
        }
