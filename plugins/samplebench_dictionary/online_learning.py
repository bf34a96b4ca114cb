"""Online learning of a dictionary from signals, and the synthesis of signals from codes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from samplebench.clusters import compute_moments
from samplebench.training import set_aside
from samplebench_dictionary.batch_omp import (
    Dictionary,
    Signals,
    SparseCodes,
    batch_omp,
    combine,
)
from samplebench_dictionary.dictionary_bottleneck import DictionaryBottleneck

_START_BATCHES = 8
"""Batches from which the first atoms are taken."""


@dataclass(frozen=True)
class DictionaryTraining:
    """The settings by which a dictionary is learned."""

    atoms: int
    active: int
    epochs: int
    batch: int
    held_out: float
    patience: int


@dataclass(frozen=True, eq=False)
class Synthesis:
    """``z = m + s (Σ_j a_j d_{k_j} + ρ ε)``: a mean, a scale, unit atoms, and a residual.

    ``ε ~ N(0, I)``, ρ is the std of the residual in each dimension, and m includes its mean.
    """

    mean: Float[Tensor, " reals"]
    scale: Float[Tensor, ""]
    atoms: Dictionary
    residual: Float[Tensor, " reals"]

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> "Synthesis":
        """The synthesis that gave ``state``."""
        return cls(state["mean"], state["scale"], state["atoms"], state["residual"])

    def state(self) -> Mapping[str, Tensor]:
        return {
            "mean": self.mean,
            "scale": self.scale,
            "atoms": self.atoms,
            "residual": self.residual,
        }

    def synthesise(self, codes: SparseCodes, *, residual: bool) -> Signals:
        """Make signals from these codes, with noise in place of the residual, or without."""
        sums = combine(self.atoms, *codes)
        if residual:
            sums.addcmul_(self.residual, torch.randn_like(sums))
        return torch.addcmul(self.mean, self.scale, sums)


def learn_dictionary(
    maps: Float[Tensor, "samples sites reals"], training: DictionaryTraining
) -> tuple[Synthesis, SparseCodes, dict[str, float]]:
    """Learn a dictionary, and code every site of every sample with it; return diagnostics too.

    Raises:
        ValueError: there is one sample, or all signals are equal.
    """
    if len(maps) < 2:
        raise ValueError("dictionary learning holds some latents out: it needs at least two")
    if bool((maps == maps[0, 0]).all()):
        raise ValueError("all sites of all latents are equal: there is no dictionary to learn")
    moments = compute_moments(maps.flatten(0, 1))
    mean, scale = moments.mean.to(maps), moments.variance.mean().sqrt().to(maps)
    signals = (maps - mean) / scale
    atoms, diagnostics = _learn_atoms(signals, training)
    signals = signals.flatten(0, 1)
    codes = batch_omp(signals, atoms, training.active)
    residual = signals - combine(atoms, *codes)
    energy = residual.square().sum(dtype=torch.float64) / signals.square().sum(dtype=torch.float64)
    variances, residual_mean = torch.var_mean(residual, 0, correction=0)
    synthesis = Synthesis(mean + scale * residual_mean, scale, atoms, variances.sqrt())
    return synthesis, codes, {**diagnostics, "residual_energy": float(energy)}


def _learn_atoms(
    maps: Float[Tensor, "samples sites reals"], training: DictionaryTraining
) -> tuple[Dictionary, Mapping[str, float]]:
    """Learn the dictionary with the least residual on held-out signals; return diagnostics too."""
    # Sites of a sample stay together.
    signals, held_out = (part.flatten(0, 1) for part in set_aside(maps, training.held_out))
    bottleneck = DictionaryBottleneck(
        atoms=training.atoms, channels=maps.shape[2], active=training.active, update="online"
    )
    bottleneck.to(signals).train()
    first = torch.randperm(len(signals), device=signals.device)[: _START_BATCHES * training.batch]
    bottleneck.begin(signals[first][:, None])
    best, least, since, steps = bottleneck.unit_atoms, math.inf, 0, 0
    for _ in range(training.epochs):
        steps += _run_epoch(bottleneck, signals, training.batch)
        share = _residual_share(held_out, bottleneck.unit_atoms, training.active)
        since += 1
        if share < least:
            best, least, since = bottleneck.unit_atoms, share, 0
        if since == training.patience:
            break
    return best, {"steps": float(steps), "held_out_residual": least}


@torch.no_grad()
def _run_epoch(bottleneck: DictionaryBottleneck, signals: Signals, batch: int) -> int:
    """Move the atoms in one pass over all signals; return the number of steps."""
    rows = torch.split(torch.randperm(len(signals), device=signals.device), batch)
    for some in rows:
        bottleneck(signals[some][:, None])
    return len(rows)


def _residual_share(signals: Signals, atoms: Dictionary, active: int) -> float:
    """Compute the share of the signals' energy that is in their residual."""
    residual = signals - combine(atoms, *batch_omp(signals, atoms, active))
    energy = signals.square().sum(dtype=torch.float64)
    return float(residual.square().sum(dtype=torch.float64) / energy) if energy > 0 else 0.0
