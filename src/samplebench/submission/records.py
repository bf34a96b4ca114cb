"""The records among held files: whole, unchanged, and where their content says they belong."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from samplebench.errors import BadRecord, OtherFormat
from samplebench.results.identity import identify
from samplebench.results.record import Record
from samplebench.submission.findings import Finding, has_control_signs
from samplebench.submission.held_files import HeldFiles, Unreadable

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PLACE: Final = re.compile(r"records/(?P<suite>[^/]+)/([^/]+/)?[^/]+\.json")

_LONG_TEXTS: Final = frozenset({"reason", "problem"})
"""Fields with the text of an error, which has lines."""


@dataclass(frozen=True)
class HeldRecord:
    """A record that can be trusted to be what it says, and where it lies."""

    path: str
    record: Record


def suites_of(files: HeldFiles) -> list[str]:
    """The suites that have a folder of records, by name."""
    pieces = (path.split("/") for path in files.sizes)
    return sorted({names[1] for names in pieces if names[0] == "records" and len(names) > 2})


def read_records(files: HeldFiles, suite: str, findings: list[Finding]) -> list[HeldRecord]:
    """Read the records of a suite; what is wrong with others is added to ``findings``."""
    held = []
    for path in files.sizes:
        place = _PLACE.fullmatch(path)
        if place is None or place["suite"] != suite:
            continue
        try:
            text = files.text(path)
            record = parse_record(text)
        except (Unreadable, BadRecord, OtherFormat) as error:
            findings.append(Finding("record", path, str(error)))
            continue
        wrong = [Finding("record", path, reason) for reason in find_faults(record, path, text)]
        findings += wrong
        if not wrong:
            held.append(HeldRecord(path, record))
    return held


def parse_record(text: str) -> Record:
    """The record of a text that anybody may have written.

    Raises:
        BadRecord: it is none.
        OtherFormat: it is of another format.
    """
    try:
        return Record.from_json(text)
    except (ValueError, RecursionError, OverflowError) as error:
        raise BadRecord(f"it cannot be read as a record: {error}") from error


def find_faults(record: Record, path: str, text: str) -> Iterator[str]:
    """Give each reason why a record is not what its place, its text and its own fields say."""
    names = [record.suite, record.dataset.name, record.autoencoder.name]
    names += [record.sampler.name] if record.sampler else []
    if bad := [name for name in names if not _NAME.fullmatch(name)]:
        yield f"it names {bad[0]!r}; names are lower case with hyphens"
        return
    if (identity := identify(record)) != record.identity:
        yield (
            f"its identity is {record.identity[:12]}, and that of its dataset, autoencoder, "
            f"sampler, protocol and seed is {identity[:12]}"
        )
    expected = f"records/{record.suite}/{record.autoencoder.name}/{record.file_name}"
    earlier = f"records/{record.suite}/{record.file_name}"  # format 1 had no folders below
    if path not in (expected, earlier):
        yield f"by its content it belongs to {expected}"
    if record.picture not in (None, f"{record.file_name.removesuffix('.json')}.png"):
        yield f"its picture is called {record.picture!r}, which is not the name of its file"
    if signs := sorted(_find_control_signs(json.loads(text))):
        yield f"it has signs that cannot be printed in {signs[0]}"
    yield from _find_contradictions(record)


def _find_contradictions(record: Record) -> Iterator[str]:
    if record.status in ("failed", "refused") and any(s.value is not None for s in record.scores):
        yield f"it is {record.status} and has scores"
    is_open = any(score.problem is not None and not score.settled for score in record.scores)
    if record.status == "measured" and is_open:
        yield "it is measured, and a score of it has a problem that is not settled"
    keys = [score.column for score in record.scores]
    if len(set(keys)) < len(keys):
        yield "it has two scores of one metric in the same features"


def _find_control_signs(content: Any, field: str = "") -> Iterator[str]:
    """The fields whose text or keys have signs that are not printed as they are."""
    if isinstance(content, str):
        allowed = "\n\t" if field in _LONG_TEXTS else ""
        if has_control_signs(content, allowed):
            yield field or "a text"
    elif isinstance(content, dict):
        for name, value in content.items():
            if has_control_signs(name):
                yield "the name of a field"
            yield from _find_control_signs(value, name)
    elif isinstance(content, list):
        for value in content:
            yield from _find_control_signs(value, field)
