"""The rows and columns of a ranking that plots show, and what they say of them."""

from collections.abc import Iterable, Sequence
from typing import Literal

from samplebench.results.legend import has_samplers
from samplebench.results.plots.chart import Estimate, Line
from samplebench.results.plots.names import shorten_names
from samplebench.results.ranking import Ranking, Row


def drawn_rows(ranking: Ranking) -> list[Row]:
    """The samplers and controls, which are points; references are lines."""
    return [row for row in ranking.rows if row.kind in ("sampler", "control")]


def list_autoencoders(rows: Iterable[Row]) -> list[str]:
    """The autoencoders of some rows, each once, in the order of the board."""
    return list(dict.fromkeys(row.autoencoder for row in rows))


def style_samplers(ranking: Ranking) -> dict[str, int]:
    """The style of each sampler and control: the same in all panels and plots of a ranking."""
    names = dict.fromkeys(row.name for row in drawn_rows(ranking))
    return {name: number for number, name in enumerate(names)}


def name_rows(ranking: Ranking) -> dict[str, str]:
    """The names of samplers and controls as a legend shows them."""
    short = shorten_names(row.name for row in drawn_rows(ranking))
    controls = {row.name for row in ranking.rows if row.kind == "control"}
    return {name: text + " (control)" * (name in controls) for name, text in short.items()}


def quality_columns(ranking: Ranking) -> list[int]:
    """The columns that say how good samples are, or reconstructions where nothing was sampled."""
    subjects = ("images", "latents") if has_samplers(ranking) else ("autoencoder",)
    return [
        place
        for place, column in enumerate(ranking.columns)
        if column.subject in subjects and not column.diagnostic
    ]


def copying_columns(ranking: Ranking) -> list[int]:
    """The columns that say how much was copied: those with an alarm, or else other diagnostics."""
    if not has_samplers(ranking):
        return []
    diagnostics = [place for place, column in enumerate(ranking.columns) if column.diagnostic]
    alarms = [place for place in diagnostics if ranking.columns[place].alarm is not None]
    return alarms or diagnostics


def choose_columns(
    ranking: Ranking, columns: Sequence[str], places: Sequence[int], usual: Sequence[int]
) -> list[int]:
    """The places whose columns were asked for by title; the usual ones if none of them was."""
    asked = [place for place in places if ranking.columns[place].title in columns]
    return asked or list(usual)


def reference_lines(
    rows: Iterable[Row], place: int, axis: Literal["x", "y"] = "y"
) -> tuple[Line, ...]:
    """The scores of real data and of reconstructions in a column, where they have any."""
    lines = []
    for row in rows:
        estimate = Estimate.of(row.entries[place])
        if estimate is None:
            continue
        if row.kind == "floor":
            lines.append(Line("real data (floor)", "floor", axis, estimate.mean))
        elif row.kind == "reconstruction":
            lines.append(Line("reconstruction", "reconstruction", axis, estimate.mean))
    return tuple(lines)


def describe_best(ranking: Ranking, place: int) -> str:
    """Name the best row of each autoencoder in a column, among those without an alarm."""
    column = ranking.columns[place]
    choose = min if column.better == "lower" else max
    best = []
    for autoencoder in list_autoencoders(ranking.rows):
        scores = {
            row.name: summary.mean
            for row in ranking.rows_of(autoencoder)
            if row.kind == "sampler" and not row.alarms
            if (summary := row.entries[place].summary)
        }
        if scores:
            name = choose(scores, key=lambda name: scores[name])
            best.append(f"{name} with {autoencoder} ({scores[name]:.3g})")
    if not best:
        return ""
    return f" Best {column.title} of the samplers without an alarm: {'; '.join(best)}."
