"""Comments for whoever cites records: those that are doubtful, and parts that cannot be cited."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from samplebench.results.formats.latex_text import one_line
from samplebench.results.record import Record

_DOUBTS: Final = {
    "stale": "a replay with later code gave other scores",
    "unverified": "code or versions have changed since, and no replay has shown that the scores "
    "stay the same",
}


def list_doubts(records: Sequence[Record]) -> Iterator[str]:
    """A sentence for each state in which records are not measured by the code that they name."""
    for state, reason in _DOUBTS.items():
        if found := sum(record.verification.state == state for record in records):
            yield f"Of {len(records):,} records, {found:,} {_are(found)} {state}: {reason}."
    commits = [record.provenance.commit for record in records]
    if found := sum(commit is not None and commit.endswith("-dirty") for commit in commits):
        yield (
            f"Of {len(records):,} records, {found:,} {_are(found)} of code with changes that were "
            "not committed: -dirty."
        )
    if found := commits.count(None):
        yield f"Of {len(records):,} records, {found:,} {_are(found)} of an unknown commit."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def as_comments(sentences: Iterable[str]) -> str:
    """Comments in LaTeX and BibTeX alike, where a line with an at sign might begin an entry."""
    return "".join(f"% {one_line(text).replace('@', '(at)')}\n" for text in sentences)
