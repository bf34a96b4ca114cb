"""The bottleneck of a dictionary: every site becomes a few atoms, each scaled by a real."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from samplebench import Latents, Sparse
from samplebench.networks import Bottleneck, Coded, Sites
from samplebench_dictionary.batch_omp import (
    Dictionary,
    Signals,
    SparseCodes,
    batch_omp,
    combine,
)
from samplebench_dictionary.running_moments import RunningMoments

Update = Literal["gradient", "online"]


class DictionaryBottleneck(Bottleneck):
    """A site z is coded as ``ẑ = Σ_j a_j d_{k_j}``, with the atoms k and coefficients a that
    orthogonal matching pursuit finds; the gradient passes straight through.

    Every site is a signal by itself, independent of the rest of the batch. No mean is subtracted
    from a site first, as the authors' code does: it would be one more real in the latent.

    Args:
        atoms: directions in the dictionary.
        channels: reals in a site and in an atom.
        active: atoms that code a site.
        commitment: the weight of ``‖z − sg ẑ‖²``, which draws sites to the span of the atoms.
        dictionary: the weight of ``‖sg z − ẑ‖²``, which moves atoms where the gradient does.
        update: the rule that moves the atoms: that gradient, or the one of ``RunningMoments``.
        decay: the greatest share of its sums that the online rule keeps at a step.
        revive: the number of training steps after which an atom that no site chose moves to a site
            that is coded worst; 0 for never.

    Raises:
        ValueError: a number is out of its range.
    """

    directions: Tensor
    idle: Tensor

    def __init__(
        self,
        *,
        atoms: int = 512,
        channels: int = 16,
        active: int = 4,
        commitment: float = 0.25,
        dictionary: float = 1.0,
        update: Update = "gradient",
        decay: float = 0.99,
        revive: int = 100,
    ) -> None:
        super().__init__()
        if channels < 1 or not 1 <= active <= atoms:
            raise ValueError(
                f"channels are at least 1 and active lies in 1…atoms, not {channels} and "
                f"{active} of {atoms}"
            )
        if min(commitment, dictionary, revive) < 0:
            raise ValueError("commitment, dictionary and revive are not negative")
        if not 0 <= decay <= 1:
            raise ValueError(f"decay lies in [0, 1], not at {decay}")
        self.atoms, self.channels, self.active = atoms, channels, active
        self.commitment, self.dictionary = commitment, dictionary
        self.update, self.decay, self.revive = update, decay, revive
        directions = torch.randn(atoms, channels)
        if update == "gradient":
            self.directions = nn.Parameter(directions)
            self.moments = None
        else:
            self.register_buffer("directions", directions)
            self.moments = RunningMoments(atoms=atoms, channels=channels, decay=decay)
        self.register_buffer("idle", torch.zeros(atoms, dtype=torch.int64))

    @property
    def unit_atoms(self) -> Dictionary:
        """The dictionary: a direction a row, of length 1."""
        # From a copy, because a dead atom moves before the gradient of this is taken.
        return functional.normalize(self.directions.clone())

    def space(self, grid: tuple[int, ...]) -> Sparse:
        return Sparse(self.atoms, self.active, grid)

    def encode(self, sites: Sites) -> Coded:
        atoms, coefficients = batch_omp(self._signals(sites), self.unit_atoms, self.active)
        ascending = atoms.argsort(1)
        shape = (*sites.shape[:2], self.active)
        return Coded(
            values=coefficients.gather(1, ascending).view(shape),
            codes=atoms.gather(1, ascending).view(shape),
        )

    def decode(self, latents: Latents) -> Sites:
        atoms, coefficients = latents.codes.flatten(0, -2), latents.values.flatten(0, -2)
        signals = combine(self.unit_atoms, atoms, coefficients.to(self.directions))
        return signals.view(len(latents), latents.space.sites, self.channels)

    def forward(self, sites: Sites) -> tuple[Sites, Mapping[str, Tensor]]:
        sites = sites.to(self.directions)
        signals, unit_atoms = self._signals(sites), self.unit_atoms
        codes = batch_omp(signals, unit_atoms, self.active)
        mixed = combine(unit_atoms, *codes).view(sites.shape)
        terms = {"commitment": self.commitment * functional.mse_loss(sites, mixed.detach())}
        if self.update == "gradient":
            terms["dictionary"] = self.dictionary * functional.mse_loss(mixed, sites.detach())
        if self.training:
            self._follow(signals, codes, mixed.detach().flatten(0, 1))
        return sites + (mixed - sites).detach(), terms

    @torch.no_grad()
    def begin(self, sites: Sites) -> None:
        """Start atoms at sites of different directions; where these are too few, the rest stay."""
        directions = torch.unique(functional.normalize(self._signals(sites)), dim=0)
        directions = directions[directions.any(1)]
        order = torch.randperm(len(directions), device=directions.device)
        drawn = directions[order[: self.atoms]]
        self.directions[: len(drawn)] = drawn

    def _signals(self, sites: Sites) -> Signals:
        return sites.detach().to(self.directions).flatten(0, 1)

    @torch.no_grad()
    def _follow(self, signals: Signals, codes: SparseCodes, mixed: Signals) -> None:
        """Move the atoms that no gradient moves."""
        if self.moments is not None:
            with torch.autocast(signals.device.type, enabled=False):
                self.moments.add(signals, *codes)
                self.directions.copy_(self.moments.move(self.unit_atoms))
        if self.revive > 0:
            self._revive(signals, codes[0], mixed)

    def _revive(self, signals: Signals, chosen: Tensor, mixed: Signals) -> None:
        self.idle += 1
        self.idle[chosen.flatten()] = 0
        dead = self.idle >= self.revive
        worst = (signals - mixed).square().sum(1).topk(min(self.atoms, len(signals))).indices
        # Of length 1, like atoms at the start: a step of Adam turns a long one less.
        offered = functional.normalize(signals[worst[(dead.cumsum(0) - 1) % len(worst)]])
        # Chosen by masks: a count of the dead would make a GPU wait. Zero is no direction.
        moving = dead & offered.any(1)
        self.directions.copy_(torch.where(moving[:, None], offered, self.directions))
        self.idle.masked_fill_(moving, 0)
        if self.moments is not None:
            self.moments.forget(moving)
