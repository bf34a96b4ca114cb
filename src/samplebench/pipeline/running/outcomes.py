"""The outcomes of a run."""

from dataclasses import dataclass, field

from samplebench.results.record import Record


@dataclass
class Outcomes:
    """Counts of the cells by their end, and the reasons of those that failed."""

    measured: int = 0
    incomplete: int = 0
    failed: int = 0
    refused: int = 0
    left: int = 0
    """Cells that are still to do, because too many others failed."""
    reasons: dict[str, list[str]] = field(default_factory=dict)
    """The labels of the cells that failed, by the reason."""

    @property
    def tried(self) -> int:
        """The number of cells that were carried out."""
        return self.measured + self.incomplete + self.failed

    def add(self, record: Record) -> None:
        setattr(self, record.status, getattr(self, record.status) + 1)
        if record.status in ("failed", "incomplete"):
            reason = record.reason or next(
                s.problem for s in record.scores if s.problem and not s.settled
            )
            assert reason is not None
            self.reasons.setdefault(reason, []).append(record.label)
