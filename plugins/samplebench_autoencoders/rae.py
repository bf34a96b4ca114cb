"""The regularised autoencoder."""

from collections.abc import Mapping
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from samplebench import Samples, Shape
from samplebench.networks import Backbone, Likelihood
from samplebench.settings import at_least, one_of
from samplebench_autoencoders.jacobian import squared_jacobian_norm
from samplebench_autoencoders.posterior import Vectors
from samplebench_autoencoders.vector_autoencoder import VectorAutoencoder

Regulariser = Literal["gradient-penalty", "l2", "spectral-norm", "none"]


class RegularisedAutoencoder(VectorAutoencoder):
    """A plain autoencoder with small latents and a smooth decoder, instead of a VAE's noise.

    ``L = −log p(x | E(x)) + β/2 ‖z‖² + λ R(D)``. R is ``‖∂D(z)/∂z‖²_F`` of the decoded image at
    ``z = E(x)`` (``gradient-penalty``), or the sum of the decoder's squared weights without
    biases and normalisation (``l2``). ``spectral-norm`` has no R: it divides each of the decoder's
    weight matrices by its largest singular value, found by one power iteration a step; the scales
    of batch normalisation stay free.

    The paper writes ``‖∇D(E(x))‖²`` and the authors' code takes the gradient of the sum of squared
    pixels; here it is the norm of the Jacobian, estimated without bias by random signs, in
    training that of the whole batch where batch normalisation couples it. That code averages over
    latents and over the 1,024 pixels of images padded to 32×32: its β = 1e-4 and λ = 1e-7 of
    ``l2`` on MNIST are β = 6.4e-3 for 16 latents and λ = 5.1e-5 here. Its ``l2`` leaves out the
    decoder's first, dense layer, which the paper's and ours do not; and for ``spectral-norm`` it
    takes a β 90 times as large and normalises the encoder too. Without normalisation layers
    (``mlp``) such a decoder can hardly produce black and white.

    Args:
        shape: of one sample.
        latent: the number of reals in the latent vector.
        backbone: the kind of network; the depth follows the image size.
        width: channels after the first downsampling, which double with each further one; an
            ``mlp`` has 16 times as many hidden units a layer.
        likelihood: the likelihood behind the reconstruction error.
        regulariser: the method that keeps the decoder smooth.
        beta: β, the weight of the squared norm of the latents.
        weight: λ, for the regularisers that are terms of the loss.

    Raises:
        ValueError: an unknown regulariser or a negative weight.

    Reference: From Variational to Deterministic Autoencoders (Ghosh et al., 2019),
    arXiv:1903.12436
    """

    def __init__(
        self,
        shape: Shape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "mse",
        regulariser: Regulariser = "gradient-penalty",
        beta: float = 6.4e-3,
        weight: float = 5.1e-5,
    ) -> None:
        super().__init__(
            shape, latent=latent, backbone=backbone, width=width, likelihood=likelihood
        )
        at_least("beta", beta, 0)
        at_least("weight", weight, 0)
        self.regulariser = one_of("regulariser", regulariser, get_args(Regulariser))
        self.beta, self.weight = beta, weight
        if regulariser == "spectral-norm":
            for layer in _weight_layers(self.decoder):
                spectral_norm(layer)

    def loss_terms(self, samples: Samples) -> Mapping[str, Tensor]:
        vectors = self.encoder(samples)
        size = {"embedding": self.beta / 2 * vectors.square().sum(1).mean()}
        if self.regulariser == "gradient-penalty":
            return {**self._decode_with_penalty(vectors, samples), **size}
        terms = {"reconstruction": self.reconstruction(vectors, samples), **size}
        if self.regulariser == "l2":
            squares = [layer.weight.square().sum() for layer in _weight_layers(self.decoder)]
            terms["l2"] = self.weight * torch.stack(squares).sum()
        return terms

    # A compiled network has no second derivative.
    @torch.compiler.disable  # type: ignore[untyped-decorator] # torch has no hint here
    def _decode_with_penalty(self, vectors: Vectors, samples: Samples) -> dict[str, Tensor]:
        """Compute the reconstruction, and its sensitivity to the latents."""
        with torch.enable_grad():  # the penalty is a gradient, also where the caller wants none
            given = vectors if vectors.requires_grad else vectors.detach().requires_grad_()
            outputs = self.decoder(given)
            norm = squared_jacobian_norm(self.means(outputs), given, probes=1)
        return {
            "reconstruction": self.cost(outputs, samples),
            "gradient-penalty": self.weight * norm,
        }


def _weight_layers(network: nn.Module) -> list[nn.Linear | nn.Conv2d | nn.ConvTranspose2d]:
    """List the layers with a weight matrix."""
    kinds = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
    return [layer for layer in network.modules() if isinstance(layer, kinds)]
