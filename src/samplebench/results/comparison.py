"""Comparisons of two rows of a board: their differences, seed by seed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

from samplebench.errors import UsageError
from samplebench.results.blocks import Code, Table, Text
from samplebench.results.labels import list_distinct
from samplebench.results.marking import find_contests, list_machines, make_contest
from samplebench.results.ranking import Column, Ranking
from samplebench.results.record import Record
from samplebench.results.score_text import format_score
from samplebench.results.statistics import Summary


@dataclass(frozen=True)
class Difference:
    """One score of two rows, where both have it.

    Seeds are paired, since both rows had the same autoencoder then: what the seeds share cancels
    in the differences. With all autoencoders together, each counts once, by its mean.
    """

    ranking: str
    autoencoder: str
    column: Column
    pairs: tuple[str, ...]
    """The name of each pair: a seed, or with all of them together an autoencoder."""
    ones: tuple[float, ...]
    others: tuple[float, ...]
    significant: bool | None = None
    """The verdict of the board's test, which has none over several autoencoders."""

    @property
    def differences(self) -> list[float]:
        """The first minus the second."""
        return [one - other for one, other in zip(self.ones, self.others, strict=True)]

    @property
    def better(self) -> int:
        """The number of pairs in which the first is better."""
        sign = 1 if self.column.better == "higher" else -1
        return sum(sign * difference > 0 for difference in self.differences)


def compare(
    rankings: Iterable[Ranking], one: str, other: str, titles: Collection[str] = ()
) -> list[Difference]:
    """Compare two rows, by autoencoder and then over all of them.

    Args:
        one, other: rows as boards name them: ``gmm(components=10)``.
        titles: of the scores that are wanted; when left out, all of images and latents.

    Raises:
        UsageError: there is no such row or score, no autoencoder and seed has both, or they are
            costs of several machines.
    """
    rankings = list(rankings)
    rows = [row for ranking in rankings for row in ranking.rows if row.kind != "floor"]
    columns = [column for ranking in rankings for column in ranking.columns]
    _require("row", {row.name for row in rows}, (one, other))
    _require("score", {column.title for column in columns}, titles)
    differences = [
        difference
        for ranking in rankings
        for column in ranking.columns
        if (column.title in titles if titles else column.subject in ("images", "latents"))
        for difference in _with_all_together(_differences(ranking, column, one, other))
    ]
    if not differences:
        raise UsageError(f"no autoencoder and seed has a score for both {one!r} and {other!r}")
    return differences


def as_table(differences: Sequence[Difference], one: str, other: str) -> Table:
    """Make a table with a line a difference, and the interval of Student's t at 95 %."""
    headings: list[Text] = [("table",), ("score",), ("autoencoder",), (Code(one),), (Code(other),)]
    headings += [("first − second",), ("95 % interval",), (Code(one), " better")]
    headings += [("significant",)]
    rows = [_cells(difference) for difference in differences]
    several = len({difference.ranking for difference in differences}) > 1
    first = 0 if several else 1
    return Table(
        tuple(headings[first:]), tuple(tuple(row[first:]) for row in rows), labels=3 - first
    )


def as_rows(differences: Iterable[Difference]) -> list[dict[str, object]]:
    """The same for programs."""
    return [
        {
            "table": difference.ranking,
            "score": difference.column.title,
            "autoencoder": difference.autoencoder,
            "pairs": list(difference.pairs),
            "one": list(difference.ones),
            "other": list(difference.others),
            "differences": difference.differences,
            "interval": Summary.of(difference.differences).interval(),
            "better": difference.better,
            "significant": difference.significant,
        }
        for difference in differences
    ]


def _require(kind: str, known: Collection[str], wanted: Iterable[str]) -> None:
    for name in wanted:
        if name not in known:
            raise UsageError(f"there is no {kind} {name!r}; there are: {list_distinct(known)}")


def _differences(ranking: Ranking, column: Column, one: str, other: str) -> list[Difference]:
    """The differences of each autoencoder."""
    rows = {
        (row.autoencoder, row.name): place
        for place, row in enumerate(ranking.rows)
        if row.kind != "floor"
    }
    at = ranking.columns.index(column)
    differences = []
    for autoencoder in dict.fromkeys(row.autoencoder for row in ranking.rows):
        places = rows.get((autoencoder, one)), rows.get((autoencoder, other))
        if places[0] is None or places[1] is None:
            continue
        first, second = (ranking.rows[place] for place in places if place is not None)
        ours, theirs = first.entries[at].by_seed, second.entries[at].by_seed
        seeds = sorted(ours.keys() & theirs.keys())
        if seeds:
            if column.subject == "cost":
                _require_one_machine(column, [*first.measured, *second.measured])
            difference = Difference(
                ranking=ranking.title,
                autoencoder=autoencoder,
                column=column,
                pairs=tuple(f"seed {seed}" for seed in seeds),
                ones=tuple(ours[seed] for seed in seeds),
                others=tuple(theirs[seed] for seed in seeds),
                significant=_are_different(ranking, at, places[0], places[1]),
            )
            differences.append(difference)
    return differences


def _require_one_machine(column: Column, records: Iterable[Record]) -> None:
    machines = list_machines(records)
    if len(machines) > 1:
        raise UsageError(
            f"{column.title!r} was measured on several machines, and costs compare only on one: "
            f"{list_distinct(machines)}"
        )


def _are_different(ranking: Ranking, column: int, one: int, other: int) -> bool | None:
    """The verdict of the test that decides what is bold, over these rows and all that compete with
    them; ``None`` where one of the rows cannot be tested.
    """
    contests = find_contests(ranking, ranking.columns[column])
    rivals = next((rows for rows in contests if one in rows or other in rows), [])
    contest = make_contest(ranking, column, {*rivals, one, other})
    tested = [row for row, held in contest.scores.items() if len(held) > 1]
    if one not in tested or other not in tested or one == other:
        return None
    return contest.choose_test(tested).differ(one, other)


def _with_all_together(differences: Sequence[Difference]) -> list[Difference]:
    """Add to those of several autoencoders one of their means."""
    if len(differences) < 2:
        return list(differences)
    together = Difference(
        ranking=differences[0].ranking,
        autoencoder=f"all {len(differences)}",
        column=differences[0].column,
        pairs=tuple(difference.autoencoder for difference in differences),
        ones=tuple(mean(difference.ones) for difference in differences),
        others=tuple(mean(difference.others) for difference in differences),
    )
    return [*differences, together]


def _cells(difference: Difference) -> list[Text]:
    summary = Summary.of(difference.differences)
    interval = summary.interval()
    return [
        (difference.ranking,),
        (f"{difference.column.title} {difference.column.arrow}",),
        (difference.autoencoder,),
        (_format(mean(difference.ones)),),
        (_format(mean(difference.others)),),
        (_format(summary.mean),),
        (f"{_format(interval[0])} to {_format(interval[1])}" if interval else "—",),
        (f"{difference.better} of {summary.n}",),
        ({True: "yes", False: "no", None: "—"}[difference.significant],),
    ]


def _format(number: float) -> str:
    return format_score(Summary(number, None, 1))
