"""The contractive autoencoder."""

from collections.abc import Mapping

import torch
from torch import Tensor

from samplebench import Images
from samplebench.networks import Backbone, ImageShape, Likelihood
from samplebench.settings import at_least
from samplebench_autoencoders.jacobian import squared_jacobian_norm
from samplebench_autoencoders.vector_autoencoder import VectorAutoencoder, Vectors


class ContractiveAutoencoder(VectorAutoencoder):
    """An autoencoder whose latents hardly move when an image does.

    ``L = −log p(x | E(x)) + λ ‖∂E(x)/∂x‖²_F``. The paper's encoder has one layer, whose Jacobian
    has a closed form, and shares its weights with the decoder; here any encoder is allowed, the
    norm is estimated without bias by random signs, and weights are not shared, so part of the
    penalty is met by latents on a smaller scale. In training, batch normalisation makes the latent
    of an image depend a little on the others; the Jacobian is that of the whole batch. The paper
    chooses λ on held-out data and names no default.

    Args:
        image_shape: channels, height, width.
        latent: reals in the latent vector.
        backbone: the networks; their depth follows the image size.
        width: channels after the first halving, which double with each further one; an ``mlp``
            has 16 times as many hidden units a layer.
        likelihood: what the reconstruction error is.
        weight: λ.
        probes: draws of signs a step; more make the estimate less noisy and each costs a pass.

    Raises:
        ValueError: a negative weight, or no probe.

    Reference: Contractive Auto-Encoders: Explicit Invariance During Feature Extraction (Rifai et
    al., 2011), https://icml.cc/2011/papers/455_icmlpaper.pdf
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "bernoulli",
        weight: float = 0.1,
        probes: int = 1,
    ) -> None:
        super().__init__(image_shape, latent, backbone, width, likelihood)
        at_least("weight", weight, 0)
        at_least("probes", probes, 1)
        self.weight, self.probes = weight, probes

    def loss_terms(self, images: Images) -> Mapping[str, Tensor]:
        vectors, contraction = self._encoded(images)
        return {
            "reconstruction": self.reconstruction(vectors, images),
            "contraction": self.weight * contraction,
        }

    # A compiled network has no second derivative.
    @torch.compiler.disable  # type: ignore[untyped-decorator] # torch has no hint here
    def _encoded(self, images: Images) -> tuple[Vectors, Tensor]:
        """The latent vectors, and the mean squared norm of their Jacobians."""
        with torch.enable_grad():  # the norm is a gradient, also where none is asked for
            seen = images.detach().requires_grad_()
            vectors = self.encoder(seen)
            return vectors, squared_jacobian_norm(vectors, seen, self.probes)
