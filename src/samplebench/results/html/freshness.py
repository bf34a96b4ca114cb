"""The size and the age of a board, in a few facts."""

from dataclasses import dataclass

from samplebench.results.board import Board
from samplebench.results.labels import list_distinct


@dataclass(frozen=True)
class Freshness:
    """The records of a board, counted, and the days of their measurement.

    ``pairs`` counts samplers with an autoencoder, without controls. ``states`` counts records by
    the trust that they deserve.
    """

    records: int
    pairs: int
    autoencoders: int
    samplers: int
    datasets: str
    seeds: str
    seed_count: int
    first: str
    last: str
    versions: str
    states: dict[str, int]

    @property
    def days(self) -> str:
        """The first and the last day of measuring."""
        return " to ".join(dict.fromkeys((self.first, self.last)))

    @property
    def trust(self) -> str:
        """Say how many records hold with today's code, by the states that they have."""
        if set(self.states) <= {"measured"}:
            return "all measured or verified"
        if set(self.states) == {"unverified"}:
            return "by code or versions that have changed since (°)"
        return ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))


def describe_freshness(board: Board) -> Freshness:
    """Count the rows and records of a board, appendix included, and find their days."""
    rankings = (*board.rankings, *board.appendix)
    records = {each.identity: each for ranking in rankings for each in ranking.records}.values()
    pairs = {
        (ranking.dataset, row.autoencoder, row.name)
        for ranking in rankings
        for row in ranking.rows
        if row.kind == "sampler"
    }
    days = sorted(record.provenance.finished[:10] for record in records)
    states = [record.verification.state for record in records]
    return Freshness(
        records=len(records),
        pairs=len(pairs),
        autoencoders=len({record.autoencoder.key for record in records}),
        samplers=len({record.sampler.key for record in records if record.sampler}),
        datasets=list_distinct(ranking.dataset for ranking in rankings),
        seeds=list_distinct(str(record.seed) for record in records),
        seed_count=len({record.seed for record in records}),
        first=days[0],
        last=days[-1],
        versions=list_distinct(record.provenance.samplebench for record in records),
        states={state: states.count(state) for state in sorted(set(states))},
    )
