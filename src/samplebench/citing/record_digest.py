"""One digest for all records that a table shows, which anyone can compute again.

Each record's file states the digest of its content, ``content_digest``. The digest of several is
the SHA-256 of theirs, sorted, each with a line feed after it.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from samplebench.results.ranking import Ranking
from samplebench.results.record import Record
from samplebench.results.store import Store


def list_digests(store: Store, rankings: Iterable[Ranking]) -> list[tuple[str, str]]:
    """The digest and the path of each record of some rankings, sorted by digest."""
    records = {r.identity: r for ranking in rankings for r in ranking.records}
    files = {
        file.name: file for suite in _suites(records.values()) for file in _files(store, suite)
    }
    listed = []
    for record in records.values():
        file = files.get(record.file_name)
        where = file.relative_to(store.folder).as_posix() if file else record.file_name
        listed.append((_content_digest(file, record), where))
    return sorted(listed)


def digest_records(digests: Sequence[tuple[str, str]]) -> str:
    """The SHA-256 of the digests of records, in hexadecimal digits."""
    return hashlib.sha256("".join(f"{digest}\n" for digest, _ in digests).encode()).hexdigest()


def _suites(records: Iterable[Record]) -> set[str]:
    return {record.suite for record in records}


def _files(store: Store, suite: str) -> list[Path]:
    return sorted(store.records_folder(suite).rglob("*.json"))


def _content_digest(file: Path | None, record: Record) -> str:
    """The digest that a file states; a record of format 1, which states none, is written anew."""
    stated = json.loads(file.read_text(encoding="utf-8")).get("content_digest") if file else None
    return str(stated or json.loads(record.to_json())["content_digest"])
