"""Cells, and the grid of them that a suite asks for."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from samplebench.errors import BadSuite
from samplebench.pipeline.request.suite import Suite
from samplebench.registry.loading import Parts
from samplebench.registry.registry import Chosen, Registry
from samplebench.results.identity import Part, digest_cell

_MOST_CELLS: Final = 100_000


@dataclass(frozen=True)
class Cell:
    """One autoencoder and one sampler on one dataset with one seed.

    Without a sampler it is the reconstruction row: held-out latents in place of drawn ones.
    """

    dataset: Chosen
    autoencoder: Chosen
    sampler: Chosen | None
    seed: int
    appendix: bool = False
    """True if it is shown in the appendix of its board; decides no score."""

    @property
    def row(self) -> str:
        return str(self.sampler) if self.sampler else "reconstruction"

    @property
    def label(self) -> str:
        return f"{self.dataset} / {self.autoencoder} / {self.row} / seed {self.seed}"

    def identity(self, protocol: Mapping[str, Any], loaded: str | None) -> str:
        """The digest of everything that decides the scores, but the code.

        Args:
            protocol: of the suite.
            loaded: the digest of weights that are not trained here.
        """
        return digest_cell(
            dataset=_part(self.dataset),
            autoencoder=_part(self.autoencoder),
            sampler=_part(self.sampler) if self.sampler else None,
            protocol=without_training(protocol, loaded),
            seed=self.seed,
            loaded=loaded,
        )


def _part(chosen: Chosen) -> Part:
    return chosen.part.name, chosen.settings


def without_training(protocol: Mapping[str, Any], loaded: str | None) -> dict[str, Any]:
    """The protocol of a cell: weights that were not trained here were not trained by it."""
    return {name: what for name, what in protocol.items() if loaded is None or name != "training"}


def grid(suite: Suite, parts: Parts) -> Iterable[Cell]:
    """Every cell of a suite, in the order in which they are measured.

    Raises:
        BadSuite: there are more than a plan can hold.
    """
    samplers = choose_all(parts.samplers, suite.samplers)
    known = {sampler.key for sampler in samplers}
    others = [s for s in choose_all(parts.samplers, suite.appendix) if s.key not in known]
    rows = [(None, False), *((s, False) for s in samplers), *((s, True) for s in others)]
    sides = (
        choose_all(parts.datasets, suite.datasets),
        choose_all(parts.autoencoders, suite.autoencoders),
        tuple(dict.fromkeys(suite.seeds)),
        tuple(rows),
    )
    _require_few(*map(len, sides))
    return itertools.starmap(
        lambda dataset, autoencoder, seed, row: Cell(dataset, autoencoder, row[0], seed, row[1]),
        itertools.product(*sides),
    )


def _require_few(datasets: int, autoencoders: int, seeds: int, rows: int) -> None:
    count = datasets * autoencoders * seeds * rows
    if count > _MOST_CELLS:
        raise BadSuite(
            f"datasets × autoencoders × seeds × rows are {datasets:,} × {autoencoders:,} × "
            f"{seeds:,} × {rows:,} = {count:,} cells, and {_MOST_CELLS:,} are the most of a run; "
            "leave some out, or split the suite"
        )


def choose_all(registry: Registry, texts: Iterable[str]) -> tuple[Chosen, ...]:
    """Every part that the texts name, each once."""
    chosen = [part for text in texts for part in registry.choose(text)]
    return tuple({part.key: part for part in reversed(chosen)}.values())[::-1]
