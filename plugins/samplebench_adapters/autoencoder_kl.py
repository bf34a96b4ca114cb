"""diffusers' AutoencoderKL."""

from typing import cast

from samplebench import Continuous, Images, Latents, Shape
from samplebench_adapters.image_map import ImageMapAutoencoder


class SavedAutoencoderKL(ImageMapAutoencoder):
    """A variational autoencoder with maps of latents that diffusers' AutoencoderKL saved.

    Latents are the modes, which are the means, of its posteriors, as the model gives them: not
    multiplied by the ``scaling_factor`` that diffusion models use.

    Args:
        shape: of one image; height and width are multiples of the factor of its downsampling.
        path: the folder of ``save_pretrained``, or ``hf://owner/name[@revision]``.
        subfolder: of that folder, such as ``vae`` in a pipeline's.

    Reference: High-Resolution Image Synthesis with Latent Diffusion Models (Rombach et al., 2021),
    arXiv:2112.10752
    """

    part = "autoencoder-kl"
    library_class = "AutoencoderKL"

    def __init__(self, shape: Shape, path: str = "", subfolder: str = "") -> None:
        super().__init__(shape, path, subfolder)
        self.latent_space = Continuous(int(self.config.get("latent_channels", 4)), self.grid)

    @property
    def factor(self) -> int:
        return int(2 ** (len(self.config.get("block_out_channels", (64,))) - 1))

    def encode_map(self, images: Images) -> Latents:
        values = self.model.encode(images).latent_dist.mode()
        return self.latent_space.pack(values=values.movedim(1, -1))  # (images, *grid, channels)

    def decode_map(self, latents: Latents) -> Images:
        return cast(Images, self.model.decode(latents.values.movedim(-1, 1).contiguous()).sample)
