"""Latents: a grid of sites, each with real values, codes or both.

====================================  ========================  ===========================
space                                 ``values`` at a site      ``codes`` at a site
====================================  ========================  ===========================
``Continuous(channels, grid)``        ``channels`` reals        none
``Discrete(codebooks, grid)``         none                      one per codebook
``Mixture(components, channels, …)``  the continuous latent     its component
``Sparse(atoms, active, grid)``       ``active`` coefficients   their atoms, ascending
====================================  ========================  ===========================

``grid=()`` is one site per latent. A kind without values or codes has a tensor of width 0.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from samplebench.contracts import packing, validation
from samplebench.contracts.packing import Given


class LatentSpace(ABC):
    """The sizes of a latent: the width of a site, and the grid of sites."""

    grid: tuple[int, ...]

    @property
    @abstractmethod
    def value_width(self) -> int:
        """The number of reals at a site."""

    @property
    @abstractmethod
    def code_ranges(self) -> tuple[int, ...]:
        """The number of possible values of each code at a site."""

    @property
    def kind(self) -> str:
        """The name of this kind of space in tables and files."""
        return type(self).__name__.lower()

    @property
    def code_width(self) -> int:
        """The number of codes at a site."""
        return len(self.code_ranges)

    @property
    def sites(self) -> int:
        """The number of sites of one latent."""
        return math.prod(self.grid)

    def pack(
        self,
        *,
        values: Given | None = None,
        codes: Given | None = None,
        channels_first: bool = False,
    ) -> "Latents":
        """Build latents from tensors or arrays whose first axis is samples, and restore the grid.

        Args:
            values: (samples, …) with sites × value_width numbers per sample, in grid order.
            codes: (samples, …) with sites × code_width numbers per sample, in grid order.
            channels_first: the numbers of a sample are ordered as (channels, *grid), as torch's
                convolutions give them.

        Raises:
            ValueError: values or codes of this space are missing, their number is wrong, or their
                shape has channels before sites and that is not said. A shape that can be read both
                ways is taken as it was said.
        """
        order = self.grid if channels_first else None
        values, codes = (packing.as_tensor(part, order) for part in (values, codes))
        given = values if values is not None else codes
        if given is None:
            raise ValueError("pack needs values, codes, or both")
        if values is None:
            values = torch.empty(len(given), 0, device=given.device)
        if codes is None:
            codes = torch.empty(len(given), 0, dtype=torch.int64, device=given.device)
        validation.require_count("values", values, self.sites * self.value_width, owner=self)
        validation.require_count("codes", codes, self.sites * self.code_width, owner=self)
        validation.require_sites_first("values", values, self.grid, self.value_width, owner=self)
        validation.require_sites_first("codes", codes, self.grid, self.code_width, owner=self)
        return Latents(
            self,
            values.reshape(len(values), *self.grid, self.value_width),
            codes.reshape(len(codes), *self.grid, self.code_width),
        )

    def describe(self) -> dict[str, Any]:
        """Return the space as plain data, for files and records; ``named`` reads it."""
        return {"kind": self.kind, **vars(self)}

    @staticmethod
    def named(description: dict[str, Any]) -> "LatentSpace":
        """Build the space from the data that ``describe`` returned."""
        kinds = {kind.__name__.lower(): kind for kind in (Continuous, Discrete, Mixture, Sparse)}
        sizes: dict[str, Any] = {
            name: tuple(size) if isinstance(size, list) else size
            for name, size in description.items()
        }
        return kinds[sizes.pop("kind")](**sizes)


@dataclass(frozen=True)
class Continuous(LatentSpace):
    """``channels`` reals at each site: AE, VAE and their feature maps."""

    channels: int
    grid: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        validation.require_sizes(type(self).__name__, channels=self.channels, grid=self.grid)

    @property
    def value_width(self) -> int:
        return self.channels

    @property
    def code_ranges(self) -> tuple[int, ...]:
        return ()


@dataclass(frozen=True)
class Discrete(LatentSpace):
    """One code per codebook at each site; ``codebooks`` are the sizes, several in residual VQ."""

    codebooks: tuple[int, ...]
    grid: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.codebooks:
            raise ValueError("Discrete needs at least one codebook")
        validation.require_sizes(type(self).__name__, codebooks=self.codebooks, grid=self.grid)

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
        validation.require_sizes(
            type(self).__name__, components=self.components, channels=self.channels, grid=self.grid
        )

    @property
    def value_width(self) -> int:
        return self.channels

    @property
    def code_ranges(self) -> tuple[int, ...]:
        return (self.components,)


@dataclass(frozen=True)
class Sparse(LatentSpace):
    """``active`` of ``atoms`` atoms at each site, ascending, with coefficients: dictionaries."""

    atoms: int
    active: int
    grid: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        validation.require_sizes(
            type(self).__name__, atoms=self.atoms, active=self.active, grid=self.grid
        )
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
    """A batch of latents, checked against its space.

    ``values`` is floating (samples, \\*grid, value_width), ``codes`` int64 (samples, \\*grid,
    code_width).

    Raises:
        ValueError: a wrong shape, type, device or order; a value not finite; a code out of range.
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
        validation.require_finite(self.values)
        validation.require_in_range(self.codes, space.code_ranges, owner=space)
        if isinstance(space, Sparse) and (self.codes.diff(dim=-1) <= 0).any():
            raise ValueError("the active atoms of a site must ascend, each once")

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"Latents({len(self)} of {self.space}, {self.values.dtype}, {self.device})"

    def __getitem__(self, index: Tensor | slice) -> "Latents":
        """Select samples by a slice, an index tensor or a mask."""
        return Latents(self.space, self.values[index], self.codes[index])

    @property
    def device(self) -> torch.device:
        return self.values.device

    def to(self, device: torch.device | str) -> "Latents":
        """Return the same latents on ``device``."""
        return Latents(self.space, self.values.to(device), self.codes.to(device))

    def copy(self) -> "Latents":
        """Return the same latents in new memory, detached from the graph of gradients."""
        return Latents(self.space, self.values.detach().clone(), self.codes.clone())

    @staticmethod
    def join(batches: Sequence["Latents"]) -> "Latents":
        """Join batches of one space.

        Raises:
            ValueError: there is no batch, or the batches have different spaces.
        """
        spaces = {batch.space for batch in batches}
        if len(spaces) != 1:
            raise ValueError(f"only latents of one space can be joined, not of {len(spaces)}")
        return Latents(
            batches[0].space,
            torch.cat([batch.values for batch in batches]),
            torch.cat([batch.codes for batch in batches]),
        )
