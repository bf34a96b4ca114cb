"""The record of a cell: of its scores, or of the reason why there are none."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

from samplebench.missing import Missing
from samplebench.pipeline.provenance import provenance
from samplebench.pipeline.request.grid import Cell, without_training
from samplebench.pipeline.request.measures import BoundMetric
from samplebench.pipeline.request.status import parts_of
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.stages.core.cell import Measurement
from samplebench.pipeline.stages.core.extraction import FittedExtractor
from samplebench.pipeline.stages.part_records import (
    check_floor,
    part_record,
    remarks_on,
    score_record,
)
from samplebench.pipeline.stages.stage import Failure
from samplebench.pipeline.workspace import Site
from samplebench.results.record import Record, Score

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Terms:
    """The name, digest and protocol of a suite, which all its cells share."""

    suite: str
    digest: str
    protocol: dict[str, Any] = dataclasses.field(hash=False)  # the digest stands for it


@dataclasses.dataclass(frozen=True)
class Recording:
    """The facts that the record of a cell states whatever comes of it.

    Attributes:
        loaded: the digest of weights that were not trained here, empty where it has none; None if
            the autoencoder is trained.
        data: the fingerprint of the data, if they could be read.
        floors: the metrics whose floor is measured; some of them have no score in this row.
        control: True if the sampler is one.
    """

    site: Site
    terms: Terms
    cell: Cell
    metrics: tuple[BoundMetric, ...]
    loaded: str | None
    data: str | None
    floors: tuple[BoundMetric, ...] = ()
    control: bool = False

    def measured(
        self, measurement: Measurement, extractors: Mapping[str, FittedExtractor | Missing]
    ) -> Record:
        """The record of a measurement, made in these feature extractors."""
        results = _by_key(self.metrics, measurement.results)
        checked = [check_floor(floor) for floor in measurement.floors]
        floors = _by_key(self.floors, checked)
        scores = [
            score_record(
                bound,
                extractors[bound.features.key] if bound.features else None,
                results.get(bound.key),
                floors.get(bound.key),
            )
            for bound in self._all_metrics
            if bound.key in results or floors[bound.key] is not None
        ]
        return self._record(
            status="incomplete" if any(map(_is_open, scores)) else "measured",
            reason=None,
            latent_space=measurement.latent_space.describe(),
            counts=dict(measurement.counts),
            scores=scores,
            costs=dict(measurement.costs),
            diagnostics=dict(measurement.diagnostics),
            remarks=[
                *measurement.remarks,
                *remarks_on(extractors),
                *(
                    f"floor of {bound} is left out: {floor}"
                    for bound, floor in zip(self.floors, checked, strict=True)
                    if isinstance(floor, Missing) and bound.key in results
                ),
            ],
        )

    def refused(self, reason: str) -> Record:
        """The record of a pair that cannot work."""
        return self._unmeasured(status="refused", reason=reason)

    def failed(self, failure: Failure) -> Record:
        """The record of a cell that gave nothing, for the reason that is given."""
        return self._unmeasured(status="failed", reason=failure.reason, failure=failure.kind)

    def _unmeasured(self, **why: Any) -> Record:
        return self._record(
            **why,
            latent_space=None,
            counts={},
            scores=[],
            costs={},
            diagnostics={},
            remarks=[],
        )

    @property
    def _role(self) -> Literal["sampler", "control", "reconstruction"]:
        if self.cell.sampler is None:
            return "reconstruction"
        return "control" if self.control else "sampler"

    @property
    def _all_metrics(self) -> list[BoundMetric]:
        """Each metric once."""
        return list({bound.key: bound for bound in (*self.metrics, *self.floors)}.values())

    def _record(self, **content: Any) -> Record:
        cell, terms = self.cell, self.terms
        codes = [part.code for part in parts_of(cell, self._all_metrics)]
        return Record(
            identity=cell.identity(terms.protocol, self.loaded),
            suite=terms.suite,
            role=self._role,
            appendix=cell.appendix,
            dataset=part_record(cell.dataset),
            autoencoder=part_record(cell.autoencoder, self.loaded or None),
            sampler=part_record(cell.sampler) if cell.sampler else None,
            seed=cell.seed,
            protocol=without_training(terms.protocol, self.loaded),
            provenance=provenance(
                self.site, core_code(), codes, suite=terms.digest, data=self.data
            ),
            picture=None,
            **content,
        )


def _by_key(metrics: Iterable[BoundMetric], found: Iterable[T]) -> dict[tuple[str, str | None], T]:
    return {bound.key: each for bound, each in zip(metrics, found, strict=True)}


def _is_open(score: Score) -> bool:
    """Recognise a score whose problem may go away when the cell is measured again."""
    return score.problem is not None and not score.settled
