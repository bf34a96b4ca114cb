"""The adversarial autoencoder."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from samplebench import AdversarialAutoencoder, Images
from samplebench.networks import Backbone, ImageShape, Likelihood
from samplebench.settings import at_least
from samplebench_autoencoders.vector_autoencoder import VectorAutoencoder, Vectors


class LatentAdversarialAutoencoder(VectorAutoencoder, AdversarialAutoencoder):
    """An autoencoder whose latents a critic cannot tell from draws of a standard normal.

    ``L = −log p(x | E(x)) − λ log C(E(x))`` for the autoencoder, and
    ``−log C(z) − log(1 − C(E(x)))``, z from the prior, for the critic C. The paper takes the
    reconstruction and the deception in two steps with optimisers of their own; here they are one
    step, so λ matters: on MNIST the critic runs away from the encoder at λ = 10. Of the paper's
    three kinds of encoder this is the deterministic one.

    Args:
        image_shape: channels, height, width.
        latent: reals in the latent vector.
        backbone: the networks; their depth follows the image size.
        width: channels after the first halving, which double with each further one; an ``mlp``
            has 16 times as many hidden units a layer.
        likelihood: what the reconstruction error is.
        weight: λ.
        critic_width: units in each of the critic's two hidden layers.

    Raises:
        ValueError: a negative weight, or a critic without units.

    Reference: Adversarial Autoencoders (Makhzani et al., 2015), arXiv:1511.05644
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "mse",
        weight: float = 1.0,
        critic_width: int = 1000,
    ) -> None:
        super().__init__(image_shape, latent, backbone, width, likelihood)
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

    def loss_terms(self, images: Images) -> Mapping[str, Tensor]:
        vectors = self.encoder(images)
        return {
            "reconstruction": self.reconstruction(vectors, images),
            "deception": self.weight * self._cost_of_believing(vectors, 1.0),
        }

    def critic_parameters(self) -> Iterable[nn.Parameter]:
        return self.critic.parameters()

    def critic_loss(self, images: Images) -> Tensor:
        with torch.no_grad():
            vectors = self.encoder(images)
        prior = torch.randn_like(vectors)
        return self._cost_of_believing(prior, 1.0) + self._cost_of_believing(vectors, 0.0)

    def _cost_of_believing(self, vectors: Vectors, truth: float) -> Tensor:
        """The critic's cross-entropy when the vectors are the prior's (1) or are not (0)."""
        logits = self.critic(vectors)
        return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))
