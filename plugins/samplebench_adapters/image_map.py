"""The base of diffusers' autoencoders: images in [−1, 1], and latents that are maps."""

from abc import abstractmethod
from pathlib import Path
from typing import Any, Final

from torch import Tensor

from samplebench import Autoencoder, Images, Latents, Shape, describe_shape, require_image
from samplebench_adapters.saved_model import find_folder, name_missing_library, read_config

_FILES: Final = ("*config.json", "*.safetensors")


class ImageMapAutoencoder(Autoencoder):
    """An autoencoder of diffusers, read from ``config.json`` and safetensors files alone.

    Images x in [0, 1] are given as ``2 x − 1``, and what it decodes is returned as
    ``(y + 1) / 2``, clamped to [0, 1]. To a model of colour images, a grey one is given three
    times; what it decodes is then the mean of the three channels.
    """

    trained = True

    def __init__(self, shape: Shape, path: str, subfolder: str) -> None:
        super().__init__()
        self.path, self.subfolder = path, subfolder
        self.shape = require_image(shape)
        name = type(self).library_class
        folder = find_folder(path, _FILES, example=f"{type(self).part}(path='DIR')") / subfolder
        self.config = read_config(folder / "config.json")
        if self.config.get("_class_name") != name:
            raise ValueError(
                f"{folder} holds a model of the class {self.config.get('_class_name')!r}, and "
                f"this part reads {name!r}"
            )
        self._require_fitting_images()
        self.grid = tuple(size // self.factor for size in self.shape[1:])
        self.model: Any = self._load(folder)

    part: str
    """The name under which it is registered."""

    library_class: str
    """The name of the library's class."""

    @property
    @abstractmethod
    def factor(self) -> int:
        """The factor by which height and width of the map are smaller than those of images."""

    @abstractmethod
    def encode_map(self, images: Images) -> Latents:
        """Encode images in [−1, 1]."""

    @abstractmethod
    def decode_map(self, latents: Latents) -> Images:
        """Decode to images in [−1, 1], or nearly so."""

    def encode(self, samples: Images) -> Latents:
        scaled = samples * 2 - 1
        return self.encode_map(scaled.expand(-1, self._channels, -1, -1))

    def decode(self, latents: Latents) -> Images:
        decoded = self.decode_map(latents)
        if self._channels != self.shape[0]:
            decoded = decoded.mean(1, keepdim=True)
        images: Tensor = ((decoded + 1) / 2).clamp(0, 1)
        return images

    @property
    def _channels(self) -> int:
        """The channels of images that the model takes."""
        return int(self.config.get("in_channels", 3))

    def _require_fitting_images(self) -> None:
        channels, height, width = self.shape
        if channels not in (1, self._channels):
            raise ValueError(
                f"takes images of {self._channels} channels, or grey ones, and these samples are "
                f"{describe_shape(self.shape)}"
            )
        if self.config.get("out_channels", 3) != self._channels:
            raise ValueError("gives images of other channels than it takes")
        if height % self.factor or width % self.factor:
            raise ValueError(
                f"takes images whose height and width are multiples of {self.factor}, and these "
                f"samples are {describe_shape(self.shape)}"
            )

    def _load(self, folder: Path) -> Any:
        try:
            import diffusers
        except ModuleNotFoundError as error:
            raise ValueError(name_missing_library("diffusers")) from error
        if not any(folder.glob("*.safetensors")):
            raise ValueError(
                f"{folder} holds no safetensors file; other files of weights could run any code, "
                "so save the model again: model.save_pretrained('DIR')"
            )
        kind = getattr(diffusers, type(self).library_class)
        model = kind.from_pretrained(
            folder,
            use_safetensors=True,
            local_files_only=True,
            low_cpu_mem_usage=False,  # which takes one more library
        )
        return model.float()
