"""What a child does: one stage, or one cell."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from samplebench.pipeline.autoencoder_stage import load_trained, trained_artefact
from samplebench.pipeline.cell import measure_cell
from samplebench.pipeline.features_stage import fit_features, load_reference
from samplebench.pipeline.grid import Cell, CellNames
from samplebench.pipeline.measures import Measure
from samplebench.pipeline.recording import Recording
from samplebench.pipeline.setup import Setup, ask_for_determinism
from samplebench.pipeline.suite import Suite
from samplebench.pipeline.workspace import Workspace
from samplebench.registry.loading import Parts, load_parts
from samplebench.results.store import Store, write_whole
from samplebench.training import Progress

Report = Callable[[Progress], None]


def keep_data(setup: Setup, dataset: str, report: Report) -> str:
    """Read a dataset once for all cells; its fingerprint."""
    del report  # reading has no steps
    parts = _begin(setup)
    built = parts.datasets.choose(dataset)[0].build(setup.data_dir)
    return Workspace(setup.workspace).keep_data(built)


def prepare_features(
    setup: Setup, suite: Suite, features: str, fingerprint: str, report: Report
) -> Path:
    """Fit a feature extractor to a dataset; where it is kept."""
    del report  # an extractor tells nothing of its training
    chosen = _begin(setup).features.choose(features)[0]
    data = Workspace(setup.workspace).data(fingerprint)
    return fit_features(chosen, suite, data, setup)


def prepare_autoencoder(
    setup: Setup, suite: Suite, names: CellNames, fingerprint: str, report: Report
) -> Path:
    """Train an autoencoder, or load its checkpoint, and encode; where it is kept."""
    cell = Cell.of(names, _begin(setup))
    data = Workspace(setup.workspace).data(fingerprint)
    return trained_artefact(cell, suite, data, setup, report)


@dataclass(frozen=True)
class Order:
    """A cell to be measured, as plain data, and where the stages left their work."""

    suite: Suite
    names: CellNames
    measures: tuple[tuple[str, str | None], ...]
    fingerprint: str
    autoencoder: Path
    features: Mapping[str, Path | str]
    """By the spec of an extractor: its artefact, or why there is none."""
    checkpoint: str | None


def measure(setup: Setup, order: Order, report: Report) -> Path:
    """Measure a cell and leave its record and picture; the record's path."""
    del report  # a cell is one step
    parts = _begin(setup)
    device = torch.device(setup.device)
    data = Workspace(setup.workspace).data(order.fingerprint)
    cell = Cell.of(order.names, parts)
    measures = [Measure.of(names, parts) for names in order.measures]
    chosen = {m.features.key: m.features for m in measures if m.features}
    found = measure_cell(
        cell,
        measures,
        order.suite.counts.generated,
        data,
        load_trained(order.autoencoder, cell, data, device),
        {
            key: place
            if isinstance(place := order.features[str(features)], str)
            else load_reference(place, features, data, device)
            for key, features in chosen.items()
        },
    )
    recording = Recording(setup, order.suite, cell, order.checkpoint, order.fingerprint)
    record = recording.measured(found)
    store = Store(setup.results)
    path = store.record_path(record)
    write_whole(path.with_suffix(".png"), found.picture)
    return store.write(record)


def _begin(setup: Setup) -> Parts:
    ask_for_determinism(setup.threads)
    return load_parts(setup.plugins)
