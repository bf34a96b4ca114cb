"""Small data with known distributions, to try parts on. The same on every call."""

import math
from typing import Any, Final

import torch
from torch import Tensor

from samplebench.contracts.dataset import (
    Images,
    ImageShape,
    Samples,
    Shape,
    Split,
    as_floats,
    is_image,
    require_image,
)
from samplebench.contracts.latents import (
    Continuous,
    Discrete,
    Latents,
    LatentSpace,
    Mixture,
    Sparse,
)
from samplebench.contracts.metric import Evidence, Need, Shown
from samplebench.randomness import seeded
from samplebench.vocabulary import Cost

SPACES: tuple[LatentSpace, ...] = (
    Continuous(1),
    Continuous(3),
    Continuous(2, (4, 4)),
    Discrete((5,)),
    Discrete((5, 3), (4, 4)),
    Mixture(3, 1),
    Mixture(3, 2, (4, 4)),
    Sparse(4, 1),
    Sparse(6, 2, (4, 4)),
)
"""Every kind of space, with one site and as a map; in the first of each kind densities can be
added up."""

SHAPES: tuple[Shape, ...] = ((1, 16, 16), (3, 32, 32), (1, 28, 28), (12,), (6, 5))
"""Images, grey and colour and of a size that is no power of two; and arrays."""

_SHAPE: Final[ImageShape] = (1, 16, 16)


def latents(space: LatentSpace, label: str = "train", count: int = 256) -> Latents:
    """Draw two clusters of values, and codes of falling frequency.

    Another ``label`` gives other draws from the same distribution.
    """
    with seeded(0, "toy latents", label):
        side = torch.randint(2, (count,)).mul(4.0).sub(2)  # (samples,)
        values = torch.randn(count, space.sites * space.value_width) + side[:, None]
        columns = (
            _draw_atoms(space, count) if isinstance(space, Sparse) else _draw_codes(space, count)
        )
        return space.pack(values=values, codes=columns)


def _draw_codes(space: LatentSpace, count: int) -> Tensor:
    """Draw independent codes (samples * sites, code_width) as (samples, sites * code_width)."""
    columns = [
        torch.multinomial(_falling_weights(choices), count * space.sites, replacement=True)
        for choices in space.code_ranges
    ]
    if not columns:
        return torch.empty(count, 0, dtype=torch.int64)
    return torch.stack(columns, dim=-1).reshape(count, -1)


def _draw_atoms(space: Sparse, count: int) -> Tensor:
    weights = _falling_weights(space.atoms).expand(count * space.sites, -1)
    return torch.multinomial(weights, space.active).sort(dim=-1).values.reshape(count, -1)


def _falling_weights(choices: int) -> Tensor:
    return 1.0 / torch.arange(1, choices + 1)


def move(latents: Latents, distance: float) -> Latents:
    """Move every value by ``distance``."""
    return latents.space.pack(values=latents.values + distance, codes=latents.codes)


