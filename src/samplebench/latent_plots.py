"""The plot of latents: an autoencoder trained as in its board, and draws of fitted samplers."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import torch
from torch import Tensor

from samplebench.contracts.latents import Latents, LatentSpace, Sparse
from samplebench.display import choose_display
from samplebench.errors import DataMissing, SamplebenchError, UsageError
from samplebench.pipeline.device import deterministic
from samplebench.pipeline.request.plan import Plan, Planned
from samplebench.pipeline.running.executors import start_executor
from samplebench.pipeline.running.graph import complete
from samplebench.pipeline.running.stages_of_plan import autoencoder_stage
from samplebench.pipeline.stages.core.sampling import draw_latents, fit_once
from samplebench.pipeline.stages.core.training import Trained
from samplebench.pipeline.stages.data import load_data
from samplebench.pipeline.stages.stage import Failure, Outcome, Stage, path_of
from samplebench.pipeline.workspace import Site
from samplebench.planning import plan_verification
from samplebench.results.labels import list_distinct
from samplebench.results.plots.chart import Chart
from samplebench.results.plots.latents import MOST_PANELS, Points, plan_latents
from samplebench.results.store import Store

_MOST_POINTS = 2_000
"""Points of one kind that are shown, evenly spaced among all."""


@dataclass(frozen=True)
class Plane:
    """The plane in which vectors vary most, through their mean.

    ``axes`` are the first two principal components, (2, width); ``shares`` are the parts of the
    variance along them.
    """

    mean: Tensor
    axes: Tensor
    shares: tuple[float, float]

    @staticmethod
    def of(vectors: Tensor) -> "Plane":
        """The plane of vectors (samples, width ≥ 2), by the eigenvectors of their covariance.

        The largest number of each component is positive, so that pictures do not flip.
        """
        vectors = vectors.double()
        mean = vectors.mean(0)
        covariance = torch.cov(vectors.T, correction=0)
        variances, components = torch.linalg.eigh(covariance)  # ascending; (width, width)
        axes = components[:, [-1, -2]].T  # (2, width)
        largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
        total = float(variances.clamp(min=0).sum()) or 1.0
        first, second = (max(0.0, float(variances[at])) / total for at in (-1, -2))
        return Plane(mean, axes * largest.sign(), (first, second))

    def project(self, vectors: Tensor) -> Points:
        """The coordinates of vectors (samples, width) in the plane, of at most 2,000 of them."""
        shown = min(len(vectors), _MOST_POINTS)
        chosen = vectors[torch.arange(shown, device=vectors.device) * len(vectors) // shown]
        places = (chosen.double() - self.mean) @ self.axes.T  # (shown, 2)
        return [(x, y) for x, y in places.tolist()]


def make_latents_chart(options: argparse.Namespace) -> Chart:
    """Train or find the autoencoder, fit the samplers, and plot their draws for one seed.

    Raises:
        UsageError: not one autoencoder is asked for, or its latents are not points.
        DataMissing: the files of the dataset are missing.
        SamplebenchError: training failed, as it says.
    """
    board = options.suite
    kept = Store(options.results).suite_path(board)
    options.suite = str(kept) if kept.is_file() else board
    plan, site = plan_verification(options)
    cells = _choose(plan, options)
    _report(options, f"training {cells[0].cell.autoencoder}, unless it is in the workspace")
    trained = _train(cells[0], plan, site, options)
    space = trained.train.space
    _require_points(space, cells[0])
    plane, draws = Plane.of(_flatten(trained.train)), {}
    for planned in cells:
        _report(options, f"fitting {planned.cell.sampler}")
        drawn = _draw(planned, trained, plan.suite.counts.generated, site)
        draws[str(planned.cell.sampler)] = plane.project(_flatten(drawn))
    cell = cells[0].cell
    return plan_latents(
        f"{board}: {cell.autoencoder} on {cell.dataset}, seed {cell.seed}",
        plane.project(_flatten(trained.train)),
        draws,
        plane.shares,
        _explain(space, len(trained.train), plan.suite.counts.generated),
    )


def _choose(plan: Plan, options: argparse.Namespace) -> list[Planned]:
    """The cells of one autoencoder with the samplers that were asked for, for one seed."""
    seed = plan.suite.seeds[0] if options.seed is None else options.seed
    cells = [
        planned
        for planned in plan.cells
        if planned.cell.sampler is not None
        and planned.status != "refused"
        and planned.cell.seed == seed
        and _fits(str(planned.cell.autoencoder), options.autoencoder)
        and _fits(str(planned.cell.sampler), options.sampler)
    ]
    if not cells:
        every = [planned.cell for planned in plan.cells if planned.cell.sampler]
        raise UsageError(
            f"no cell of {plan.suite.name!r} has such an autoencoder with such a sampler and seed "
            f"{seed}. Autoencoders: {list_distinct(str(c.autoencoder) for c in every)}. Samplers: "
            f"{list_distinct(str(c.sampler) for c in every)}. Seeds: "
            f"{list_distinct(str(c.seed) for c in every)}."
        )
    models = {(str(each.cell.dataset), str(each.cell.autoencoder)) for each in cells}
    if len(models) > 1:
        named = "; ".join(f"{model} on {dataset}" for dataset, model in sorted(models))
        raise UsageError(
            f"latents are those of one autoencoder; choose with --autoencoder: {named}"
        )
    if len(cells) > MOST_PANELS:
        raise UsageError(
            f"{len(cells)} samplers are too many for one plot; choose at most {MOST_PANELS} with "
            f"--sampler: {', '.join(str(each.cell.sampler) for each in cells)}"
        )
    return cells


def _fits(name: str, patterns: Sequence[str]) -> bool:
    """Say if a name is that of a row, or fits a pattern; brackets stand for themselves."""
    escaped = (pattern.replace("[", "[[]") for pattern in patterns)
    return not patterns or any(fnmatchcase(name, pattern) for pattern in escaped)


def _train(planned: Planned, plan: Plan, site: Site, options: argparse.Namespace) -> Trained:
    stage = autoencoder_stage(planned, plan.suite, site, plan.weights)
    with choose_display(options.quiet) as display, start_executor("forked", site) as executor:
        made: dict[Stage, Outcome] = dict(complete([stage], {}, executor, display, at_once=1))
    outcome = made[stage]
    if isinstance(outcome, Failure):
        raise (DataMissing if outcome.kind == "missing" else SamplebenchError)(outcome.reason)
    return stage.load(outcome, load_data(path_of(made, stage.data)))


def _draw(planned: Planned, trained: Trained, generated: int, site: Site) -> Latents:
    """The first draw of the first fit: the one that the record of this cell is of."""
    with deterministic(site.threads):
        sampler, _ = fit_once(planned.cell, trained, repeat="")
        return draw_latents(sampler, planned.cell, trained.train.space, generated, repeat="")


def _require_points(space: LatentSpace, planned: Planned) -> None:
    """Refuse latents between which there are no distances."""
    model = planned.cell.autoencoder
    if space.value_width == 0:
        raise UsageError(f"latents of {model} are codes, which are no points; choose another")
    if isinstance(space, Sparse):
        raise UsageError(
            f"latents of {model} are coefficients of atoms that differ from sample to sample, "
            "which are no points of one space; choose another"
        )
    if space.sites * space.value_width < 2:
        raise UsageError(f"latents of {model} are single numbers, and a plane needs two")


def _flatten(latents: Latents) -> Tensor:
    return latents.values.flatten(1)  # (samples, sites × width)


def _explain(space: LatentSpace, training: int, generated: int) -> str:
    """Explain the way from latents to points, and give their numbers."""
    width = space.value_width
    sites = (
        f"A point is a whole latent: its {space.sites} sites of {width} numbers as one vector."
        if space.sites > 1
        else f"A point is a latent of {width} numbers."
    )
    shown = f" Shown are at most {_MOST_POINTS:,} of each, of {training:,} and {generated:,}."
    return sites + (shown if max(training, generated) > _MOST_POINTS else "")


def _report(options: argparse.Namespace, text: str) -> None:
    if not options.quiet:
        print(f"samplebench: {text}", file=sys.stderr)
