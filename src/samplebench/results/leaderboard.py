"""Leaderboards: the records of a suite as a page of markdown, and what people read in them.

Same records, same bytes, in whatever order they come.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from samplebench.results.assembly import tables
from samplebench.results.caption import caption, details
from samplebench.results.grid import grid
from samplebench.results.markdown import bullets, link, plain
from samplebench.results.marking import marked
from samplebench.results.notes import notes, subject
from samplebench.results.record import Record
from samplebench.results.store import Damaged, Store
from samplebench.results.table import Table


def boards(store: Store, suites: Sequence[str] = ()) -> tuple[dict[Path, str], list[Damaged]]:
    """Every board that a results folder should hold, and the files that no board could use.

    Args:
        suites: those that are wanted; all when left out.

    A suite without a readable record has no board. Nothing is written.
    """
    pages: dict[Path, str] = {}
    all_damaged: list[Damaged] = []
    for suite in suites or store.suites():
        records, damaged = store.read(suite)
        all_damaged += damaged
        if records:
            pages[store.board_path(suite)] = render(suite, records, store.reading(suite))
    return pages, all_damaged


def render(suite: str, records: Sequence[Record], reading: str = "") -> str:
    """The board of a suite, as markdown that stands beside the folder ``records``.

    Args:
        reading: what a person says of the figures, in markdown.
    """
    found = [marked(table) for table in tables(_main(records))]
    appended = [marked(table) for table in tables(_appended(records))]
    blocks = [
        f"# {suite}",
        "Made by `samplebench leaderboard` from the records in "
        f"{link(f'records/{suite}', 'records', suite)}; do not edit.",
        *(block for table in found for block in _section(suite, table)),
        *_reading(suite, reading),
        *(block for table in appended for block in _section(suite, table, "Appendix: ")),
        *_samples(suite, found),
    ]
    return "\n\n".join(blocks) + "\n"


def _main(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if not record.appendix]


def _appended(records: Sequence[Record]) -> list[Record]:
    """The rows of the appendix among all of their samplers, with references and controls."""
    swept = {record.sampler.name for record in records if record.sampler and record.appendix}
    if not swept:
        return []
    return [
        record
        for record in records
        if record.role != "sampler" or (record.sampler and record.sampler.name in swept)
    ]


def _section(suite: str, table: Table, before: str = "") -> list[str]:
    """A table with its heading, caption and notes."""
    missing = notes(table)
    blocks = [f"## {before}{heading(table)}", grid(suite, table, missing), caption(table)]
    if missing:
        blocks += ["Not measured:", bullets(note.line for note in missing)]
    return [*blocks, "Details:", bullets(details(table))]


def heading(table: Table) -> str:
    """What a table is of: the dataset, and what tells tables of one dataset apart."""
    differs = [f"{name} {table.conditions[name]}" for name in table.differs]
    return f"{plain(table.dataset)}: {', '.join(differs)}" if differs else plain(table.dataset)


def _reading(suite: str, reading: str) -> list[str]:
    """The one part of a page that is written by hand, named as such."""
    if not reading:
        return []
    source = link("readings", "readings", f"{suite}.md")
    return ["## Reading", f"Written by hand, in {source}, of the figures above.", reading]


def _samples(suite: str, found: Sequence[Table]) -> list[str]:
    """The pictures of the rows, each of the first seed that has one."""
    pictures = [
        _picture(suite, f"{plain(table.dataset)}, {subject(row)}", record)
        for table in found
        for row in table.rows
        if row.kind != "floor"
        for record in [record for record in row.measured if record.picture][:1]
    ]
    if not pictures:
        return []
    return [
        "## Samples",
        "From top to bottom: real, reconstructed, and what a sampler, if there is one, generated.",
        *pictures,
    ]


def _picture(suite: str, title: str, record: Record) -> str:
    shown = "real, reconstructed, generated" if record.sampler else "real, reconstructed"
    image = link(shown, "records", suite, str(record.picture))
    return f"{title}, seed {record.seed}:\n\n!{image}"
