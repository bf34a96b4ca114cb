"""The BibTeX entry of samplebench itself; ``CITATION.cff`` says the same."""

from collections.abc import Sequence
from typing import Final

from samplebench.results.labels import list_distinct, shorten
from samplebench.results.record import Record

AUTHOR: Final = "The samplebench developers"
TITLE: Final = (
    "samplebench: one benchmark for autoencoders and for samplers of their latent spaces"
)
YEAR: Final = 2026


def write_entry(records: Sequence[Record]) -> str:
    """Write the entry, with the version and the commit that measured some records."""
    origins = [record.provenance for record in records]
    versions = list_distinct(origin.samplebench for origin in origins)
    commits = sorted({shorten(origin.commit) for origin in origins if origin.commit})
    word = "commit" if len(commits) == 1 else "commits"
    note = f"Version {versions}{f', {word} ' if commits else ''}{', '.join(commits)}"
    return (
        "@misc{samplebench,\n"
        f"  author = {{{{{AUTHOR}}}}},\n"
        f"  title = {{{TITLE}}},\n"
        f"  year = {{{YEAR}}},\n"
        f"  note = {{{note}}},\n"
        "}"
    )
