"""One cell, from latents to scores: the flow of the whole product in one function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from samplebench.contracts.answers import keep_numbers
from samplebench.contracts.dataset import Images
from samplebench.contracts.latents import LatentSpace
from samplebench.missing import Missing
from samplebench.pipeline.request.grid import Cell
from samplebench.pipeline.request.measures import BoundMetric
from samplebench.pipeline.request.suite import Counts
from samplebench.pipeline.stages.core.coding import decode
from samplebench.pipeline.stages.core.costs import track_cost
from samplebench.pipeline.stages.core.data import Data
from samplebench.pipeline.stages.core.evidence import gather_evidence
from samplebench.pipeline.stages.core.extraction import FittedExtractor
from samplebench.pipeline.stages.core.floors import RealData, measure_floors
from samplebench.pipeline.stages.core.repeats import measure_repeats
from samplebench.pipeline.stages.core.sampling import fit_sampler, time_draws
from samplebench.pipeline.stages.core.scoring import Result, measure_all
from samplebench.pipeline.stages.core.training import Trained
from samplebench.vocabulary import Cost, Floor


@dataclass(frozen=True)
class Measurement:
    """The numbers of one cell, and the samples for its picture.

    Attributes:
        results: one for each metric, in their order.
        floors: one for each metric of the real data, in their order.
        remarks: on diagnostics that were left out, because they are no finite numbers.
        counts: of training, held-out (``reference``) and generated samples.
        samples: the generated ones; in the reconstruction row the held-out ones and their
            reconstructions.
    """

    latent_space: LatentSpace
    results: list[Result]
    floors: list[Floor | Missing | None]
    costs: Mapping[str, Cost]
    diagnostics: Mapping[str, float]
    remarks: Sequence[str]
    counts: Mapping[str, int]
    samples: tuple[Images, ...]


def measure_cell(
    cell: Cell,
    metrics: Sequence[BoundMetric],
    counts: Counts,
    data: Data,
    trained: Trained,
    extractors: Mapping[str, FittedExtractor | Missing],
    real: RealData | None = None,
) -> Measurement:
    """Fit the sampler, draw, decode, and measure; again with further draws and fits, if asked.

    Args:
        counts: of latents to draw, of draws from a fit, and of fits.
        extractors: by its key, each fitted feature extractor, or why there is none.
        real: what floors are measured on; in the reconstruction row only.
    """
    device = trained.test.device
    sampler, latents, costs = None, trained.test, dict(trained.costs)
    if cell.sampler:
        sampler, costs["fit"] = fit_sampler(cell, trained)
        latents, drawing = time_draws(sampler, cell, trained, counts.generated)
        costs |= drawing
    with track_cost(device, len(latents)) as decoding:
        generated = decode(trained.autoencoder, latents, trained.shape)
    costs["decode"] = decoding()
    with track_cost(device, len(latents)) as measuring:
        evidence = gather_evidence(data, trained, sampler, latents, generated, costs)
        results = measure_all(cell.seed, metrics, evidence, extractors)
        floors = measure_floors(cell.seed, real, evidence) if real else []
    if sampler:
        results = measure_repeats(
            results, sampler, cell, metrics, counts, trained, evidence, extractors
        )
    diagnostics, remarks = (
        keep_numbers("diagnostics", sampler.diagnostics) if sampler else ({}, [])
    )
    return Measurement(
        latent_space=latents.space,
        results=results,
        floors=floors,
        costs=costs | {"measure": measuring()},
        diagnostics=diagnostics,
        remarks=remarks,
        counts={
            "train": len(trained.train),
            "reference": len(trained.test),
            "generated": len(latents),
        },
        samples=(generated,) if sampler else (evidence.test, evidence.reconstructed),
    )
