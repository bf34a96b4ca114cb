"""The contractive autoencoder."""

from collections.abc import Mapping

import torch
from torch import Tensor

from samplebench import Samples, Shape
from samplebench.networks import Backbone, Likelihood
from samplebench.settings import at_least
from samplebench_autoencoders.jacobian import squared_jacobian_norm
from samplebench_autoencoders.posterior import Vectors
from samplebench_autoencoders.vector_autoencoder import VectorAutoencoder


class ContractiveAutoencoder(VectorAutoencoder):
    """An autoencoder whose latents hardly change when an image changes.

    ``L = −log p(x | E(x)) + λ ‖∂E(x)/∂x‖²_F``. The paper's encoder has one layer, whose Jacobian
    has a closed form, and shares its weights with the decoder; here any encoder is allowed, the
    norm is estimated without bias by random signs, and weights are not shared, so latents on a
    smaller scale meet a part of the penalty. In training, batch normalisation makes the latent
    of an image depend a little on the others; the Jacobian is that of the whole batch. The paper
    chooses λ on held-out data and names no default.

    Args:
        shape: of one sample.
        latent: the number of reals in the latent vector.
        backbone: the kind of network; the depth follows the image size.
        width: channels after the first downsampling, which double with each further one; an
            ``mlp`` has 16 times as many hidden units a layer.
        likelihood: the likelihood behind the reconstruction error.
        weight: λ, the weight of the norm of the Jacobian.
        probes: draws of signs a step; more make the estimate less noisy, and each costs a pass.

    Raises:
        ValueError: a negative weight, or no probe.

    Reference: Contractive Auto-Encoders: Explicit Invariance During Feature Extraction (Rifai et
    al., 2011), https://icml.cc/2011/papers/455_icmlpaper.pdf
    """

    def __init__(
        self,
        shape: Shape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "bernoulli",
        weight: float = 0.1,
        probes: int = 1,
    ) -> None:
        super().__init__(
            shape, latent=latent, backbone=backbone, width=width, likelihood=likelihood
        )
        at_least("weight", weight, 0)
        at_least("probes", probes, 1)
        self.weight, self.probes = weight, probes

    def loss_terms(self, samples: Samples) -> Mapping[str, Tensor]:
        vectors, contraction = self._encode_with_norm(samples)
        return {
            "reconstruction": self.reconstruction(vectors, samples),
            "contraction": self.weight * contraction,
        }

    # A compiled network has no second derivative.
    @torch.compiler.disable  # type: ignore[untyped-decorator] # torch has no hint here
    def _encode_with_norm(self, samples: Samples) -> tuple[Vectors, Tensor]:
        """Compute the latent vectors, and the mean squared norm of their Jacobians."""
        with torch.enable_grad():  # the norm is a gradient, also where the caller wants none
            inputs = samples.detach().requires_grad_()
            vectors = self.encoder(inputs)
            return vectors, squared_jacobian_norm(vectors, inputs, probes=self.probes)
