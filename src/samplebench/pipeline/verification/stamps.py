"""Judgements on records by replays: confirmed and stamped, or refuted and stale."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from samplebench.pipeline.provenance import relevant_versions
from samplebench.pipeline.request.plan import Planned
from samplebench.pipeline.request.status import parts_of, recorded_parts
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.verification.differences import Difference
from samplebench.results.record import PartRecord, Record, Verification

Origin = tuple[str, str, str]
"""Code as records name it: the kind and name of a part, and the digest or commit it is from."""


@dataclass(frozen=True)
class Comparison:
    """The record of one cell and its replay.

    Attributes:
        differences: the scores that are not the same to the last bit.
        problem: the reason why there is nothing to compare.
    """

    planned: Planned
    record: Record
    differences: tuple[Difference, ...] = ()
    problem: str | None = None

    @property
    def is_equal(self) -> bool:
        return not self.differences and self.problem is None


@dataclass(frozen=True)
class Judgement:
    """The code that replays showed to give the same bits as that of today, and the code that they
    showed to give others.
    """

    confirmed: frozenset[Origin] = field(default_factory=frozenset)
    refuted: frozenset[Origin] = field(default_factory=frozenset)

    @staticmethod
    def of(comparisons: Sequence[Comparison]) -> "Judgement":
        """Judge by comparisons on one machine.

        Where a cell differs, the part is to blame that occurs with these settings in no cell that
        is equal. Where several do, or none, it is not known which: no other cell is to blame.
        """
        equal = [comparison for comparison in comparisons if comparison.is_equal]
        cleared = {use for comparison in equal for use in recorded_parts(comparison.record)}
        refuted: set[Origin] = set()
        for comparison in comparisons:
            if comparison.differences:
                uses = recorded_parts(comparison.record)
                suspects = uses.keys() - cleared
                if len(suspects) == 1:
                    refuted |= {_origin(k, uses[k, key], comparison.record) for k, key in suspects}
        confirmed = {o for comparison in equal for o in _origins(comparison.record)}
        return Judgement(frozenset(confirmed - refuted), frozenset(refuted))

    def confirms(self, record: Record) -> bool:
        return _origins(record) <= self.confirmed

    def refutes(self, record: Record) -> bool:
        return not self.refuted.isdisjoint(_origins(record))


def stamp(planned: Planned, *, since: str | None) -> Record:
    """The record of a cell, as measured by the code of today."""
    record = planned.record
    assert record is not None  # only records are stamped
    parts = parts_of(planned.cell, planned.metrics.recorded)
    digests = {(part.part.kind, part.key): part.code.digest for part in parts}
    codes = [part.code for part in parts]
    verification = Verification(
        since=since,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        # With `since`, both codes ran with the versions of today: a change of these was not tried.
        packages={} if since else dict(relevant_versions([core_code(), *codes])),
    )
    return record.model_copy(
        update={
            **{
                kind: _with_code(kind, getattr(record, kind), digests)
                for kind in ("dataset", "autoencoder", "sampler")
            },
            "scores": [
                score.model_copy(
                    update={
                        "metric": _with_code("metric", score.metric, digests),
                        "features": score.features
                        and score.features.model_copy(
                            update={"part": _with_code("features", score.features.part, digests)}
                        ),
                    }
                )
                for score in record.scores
            ],
            "provenance": record.provenance.model_copy(update={"core": core_code().digest}),
            "verification": verification,
        }
    )


def mark_stale(record: Record, comparisons: Iterable[Comparison], *, since: str | None) -> Record:
    """A record whose scores the code of today does not give."""
    own = [d for c in comparisons if c.record.identity == record.identity for d in c.differences]
    by = f"the code of commit {since[:12]}" if since else "its record"
    reason = (
        _describe_most(own)
        if own
        else "replays of other cells with the same parts gave other scores"
    )
    verification = Verification(
        state="stale",
        reason=f"compared with {by}, {reason}",
        since=since,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return record.model_copy(update={"verification": verification})


def _describe_most(moved: Sequence[Difference]) -> str:
    """Name the score that moved most by the measure of its seeds: one outside, if any is."""
    most = max(moved, key=lambda difference: difference.severity)
    others = f", and {len(moved) - 1} more" if len(moved) > 1 else ""
    return f"a replay moved {most.title} from {most.recorded} to {most.replayed}{others}"


def _origins(record: Record) -> frozenset[Origin]:
    origin = record.provenance
    core = f"{origin.core or f'commit {origin.commit}'} {origin.torch} {origin.threads}"
    uses = recorded_parts(record).items()
    return frozenset(
        [("core", "core", core), *(_origin(kind, part, record) for (kind, _), part in uses)]
    )


def _origin(kind: str, part: PartRecord, record: Record) -> Origin:
    return kind, part.name, part.code or f"commit {record.provenance.commit}"


def _with_code(
    kind: str, part: PartRecord | None, digests: Mapping[tuple[str, str], str]
) -> PartRecord | None:
    if part is None:
        return None
    return part.model_copy(update={"code": digests.get((kind, part.key), part.code)})
