"""The content of a record's file as plain data: its digest, and the older formats."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic_core import from_json

from samplebench.digests import digest_of
from samplebench.errors import BadRecord, OtherFormat
from samplebench.plain_text import clean, may_need_cleaning, quote, shorten

FORMAT: Final = 2
"""The version of the record format. Raised when a field changes its meaning."""

_DIGEST: Final = "content_digest"

_BEFORE_DIGEST: Final = f',\n "{_DIGEST}": "'
_AFTER_DIGEST: Final = '"\n}\n'
"""The text around the digest, which is the last field."""

_LINES: Final = frozenset({"reason", "problem", "remarks"})
"""Fields whose text may have several lines."""

_TO_DIGEST: Final = json.JSONEncoder(sort_keys=True, allow_nan=False, ensure_ascii=False)

_KEPT: Final = frozenset({"settings", "protocol"})
"""Fields that decide what a cell is, and which no page shows."""


def write(content: Mapping[str, Any]) -> str:
    """Strict JSON, one field a line, with the digest of all other fields.

    Texts that parts gave are made printable, and cut where they are endless.
    """
    content = clean(content, lines=_LINES, kept=_KEPT)
    whole = {**content, _DIGEST: _digest(content)}
    return json.dumps(whole, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def read(text: str) -> dict[str, Any]:
    """The fields of a record in today's format, with texts that are safe to show.

    Raises:
        BadRecord: it is damaged, or a field was changed after it was written.
        OtherFormat: it has a format that this version does not know.
    """
    try:
        content = _read(text)
        if may_need_cleaning(text):
            content = clean(content, lines=_LINES, kept=_KEPT)
    except RecursionError as error:
        raise BadRecord("it is nested too deeply") from error
    return content


def take_whole(text: str) -> str | None:
    """The JSON of a record without its digest, if a quick look shows that ``read`` would leave
    all as it stands; ``None`` where it may not.

    Only a text without backslashes is looked at: then its quotes are the ends of strings, and
    their number tells if a key stands twice, of which this parser keeps the last. What it reads
    differently from ``parse`` has another digest.
    """
    fields, _, end = text.rpartition(_BEFORE_DIGEST)
    if not end.endswith(_AFTER_DIGEST) or "\\" in text or may_need_cleaning(text):
        return None
    try:
        content = from_json(fields + "}", allow_inf_nan=False)
        plain = _TO_DIGEST.encode(content)
    except ValueError:
        return None
    is_whole = (
        type(content) is dict  # and not of a text that happens to end so
        and content.get("format") == FORMAT
        and type(content["format"]) is int
        and _DIGEST not in content
        and digest_of(plain) == end.removesuffix(_AFTER_DIGEST)
        and plain.count('"') == fields.count('"')
    )
    return fields + "}" if is_whole else None


def _read(text: str) -> dict[str, Any]:
    content = parse(text)
    version = content.get("format")
    if type(version) is not int or version not in (1, FORMAT):  # true is no version 1
        raise OtherFormat(
            f"it has format {quote(version)}, and this samplebench reads formats 1 to {FORMAT}; "
            "install a version of samplebench that fits"
        )
    if version == 1:
        return _from_format_1(content)
    stated = content.pop(_DIGEST, None)
    if stated != _digest(content):
        raise BadRecord(
            f"its content does not have the digest {quote(stated)} that it states: a field was "
            "changed after it was written; take the file from its source again, or measure the "
            "cell again"
        )
    return content


def parse(text: str) -> dict[str, Any]:
    """A JSON object in which no key stands twice and every number is one of JSON.

    Raises:
        BadRecord: the text is none.
    """
    try:
        content = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_read_finite,
            object_pairs_hook=_refuse_repetition,
        )
    except (ValueError, RecursionError) as error:
        raise BadRecord(f"it is not JSON: {shorten(str(error))}") from error
    if not isinstance(content, dict):
        raise BadRecord("it is not a JSON object")
    return content


def _digest(content: Mapping[str, Any]) -> str:
    """A short digest of plain data."""
    return digest_of(_TO_DIGEST.encode(content))


def without_old_digests(content: dict[str, Any]) -> dict[str, Any]:
    """A record of format 1 without its digests, which were of whole packages and say nothing of a
    part's own code.
    """
    for part in _parts(content):
        part["code"] = None
    provenance = content.get("provenance")
    if isinstance(provenance, dict):
        provenance.pop("harness", None)
        provenance["core"] = None
    return content


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _read_finite(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _refuse_repetition(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the key {quote(twice)} stands twice in one object")
    return content


def _from_format_1(content: dict[str, Any]) -> dict[str, Any]:
    return without_old_digests(content) | {
        "format": FORMAT,
        "verification": {
            "state": "unverified",
            "reason": "measured before records kept digests of the code of each part",
        },
    }


def _parts(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every part that a record names."""
    scores = [score for score in content.get("scores") or () if isinstance(score, dict)]
    features = [score["features"] for score in scores if isinstance(score.get("features"), dict)]
    named = [
        *(content.get(kind) for kind in ("dataset", "autoencoder", "sampler")),
        *(score.get("metric") for score in scores),
        *(each.get("part") for each in features),
    ]
    return (part for part in named if isinstance(part, dict))
