"""The command `plot`: charts of a board from its records, or of latents, written as pictures.

The plots of records import no torch.
"""

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from samplebench.boards import read_board
from samplebench.errors import UsageError
from samplebench.missing import Missing
from samplebench.results.assembly import assemble
from samplebench.results.board import Board
from samplebench.results.marking import mark
from samplebench.results.plots import KINDS, name_tables
from samplebench.results.plots.chart import Chart
from samplebench.results.plots.files import SUFFIXES, render
from samplebench.results.ranking import Ranking
from samplebench.results.selection import Selection
from samplebench.results.store import Store, write_whole


def plot(options: argparse.Namespace) -> list[Path]:
    """Draw one kind of plot of a board, a file for each of its tables; return their paths.

    Raises:
        UsageError: there is no such board, row or column, or the board has nothing to plot so.
    """
    name, kind = options.suite, options.kind
    output = options.output or Path(f"{name}-{kind}.svg")
    if output.suffix not in SUFFIXES:
        raise UsageError(f"--output ends with {', '.join(SUFFIXES)}, not {str(output)!r}")
    board = read_board(options.results, name)
    if kind == "latents":
        from samplebench.latent_plots import make_latents_chart

        charts = {"": make_latents_chart(options)}
    else:
        charts = _plan(board, options)
    paths = []
    for ending, chart in charts.items():
        path = output.with_name(f"{output.stem}{ending}{output.suffix}")
        write_whole(path, render(chart, output.suffix))
        paths.append(path)
    return paths


def _plan(board: Board, options: argparse.Namespace) -> dict[str, Chart]:
    """The chart of each table that has what this kind needs, by the ending of its file's name."""
    rankings = _find_rankings(board, options)
    columns = _find_columns(rankings, options)
    planned = {
        ending: KINDS[options.kind](board.suite, ranking, columns)
        for ranking, ending in zip(rankings, name_tables(rankings), strict=True)
    }
    charts = {ending: chart for ending, chart in planned.items() if isinstance(chart, Chart)}
    if not charts:
        reason = next(each for each in planned.values() if isinstance(each, Missing))
        raise UsageError(f"{board.suite!r} has no plot {options.kind!r}: it {reason}")
    return charts if len(charts) > 1 else {"": next(iter(charts.values()))}


def _find_rankings(board: Board, options: argparse.Namespace) -> list[Ranking]:
    """The tables of a board with the rows that were asked for, and the references to these.

    Curves of settings are made from all rows, those of the appendix too.
    """
    rankings: Iterable[Ranking] = board.rankings
    if options.kind == "sweep":
        records, _ = Store(options.results).read(board.suite)
        rankings = map(mark, assemble(records))
    rankings = list(rankings)
    rows = Selection(autoencoders=options.autoencoder, samplers=options.sampler)
    chosen = rows.narrow(rankings)
    kept = [_with_references(*pair) for pair in zip(rankings, chosen, strict=True)]
    return [ranking for ranking in kept if ranking.rows]


def _with_references(ranking: Ranking, narrowed: Ranking) -> Ranking:
    """The rows that were chosen, with floor and reconstruction of their autoencoders."""
    models = {row.autoencoder for row in narrowed.rows}
    kept = {(row.autoencoder, row.kind, row.name) for row in narrowed.rows}
    references = ("floor", "reconstruction")
    rows = [
        row
        for row in ranking.rows
        if (row.autoencoder, row.kind, row.name) in kept
        or (row.kind in references and row.autoencoder in models)
    ]
    return replace(ranking, rows=tuple(rows))


def _find_columns(rankings: list[Ranking], options: argparse.Namespace) -> list[str]:
    """The titles of the columns that were asked for, none for the usual ones."""
    if not options.columns:
        return []
    narrowed = Selection(columns=options.columns).narrow(rankings)
    return list(dict.fromkeys(c.title for ranking in narrowed for c in ranking.columns))
