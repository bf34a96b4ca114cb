"""Features of a network that is given as a file."""

from pathlib import Path
from textwrap import shorten
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from samplebench import (
    FeatureExtractor,
    SamplebenchError,
    Samples,
    Shape,
    Split,
    WeightsMissing,
    describe_shape,
    is_image,
)
from samplebench.digests import digest_of_file
from samplebench_metrics.network_files import Network, load_network

Output = Literal["vector", "map", "tokens", "first-token"]

_AXES = {
    "vector": "(samples, features)",
    "map": "(samples, features, height, width)",
    "tokens": "(samples, tokens, features)",
    "first-token": "(samples, tokens, features)",
}
_BY_AXES = {2: "'vector'", 3: "'tokens' or 'first-token'", 4: "'map'"}

_TRIED = 3
"""Training samples on which ``fit`` tries the network."""


class ModuleFile(FeatureExtractor):
    """The output of your own network, from a file of TorchScript or torch.export.

    For DINOv2, CLIP or any network that takes one tensor of samples, in float32, and gives one.
    **The file is code that runs with all your rights: give only files that you trust.** A file of
    another kind, such as a pickle of weights or of a module, is refused and not run.

    Images are repeated to ``channels`` if they are grey, resized to ``size`` × ``size``
    (antialiased; stretched, not cropped), mapped linearly from [0, 1] to ``value_range``, and
    normalised as ``(x − mean) / std``. Arrays are normalised alone. The network must take any
    number of samples. ``fit`` tries it on three training samples: it must give what ``output``
    says, the same each time, and for a sample the same whatever else is in the batch. The
    weights' digest in a record is made from that of the file.

    Args:
        path: the file.
        size: height and width of the images that the network takes; None for those of the dataset.
        mean: the mean that is subtracted: one number, or one for each channel (of arrays, for each
            entry of the first axis).
        std: the standard deviation that is divided by, likewise.
        value_range: the values that the network takes for black and white, before ``mean`` and
            ``std``.
        channels: the channels that the network takes, to which grey images are repeated; None for
            those of the dataset.
        interpolation: the filter of the resize; with "bicubic", values are clamped to [0, 1].
        output: "vector" if the network gives (samples, features); "map" for (samples, features,
            height, width), averaged over positions; "tokens" for (samples, tokens, features),
            averaged over tokens; "first-token" for the first of those, a class token.
        width: the number of features, for a warning of too few samples before the run; None if it
            is to be found out.

    Raises:
        WeightsMissing: in ``fit``: there is no such file, it is of another kind, or it cannot be
            loaded.
        SamplebenchError: in ``fit``: the network fails on these samples, or its output is not as
            stated above.
    """

    batch = 32

    digest: Tensor
    shift: Tensor
    scale: Tensor

    def __init__(
        self,
        shape: Shape,
        path: str = "",
        size: int | None = None,
        mean: float | tuple[float, ...] = 0.0,
        std: float | tuple[float, ...] = 1.0,
        value_range: tuple[float, float] = (0.0, 1.0),
        channels: int | None = None,
        interpolation: Literal["bilinear", "bicubic"] = "bilinear",
        output: Output = "vector",
        width: int | None = None,
    ) -> None:
        super().__init__()
        _require_positive(size=size, channels=channels, width=width)
        if not value_range[0] < value_range[1]:
            raise ValueError(f"value_range goes from low to high, not {value_range}")
        if not is_image(shape) and (size, channels, value_range) != (None, None, (0.0, 1.0)):
            raise ValueError(
                f"size, channels and value_range are for images, and these samples are "
                f"{describe_shape(shape)}"
            )
        self.path, self.size, self.value_range, self.channels = path, size, value_range, channels
        self.interpolation, self.output, self.width = interpolation, output, width
        self.mean, self.std = mean, std
        entries, axes = _count_channels(shape, channels), len(shape)
        shift = _as_constant("mean", mean, entries, axes=axes)
        self.register_buffer("shift", shift, persistent=False)
        scale = _as_constant("std", std, entries, axes=axes)
        self.register_buffer("scale", scale, persistent=False)
        if not bool((scale > 0).all()):
            raise ValueError(f"std must be positive, not {std}")
        # The file is too large to be kept with each dataset: its digest stands for it.
        self.register_buffer("digest", torch.zeros(8, dtype=torch.uint8))
        self._loaded: tuple[torch.device, Network] | None = None

    @property
    def file(self) -> Path:
        return Path(self.path).expanduser()

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.file,)

    def fit(self, train: Split) -> None:
        if not self.path:
            raise WeightsMissing("features 'module' need a file: give module(path='FILE.pt2')")
        stored = train.samples[:_TRIED]
        samples = stored.float() / 255 if is_image(tuple(stored.shape[1:])) else stored
        self._loaded = (samples.device, load_network(self.file, samples.device))
        self.digest.copy_(_digest(self.file))
        together = self.features(samples)
        alone = torch.cat([self.features(sample[None]) for sample in samples])
        if not torch.allclose(together, alone, rtol=1e-3, atol=1e-3 * float(alone.abs().max())):
            raise SamplebenchError(
                f"the network in {self.file} gives other features of a sample alone than in a "
                "batch, or other ones each time: export it in evaluation mode, network.eval()"
            )

    @torch.no_grad()
    def features(self, samples: Samples) -> Float[Tensor, "samples features"]:
        given = self._prepare(samples)
        try:
            output = self._load(samples.device)(given)
        except (torch.cuda.OutOfMemoryError, SamplebenchError):
            raise
        except Exception as error:  # somebody else's code
            reason = str(error).strip().rpartition("\n")[2]  # TorchScript's trace stands before
            raise SamplebenchError(
                f"the network in {self.file} fails on a tensor {tuple(given.shape)} "
                f"({shorten(reason, 200)}); it must take float32 of that shape for any number of "
                "samples: set size and channels, or export it in evaluation mode with "
                "dynamic_shapes=({0: torch.export.Dim('samples')},)"
            ) from error
        return self._pool(self._check(output, len(samples)))

    def _prepare(self, samples: Samples) -> Tensor:
        """Bring samples to the size, channels and values that the network takes."""
        if not is_image(tuple(samples.shape[1:])):
            return (samples - self.shift) / self.scale
        images = samples.expand(-1, self.channels or -1, -1, -1)
        if self.size is not None:
            size, kind = (self.size, self.size), self.interpolation
            images = nn.functional.interpolate(
                images, size, mode=kind, antialias=True, align_corners=False
            ).clamp(0, 1)
        low, high = self.value_range
        return (low + (high - low) * images - self.shift) / self.scale

    def _load(self, device: torch.device) -> Network:
        """The network on a device; read again if it is on another, and never from another file."""
        if self._loaded is None or self._loaded[0] != device:
            if self.file.is_file() and not torch.equal(_digest(self.file), self.digest.cpu()):
                raise WeightsMissing(
                    f"{self.file} is not the file to which these features were fitted: it has "
                    "changed since; put the former file back, or run again"
                )
            self._loaded = (device, load_network(self.file, device))
        return self._loaded[1]

    def _check(self, output: object, count: int) -> Tensor:
        """Return the output, if it has the stated axes, and as many rows as samples."""
        call = f"the network in {self.file} must give a floating tensor {_AXES[self.output]}"
        if not isinstance(output, Tensor):
            raise SamplebenchError(
                f"{call}, and gave {type(output).__name__}: export a network that gives the one "
                "tensor that is wanted"
            )
        right = output.ndim == _AXES[self.output].count(",") + 1 and len(output) == count
        if not right or not output.is_floating_point():
            fitting = _BY_AXES.get(output.ndim)
            advice = f"output={fitting}" if fitting else "another network"
            raise SamplebenchError(
                f"{call} of {count} samples, as output='{self.output}' says, and gave "
                f"{output.dtype} {tuple(output.shape)}; with floats of such a shape, it takes "
                f"{advice}"
            )
        return output.float()

    def _pool(self, output: Tensor) -> Float[Tensor, "samples features"]:
        """Take one vector a sample, as ``output`` says."""
        if self.output == "map":
            output = output.mean(dim=(2, 3))
        elif self.output == "tokens":
            output = output.mean(dim=1)
        elif self.output == "first-token":
            output = output[:, 0]
        if self.width is not None and output.shape[1] != self.width:
            raise SamplebenchError(
                f"the network in {self.file} gives {output.shape[1]} features, and width="
                f"{self.width} was stated; give that number, or leave width out"
            )
        return output.clone()  # a network may give the same memory again


def _require_positive(**numbers: int | None) -> None:
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise ValueError(f"{name} must be at least 1, not {number}")


def _count_channels(shape: Shape, channels: int | None) -> int:
    """The channels of what the network is given.

    Raises:
        ValueError: images of several channels are to be repeated to another number.
    """
    if channels is None or shape[0] == channels:
        return shape[0]
    if shape[0] != 1:
        raise ValueError(
            f"channels={channels}: only grey images are repeated, and these have {shape[0]} "
            "channels"
        )
    return channels


def _as_constant(
    name: str, number: float | tuple[float, ...], entries: int, *, axes: int
) -> Tensor:
    """A number, or one for each channel, that broadcasts over samples of so many axes."""
    numbers = number if isinstance(number, tuple) else (number,)
    if len(numbers) not in (1, entries):
        raise ValueError(
            f"{name} has {len(numbers)} numbers, and the network is given {entries} channels; "
            "give one number or as many as channels (channels=3 repeats grey images to three)"
        )
    return torch.tensor(numbers, dtype=torch.float32).view(-1, *[1] * (axes - 1))


def _digest(file: Path) -> Tensor:
    return torch.tensor(list(bytes.fromhex(digest_of_file(file))), dtype=torch.uint8)
