"""The cells that are replayed for a whole suite."""

import random
from collections.abc import Sequence

from samplebench.pipeline.request.plan import Planned
from samplebench.pipeline.request.status import parts_of
from samplebench.registry.registry import Chosen


def cover(cells: Sequence[Planned]) -> list[Planned]:
    """Few cells in which every part with its settings occurs, with few trainings."""
    parts = [frozenset((p.part.kind, p.key) for p in _parts(cell)) for cell in cells]
    missing = frozenset[tuple[str, str]]().union(*parts)
    trained: set[tuple[str, str, int]] = set()
    chosen: list[int] = []
    while missing:

        def gain(place: int, missing: frozenset[tuple[str, str]] = missing) -> tuple[int, bool]:
            return len(parts[place] & missing), _training(cells[place]) in trained

        best = max(range(len(cells)), key=lambda place: (*gain(place), -place))
        chosen.append(best)
        trained.add(_training(cells[best]))
        missing -= parts[best]
    return [cells[place] for place in sorted(chosen)]


def sample(cells: Sequence[Planned], count: int) -> list[Planned]:
    """``count`` cells at random: the same ones each time."""
    drawn = random.Random(0).sample(range(len(cells)), min(count, len(cells)))
    return [cells[place] for place in sorted(drawn)]


def _parts(planned: Planned) -> list[Chosen]:
    return parts_of(planned.cell, planned.metrics.metrics)


def _training(planned: Planned) -> tuple[str, str, int]:
    cell = planned.cell
    return cell.dataset.key, cell.autoencoder.key, cell.seed
