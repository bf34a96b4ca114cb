"""Networks that map a time and a place to a velocity, for vectors and for maps."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

Times = Float[Tensor, "times 1"]
"""In [0, 1]: one for each place, or one for all."""

TIME_FEATURES = 16


class VectorVelocity(nn.Module):
    """Residual blocks of fully connected layers. Velocities are zero before training."""

    def __init__(self, *, dimensions: int, width: int, blocks: int) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.numbers = width + dimensions
        self.first = nn.Linear(dimensions, width)
        self.blocks = nn.ModuleList(
            Block(nn.Linear(width, width), nn.Linear(width, width)) for _ in range(blocks)
        )
        self.times = nn.ModuleList(nn.Linear(TIME_FEATURES, width) for _ in range(blocks))
        self.last = _set_to_zero(nn.Linear(width, dimensions))

    def forward(
        self, times: Times, places: Float[Tensor, "samples D"]
    ) -> Float[Tensor, "samples D"]:
        hidden = self.first(places)
        features = _time_features(times)
        for block, time in zip(self.blocks, self.times, strict=True):
            hidden = block(hidden, time(features))
        velocities: Tensor = self.last(functional.silu(hidden))
        return velocities


class MapVelocity(nn.Module):
    """Residual blocks of 3 × 3 convolutions on the grid. Velocities are zero before training.

    Each site has a learned position, because convolutions do not know the position.
    """

    def __init__(self, *, channels: int, rows: int, columns: int, width: int, blocks: int) -> None:
        super().__init__()
        self.grid = (rows, columns, channels)
        self.dimensions = math.prod(self.grid)
        self.numbers = rows * columns * (width + channels)
        self.first = nn.Conv2d(channels, width, 3, padding=1)
        self.position = nn.Parameter(torch.zeros(width, rows, columns))
        self.blocks = nn.ModuleList(
            Block(nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1))
            for _ in range(blocks)
        )
        self.times = nn.ModuleList(nn.Linear(TIME_FEATURES, width) for _ in range(blocks))
        self.last = _set_to_zero(nn.Conv2d(width, channels, 3, padding=1))

    def forward(
        self, times: Times, places: Float[Tensor, "samples D"]
    ) -> Float[Tensor, "samples D"]:
        sites = places.reshape(-1, *self.grid)
        hidden = self.first(sites.movedim(3, 1)) + self.position  # (samples, width, rows, columns)
        features = _time_features(times)
        for block, time in zip(self.blocks, self.times, strict=True):
            hidden = block(hidden, time(features)[..., None, None])
        maps: Tensor = self.last(functional.silu(hidden))
        return maps.movedim(1, 3).flatten(1)  # (samples, D)


class Block(nn.Module):
    """``h + outer(silu(inner(silu(h)) + time))``."""

    def __init__(self, inner: nn.Module, outer: nn.Module) -> None:
        super().__init__()
        self.inner, self.outer = inner, outer

    def forward(self, hidden: Tensor, time: Tensor) -> Tensor:
        inner = self.inner(functional.silu(hidden)) + time
        change: Tensor = self.outer(functional.silu(inner))
        return hidden + change


def _time_features(times: Times) -> Float[Tensor, "times features"]:
    """Compute ``cos kπt``, k = 0 …, whose sums can approximate any curve on [0, 1]."""
    waves = torch.arange(TIME_FEATURES, device=times.device, dtype=times.dtype)
    return (math.pi * waves * times).cos()


def _set_to_zero(layer: nn.Linear | nn.Conv2d) -> nn.Module:
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
