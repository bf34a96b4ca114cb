"""Comments for whoever cites records: those that are doubtful, and parts that cannot be cited."""

from collections.abc import Iterable, Iterator, Sequence

from samplebench.results.formats.latex_text import one_line
from samplebench.results.record import Record

_DOUBTS = {
    "stale": "a replay with later code gave other scores",
    "unverified": "their code or versions changed since they were measured, and no replay has "
    "shown yet that their scores are the same",
}


def list_doubts(records: Sequence[Record]) -> Iterator[str]:
    """A sentence for each state in which records are not measured by the code that they name."""
    for state, reason in _DOUBTS.items():
        if found := sum(record.verification.state == state for record in records):
            yield f"{found} of {len(records)} records are {state}: {reason}."
    changed = [r for r in records if (r.provenance.commit or "").endswith("-dirty")]
    if changed:
        yield (
            f"{len(changed)} of {len(records)} records were measured by code that differs from the "
            "commit that they name, which -dirty says."
        )
    if unknown := sum(record.provenance.commit is None for record in records):
        yield f"{unknown} of {len(records)} records name no commit."


def as_comments(sentences: Iterable[str]) -> str:
    """Comments in LaTeX and BibTeX alike, where a line with an at sign might begin an entry."""
    return "".join(f"% {one_line(text).replace('@', '(at)')}\n" for text in sentences)
