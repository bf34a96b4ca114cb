"""The record of a cell, from what was found or from the reason why nothing was."""

import dataclasses
from pathlib import Path
from typing import Any, Literal

from samplebench.pipeline.cell import Found, part_record
from samplebench.pipeline.grid import Cell
from samplebench.pipeline.setup import Setup, provenance
from samplebench.pipeline.suite import Suite
from samplebench.results.record import CostRecord, Record, Score


@dataclasses.dataclass(frozen=True)
class Recording:
    """What the record of a cell says whatever comes of it."""

    setup: Setup
    suite: Suite
    cell: Cell
    checkpoint: str | None
    data: str | None

    def measured(self, found: Found) -> Record:
        """The record of what was found."""
        record = self._record(
            status="incomplete" if any(map(_unsettled, found.scores)) else "measured",
            reason=None,
            latent_space=dict(found.latent_space),
            counts=dict(found.counts),
            scores=found.scores,
            costs={
                stage: CostRecord(**dataclasses.asdict(cost))
                for stage, cost in found.costs.items()
            },
            diagnostics=dict(found.diagnostics),
        )
        return record.model_copy(update={"picture": f"{Path(record.file_name).stem}.png"})

    def unmeasured(self, status: Literal["failed", "refused"], reason: str) -> Record:
        """The record of why there is nothing."""
        return self._record(
            status=status,
            reason=reason,
            latent_space=None,
            counts={},
            scores=[],
            costs={},
            diagnostics={},
        )

    def _record(self, **found: Any) -> Record:
        cell, suite = self.cell, self.suite
        return Record(
            identity=cell.identity(suite.protocol, self.checkpoint),
            suite=suite.name,
            role=_role(cell),
            appendix=cell.appendix,
            dataset=part_record(cell.dataset),
            autoencoder=part_record(cell.autoencoder, self.checkpoint),
            sampler=part_record(cell.sampler) if cell.sampler else None,
            seed=cell.seed,
            protocol=suite.protocol,
            provenance=provenance(self.setup, suite.digest, self.data),
            picture=None,
            **found,
        )


def _unsettled(score: Score) -> bool:
    return score.problem is not None and not score.settled


def _role(cell: Cell) -> Literal["sampler", "control", "reconstruction"]:
    if cell.sampler is None:
        return "reconstruction"
    return "control" if cell.sampler.build().control else "sampler"
