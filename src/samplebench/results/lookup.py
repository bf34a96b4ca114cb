"""Finds records, and shows one on a terminal."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from samplebench.errors import BadRecord, UsageError
from samplebench.results.formats.text_table import format_rows, wrap_text
from samplebench.results.record import Record
from samplebench.results.store import Damaged, Store

_SHORTEST = 4


def find(results: Path, wanted: str) -> list[Record]:
    """Find the records whose identity begins with ``wanted``, or whose file or label it is.

    Raises:
        UsageError: there is none.
        BadRecord: there is none that can be read, and some are damaged.
    """
    records, damaged = _read(results, Store(results).suites())
    found = [record for record in records if _matches(record, wanted)]
    if not found:
        _refuse_damaged(damaged, wanted, len(records))
        raise UsageError(
            f"no record of {len(records)} in {results} matches {wanted!r}; give the start of an "
            f"identity ({_SHORTEST} characters or more), a record's file, or a pattern such as "
            "'digits/vae*/gmm*/seed 0'"
        )
    return found


def find_labels(results: Path, suite: str | None, pattern: str) -> list[Record]:
    """Find the records of a suite, or of all, whose label fits a pattern.

    Raises:
        UsageError: there is none.
        BadRecord: there is none that can be read, and some are damaged.
    """
    suites = Store(results).suites() if suite is None else [suite]
    records, damaged = _read(results, suites)
    found = [record for record in records if _fits(record, pattern)]
    if not found:
        _refuse_damaged(damaged, pattern, len(records))
        where = f"{results}, suite {suite!r}," if suite else str(results)
        raise UsageError(
            f"no label of {len(records)} records in {where} matches {pattern!r}; it is a pattern "
            "such as 'digits/vae*/gmm*/seed 0', as `samplebench show` takes it"
        )
    return found


def _read(results: Path, suites: Iterable[str]) -> tuple[list[Record], list[Damaged]]:
    store = Store(results)
    read = [store.read(suite) for suite in suites]
    records = [record for records, _ in read for record in records]
    return records, [file for _, damaged in read for file in damaged]


def _refuse_damaged(damaged: Sequence[Damaged], wanted: str, readable: int) -> None:
    """Name the damaged file that is wanted, or else the first: no other matches, and it may."""
    if not damaged:
        return
    for file in damaged:
        name, digits = file.path.name, file.path.stem.rpartition("_")[2]
        if Path(wanted).name == name or (
            len(wanted) >= _SHORTEST and (digits.startswith(wanted) or wanted.startswith(digits))
        ):
            raise BadRecord(f"{file.path} cannot be shown: {file.reason}")
    more = f" and {len(damaged) - 1} more" if len(damaged) > 1 else ""
    raise BadRecord(
        f"none of {readable} readable records matches {wanted!r}, but {damaged[0].path}{more} "
        f"cannot be read: {damaged[0].reason}"
    )


def as_text(record: Record, width: int) -> str:
    """Show a record on a terminal: its label, scores, costs and provenance."""
    about = [
        record.label,
        f"{record.outcome}{f': {record.reason}' if record.reason else ''}; {record.identity}",
        *_describe_training(record),
        *_describe_doubt(record),
    ]
    diagnostics = [{"diagnostic": n, "value": _text(v)} for n, v in record.diagnostics.items()]
    facts = [{"made with": name, "value": _text(v)} for name, v in _provenance(record).items()]
    sections = [
        *(wrap_text(text, width) for text in about),
        format_rows(_score_rows(record), width),
        format_rows(_cost_rows(record), width),
        format_rows(diagnostics, width),
        *(wrap_text(text, width) for text in record.remarks),
        format_rows(facts, width),
    ]
    return "\n\n".join(filter(None, sections))


def _score_rows(record: Record) -> list[dict[str, str]]:
    return [
        {
            "score": score.title,
            "value": _text(score.value),
            "unit": score.unit,
            "floor": _text(score.floor and score.floor.mean),
            "problem": score.problem or "",
        }
        for score in record.scores
    ]


def _cost_rows(record: Record) -> list[dict[str, str]]:
    return [
        {
            "stage": stage,
            "wall s": _text(cost.wall_seconds),
            "CPU s": _text(cost.cpu_seconds),
            "peak MiB": _text(cost.host_peak_bytes / 2**20),
            "items": _text(cost.count),
        }
        for stage, cost in record.costs.items()
    ]


def _text(value: Any) -> str:
    """A value, numbers with six digits."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _describe_training(record: Record) -> list[str]:
    """A line on an autoencoder that was trained elsewhere."""
    loaded = record.autoencoder.checkpoint
    return [f"The autoencoder was trained elsewhere; weights {loaded}."] if loaded else []


def _describe_doubt(record: Record) -> list[str]:
    """A line on a record whose scores may not be those of the code of today."""
    verification = record.verification
    if verification.state == "measured":
        return []
    return [f"{verification.state}: {verification.reason}"]


def _provenance(record: Record) -> dict[str, Any]:
    facts = record.provenance.model_dump()
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    return facts | {"packages": packages}


def _matches(record: Record, wanted: str) -> bool:
    return (
        (len(wanted) >= _SHORTEST and record.identity.startswith(wanted))
        or Path(wanted).name == record.file_name
        or _fits(record, wanted)
    )


def _fits(record: Record, pattern: str) -> bool:
    return fnmatchcase(record.label.replace(" / ", "/"), pattern.replace(" / ", "/"))
