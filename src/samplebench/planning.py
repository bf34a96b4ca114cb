"""From the words of a command line to the things that a command works with."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from samplebench.catalogue import load_and_keep, plugin_choice
from samplebench.contracts.dataset import Shape, describe_shape
from samplebench.errors import BadCheckpoint
from samplebench.folders import cache_folder
from samplebench.limits import Limits
from samplebench.missing import Missing
from samplebench.pipeline.device import (
    choose_device,
    require_gpus,
    stated_threads,
    usable_threads,
)
from samplebench.pipeline.exchange.pretrained import (
    Checkpoint,
    describe_other_code,
    open_checkpoint,
    recorded_autoencoder,
)
from samplebench.pipeline.request.grid import choose_all
from samplebench.pipeline.request.plan import Plan, make_plan
from samplebench.pipeline.request.shapes import shape_of
from samplebench.pipeline.request.suite import Suite, load_suite, override
from samplebench.pipeline.running.on_dask.cluster_file import ClusterRequest, read_cluster
from samplebench.pipeline.stages.checkpoint import load_checkpoint
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.workspace import Site
from samplebench.registry.asking import Asker, Question
from samplebench.registry.loading import BrokenPlugin, Parts
from samplebench.registry.registry import Chosen
from samplebench.results.store import Store
from samplebench.vocabulary import Retry


def plan_run(options: argparse.Namespace, parts: Parts) -> tuple[Plan, Site]:
    """Plan the suite with what was asked for in place of its own."""
    checkpoint = open_checkpoint(options.checkpoint) if options.checkpoint else None
    suite = load_suite(options.suite)
    suite = override(
        suite,
        datasets=options.dataset,
        autoencoders=_autoencoders(options.autoencoder, checkpoint, parts),
        **_samplers(options.sampler, suite, parts),
        features=options.features,
        metrics=options.metric,
        seeds=options.seeds,
        counts=_counts(options.generated, suite),
    )
    _require_same_shape(checkpoint, suite, parts, data_dir_of(options))
    plan, site = _plan(
        suite,
        parts,
        options,
        weights=checkpoint.weights if checkpoint else None,
        only=options.only,
        again=getattr(options, "again", False),
        retry=getattr(options, "retry", "failed"),
    )
    _require_weights_that_fit(plan, site)
    return plan, site


def plan_verification(options: argparse.Namespace) -> tuple[Plan, Site]:
    """Plan the whole suite, as it is."""
    return _plan(load_suite(options.suite), load_chosen_parts(options), options)


def site_of(options: argparse.Namespace, results: Path, parts: Parts) -> Site:
    """The place to work; ``results`` is the folder for what comes of it.

    Its processes do not try again what is broken among the plugins of ``parts``.
    """
    gpus = getattr(options, "gpus", None) or ()
    is_far = getattr(options, "executor", "forked") == "dask"
    # Of a cluster, jobs are the stages on all its workers together.
    jobs = 1 if is_far else getattr(options, "jobs", None) or len(gpus) or 1
    return Site(
        data_dir=data_dir_of(options),
        workspace=(options.workspace or cache_folder()).absolute(),
        results=results.absolute(),
        device=_device(options, gpus, is_far=is_far),
        threads=(stated_threads() or 1) if is_far else max(1, usable_threads() // jobs),
        jobs=jobs,
        limits=Limits(getattr(options, "timeout", None), getattr(options, "memory", None)),
        plugins=plugin_choice(options).without(_alone(parts)),
        gpus=gpus,
    )


def _alone(parts: Parts) -> list[BrokenPlugin]:
    """The broken plugins whose names no working one has: names are all that is passed on."""
    working = {plugin.name for plugin in parts.plugins}
    return [broken for broken in parts.broken if broken.file or broken.name not in working]


def cluster_of(options: argparse.Namespace) -> ClusterRequest | None:
    """The cluster that is asked for, if one is."""
    if options.executor != "dask":
        return None
    file = read_cluster(options.dask_config) if options.dask_config else None
    return ClusterRequest(options.dask_address, file, options.jobs)


def _device(options: argparse.Namespace, gpus: tuple[int, ...], *, is_far: bool) -> str:
    """The device of every stage; a process that has one GPU of several counts it as the first."""
    if is_far:
        # It is the workers' device, and this machine may have none.
        return "cpu" if options.device == "auto" else str(options.device)
    if gpus:
        require_gpus(gpus)
        return "cuda"
    return choose_device(options.device)


def data_dir_of(options: argparse.Namespace) -> Path:
    """The folder of datasets that was given, or the one in the user's cache."""
    folder: Path = options.data_dir or cache_folder() / "data"
    return folder.absolute()


