"""The plain autoencoder."""

from collections.abc import Mapping

from torch import Tensor

from samplebench import Samples, Shape
from samplebench.networks import Backbone, Likelihood
from samplebench_autoencoders.vector_autoencoder import VectorAutoencoder


class PlainAutoencoder(VectorAutoencoder):
    """The plain autoencoder, trained for reconstruction alone.

    ``L = −log p(x | D(E(x)))``, summed over pixels and averaged over samples: half the squared
    error for ``mse``, the cross-entropy for ``bernoulli``.

    Args:
        shape: of one sample.
        latent: the number of reals in the latent vector.
        backbone: the kind of network; the depth follows the image size.
        width: channels after the first downsampling, which double with each further one; an
            ``mlp`` has 16 times as many hidden units a layer.
        likelihood: the likelihood behind the reconstruction error.

    Reference: Reducing the Dimensionality of Data with Neural Networks (Hinton & Salakhutdinov,
    2006), doi:10.1126/science.1127647
    """

    def __init__(
        self,
        shape: Shape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "mse",
    ) -> None:
        super().__init__(
            shape, latent=latent, backbone=backbone, width=width, likelihood=likelihood
        )

    def loss_terms(self, samples: Samples) -> Mapping[str, Tensor]:
        return {"reconstruction": self.reconstruction(self.encoder(samples), samples)}
