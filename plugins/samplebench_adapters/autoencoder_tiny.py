"""diffusers' AutoencoderTiny."""

from typing import cast

from samplebench import Continuous, Images, Latents, Shape
from samplebench_adapters.image_map import ImageMapAutoencoder


class SavedAutoencoderTiny(ImageMapAutoencoder):
    """A small autoencoder with maps of latents that diffusers' AutoencoderTiny (TAESD) saved.

    Latents are those that its ``encode`` gives. Its ``forward`` rounds them to 8 bits in between,
    and this does not.

    Args:
        shape: of one image; height and width are multiples of the factor of its downsampling.
        path: the folder of ``save_pretrained``, or ``hf://owner/name[@revision]``.
        subfolder: of that folder, such as ``vae`` in a pipeline's.

    Reference: Tiny AutoEncoder for Stable Diffusion (Bohan, 2023), https://github.com/madebyollin/taesd
    """

    part = "autoencoder-tiny"
    library_class = "AutoencoderTiny"

    def __init__(self, shape: Shape, path: str = "", subfolder: str = "") -> None:
        super().__init__(shape, path, subfolder)
        self.latent_space = Continuous(int(self.config.get("latent_channels", 4)), self.grid)

    @property
    def factor(self) -> int:
        down = 2 ** (len(self.config.get("num_encoder_blocks", (1, 3, 3, 3))) - 1)
        steps = len(self.config.get("num_decoder_blocks", (3, 3, 3, 1))) - 1
        up = self.config.get("upsampling_scaling_factor", 2) ** steps
        if up != down:
            raise ValueError(f"gives images {up} times as large as its maps, which are 1/{down}")
        return int(down)

    def encode_map(self, images: Images) -> Latents:
        values = self.model.encode(images).latents
        return self.latent_space.pack(values=values.movedim(1, -1))  # (images, *grid, channels)

    def decode_map(self, latents: Latents) -> Images:
        return cast(Images, self.model.decode(latents.values.movedim(-1, 1).contiguous()).sample)