def load_chosen_parts(options: argparse.Namespace) -> Parts:
    """Load the parts of the chosen plugins, and name the plugins that are broken."""
    parts = load_and_keep(plugin_choice(options))
    for broken in parts.broken:
        print(f"samplebench: {broken}", file=sys.stderr)
    return parts


def _plan(
    suite: Suite,
    parts: Parts,
    options: argparse.Namespace,
    *,
    weights: Path | None = None,
    only: Sequence[str] = (),
    again: bool = False,
    retry: Retry = "failed",
) -> tuple[Plan, Site]:
    site = site_of(options, options.results, parts)
    records, damaged = Store(site.results).read(suite.name)
    for file in damaged:
        print(f"samplebench: {file}", file=sys.stderr)
    plan = make_plan(
        suite,
        parts,
        records,
        data_dir=site.data_dir,
        core=core_code(),
        weights=weights,
        only=only,
        again=again,
        retry=retry,
    )
    for sentence in (*plan.faults, *plan.warnings):
        print(f"samplebench: {sentence}", file=sys.stderr)
    return plan, site


def _counts(generated: int | None, suite: Suite) -> dict[str, Any] | None:
    """The counts of a suite with another number of generated samples, if one was asked for."""
    return None if generated is None else suite.counts.model_dump() | {"generated": generated}


def _autoencoders(
    asked: Sequence[str] | None, checkpoint: Checkpoint | None, parts: Parts
) -> Sequence[str] | None:
    """The autoencoders that were asked for, by name or by the checkpoint that holds one."""
    if checkpoint is None or checkpoint.record is None:
        return asked
    recorded = recorded_autoencoder(checkpoint.record, parts)
    if difference := describe_other_code(checkpoint.record, recorded):
        print(f"samplebench: {difference}", file=sys.stderr)
    for other in choose_all(parts.autoencoders, asked or ()):
        if other.key != recorded.key:
            raise BadCheckpoint(
                f"--autoencoder asks for '{other}', and the checkpoint holds the weights of "
                f"'{recorded}'; leave --autoencoder out, or give another checkpoint"
            )
    return [str(recorded)]


def _samplers(asked: Sequence[str] | None, suite: Suite, parts: Parts) -> dict[str, list[str]]:
    """The samplers that were asked for, each where the suite has it: in table or appendix."""
    if not asked:
        return {}
    shown = {sampler.key for sampler in choose_all(parts.samplers, suite.samplers)}
    swept = {sampler.key for sampler in choose_all(parts.samplers, suite.appendix)} - shown
    chosen = choose_all(parts.samplers, asked)
    return {
        "samplers": [str(sampler) for sampler in chosen if sampler.key not in swept],
        "appendix": [str(sampler) for sampler in chosen if sampler.key in swept],
    }


def _require_same_shape(
    checkpoint: Checkpoint | None, suite: Suite, parts: Parts, data_dir: Path
) -> None:
    """Refuse a checkpoint that is for samples of another shape, before data are read."""
    if checkpoint is None or checkpoint.record is None:
        return
    wanted = checkpoint.record.shape
    asker = Asker()
    for dataset in choose_all(parts.datasets, suite.datasets):
        shape = asker.answer(Question(shape_of, dataset, (data_dir,)))
        if not isinstance(shape, Missing) and shape != wanted:
            raise BadCheckpoint(
                f"the checkpoint was trained on {describe_shape(wanted)}, and the samples of "
                f"'{dataset}' are {describe_shape(shape)}; give another --dataset or --suite, or "
                "another checkpoint"
            )


def _require_weights_that_fit(plan: Plan, site: Site) -> None:
    """Load the weights of a checkpoint once for each dataset, before anything is measured.

    Raises:
        BadCheckpoint: they cannot be read, or are of another autoencoder.
    """
    if plan.weights is None:
        return
    asker = Asker()
    cells = (planned.cell for planned in plan.cells if planned.status != "refused")
    for cell in {str(cell.dataset): cell for cell in cells}.values():
        shape = asker.answer(Question(shape_of, cell.dataset, (site.data_dir,)))
        loading = Question(_load_weights, cell.autoencoder, (shape, plan.weights))
        if isinstance(problem := asker.answer(loading), Missing):
            raise BadCheckpoint(problem.reason)


def _load_weights(autoencoder: Chosen, shape: Shape, weights: Path) -> None:
    load_checkpoint(autoencoder.build(shape), weights)
