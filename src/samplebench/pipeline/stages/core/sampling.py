"""Fitting a sampler to the training latents, and drawing from it, with what both cost."""

from samplebench.contracts.answers import check_draws
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.contracts.sampler import Sampler
from samplebench.pipeline.request.grid import Cell
from samplebench.pipeline.stages.core.costs import median_cost, track_cost
from samplebench.pipeline.stages.core.training import Trained
from samplebench.randomness import seeded
from samplebench.vocabulary import Cost

_SHORT = 1.0
"""Seconds: a fit below is timed again when all that it uses is loaded and warm."""


def fit_sampler(cell: Cell, trained: Trained) -> tuple[Sampler, Cost]:
    """Fit the sampler of a cell; its cost is the least of three more fits that do the same, or
    that of the fit itself if it took a second or longer.
    """
    sampler, cost = fit_once(cell, trained, repeat="")
    if cost.wall_seconds < _SHORT:
        warm = [fit_once(cell, trained, repeat="")[1] for _ in range(3)]
        cost = min(warm, key=lambda cost: cost.wall_seconds)
    return sampler, cost


def fit_once(cell: Cell, trained: Trained, *, repeat: str) -> tuple[Sampler, Cost]:
    """Fit a new sampler; another ``repeat`` has other random numbers."""
    assert cell.sampler is not None  # the reconstruction row is fitted to nothing
    with seeded(cell.seed, "build sampler", *_labels(repeat)):
        sampler: Sampler = cell.sampler.build()
    own = trained.train.copy()  # what a sampler does to it must not reach the metrics
    with seeded(cell.seed, "fit", *_labels(repeat)), track_cost(own.device, len(own)) as fitting:
        sampler.fit(own)
    return sampler, fitting()


def draw_latents(
    sampler: Sampler, cell: Cell, space: LatentSpace, count: int, *, repeat: str
) -> Latents:
    """Draw latents that nothing else holds; another ``repeat`` has other random numbers."""
    with seeded(cell.seed, "sample", *_labels(repeat)):
        drawn = sampler.sample(count)
    # Copied, as a sampler that fills one buffer each time would change it later.
    return check_draws(drawn, count=count, space=space).copy()


def time_draws(
    sampler: Sampler, cell: Cell, trained: Trained, count: int
) -> tuple[Latents, dict[str, Cost]]:
    """Draw latents; time the first call and the warm throughput."""
    device = trained.train.device
    with track_cost(device, count) as sampling:
        drawn = draw_latents(sampler, cell, trained.train.space, count, repeat="")
    with seeded(cell.seed, "throughput"):
        throughput = median_cost(device, count, lambda: sampler.sample(count))
    return drawn, {"sample": sampling(), "throughput": throughput}


def _labels(repeat: str) -> tuple[str, ...]:
    """The first fit and draw have the labels that they would have if nothing was repeated."""
    return (repeat,) if repeat else ()
