"""Cases that checks are given, and the ways in which a check fails."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from samplebench.contracts.dataset import describe_shape
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.randomness import seeded
from samplebench.registry.registry import Chosen

Check = Callable[[Any], None]
"""Takes a case and returns nothing. Its name is a sentence, its docstring the rule."""


class CheckFailed(AssertionError):
    """The part breaks the rule; the message says how."""


class CannotApply(Exception):
    """The rule says nothing about this part here; the message says why."""


@dataclass(frozen=True)
class Case:
    """A part, and the arguments of its kind: ``(data_dir,)``, ``(shape,)`` or none."""

    chosen: Chosen
    given: tuple[Any, ...] = ()

    def build(self, seed: int = 0) -> Any:
        """Build the part anew."""
        with seeded(seed, "build"):
            return self.chosen.build(*self.given)

    def __str__(self) -> str:
        if self.chosen.part.kind in ("autoencoder", "features"):
            return describe_shape(self.given[0])
        return ""


@dataclass(frozen=True, kw_only=True)
class SpaceCase(Case):
    """A part that works on latents, and a space to try it on."""

    space: LatentSpace

    def __str__(self) -> str:
        return str(self.space)


def require(holds: bool, broken: str) -> None:
    """Fail the check unless the rule ``holds``; ``broken`` says what is so instead."""
    if not holds:
        raise CheckFailed(broken)


def require_no_seeding(action: Callable[[], object]) -> None:
    """Fail the check if ``action`` seeds a global generator, where it may only draw from one."""
    require_unseeded(*(record_streams(action, outer) for outer in (1, 2)))


def record_streams(action: Callable[[], object], outer: int) -> Mapping[str, list[float]]:
    """Run ``action`` under an outer seed, and record what the global generators give next."""
    with seeded(outer, "outer"):
        action()
        return {
            "torch": torch.rand(4).tolist(),
            "numpy.random": np.random.random(4).tolist(),  # noqa: NPY002 - the global one is meant
            "random": [random.random()],
        }


def require_unseeded(one: Mapping[str, list[float]], other: Mapping[str, list[float]]) -> None:
    """Fail the check if a generator goes on the same after two outer seeds."""
    for name, stream in one.items():
        require(
            stream != other[name],
            f"the global generator of {name} goes on the same after two different seeds: the part "
            "seeds it; parts just draw, or draw inside `with seeded(...)`",
        )


def find_another_device() -> torch.device:
    """Find a device that is not the CPU."""
    if not torch.cuda.is_available():
        raise CannotApply("this machine has no device other than its CPU")
    return torch.device("cuda")


def same(one: Tensor, other: Tensor, tolerance: float = 0.0) -> bool:
    """True if two tensors agree, within ``tolerance`` times the largest number in ``other``."""
    if one.shape != other.shape or one.dtype != other.dtype or one.device != other.device:
        return False
    if tolerance == 0.0 or one.numel() == 0 or not one.is_floating_point():
        return torch.equal(one, other)
    return bool((one - other).abs().max() <= tolerance * other.abs().max())


def same_latents(one: Latents, other: Latents, tolerance: float = 0.0) -> bool:
    """True if two batches of latents agree: codes exactly, values within the tolerance."""
    return (
        one.space == other.space
        and same(one.codes, other.codes)
        and same(one.values, other.values, tolerance)
    )
