"""The quick look at a record's text accepts what the thorough one reads, and changes nothing."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from samplebench.digests import digest_of
from samplebench.errors import BadRecord
from samplebench.results import record_file
from samplebench.results.record import Record

LEADERBOARDS = Path(__file__).parents[3] / "leaderboards"
MakeRecord = Callable[..., Record]


@pytest.fixture
def text(make_record: MakeRecord, make_score: Callable[..., Any]) -> str:
    return make_record("gmm(components=10)", 3, [make_score("FD", 0.125)]).to_json()


def with_fitting_digest(text: str) -> str:
    """The text with the digest of what the quick parser makes of it."""
    content = record_file.from_json(text)
    content.pop("content_digest", None)
    plain = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return re.sub(r'(?<="content_digest": ")\w+', digest_of(plain), text)


@pytest.mark.parametrize("suite", ["digits", "spoken-digits", "bottlenecks-mnist"])
def test_published_records_are_taken_whole_as_they_are_read(suite: str) -> None:
    for path in sorted((LEADERBOARDS / "records" / suite).rglob("*.json"))[:20]:
        text = path.read_text("utf-8")
        whole = record_file.take_whole(text)
        assert whole is not None
        read = record_file.read(text)
        assert json.loads(whole) == read
        assert list(json.loads(whole)) == list(read)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.125", "0.126"),
        ('"seed": 3', '"seed": 4'),
        ('"content_digest": "', '"content_digest": "0'),
        ('"format": 2', '"format": 1'),
        ("}\n", "} \n"),
    ],
)
def test_what_was_changed_is_not_taken(text: str, old: str, new: str) -> None:
    assert record_file.take_whole(text) is not None
    assert record_file.take_whole(text.replace(old, new)) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"seed": 3', '"seed": 4,\n "seed": 3'),
        ('"value": 0.125', '"value": 0.5, "value": 0.125'),
        ('"components": "10"', '"components": "10", "components": "10"'),
        ('"components": "10"', '"components": NaN'),
        ('"components": "10"', '"components": 1e999'),
        ('"components": "10"', '"components": "\\u001b[31m"'),
        ('"components": "10"', '"components": "\u202e"'),
        ('"components": "10"', f'"components": "{"x" * 30_000}"'),
        ('"format": 2', '"format": true'),
        ('"format": 2', '"content_digest": "x",\n "format": 2'),
    ],
)
def test_a_digest_that_fits_does_not_excuse_what_the_thorough_look_refuses(
    text: str, old: str, new: str
) -> None:
    changed = text.replace(old, new)
    assert changed != text
    with suppress(ValueError):  # which no parser reads
        changed = with_fitting_digest(changed)
    assert record_file.take_whole(changed) is None


def test_a_text_in_which_the_digest_is_not_a_field_is_not_taken() -> None:
    assert record_file.take_whole('["x",\n "content_digest": "0"\n}\n') is None
    assert record_file.take_whole("") is None


def test_a_key_that_stands_twice_is_found_at_once_among_very_many() -> None:
    keys = ", ".join(f'"{number}": 0' for number in range(200_000))
    with pytest.raises(BadRecord, match="the key '7' stands twice"):
        record_file.parse(f'{{{keys}, "7": 1}}')
