"""A dictionary learned from signals by the online rule, and the signals that its codes make."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench.training import set_aside
from samplebench_dictionary.batch_omp import (
    Dictionary,
    Signals,
    SparseCodes,
    batch_omp,
    combined,
)
from samplebench_dictionary.dictionary_bottleneck import DictionaryBottleneck

_LOOK = 8
"""Batches from which the first atoms are taken."""


@dataclass(frozen=True)
class Learning:
    """How a dictionary is learned."""

    atoms: int
    active: int
    epochs: int
    batch: int
    held_out: float
    patience: int


@dataclass(frozen=True, eq=False)
class Synthesis:
    """``z = m + s (Σ_j a_j d_{k_j} + ρ ε)``: a mean, a scale, unit atoms, and what they leave
    over, with ``ε ~ N(0, I)``; ρ is one deviation a dimension, and m has the mean of it.
    """

    mean: Float[Tensor, " reals"]
    scale: Float[Tensor, ""]
    atoms: Dictionary
    residual: Float[Tensor, " reals"]

    @classmethod
    def restored(cls, state: Mapping[str, Tensor]) -> "Synthesis":
        """That of which ``state`` was taken."""
        return cls(state["mean"], state["scale"], state["atoms"], state["residual"])

    def state(self) -> Mapping[str, Tensor]:
        return {
            "mean": self.mean,
            "scale": self.scale,
            "atoms": self.atoms,
            "residual": self.residual,
        }

    def signals(self, codes: SparseCodes, *, residual: bool) -> Signals:
        """The signals of these codes, with noise in the place of what is left over, or without."""
        sums = combined(self.atoms, *codes)
        if residual:
            sums.addcmul_(self.residual, torch.randn_like(sums))
        return torch.addcmul(self.mean, self.scale, sums)


def learned(
    maps: Float[Tensor, "samples sites reals"], how: Learning
) -> tuple[Synthesis, SparseCodes, dict[str, float]]:
    """Learn a dictionary, and code every site of every sample with it.

    Raises:
        ValueError: there is one sample, or all signals are equal.
    """
    if len(maps) < 2:
        raise ValueError("dictionary learning holds some latents out: it needs at least two")
    if bool((maps == maps[0, 0]).all()):
        raise ValueError("all sites of all latents are equal: there is no dictionary to learn")
    variances, mean = torch.var_mean(maps, (0, 1), correction=0)
    scale = variances.mean().sqrt()
    signals = (maps - mean) / scale
    atoms, found = _atoms(signals, how)
    signals = signals.flatten(0, 1)
    codes = batch_omp(signals, atoms, how.active)
    left = signals - combined(atoms, *codes)
    energy = left.square().sum(dtype=torch.float64) / signals.square().sum(dtype=torch.float64)
    variances, rest = torch.var_mean(left, 0, correction=0)
    synthesis = Synthesis(mean + scale * rest, scale, atoms, variances.sqrt())
    return synthesis, codes, {**found, "residual_energy": float(energy)}


def _atoms(
    maps: Float[Tensor, "samples sites reals"], how: Learning
) -> tuple[Dictionary, Mapping[str, float]]:
    """The dictionary that leaves least of held-out signals over, and how long it took."""
    # Sites of a sample stay together.
    signals, held_out = (part.flatten(0, 1) for part in set_aside(maps, how.held_out))
    bottleneck = DictionaryBottleneck(how.atoms, maps.shape[2], how.active, update="online")
    bottleneck.to(signals).train()
    first = torch.randperm(len(signals), device=signals.device)[: _LOOK * how.batch]
    bottleneck.begin(signals[first][:, None])
    best, least, since, steps = bottleneck.unit_atoms, math.inf, 0, 0
    for _ in range(how.epochs):
        steps += _pass(bottleneck, signals, how.batch)
        share = _left_over(held_out, bottleneck.unit_atoms, how.active)
        since += 1
        if share < least:
            best, least, since = bottleneck.unit_atoms, share, 0
        if since == how.patience:
            break
    return best, {"steps": float(steps), "held_out_residual": least}


@torch.no_grad()
def _pass(bottleneck: DictionaryBottleneck, signals: Signals, batch: int) -> int:
    """Show the bottleneck all signals once; its atoms follow. How many steps that was."""
    rows = torch.split(torch.randperm(len(signals), device=signals.device), batch)
    for some in rows:
        bottleneck(signals[some][:, None])
    return len(rows)


def _left_over(signals: Signals, atoms: Dictionary, active: int) -> float:
    """The share of the signals' energy that their codes leave over."""
    left = signals - combined(atoms, *batch_omp(signals, atoms, active))
    energy = signals.square().sum(dtype=torch.float64)
    return float(left.square().sum(dtype=torch.float64) / energy) if energy > 0 else 0.0
