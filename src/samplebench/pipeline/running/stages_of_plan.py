"""The stages that a plan asks for."""

from collections.abc import Iterable
from pathlib import Path

from samplebench.pipeline.request.measures import BoundMetric
from samplebench.pipeline.request.plan import Plan, Planned
from samplebench.pipeline.request.suite import Suite
from samplebench.pipeline.stages.autoencoder import AutoencoderStage
from samplebench.pipeline.stages.cell import CellStage
from samplebench.pipeline.stages.data import DataStage
from samplebench.pipeline.stages.features import FeaturesStage
from samplebench.pipeline.stages.real_features import RealFeaturesStage
from samplebench.pipeline.stages.recording import Terms
from samplebench.pipeline.workspace import Site
from samplebench.registry.spec import Spec


def cell_stage(planned: Planned, plan: Plan, site: Site) -> CellStage:
    """The stage of a cell, with all the stages that it needs."""
    cell, suite = planned.cell, plan.suite
    data = data_stage(planned, site)
    metrics = planned.metrics
    features = {
        bound.key: FeaturesStage(data, bound.features.spec, suite.counts.reference)
        for bound in metrics.recorded
        if bound.features
    }
    real = [features[bound.key] for bound in metrics.floors if bound.features]
    return CellStage(
        terms_of(suite),
        autoencoder_stage(planned, suite, site, plan.weights),
        cell.sampler.spec if cell.sampler else None,
        _specs_of(metrics.metrics),
        tuple(dict.fromkeys(features.values())),
        appendix=cell.appendix,
        control=planned.control,
        picture=cell.seed == suite.seeds[0],
        floors=_specs_of(metrics.floors),
        real_features=tuple(
            RealFeaturesStage(stage, suite.counts) for stage in dict.fromkeys(real)
        ),
    )


def _specs_of(metrics: Iterable[BoundMetric]) -> tuple[tuple[Spec, Spec | None], ...]:
    """The specs of metrics, each with that of its extractor."""
    return tuple((m.metric.spec, m.features.spec if m.features else None) for m in metrics)


def autoencoder_stage(
    planned: Planned, suite: Suite, site: Site, weights: Path | None
) -> AutoencoderStage:
    """The stage of the autoencoder of a cell."""
    cell = planned.cell
    return AutoencoderStage(
        data_stage(planned, site),
        cell.autoencoder.spec,
        cell.seed,
        suite.training,
        suite.counts,
        weights,
        None if weights else planned.loaded,
    )


def data_stage(planned: Planned, site: Site) -> DataStage:
    """The stage of the dataset of a cell."""
    return DataStage(site, planned.cell.dataset.spec)


def terms_of(suite: Suite) -> Terms:
    """The terms that the cells of a suite share."""
    return Terms(suite.name, suite.digest, suite.protocol)
