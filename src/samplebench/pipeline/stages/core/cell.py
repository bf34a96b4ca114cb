"""One cell, from latents to scores: the flow of the whole product in one function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from samplebench.contracts.dataset import Images
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.contracts.metric import Evidence, Need
from samplebench.contracts.sampler import DensitySampler, Sampler
from samplebench.errors import BadDraw
from samplebench.missing import Missing
from samplebench.pipeline.request.grid import Cell
from samplebench.pipeline.request.measures import BoundMetric
from samplebench.pipeline.stages.core.coding import as_images, decode
from samplebench.pipeline.stages.core.costs import median_cost, track_cost
from samplebench.pipeline.stages.core.data import Data
from samplebench.pipeline.stages.core.extraction import FittedExtractor
from samplebench.pipeline.stages.core.scoring import Result, measure_all
from samplebench.pipeline.stages.core.training import Trained, reconstruct_training_samples
from samplebench.randomness import seeded
from samplebench.vocabulary import Cost


@dataclass(frozen=True)
class Measurement:
    """The numbers of one cell, and the samples for its picture.

    Attributes:
        results: one for each metric, in their order.
        counts: of training, held-out (``reference``) and generated samples.
        samples: the generated ones; in the reconstruction row the held-out ones and their
            reconstructions.
    """

    latent_space: LatentSpace
    results: list[Result]
    costs: Mapping[str, Cost]
    diagnostics: Mapping[str, float]
    counts: Mapping[str, int]
    samples: tuple[Images, ...]


def measure_cell(
    cell: Cell,
    metrics: Sequence[BoundMetric],
    count: int,
    data: Data,
    trained: Trained,
    extractors: Mapping[str, FittedExtractor | Missing],
) -> Measurement:
    """Fit the sampler, draw, decode, and measure.

    Args:
        count: latents to draw.
        extractors: by its key, each fitted feature extractor, or why there is none.
    """
    device = trained.test.device
    sampler, costs = fit_sampler_of(cell, trained)
    latents = trained.test
    if sampler:
        latents, drawing = draw_latents(sampler, cell.seed, trained, count)
        costs |= drawing
    with track_cost(device, len(latents)) as decoding:
        generated = decode(trained.autoencoder, latents)
    costs |= {**trained.costs, "decode": decoding()}
    with track_cost(device, len(latents)) as measuring:
        evidence = gather_evidence(data, trained, sampler, latents, generated, costs)
        results = measure_all(cell.seed, metrics, evidence, extractors)
    return Measurement(
        latent_space=latents.space,
        results=results,
        costs=costs | {"measure": measuring()},
        diagnostics=sampler.diagnostics() if sampler else {},
        counts={
            "train": len(trained.train),
            "reference": len(trained.test),
            "generated": len(latents),
        },
        samples=(generated,) if sampler else (evidence.test, evidence.reconstructed),
    )


def fit_sampler_of(cell: Cell, trained: Trained) -> tuple[Sampler | None, dict[str, Cost]]:
    """Fit the cell's sampler to the training latents; the reconstruction row has none."""
    if cell.sampler is None:
        return None, {}
    with seeded(cell.seed, "build sampler"):
        sampler: Sampler = cell.sampler.build()
    own = trained.train.copy()  # what a sampler does to it must not reach the metrics
    with seeded(cell.seed, "fit"), track_cost(own.device, len(own)) as fitting:
        sampler.fit(own)
    return sampler, {"fit": fitting()}


def draw_latents(
    sampler: Sampler, seed: int, trained: Trained, count: int
) -> tuple[Latents, dict[str, Cost]]:
    """Draw latents; time the first call and the warm throughput."""
    device = trained.train.device
    with seeded(seed, "sample"), track_cost(device, count) as sampling:
        drawn = sampler.sample(count)
    _require_latents(drawn, trained.train.space, count)
    with seeded(seed, "throughput"):
        throughput = median_cost(device, count, lambda: sampler.sample(count))
    return drawn, {"sample": sampling(), "throughput": throughput}


def gather_evidence(
    data: Data,
    trained: Trained,
    sampler: Sampler | None,
    latents: Latents,
    generated: Images,
    costs: Mapping[str, Cost],
) -> Evidence:
    """Gather all that metrics may need, but features. Densities and decoded training latents are
    computed when they are read.

    Args:
        latents: the drawn ones, or the held-out ones in the reconstruction row.
        generated: these latents, decoded.
    """
    learned, held_out = len(trained.train), len(trained.test)
    held: dict[Need, Any] = {
        Need.TRAIN: data.train.images[:learned],  # a view: it stays on disk until it is read
        Need.TEST: as_images(data.test.images[:held_out]).to(trained.test.device),
        Need.RECONSTRUCTED: decode(trained.autoencoder, trained.test),
        Need.TRAIN_RECONSTRUCTED: cache(partial(reconstruct_training_samples, trained)),
        Need.GENERATED: generated,
        Need.LATENTS: (trained.train, trained.test),
        Need.GENERATED_LATENTS: latents,
    }
    if data.train.labels is not None and data.test.labels is not None:
        held[Need.LABELS] = data.train.labels[:learned], data.test.labels[:held_out]
    if sampler:
        held[Need.COSTS] = costs
    if isinstance(sampler, DensitySampler) and not sampler.no_density(latents.space):
        held[Need.DENSITY] = partial(sampler.log_prob, trained.test)
    return Evidence(held)


def _require_latents(drawn: object, space: LatentSpace, count: int) -> None:
    """Refuse draws that are not what was asked for, with words for the author of the sampler."""
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
