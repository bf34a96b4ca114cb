"""The variational autoencoder."""

from collections.abc import Mapping

import torch
from torch import Tensor

from samplebench import Autoencoder, Continuous, Images, Latents
from samplebench_autoencoders.backbones import Backbone, ImageShape, make_decoder, make_encoder
from samplebench_autoencoders.likelihoods import Likelihood, reconstruction_loss


class VariationalAutoencoder(Autoencoder):
    """The variational autoencoder with a diagonal Gaussian posterior and a standard normal prior.

    ``L = −E_q log p(x | z) + KL(q(z | x) ‖ N(0, I))``, ``q(z | x) = N(μ(x), diag σ²(x))`` and one
    reparametrised draw ``z = μ + σ ε``, summed over pixels and dimensions, averaged over images.
    Latents are the posterior means. The paper's networks are MLPs with a Bernoulli or a learned
    Gaussian likelihood; here the Gaussian's variance is 1.

    Args:
        image_shape: channels, height, width.
        latent: reals in the latent vector.
        backbone: the networks; their depth follows the image size.
        width: channels after the first halving; they double with each further one.
        likelihood: what the reconstruction error is.

    Reference: Auto-Encoding Variational Bayes (Kingma & Welling, 2013), arXiv:1312.6114
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent: int = 16,
        backbone: Backbone = "conv",
        width: int = 32,
        likelihood: Likelihood = "bernoulli",
    ) -> None:
        super().__init__()
        self.image_shape = image_shape
        self.latent, self.backbone, self.width = latent, backbone, width
        self.likelihood = likelihood
        self.latent_space = Continuous(latent)
        self.encoder = make_encoder(backbone, image_shape, 2 * latent, width)
        self.decoder = make_decoder(backbone, image_shape, latent, width)

    def encode(self, images: Images) -> Latents:
        mean, _ = self._posterior(images)
        return self.latent_space.pack(values=mean)

    def decode(self, latents: Latents) -> Images:
        return torch.sigmoid(self.decoder(latents.values.flatten(1)))

    def loss_terms(self, images: Images) -> Mapping[str, Tensor]:
        mean, log_variance = self._posterior(images)
        drawn = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        kl = (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
        reconstruction = reconstruction_loss(self.likelihood, self.decoder(drawn), images)
        return {"reconstruction": reconstruction, "kl": kl}

    def _posterior(self, images: Images) -> tuple[Tensor, Tensor]:
        """Mean and log variance, (samples, latent) each."""
        mean, log_variance = self.encoder(images).chunk(2, dim=1)
        return mean, log_variance
