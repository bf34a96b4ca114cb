"""diffusers' VQModel."""

from typing import cast

from samplebench import Discrete, Images, Latents, Shape
from samplebench_adapters.image_map import ImageMapAutoencoder


class SavedVQModel(ImageMapAutoencoder):
    """A VQ-VAE that diffusers' VQModel saved. A latent has one code at each site of its map.

    Args:
        shape: of one image; height and width are multiples of the factor of its downsampling.
        path: the folder of ``save_pretrained``, or ``hf://owner/name[@revision]``.
        subfolder: of that folder, such as ``movq`` in a pipeline's.

    Reference: Neural Discrete Representation Learning (van den Oord et al., 2017),
    arXiv:1711.00937
    """

    part = "vq-model"
    library_class = "VQModel"

    def __init__(self, shape: Shape, path: str = "", subfolder: str = "") -> None:
        super().__init__(shape, path, subfolder)
        codes = int(self.config.get("num_vq_embeddings", 256))
        self.latent_space = Discrete((codes,), self.grid)

    @property
    def factor(self) -> int:
        return int(2 ** (len(self.config.get("block_out_channels", (64,))) - 1))

    def encode_map(self, images: Images) -> Latents:
        codes = self.model.quantize(self.model.encode(images).latents)[2][2]
        return self.latent_space.pack(codes=codes.view(len(images), *self.grid, 1))

    def decode_map(self, latents: Latents) -> Images:
        codes = latents.codes.flatten()
        shape = (len(latents), *self.grid, self.model.quantize.vq_embed_dim)
        if not self.model.config.lookup_from_codebook:  # else its `decode` takes codes
            codes = self.model.quantize.get_codebook_entry(codes, shape)
        decoded = self.model.decode(codes, force_not_quantize=True, shape=shape).sample
        return cast(Images, decoded)
