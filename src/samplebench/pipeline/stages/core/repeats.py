"""Repeats: further draws from a fit, and further fits, each measured like the first."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from statistics import fmean

from samplebench.contracts.metric import Evidence, Metric, Need
from samplebench.contracts.sampler import Sampler
from samplebench.missing import Missing
from samplebench.pipeline.request.grid import Cell
from samplebench.pipeline.request.measures import BoundMetric
from samplebench.pipeline.request.suite import Counts
from samplebench.pipeline.stages.core.coding import decode
from samplebench.pipeline.stages.core.evidence import evidence_of_draws
from samplebench.pipeline.stages.core.extraction import FittedExtractor
from samplebench.pipeline.stages.core.sampling import draw_latents, fit_once
from samplebench.pipeline.stages.core.scoring import Result, measure_all
from samplebench.pipeline.stages.core.training import Trained

_OF_A_DRAW = frozenset({Need.GENERATED, Need.GENERATED_LATENTS})
_OF_A_FIT = _OF_A_DRAW | {Need.DENSITY}


def measure_repeats(
    first: Sequence[Result],
    sampler: Sampler,
    cell: Cell,
    metrics: Sequence[BoundMetric],
    counts: Counts,
    trained: Trained,
    evidence: Evidence,
    extractors: Mapping[str, FittedExtractor | Missing],
) -> list[Result]:
    """Measure what another draw or fit changes, and give each metric the mean of all its scores.

    Args:
        first: the results of the first draw from ``sampler``, the first fit.
        evidence: that of the first draw, whose shared part serves all others.
    """
    by_draw, by_fit = (_find_readers(metrics, needs) for needs in (_OF_A_DRAW, _OF_A_FIT))
    measured = [[[result]] for result in first]
    for fit, draw in product(range(counts.fits), range(counts.draws)):
        places = by_draw if draw else by_fit
        if fit == draw == 0 or not places:
            continue
        if draw == 0:
            sampler, _ = fit_once(cell, trained, repeat=f"fit {fit}")
            for place in places:
                measured[place].append([])
        repeat = f"fit {fit}, draw {draw}"
        latents = draw_latents(sampler, cell, trained.train.space, counts.generated, repeat=repeat)
        generated = decode(trained.autoencoder, latents, trained.shape)
        again = evidence.replacing(evidence_of_draws(sampler, trained, latents, generated))
        results = measure_all(cell.seed, [metrics[p] for p in places], again, extractors)
        for place, result in zip(places, results, strict=True):
            measured[place][fit].append(result)
    return [_gather(results) for results in measured]


def _find_readers(metrics: Sequence[BoundMetric], needs: frozenset[Need]) -> list[int]:
    """The places of the metrics that read any of these."""
    built: list[Metric] = [bound.metric.build() for bound in metrics]
    return [place for place, metric in enumerate(built) if not needs.isdisjoint(metric.needs)]


def _gather(results: Sequence[Sequence[Result]]) -> Result:
    """The mean over fits and draws, or the first problem among them; the rest is the first's."""
    flat = [result for draws in results for result in draws]
    if len(flat) == 1:
        return flat[0]
    if problem := next((result for result in flat if result.problem), None):
        return problem
    values = tuple(tuple(r.value for r in draws if r.value is not None) for draws in results)
    return replace(flat[0], value=fmean(v for draws in values for v in draws), values=values)
