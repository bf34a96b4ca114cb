"""One cell, from latents to a record: the flow of the whole product in one function."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch

from samplebench.contracts.dataset import Images
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.contracts.metric import Cost, Evidence, Metric, Shown
from samplebench.contracts.sampler import DensitySampler, Sampler
from samplebench.errors import BadDraw, NoNumber
from samplebench.pipeline.autoencoder_stage import Trained
from samplebench.pipeline.coding import as_images, decode
from samplebench.pipeline.features_stage import Reference, extract
from samplebench.pipeline.grid import Cell
from samplebench.pipeline.measures import Measure
from samplebench.pipeline.measuring import measured, median_cost
from samplebench.pipeline.pictures import picture_of
from samplebench.pipeline.workspace import Data
from samplebench.randomness import seeded
from samplebench.registry.registry import Chosen
from samplebench.results.record import FeaturesRecord, PartRecord, Score, score_value


@dataclasses.dataclass(frozen=True)
class Found:
    """What measuring a cell gives: numbers for its record, and the picture of its samples."""

    latent_space: Mapping[str, Any]
    scores: list[Score]
    costs: Mapping[str, Cost]
    diagnostics: Mapping[str, float]
    counts: Mapping[str, int]
    picture: bytes


def measure_cell(
    cell: Cell,
    measures: Sequence[Measure],
    count: int,
    data: Data,
    trained: Trained,
    references: Mapping[str, Reference | str],
) -> Found:
    """Fit the sampler, draw, decode, and measure.

    Args:
        count: samples to draw.
        references: by the key of a feature extractor: the fitted one, or why there is none.
    """
    device = trained.test.device
    sampler, costs = _fitted(cell, trained)
    drawn = trained.test
    if sampler:
        drawn, drawing = _drawn(cell, sampler, trained, count)
        costs |= drawing
    with measured(device, len(drawn)) as decoding:
        generated = decode(trained.autoencoder, drawn)
    costs |= {**trained.costs, "decode": decoding()}
    with measured(device, len(drawn)) as measuring:
        evidence = Evidence(
            test=as_images(data.test.images[: len(trained.test)]).to(device),
            reconstructed=decode(trained.autoencoder, trained.test),
            generated=generated,
            train_latents=trained.train,
            test_latents=trained.test,
            generated_latents=drawn,
            test_log_probs=_density(sampler, trained.test),
            costs=costs,
            features=_no_features,
        )
        scores = _scores(cell.seed, measures, evidence, references)
    return Found(
        drawn.space.describe(),
        scores,
        costs | {"measure": measuring()},
        dict(sampler.diagnostics()) if sampler else {},
        {"train": len(trained.train), "reference": len(trained.test), "generated": len(drawn)},
        picture_of(
            {"real": evidence.test, "reconstructed": evidence.reconstructed}
            | ({"generated": evidence.generated} if cell.sampler else {})
        ),
    )


def _fitted(cell: Cell, trained: Trained) -> tuple[Sampler | None, dict[str, Cost]]:
    """The sampler, fitted to the training latents; none for the reconstruction row."""
    if cell.sampler is None:
        return None, {}
    with seeded(cell.seed, "build sampler"):
        sampler: Sampler = cell.sampler.build()
    theirs = trained.train.copy()  # what a sampler does to it must not reach the metrics
    with seeded(cell.seed, "fit"), measured(theirs.device, len(theirs)) as fitting:
        sampler.fit(theirs)
    return sampler, {"fit": fitting()}


def _drawn(
    cell: Cell, sampler: Sampler, trained: Trained, count: int
) -> tuple[Latents, dict[str, Cost]]:
    """New latents, and what drawing them takes: the first time, and when all is warm."""
    device = trained.train.device
    with seeded(cell.seed, "sample"), measured(device, count) as sampling:
        drawn = sampler.sample(count)
    _require_latents(drawn, trained.train.space, count)
    with seeded(cell.seed, "throughput"):
        throughput = median_cost(device, count, lambda: sampler.sample(count))
    return drawn, {"sample": sampling(), "throughput": throughput}


def _density(sampler: Sampler | None, held_out: Latents) -> Callable[[], torch.Tensor] | None:
    """What tells the log density of held-out latents, where there is one."""
    if not isinstance(sampler, DensitySampler) or sampler.no_density(held_out.space):
        return None
    return partial(sampler.log_prob, held_out)


def _require_latents(drawn: object, space: LatentSpace, count: int) -> None:
    """Tell the author of a sampler what it gave instead of what was asked for."""
    if not isinstance(drawn, Latents):
        raise BadDraw(
            f"sample({count}) must give Latents and gave {type(drawn).__name__}; "
            "return latents.space.pack(values=…) of the space that was fitted"
        )
    if drawn.space != space or len(drawn) != count:
        raise BadDraw(
            f"sample({count}) must give {count} latents of {space} "
            f"and gave {len(drawn)} of {drawn.space}"
        )


def _scores(
    seed: int,
    measures: Sequence[Measure],
    evidence: Evidence,
    references: Mapping[str, Reference | str],
) -> list[Score]:
    by_extractor = {
        key: dataclasses.replace(evidence, features=_Features(evidence, reference))
        for key, reference in references.items()
        if isinstance(reference, Reference)
    }
    scores = []
    for measure in measures:
        reference = references[measure.features.key] if measure.features else None
        if isinstance(reference, str):
            scores.append(_score(measure, None, None, None, f"no features: {reference}"))
        else:
            shown = by_extractor[measure.features.key] if measure.features else evidence
            scores.append(_measured_score(seed, measure, reference, shown))
    return scores


class _Features:
    """The features of the images of one cell in one extractor, each computed once."""

    def __init__(self, evidence: Evidence, reference: Reference) -> None:
        self.evidence, self.extractor = evidence, reference.extractor
        self.known: dict[Shown, torch.Tensor] = {"test": reference.test}

    def __call__(self, shown: Shown) -> torch.Tensor:
        if shown not in self.known:
            images: Images = getattr(self.evidence, shown)
            self.known[shown] = extract(self.extractor, images)
        return self.known[shown]


def _no_features(shown: Shown) -> torch.Tensor:
    raise LookupError(
        f"a metric asked for features of the {shown} images and does not say uses_features"
    )


def _measured_score(
    seed: int, measure: Measure, reference: Reference | None, evidence: Evidence
) -> Score:
    metric: Metric = measure.metric.build()
    floor: float | None = None
    settled = False
    try:
        with seeded(seed, "measure", measure.metric.key):
            value, problem = score_value(float(metric.measure(evidence)))
        with seeded(seed, "floor", measure.metric.key):
            floor = metric.floor(evidence)
    except NoNumber as reason:
        value, problem, settled = None, str(reason), True
    except Exception as error:  # one metric's fault must not lose the other figures
        value, problem = None, f"{type(error).__name__}: {error}"
    return _score(measure, reference, value, floor, problem, settled=settled)


def _score(
    measure: Measure,
    reference: Reference | None,
    value: float | None,
    floor: float | None,
    problem: str | None,
    *,
    settled: bool = False,
) -> Score:
    metric: Metric = measure.metric.build()
    title = metric.title
    if measure.features:
        titles = reference.extractor.titles if reference else {}
        title = titles.get(title, f"{title}[{measure.features}]")
    return Score(
        metric=part_record(measure.metric),
        features=_features_record(measure.features, reference),
        title=title,
        unit=metric.unit,
        better=metric.better,
        subject=metric.subject,
        alarm=metric.alarm,
        value=value,
        floor=floor if floor is None else score_value(float(floor))[0],
        problem=problem,
        settled=settled,
    )


def _features_record(
    features: Chosen | None, reference: Reference | None
) -> FeaturesRecord | None:
    if features is None:
        return None
    return FeaturesRecord(
        part=part_record(features),
        weights=reference.weights if reference else "none",
        facts=dict(reference.extractor.facts) if reference else {},
    )


def part_record(chosen: Chosen, checkpoint: str | None = None) -> PartRecord:
    """A part as records hold it."""
    plugin = chosen.part.plugin
    return PartRecord(
        spec=str(chosen),
        name=chosen.part.name,
        settings=dict(chosen.settings),
        plugin=plugin.distribution,
        version=plugin.version,
        code=chosen.code,
        checkpoint=checkpoint,
    )
