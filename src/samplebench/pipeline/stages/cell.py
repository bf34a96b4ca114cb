"""The stage of cells: fit one sampler, draw, measure, and leave a record."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from samplebench.contracts.dataset import is_image
from samplebench.missing import Missing
from samplebench.pipeline.request.grid import Cell
from samplebench.pipeline.request.measures import BoundMetric
from samplebench.pipeline.stages.autoencoder import AutoencoderStage
from samplebench.pipeline.stages.core.cell import measure_cell
from samplebench.pipeline.stages.core.data import Data
from samplebench.pipeline.stages.core.extraction import FittedExtractor
from samplebench.pipeline.stages.core.floors import RealData, RealFeatures
from samplebench.pipeline.stages.data import load_data
from samplebench.pipeline.stages.features import FeaturesStage
from samplebench.pipeline.stages.pictures import picture_of
from samplebench.pipeline.stages.real_features import RealFeaturesStage
from samplebench.pipeline.stages.recording import Recording, Terms
from samplebench.pipeline.stages.stage import Failure, Outcome, Report, Stage, path_of
from samplebench.pipeline.workspace import Site
from samplebench.registry.loading import Parts, load_parts
from samplebench.registry.spec import Spec
from samplebench.results.store import Store, write_whole


@dataclass(frozen=True)
class CellStage:
    """Measure one cell. Its work is the record, among those of the suite.

    Attributes:
        sampler: None for the reconstruction row.
        metrics: each with the extractor in which it is measured, if it needs one.
        floors: those whose floor is measured, in the same way; only in the reconstruction row.
        features: the stages of all these extractors.
        real_features: the stages of the features that floors take.
        picture: True if a picture of the samples is kept.
        control: True if the sampler is one, as it said when it was asked.
    """

    terms: Terms
    autoencoder: AutoencoderStage
    sampler: Spec | None
    metrics: tuple[tuple[Spec, Spec | None], ...]
    features: tuple[FeaturesStage, ...]
    appendix: bool = False
    picture: bool = False
    floors: tuple[tuple[Spec, Spec | None], ...] = ()
    real_features: tuple[RealFeaturesStage, ...] = ()
    control: bool = False

    @property
    def site(self) -> Site:
        return self.autoencoder.site

    @property
    def title(self) -> str:
        return f"measuring {self.label}"

    @property
    def shared_in(self) -> Path:
        return self.site.results

    @property
    def label(self) -> str:
        """The cell in one line: dataset / autoencoder / row / seed."""
        stage, row = self.autoencoder, self.sampler or "reconstruction"
        return f"{stage.data.dataset} / {stage.autoencoder} / {row} / seed {stage.seed}"

    @property
    def needs(self) -> tuple[Stage, ...]:
        return (self.autoencoder.data, self.autoencoder)

    @property
    def wants(self) -> tuple[Stage, ...]:
        return (*self.features, *self.real_features)

    def make(self, made: Mapping[Stage, Outcome], report: Report) -> Path:
        del report  # a cell is one step
        parts = load_parts(self.site.plugins)
        data = load_data(path_of(made, self.autoencoder.data))
        recording = self._recording(parts, data.fingerprint)
        extractors = dict(self._extractors(made, parts, data))
        measurement = measure_cell(
            recording.cell,
            recording.metrics,
            self.autoencoder.counts,
            data,
            self.autoencoder.load(path_of(made, self.autoencoder), data),
            extractors,
            self._real_data(made, parts, extractors, recording.floors),
        )
        record, store = recording.measured(measurement, extractors), Store(self.site.results)
        if self.picture and is_image(data.shape):
            write_whole(store.picture_path(record), picture_of(*measurement.samples))
            record = record.model_copy(update={"picture": store.picture_path(record).name})
        return store.write(record)

    def _recording(self, parts: Parts, data: str | None) -> Recording:
        stage = self.autoencoder
        cell = Cell(
            parts.datasets.configured(stage.data.dataset),
            parts.autoencoders.configured(stage.autoencoder),
            parts.samplers.configured(self.sampler) if self.sampler else None,
            stage.seed,
            self.appendix,
        )
        metrics, floors = (_bind(specs, parts) for specs in (self.metrics, self.floors))
        return Recording(
            self.site, self.terms, cell, metrics, stage.loaded, data, floors, self.control
        )

    def _extractors(
        self, made: Mapping[Stage, Outcome], parts: Parts, data: Data
    ) -> Iterator[tuple[str, FittedExtractor | Missing]]:
        """Each fitted extractor by its key, or the reason why there is none."""
        for stage in self.features:
            outcome = made[stage]
            yield (
                parts.features.configured(stage.features).key,
                Missing(outcome.reason)
                if isinstance(outcome, Failure)
                else _load_extractor(stage, outcome, data),
            )

    def _real_data(
        self,
        made: Mapping[Stage, Outcome],
        parts: Parts,
        extractors: Mapping[str, FittedExtractor | Missing],
        floors: tuple[BoundMetric, ...],
    ) -> RealData | None:
        """Gather the real data for the floors, if any are asked for."""
        if not floors:
            return None
        features: dict[str, RealFeatures | Missing] = {}
        for stage in self.real_features:
            key, outcome = parts.features.configured(stage.extractor.features).key, made[stage]
            extractor = extractors[key]
            if isinstance(extractor, Missing):
                features[key] = extractor
            elif isinstance(outcome, Failure):
                features[key] = Missing(outcome.reason)
            else:
                features[key] = RealFeatures(extractor, stage.load(outcome))
        return RealData(floors, self.autoencoder.counts.generated, features)


def _bind(specs: Iterable[tuple[Spec, Spec | None]], parts: Parts) -> tuple[BoundMetric, ...]:
    """The metrics of these specs, each with the extractor in which it is measured."""
    return tuple(
        BoundMetric(
            parts.metrics.configured(metric),
            parts.features.configured(features) if features else None,
        )
        for metric, features in specs
    )


def _load_extractor(stage: FeaturesStage, place: Path, data: Data) -> FittedExtractor | Missing:
    """Load an extractor, whose failure costs the scores in its features alone."""
    try:
        return stage.load(place, data)
    except Exception as error:  # a part may raise anything
        return Missing(f"{type(error).__name__}: {error}")
