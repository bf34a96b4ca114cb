"""The parts on a board: those of its rows and columns, and the samplers inside them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samplebench.errors import BadSpec
from samplebench.registry.spec import parse
from samplebench.results.ranking import Ranking
from samplebench.results.record import PartRecord

Installed = Mapping[tuple[str, str], Mapping[str, Any]]
"""The row of the catalogue for each part that is installed, by its kind and name."""


@dataclass(frozen=True)
class Used:
    """A part as some record used it. ``plugin`` is the distribution that offered it; ``None``
    for a sampler that another part has inside, of which records say only the spec.
    """

    kind: str
    name: str
    plugin: str | None
    settings: Mapping[str, Any]

    @staticmethod
    def of(kind: str, part: PartRecord) -> "Used":
        return Used(kind, part.name, part.plugin, part.settings)


def index_rows(rows: Iterable[Mapping[str, Any]]) -> Installed:
    """Index the rows of the catalogue that are parts."""
    return {(row["kind"], row["name"]): row for row in rows if "settings" in row}


def list_parts(rankings: Sequence[Ranking], installed: Installed) -> list[Used]:
    """List the parts of some rankings by kind, in the order of the board; each use once."""
    found = [used for ranking in rankings for used in _parts_of(ranking)]
    whole = [each for used in found for each in (used, *_inner(used, installed))]
    order = ("dataset", "autoencoder", "sampler", "features", "metric")
    return sorted(_distinct(whole), key=lambda used: order.index(used.kind))


def _parts_of(ranking: Ranking) -> Iterator[Used]:
    for record in ranking.records:
        yield Used.of("dataset", record.dataset)
        yield Used.of("autoencoder", record.autoencoder)
        if record.sampler:
            yield Used.of("sampler", record.sampler)
    for column in ranking.columns:
        for score in (score for record in ranking.records for score in record.scores):
            if score.column == column.key:
                yield Used.of("metric", score.metric)
                if score.features:
                    yield Used.of("features", score.features.part)


def _inner(used: Used, installed: Installed) -> Iterator[Used]:
    """The samplers that a part has in its settings, and those in theirs."""
    for name in installed.get((used.kind, used.name), {}).get("samplers", ()):
        try:
            spec = parse(str(used.settings.get(name)))
        except BadSpec:
            continue
        inner = Used("sampler", spec.name, None, spec.settings)
        yield from (inner, *_inner(inner, installed))


def _distinct(parts: Iterable[Used]) -> list[Used]:
    by_content = {(p.kind, p.name, p.plugin, repr(sorted(p.settings.items()))): p for p in parts}
    return list(by_content.values())
