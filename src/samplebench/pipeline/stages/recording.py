"""The record of a cell: of its scores, or of the reason why there are none."""

import dataclasses
from typing import Any, Literal

from samplebench.pipeline.provenance import provenance
from samplebench.pipeline.request.grid import Cell
from samplebench.pipeline.request.measures import BoundMetric
from samplebench.pipeline.request.status import parts_of
from samplebench.pipeline.stages.core.cell import Measurement
from samplebench.pipeline.workspace import Site
from samplebench.registry.registry import Chosen
from samplebench.results.record import PartRecord, Record, Score


@dataclasses.dataclass(frozen=True)
class Terms:
    """What the cells of a suite share: its name, digest and protocol."""

    suite: str
    digest: str
    protocol: dict[str, Any] = dataclasses.field(hash=False)  # the digest stands for it


@dataclasses.dataclass(frozen=True)
class Recording:
    """The facts that the record of a cell states whatever comes of it.

    Attributes:
        checkpoint: the digest of the weights that were loaded in place of training.
        data: the fingerprint of the data, if they could be read.
    """

    site: Site
    terms: Terms
    cell: Cell
    metrics: tuple[BoundMetric, ...]
    checkpoint: str | None
    data: str | None

    def measured(self, measurement: Measurement) -> Record:
        """The record of a measurement."""
        return self._record(
            status="incomplete" if any(map(_is_open, measurement.scores)) else "measured",
            reason=None,
            latent_space=measurement.latent_space.describe(),
            counts=dict(measurement.counts),
            scores=measurement.scores,
            costs=dict(measurement.costs),
            diagnostics=dict(measurement.diagnostics),
        )

    def unmeasured(self, status: Literal["failed", "refused"], reason: str) -> Record:
        """The record of the reason why there are no scores."""
        return self._record(
            status=status,
            reason=reason,
            latent_space=None,
            counts={},
            scores=[],
            costs={},
            diagnostics={},
        )

    def _record(self, **content: Any) -> Record:
        cell, terms = self.cell, self.terms
        codes = [part.code for part in parts_of(cell, self.metrics)]
        return Record(
            identity=cell.identity(terms.protocol, self.checkpoint),
            suite=terms.suite,
            role=_role(cell),
            appendix=cell.appendix,
            dataset=part_record(cell.dataset),
            autoencoder=part_record(cell.autoencoder, self.checkpoint),
            sampler=part_record(cell.sampler) if cell.sampler else None,
            seed=cell.seed,
            protocol=terms.protocol,
            provenance=provenance(self.site, codes, suite=terms.digest, data=self.data),
            picture=None,
            **content,
        )


def part_record(chosen: Chosen, checkpoint: str | None = None) -> PartRecord:
    """A part as records hold it."""
    plugin = chosen.part.plugin
    return PartRecord(
        spec=str(chosen),
        name=chosen.part.name,
        settings=dict(chosen.settings),
        plugin=plugin.distribution,
        version=plugin.version,
        code=chosen.code.digest,
        checkpoint=checkpoint,
    )


def _is_open(score: Score) -> bool:
    """Recognise a score whose problem may go away when the cell is measured again."""
    return score.problem is not None and not score.settled


def _role(cell: Cell) -> Literal["sampler", "control", "reconstruction"]:
    if cell.sampler is None:
        return "reconstruction"
    return "control" if cell.sampler.build().control else "sampler"
