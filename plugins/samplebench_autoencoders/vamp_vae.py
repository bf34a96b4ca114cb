"""The variational autoencoder with a VampPrior."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from samplebench import Samples, Shape
from samplebench.networks import Backbone, Likelihood
from samplebench.settings import at_least
from samplebench_autoencoders.posterior import LatentsOf, split_posterior
from samplebench_autoencoders.vector_autoencoder import VectorAutoencoder

_MARGIN = 0.01  # keeps the logits of black and white pixels finite


class VampPriorAutoencoder(VectorAutoencoder):
    """A variational autoencoder whose prior is the mean of its posteriors at learned samples.

    ``L = −E_q log p(x | z) + E_q [log q(z | x) − log p(z)]``,
    ``p(z) = 1/K Σ_k q(z | u_k)``, both expectations by one reparametrised draw an image. The
    pseudo-inputs u are learned with the networks, through a sigmoid that keeps images in [0, 1]
    (the authors clip instead), and start at training samples. They pass the encoder in one batch
    with the samples, so batch normalisation treats both alike. The paper learns 500
    of them on MNIST; later comparisons take 50.

    Args:
        shape: of one sample.
        latent: the number of reals in the latent vector.
        backbone: the kind of network; the depth follows the image size.
        width: channels after the first downsampling, which double with each further one; an
            ``mlp`` has 16 times as many hidden units a layer.
        likelihood: the likelihood behind the reconstruction error.
        pseudo_inputs: K, the number of learned samples.
        latents: the latent of an image: the "mean" of its posterior, or a "sample" drawn from it.

    Raises:
        ValueError: no pseudo-input.

    Reference: VAE with a VampPrior (Tomczak & Welling, 2017), arXiv:1705.07120
    """

    def __init__(
        self,
        shape: Shape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "bernoulli",
        pseudo_inputs: int = 50,
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
        at_least("pseudo_inputs", pseudo_inputs, 1)
        self.pseudo_inputs = pseudo_inputs
        self.pseudo_logits = nn.Parameter(torch.randn(pseudo_inputs, *shape))

    def begin_training(self, samples: Samples) -> None:
        chosen = torch.arange(self.pseudo_inputs, device=samples.device) % len(samples)
        start = samples[chosen]
        self.pseudo_logits.copy_(start.logit(_MARGIN) if self.of_images else start)

    def loss_terms(self, samples: Samples) -> Mapping[str, Tensor]:
        both = torch.cat([samples, self.means(self.pseudo_logits)])
        encoded = self.encoder(both)  # (samples + pseudo-inputs, 2 latent)
        posterior = split_posterior(encoded[: len(samples)])
        drawn = posterior.draw()
        of_pseudo_inputs = split_posterior(encoded[len(samples) :])
        by_each = of_pseudo_inputs.log_prob(drawn[:, None])  # (samples, pseudo-inputs)
        prior = by_each.logsumexp(1) - math.log(self.pseudo_inputs)
        return {
            "reconstruction": self.reconstruction(drawn, samples),
            "kl": (posterior.log_prob(drawn) - prior).mean(),
        }
