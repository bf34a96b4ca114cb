"""The stages that a plan asks for."""

from pathlib import Path

from samplebench.pipeline.request.plan import Plan, Planned
from samplebench.pipeline.request.suite import Suite
from samplebench.pipeline.stages.autoencoder import AutoencoderStage
from samplebench.pipeline.stages.cell import CellStage
from samplebench.pipeline.stages.data import DataStage
from samplebench.pipeline.stages.features import FeaturesStage
from samplebench.pipeline.stages.recording import Terms
from samplebench.pipeline.workspace import Site


def cell_stage(planned: Planned, plan: Plan, site: Site) -> CellStage:
    """The stage of a cell, with all the stages that it needs."""
    cell, suite = planned.cell, plan.suite
    data = data_stage(planned, site)
    bound = [metric.features for metric in planned.metrics.metrics]
    extractors = {features.key: features for features in bound if features}
    return CellStage(
        terms_of(suite),
        autoencoder_stage(planned, suite, site, plan.weights),
        cell.sampler.spec if cell.sampler else None,
        tuple(
            (metric.metric.spec, metric.features.spec if metric.features else None)
            for metric in planned.metrics.metrics
        ),
        tuple(
            FeaturesStage(data, extractor.spec, suite.counts.reference)
            for extractor in extractors.values()
        ),
        appendix=cell.appendix,
        picture=cell.seed == suite.seeds[0],
    )


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
    )


def data_stage(planned: Planned, site: Site) -> DataStage:
    """The stage of the dataset of a cell."""
    return DataStage(site, planned.cell.dataset.spec)


def terms_of(suite: Suite) -> Terms:
    """The terms that the cells of a suite share."""
    return Terms(suite.name, suite.digest, suite.protocol)
