"""Latents: a grid of sites, each with real values, codes, or both.

====================================  ========================  ===========================
space                                 ``values`` at a site      ``codes`` at a site
====================================  ========================  ===========================
``Continuous(channels, grid)``        ``channels`` reals        none
``Discrete(codebooks, grid)``         none                      one per codebook
``Mixture(components, channels, …)``  the continuous latent     its component
``Sparse(atoms, active, grid)``       ``active`` coefficients   their atoms, ascending
====================================  ========================  ===========================

``grid=()`` is one site an image. A kind that has no values, or no codes, has a tensor of width 0.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor


class LatentSpace(ABC):
    """What a latent is made of: the sizes of a site, and the grid of sites."""

    grid: tuple[int, ...]

    @property
    @abstractmethod
    def value_width(self) -> int:
        """Reals at a site."""

    @property
    @abstractmethod
    def code_ranges(self) -> tuple[int, ...]:
        """How many codes there are to choose from, for each code at a site."""

    @property
    def kind(self) -> str:
        """The word that tables use for this kind of space."""
        return type(self).__name__.lower()

    @property
    def code_width(self) -> int:
        """Codes at a site."""
        return len(self.code_ranges)

    @property
    def sites(self) -> int:
        """Sites of one latent."""
        return math.prod(self.grid)

    def pack(self, *, values: Tensor | None = None, codes: Tensor | None = None) -> "Latents":
        """Latents from tensors of any shape that starts with samples: the grid is restored.

        Args:
            values: (samples, …) with sites x value_width numbers a sample, in grid order.
            codes: (samples, …) with sites x code_width numbers a sample, in grid order.

        Raises:
            ValueError: a part that this space has is left out, or has the wrong number of numbers.
        """
        given = values if values is not None else codes
        if given is None:
            raise ValueError("pack needs values, codes, or both")
        if values is None:
            values = torch.empty(len(given), 0, device=given.device)
        if codes is None:
            codes = torch.empty(len(given), 0, dtype=torch.int64, device=given.device)
        for name, part, width in (
            ("values", values, self.value_width),
            ("codes", codes, self.code_width),
        ):
            if part.shape[1:].numel() != self.sites * width:
                raise ValueError(
                    f"{self} has {self.sites * width} {name} a sample, "
                    f"got {part.shape[1:].numel()} in a tensor {tuple(part.shape)}"
                )
        return Latents(
            self,
            values.reshape(len(values), *self.grid, self.value_width),
            codes.reshape(len(codes), *self.grid, self.code_width),
        )

    def describe(self) -> dict[str, Any]:
        """The space as plain data, for files and records; ``LatentSpace.named`` reads it."""
        return {"kind": self.kind, **vars(self)}

    @staticmethod
    def named(description: dict[str, Any]) -> "LatentSpace":
        """The space that ``describe`` described."""
        kinds = {kind.__name__.lower(): kind for kind in (Continuous, Discrete, Mixture, Sparse)}
        sizes: dict[str, Any] = {
            name: tuple(size) if isinstance(size, list) else size
            for name, size in description.items()
            if name != "kind"
        }
        return kinds[description["kind"]](**sizes)


def _require_positive(space: LatentSpace, **sizes: int | Sequence[int]) -> None:
    for name, size in sizes.items():
        numbers = [size] if isinstance(size, int) else list(size)
        if any(number < 1 for number in numbers):
            raise ValueError(f"{type(space).__name__}({name}={size!r}): sizes are at least 1")


@dataclass(frozen=True)
class Continuous(LatentSpace):
    """``channels`` reals at each site: AE, VAE, and their maps."""

    channels: int
    grid: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _require_positive(self, channels=self.channels, grid=self.grid)

    @property
    def value_width(self) -> int:
        return self.channels

    @property
    def code_ranges(self) -> tuple[int, ...]:
        return ()


@dataclass(frozen=True)
class Discrete(LatentSpace):
    """One code per codebook at each site.

    ``codebooks`` holds their sizes: one for VQ-VAE, several for residual VQ.
    """

    codebooks: tuple[int, ...]
    grid: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.codebooks:
            raise ValueError("Discrete needs at least one codebook")
        _require_positive(self, codebooks=self.codebooks, grid=self.grid)

    @property
    def value_width(self) -> int:
        return 0

    @property
    def code_ranges(self) -> tuple[int, ...]:
        return self.codebooks


@dataclass(frozen=True)
class Mixture(LatentSpace):
    """A continuous latent and the mixture component that it belongs to, at each site: GM-VQ."""

    components: int
    channels: int
    grid: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _require_positive(self, components=self.components, channels=self.channels, grid=self.grid)

    @property
    def value_width(self) -> int:
        return self.channels

    @property
    def code_ranges(self) -> tuple[int, ...]:
        return (self.components,)


@dataclass(frozen=True)
class Sparse(LatentSpace):
    """``active`` of ``atoms`` atoms at each site, ascending, and the coefficients that scale them:

    dictionaries.
    """

    atoms: int
    active: int
    grid: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _require_positive(self, atoms=self.atoms, active=self.active, grid=self.grid)
        if self.active > self.atoms:
            raise ValueError(f"{self.active} active atoms of {self.atoms}: there are not so many")

    @property
    def value_width(self) -> int:
        return self.active

    @property
    def code_ranges(self) -> tuple[int, ...]:
        return (self.atoms,) * self.active


@dataclass(frozen=True, eq=False)
class Latents:
    """A batch of latents. One that breaks its space cannot be built.

    ``values`` is floating (samples, \\*grid, value_width), ``codes`` int64 (samples, \\*grid,
    code_width).

    Raises:
        ValueError: wrong shape, type or device; a value that is not finite; a code out of range;
            sparse codes that
            do not ascend.
    """

    space: LatentSpace
    values: Float[Tensor, "samples ..."]
    codes: Int64[Tensor, "samples ..."]

    def __post_init__(self) -> None:
        space, samples = self.space, len(self.values)
        for name, part, width, right_type in (
            ("values", self.values, space.value_width, self.values.is_floating_point()),
            ("codes", self.codes, space.code_width, self.codes.dtype == torch.int64),
        ):
            if part.shape != (samples, *space.grid, width) or not right_type:
                raise ValueError(
                    f"{name} of {space} are {'floating' if name == 'values' else 'int64'} "
                    f"{(samples, *space.grid, width)}, not {part.dtype} {tuple(part.shape)}"
                )
        if self.values.device != self.codes.device:
            raise ValueError(f"values are on {self.values.device}, codes on {self.codes.device}")
        # The extremes are NaN where any is, and take one pass where `isfinite` takes five.
        if not all(map(math.isfinite, _extremes(self.values))):
            raise ValueError("latent values must be finite; some are NaN or infinite")
        for column, choices in enumerate(space.code_ranges):
            low, high = _extremes(self.codes[..., column])
            if low < 0 or high >= choices:
                raise ValueError(f"codes of {space} lie in 0…{choices - 1}; found {low}…{high}")
        if isinstance(space, Sparse) and (self.codes.diff(dim=-1) <= 0).any():
            raise ValueError("the active atoms of a site must ascend, each once")

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Tensor | slice) -> "Latents":
        """Some of the samples: a slice, an index tensor, or a mask."""
        return Latents(self.space, self.values[index], self.codes[index])

    @property
    def device(self) -> torch.device:
        return self.values.device

    def to(self, device: torch.device | str) -> "Latents":
        """The same latents on ``device``."""
        return Latents(self.space, self.values.to(device), self.codes.to(device))

    def copy(self) -> "Latents":
        """The same latents in memory of their own, without the gradients of what made them."""
        return Latents(self.space, self.values.detach().clone(), self.codes.clone())

    @staticmethod
    def join(batches: Sequence["Latents"]) -> "Latents":
        """One batch from several of the same space."""
        spaces = {batch.space for batch in batches}
        if len(spaces) != 1:
            raise ValueError(f"only latents of one space can be joined, not of {len(spaces)}")
        return Latents(
            batches[0].space,
            torch.cat([batch.values for batch in batches]),
            torch.cat([batch.codes for batch in batches]),
        )


def _extremes(numbers: Tensor) -> list[float] | list[int]:
    """The least and the greatest, in one transfer from the device; of none, 0."""
    some = numbers.detach() if numbers.numel() else numbers.new_zeros(1)
    extremes: list[float] | list[int] = torch.stack(some.aminmax()).tolist()
    return extremes
