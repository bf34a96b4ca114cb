"""Two rows of a board beside each other: how far apart they are, seed by seed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from tabulate import tabulate

from samplebench.errors import UsageError
from samplebench.results.figures import figure
from samplebench.results.labels import listed
from samplebench.results.leaderboard import heading
from samplebench.results.marking import machines
from samplebench.results.record import Record
from samplebench.results.statistics import Summary
from samplebench.results.table import Column, Row, Table


@dataclass(frozen=True)
class Difference:
    """One figure of two rows, where both have it.

    Seeds are paired, since both rows had the same autoencoder then: what the seeds share leaves
    the differences. With all autoencoders together, each counts once, by its mean.
    """

    table: str
    autoencoder: str
    column: Column
    pairs: tuple[str, ...]
    """What each pair is of: a seed, or with all of them together an autoencoder."""
    ones: tuple[float, ...]
    others: tuple[float, ...]

    @property
    def differences(self) -> list[float]:
        """The first minus the second."""
        return [one - other for one, other in zip(self.ones, self.others, strict=True)]

    @property
    def better(self) -> int:
        """In how many pairs the first is better."""
        sign = 1 if self.column.better == "higher" else -1
        return sum(sign * difference > 0 for difference in self.differences)


def compare(
    tables: Iterable[Table], one: str, other: str, titles: Collection[str] = ()
) -> list[Difference]:
    """The differences of two rows, by autoencoder and then over all of them.

    Args:
        one, other: rows as boards name them: ``gmm(components=10)``.
        titles: of the figures that are wanted; when left out, all of images and latents.

    Raises:
        UsageError: there is no such row or figure, no autoencoder and seed has both, or they are
            costs of several machines.
    """
    tables = list(tables)
    rows = [row for table in tables for row in table.rows if row.kind != "floor"]
    _require("row", {row.name for row in rows}, (one, other))
    _require("figure", {column.title for table in tables for column in table.columns}, titles)
    found = [
        difference
        for table in tables
        for column in table.columns
        if (column.title in titles if titles else column.subject in ("images", "latents"))
        for difference in _with_all_together(_differences(table, column, one, other))
    ]
    if not found:
        raise UsageError(f"no autoencoder and seed has a figure for both {one!r} and {other!r}")
    return found


def as_table(found: Sequence[Difference], one: str, other: str, *, markdown: bool) -> str:
    """One line a difference, with the interval that Student's t gives it at 95 %."""
    names = ["table", "figure", "autoencoder", one, other, "first − second", "95 % interval"]
    lines = [[*names, f"`{one}` better" if markdown else f"{one} better"], *map(_cells, found)]
    if markdown:
        lines[0][3:5] = [f"`{one}`", f"`{other}`"]
    if len({difference.table for difference in found}) == 1:
        lines = [line[1:] for line in lines]
    text: str = tabulate(
        lines[1:],
        headers=lines[0],
        tablefmt="github" if markdown else "simple",
        disable_numparse=True,
    )
    return text


def as_rows(found: Iterable[Difference]) -> list[dict[str, object]]:
    """The same for programs."""
    return [
        {
            "table": difference.table,
            "figure": difference.column.title,
            "autoencoder": difference.autoencoder,
            "pairs": list(difference.pairs),
            "one": list(difference.ones),
            "other": list(difference.others),
            "differences": difference.differences,
            "interval": Summary.of(difference.differences).interval(),
            "better": difference.better,
        }
        for difference in found
    ]


def _require(kind: str, known: Collection[str], wanted: Iterable[str]) -> None:
    for name in wanted:
        if name not in known:
            raise UsageError(f"there is no {kind} {name!r}; there are: {listed(known)}")


def _differences(table: Table, column: Column, one: str, other: str) -> list[Difference]:
    """By autoencoder."""
    rows = {(row.autoencoder, row.name): row for row in table.rows if row.kind != "floor"}
    found = []
    for autoencoder in dict.fromkeys(row.autoencoder for row in table.rows):
        first, second = rows.get((autoencoder, one)), rows.get((autoencoder, other))
        if first is None or second is None:
            continue
        ours, theirs = _by_seed(first, column), _by_seed(second, column)
        seeds = sorted(ours.keys() & theirs.keys())
        if seeds:
            if column.subject == "cost":
                _require_one_machine(column, [*first.measured, *second.measured])
            pairs = [tuple(values[seed] for seed in seeds) for values in (ours, theirs)]
            names = tuple(f"seed {seed}" for seed in seeds)
            found.append(Difference(heading(table), autoencoder, column, names, *pairs))
    return found


def _require_one_machine(column: Column, records: Iterable[Record]) -> None:
    found = machines(records)
    if len(found) > 1:
        raise UsageError(
            f"{column.title!r} was measured on several machines, and costs compare on one alone: "
            f"{listed(found)}"
        )


def _by_seed(row: Row, column: Column) -> dict[int, float]:
    def value(record: Record) -> float | None:
        held = (score.value for score in record.scores if score.column == column.key)
        return next(held, None)

    values = {record.seed: value(record) for record in row.measured}
    return {seed: number for seed, number in values.items() if number is not None}


def _with_all_together(found: Sequence[Difference]) -> list[Difference]:
    """Those of each autoencoder, and where there are several, one of their means."""
    if len(found) < 2:
        return list(found)
    ones = tuple(fmean(difference.ones) for difference in found)
    others = tuple(fmean(difference.others) for difference in found)
    names = tuple(difference.autoencoder for difference in found)
    first = found[0]
    together = Difference(first.table, f"all {len(found)}", first.column, names, ones, others)
    return [*found, together]


def _cells(difference: Difference) -> list[str]:
    summary = Summary.of(difference.differences)
    interval = summary.interval()
    return [
        difference.table,
        f"{difference.column.title} {'↓' if difference.column.better == 'lower' else '↑'}",
        difference.autoencoder,
        _number(fmean(difference.ones)),
        _number(fmean(difference.others)),
        _number(summary.mean),
        f"{_number(interval[0])} to {_number(interval[1])}" if interval else "—",
        f"{difference.better} of {summary.n}",
    ]


def _number(number: float) -> str:
    return figure(Summary(number, None, 1))
