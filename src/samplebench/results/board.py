"""A board: the rankings of a suite, its pictures and commentary, ready to become pages.

The same records give the same board, in whatever order they come.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from samplebench.results.assembly import assemble
from samplebench.results.garbage import collect_later
from samplebench.results.marking import mark
from samplebench.results.montage import Montage, plan_montages
from samplebench.results.plots import plan_embedded
from samplebench.results.plots.chart import Chart
from samplebench.results.ranking import Ranking
from samplebench.results.record import Record


@dataclass(frozen=True)
class Board:
    """The content of the pages of one suite.

    ``charts`` are the plots of its page, by the names of their files; ``pictures`` are the names
    of the files in its folder of samples; ``about`` is what the suite as it was resolved says of
    itself, ``None`` if it is not with the records.
    """

    suite: str
    rankings: tuple[Ranking, ...]
    appendix: tuple[Ranking, ...]
    charts: Mapping[str, Chart]
    montages: tuple[Montage, ...]
    pictures: frozenset[str]
    commentary: str
    about: str | None


def make_board(
    suite: str,
    records: Sequence[Record],
    *,
    pictures: Collection[str] = (),
    commentary: str = "",
    about: str | None = None,
) -> Board:
    """Make the board of a suite from its records."""
    with collect_later():
        return _make_board(suite, records, pictures, commentary, about)


def _make_board(
    suite: str,
    records: Sequence[Record],
    pictures: Collection[str],
    commentary: str,
    about: str | None,
) -> Board:
    rankings = tuple(map(mark, assemble(record for record in records if not record.appendix)))
    return Board(
        suite=suite,
        rankings=rankings,
        appendix=tuple(map(mark, assemble(_choose_appendix(records)))),
        charts=plan_embedded(suite, rankings),
        montages=tuple(made for each in rankings for made in plan_montages(each, pictures)),
        pictures=frozenset(pictures),
        commentary=commentary,
        about=about,
    )


def _choose_appendix(records: Sequence[Record]) -> list[Record]:
    """The rows of the appendix among all of their samplers, with references and controls."""
    swept = {record.sampler.name for record in records if record.sampler and record.appendix}
    return [
        record
        for record in records
        if swept
        and (record.role != "sampler" or (record.sampler and record.sampler.name in swept))
    ]