def under_another_distribution(latents: Latents) -> Latents:
    """Take half of the latents, with values shrunk and moved, and codes counted from the end."""
    half = latents[: len(latents) // 2]
    return half.space.pack(values=half.values * 0.5 + 7, codes=_mirror_codes(half))


def ends(space: LatentSpace) -> Latents:
    """Two latents: of the first codes everywhere, and of the last."""
    first = collapse(latents(space, count=1))
    low, high = torch.full_like(first.values, -1.0), torch.full_like(first.values, 1.0)
    return Latents.join(
        [
            space.pack(values=low, codes=first.codes),
            space.pack(values=high, codes=_mirror_codes(first)),
        ]
    )


def _mirror_codes(latents: Latents) -> Tensor:
    """Count the codes down from the last."""
    codes = torch.tensor(latents.space.code_ranges, dtype=torch.int64) - 1 - latents.codes
    return codes.flip(-1) if isinstance(latents.space, Sparse) else codes  # atoms ascend


def collapse(latents: Latents) -> Latents:
    """Make as many latents, all of them one wrong point."""
    codes = torch.zeros_like(latents.codes)
    if isinstance(latents.space, Sparse):
        codes = codes + torch.arange(latents.space.active)
    return latents.space.pack(values=torch.full_like(latents.values, 20.0), codes=codes)


def samples(shape: Shape, label: str = "train", count: int = 32) -> Samples:
    """Make samples as parts see them: images, or arrays whose numbers depend on each other."""
    if is_image(shape):
        return images(require_image(shape), label, count)
    with seeded(0, "toy arrays", label):
        common, own = torch.randn(count, 1), torch.randn(count, math.prod(shape))
    slopes = torch.linspace(-1, 1, math.prod(shape))
    return (2 * common * slopes + own / 2).reshape(count, *shape)


def images(shape: ImageShape, label: str = "train", count: int = 32) -> Images:
    """Make images in [0, 1], multiples of 1/255: soft bars at any place and width, with noise."""
    channels, height, width = shape
    with seeded(0, "toy images", label):
        middle, spread = torch.rand(2, count, channels, 1, 1)
        across = torch.linspace(0, 1, width).expand(count, channels, height, width)
        bars = torch.exp(-(((across - middle) / (0.1 + 0.2 * spread)) ** 2))
        noisy = bars * 0.9 + 0.1 * torch.rand(count, channels, height, width)
        return noisy.mul(255).round() / 255


def split(shape: Shape, count: int = 96) -> Split:
    """Make samples as a dataset gives them, in four classes."""
    shown = samples(shape, count=count)
    if is_image(shape):
        shown = shown.mul(255).round().to(torch.uint8)
    return Split(shown, torch.arange(count) % 4)


def evidence(space: LatentSpace, *, collapsed: bool = False) -> Evidence:
    """Gather the evidence of a cell whose sampler draws from the true distribution.

    With ``collapsed``, it draws one wrong point only.
    """
    return Evidence(held(space, collapsed=collapsed))


def held(space: LatentSpace, *, collapsed: bool = False) -> dict[Need, Any]:
    """Make everything that evidence can hold."""
    learned = split(_SHAPE, 256)
    held_out, fresh = images(_SHAPE, "test", 128), images(_SHAPE, "fresh", 128)
    drawn = latents(space, "fresh", 128)
    if collapsed:
        fresh, drawn = _chequer(fresh), collapse(drawn)
    shown: dict[Shown, Images] = {
        "test": held_out,
        "reconstructed": held_out * 0.9 + 0.05,
        "train_reconstructed": as_floats(learned.samples) * 0.9 + 0.05,
        "generated": fresh,
    }
    stages = ("train", "encode", "fit", "sample", "throughput", "decode")
    return {
        **{Need(name): samples for name, samples in shown.items()},
        Need.TRAIN_RECONSTRUCTED: lambda: shown["train_reconstructed"],
        Need.TRAIN: learned.samples.clone,
        Need.LABELS: (learned.labels, torch.arange(128) % 4),
        Need.LATENTS: (latents(space, "train", 256), latents(space, "test", 128)),
        Need.GENERATED_LATENTS: drawn,
        Need.DENSITY: lambda: torch.full((128,), -60.0 if collapsed else -2.0),
        Need.COSTS: {stage: Cost(2.0, 1.0, 2**20, 0, 128) for stage in stages},
        Need.FEATURES: lambda which: _project(shown[which]),
    }


def _chequer(images: Images) -> Images:
    """Make as many images, all of them one wrong image."""
    rows, columns = (torch.arange(size) for size in images.shape[-2:])
    return ((rows[:, None] + columns) % 2).float().expand_as(images).clone()


def _project(images: Images) -> Tensor:
    """Project the pixels of each image on six fixed directions."""
    with seeded(0, "toy features"):
        directions = torch.randn(images[0].numel(), 6)
    features: Tensor = images.flatten(1) @ directions / len(directions) ** 0.5
    return features
