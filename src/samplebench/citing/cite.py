"""The citation of some tables: LaTeX, BibTeX and sentences that name each other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from samplebench.boards import read_boards
from samplebench.citing.benchmark import write_entry
from samplebench.citing.bibliography import Bibliography
from samplebench.citing.citations import cite_parts, cited_entries
from samplebench.citing.parts import Installed, list_parts
from samplebench.citing.record_digest import digest_records, list_digests
from samplebench.citing.remarks import as_comments, list_doubts
from samplebench.citing.setup import write_setup
from samplebench.results.excerpt import Excerpt, excerpt_blocks, make_excerpts
from samplebench.results.formats import latex
from samplebench.results.selection import Selection
from samplebench.results.store import Store


@dataclass(frozen=True)
class Citation:
    """The pieces of a citation, each ending with a line feed.

    Attributes:
        table: the tables as LaTeX.
        setup: paragraphs of LaTeX that refer to the tables and cite the entries.
        bibtex: the entries of samplebench and of each part in the tables.
        records: the digest and path of each record in them.
    """

    table: str
    setup: str
    bibtex: str
    records: str

    def __str__(self) -> str:
        return (
            f"% --- table: paste into the paper\n{self.table}\n"
            f"% --- setup: paste into the section on the experiments\n{self.setup}\n"
            f"% --- bibtex: keep in a file .bib\n{self.bibtex}"
        )


def cite_board(
    results: Path,
    suite: str,
    selection: Selection,
    *,
    installed: Installed,
    bibliography: Bibliography,
) -> Citation:
    """Make the citation of the selected rows and columns of a board.

    Args:
        installed: the rows of the catalogue by kind and name.

    Raises:
        UsageError: there are no such records, rows or columns.
    """
    excerpts = make_excerpts(read_boards(results, [suite]), selection)
    return cite_excerpts(Store(results), excerpts, installed=installed, bibliography=bibliography)


def cite_excerpts(
    store: Store,
    excerpts: Sequence[Excerpt],
    *,
    installed: Installed,
    bibliography: Bibliography,
) -> Citation:
    """Make the citation of tables whose records are in the store."""
    rankings = [excerpt.shown for excerpt in excerpts]
    table = latex.render(block for excerpt in excerpts for block in excerpt_blocks(excerpt))
    citations = cite_parts(list_parts(rankings, installed), installed, bibliography)
    digests = list_digests(store, rankings)
    setup = write_setup(rankings, _first_labels(table), citations, digest_records(digests))
    records = list({r.identity: r for each in rankings for r in each.records}.values())
    entries = [write_entry(records), *(e.text for e in cited_entries(citations, setup))]
    return Citation(
        table=table,
        setup=f"{as_comments(list_doubts(records))}{setup}\n",
        bibtex="\n\n".join(entries) + "\n" + _set_off(as_comments(citations.remarks)),
        records="".join(f"{digest}  {path}\n" for digest, path in digests),
    )


def _set_off(comments: str) -> str:
    return f"\n{comments}" if comments else ""


def _first_labels(tables: str) -> list[str]:
    """The label of each table; those of the floats that continue one are left out."""
    floats = re.findall(r"^\\caption\{(.*)\}\n\\label\{(.*)\}$", tables, re.M)
    return [label for caption, label in floats if not caption.endswith("continued.")]
