"""Boards on disk: written from their records, or held against them. Plain text: no torch."""

import sys
from collections.abc import Sequence
from pathlib import Path

from samplebench.errors import UsageError
from samplebench.results.assembly import tables
from samplebench.results.leaderboard import boards
from samplebench.results.store import Store, write_whole
from samplebench.results.table import Table


def write_boards(results: Path, suites: Sequence[str]) -> list[Path]:
    """Make the boards of these suites, or of all that have records; where they are."""
    made = _made(results, suites)
    for path, text in made.items():
        write_whole(path, text)
    return list(made)


def check_boards(results: Path, suites: Sequence[str]) -> int:
    """Tell which boards are not what their records say; the exit code."""
    made = _made(results, suites)
    differing = [
        path
        for path, text in made.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in differing:
        print(
            f"samplebench: {path} is not what its records say; `samplebench leaderboard` mends it",
            file=sys.stderr,
        )
    print(f"{len(made) - len(differing)} of {len(made)} boards agree with their records")
    return 1 if differing else 0


def tables_of(results: Path, suite: str) -> list[Table]:
    """The tables of one board, appendix included, from the records that can be read."""
    _require_records(results, [suite])
    return tables(Store(results).read(suite)[0])


def _made(results: Path, suites: Sequence[str]) -> dict[Path, str]:
    _require_records(results, suites)
    made, damaged = boards(Store(results), suites)
    for file in damaged:
        print(f"samplebench: {file.path} is left out: {file.reason}", file=sys.stderr)
    return made


def _require_records(results: Path, suites: Sequence[str]) -> None:
    known = Store(results).suites()
    if unknown := [suite for suite in suites if suite not in known]:
        told = ", ".join(known) or "none"
        raise UsageError(f"no records of {unknown[0]!r} are in {results}; there are: {told}")
