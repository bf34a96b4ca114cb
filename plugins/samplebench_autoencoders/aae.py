"""The adversarial autoencoder."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from samplebench import AdversarialAutoencoder, Samples, Shape
from samplebench.networks import Backbone, Likelihood
from samplebench.settings import at_least
from samplebench_autoencoders.posterior import Vectors
from samplebench_autoencoders.vector_autoencoder import VectorAutoencoder


class LatentAdversarialAutoencoder(VectorAutoencoder, AdversarialAutoencoder):
    """An autoencoder whose latents a critic cannot distinguish from standard normal draws.

    ``L = −log p(x | E(x)) − λ log C(E(x))`` for the autoencoder, and
    ``−log C(z) − log(1 − C(E(x)))``, z from the prior, for the critic C. The paper takes
    reconstruction and deception in two steps with separate optimisers; here they are one step, so
    λ matters: on MNIST the critic becomes too strong for the encoder at λ = 10. Of the paper's
    three kinds of encoder this is the deterministic one.

    Args:
        shape: of one sample.
        latent: the number of reals in the latent vector.
        backbone: the kind of network; the depth follows the image size.
        width: channels after the first downsampling, which double with each further one; an
            ``mlp`` has 16 times as many hidden units a layer.
        likelihood: the likelihood behind the reconstruction error.
        weight: λ, the weight of the deception of the critic.
        critic_width: units in each of the critic's two hidden layers.

    Raises:
        ValueError: a negative weight, or a critic without units.

    Reference: Adversarial Autoencoders (Makhzani et al., 2015), arXiv:1511.05644
    """

    def __init__(
        self,
        shape: Shape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "mse",
        weight: float = 1.0,
        critic_width: int = 1000,
    ) -> None:
        super().__init__(
            shape, latent=latent, backbone=backbone, width=width, likelihood=likelihood
        )
        at_least("weight", weight, 0)
        at_least("critic_width", critic_width, 1)
        self.weight, self.critic_width = weight, critic_width
        self.critic = nn.Sequential(
            nn.Linear(latent, critic_width),
            nn.ReLU(),
            nn.Linear(critic_width, critic_width),
            nn.ReLU(),
            nn.Linear(critic_width, 1),
        )

    def loss_terms(self, samples: Samples) -> Mapping[str, Tensor]:
        vectors = self.encoder(samples)
        return {
            "reconstruction": self.reconstruction(vectors, samples),
            "deception": self.weight * self._critic_cross_entropy(vectors, 1.0),
        }

    def critic_parameters(self) -> Iterable[nn.Parameter]:
        return self.critic.parameters()

    def critic_loss(self, samples: Samples) -> Tensor:
        with torch.no_grad():
            vectors = self.encoder(samples)
        prior = torch.randn_like(vectors)
        return self._critic_cross_entropy(prior, 1.0) + self._critic_cross_entropy(vectors, 0.0)

    def _critic_cross_entropy(self, vectors: Vectors, label: float) -> Tensor:
        """Compute the critic's cross-entropy for draws of the prior (1) or latents (0)."""
        logits = self.critic(vectors)
        return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))
