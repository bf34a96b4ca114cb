"""From what was typed to what a command works with: plugins, a setup, a plan."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from samplebench.errors import BadCheckpoint
from samplebench.pipeline.grid import choose_all
from samplebench.pipeline.plan import Plan, make_plan
from samplebench.pipeline.pretrained import (
    Checkpoint,
    open_checkpoint,
    other_code,
    recorded_autoencoder,
)
from samplebench.pipeline.setup import Setup, choose_device, usable_threads
from samplebench.pipeline.suite import Suite, load_suite, override
from samplebench.registry.loading import Choice, Parts, load_parts
from samplebench.results.store import Store


def planned(options: argparse.Namespace) -> tuple[Suite, Setup, Plan]:
    """The suite with what was asked for in place of its own, and what is to be done for it."""
    parts = load_chosen(options)
    checkpoint = open_checkpoint(options.checkpoint) if options.checkpoint else None
    suite = override(
        load_suite(options.suite),
        datasets=options.dataset,
        autoencoders=_autoencoders(options.autoencoder, checkpoint, parts),
        **_samplers(options.sampler, load_suite(options.suite), parts),
        features=options.features,
        metrics=options.metric,
        seeds=options.seeds,
    )
    _require_same_images(checkpoint, suite, parts, options.data_dir)
    setup = setup_of(options, options.results, checkpoint)
    records, damaged = Store(setup.results).read(suite.name)
    for file in damaged:
        print(f"samplebench: {file.path} is damaged ({file.reason})", file=sys.stderr)
    plan = make_plan(
        suite,
        parts,
        records,
        data_dir=setup.data_dir,
        checkpoint=setup.checkpoint,
        only=options.only,
        again=getattr(options, "again", False),
    )
    return suite, setup, plan


def setup_of(
    options: argparse.Namespace, results: Path, checkpoint: Checkpoint | None = None
) -> Setup:
    """Where and on what to work; ``results`` is where to put what comes of it."""
    return Setup(
        data_dir=options.data_dir.absolute(),
        workspace=options.workspace.absolute(),
        results=results.absolute(),
        device=choose_device(options.device),
        threads=usable_threads(),
        plugins=choice(options),
        checkpoint=checkpoint.weights if checkpoint else None,
    )


def choice(options: argparse.Namespace) -> Choice:
    """The plugins that were chosen."""
    return Choice(
        tuple(str(file.absolute()) for file in options.plugin),
        tuple(options.disable_plugin),
        options.strict_plugins,
    )


def load_chosen(options: argparse.Namespace) -> Parts:
    """The parts of the chosen plugins; those that are broken are told."""
    parts = load_parts(choice(options))
    for broken in parts.broken:
        print(f"samplebench: {broken}", file=sys.stderr)
    return parts


def _autoencoders(
    asked: Sequence[str] | None, checkpoint: Checkpoint | None, parts: Parts
) -> Sequence[str] | None:
    """The autoencoders that were asked for, by name or by the checkpoint that holds one."""
    if checkpoint is None or checkpoint.record is None:
        return asked
    recorded = recorded_autoencoder(checkpoint.record, parts)
    if told := other_code(checkpoint.record, recorded):
        print(f"samplebench: {told}", file=sys.stderr)
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


def _require_same_images(
    checkpoint: Checkpoint | None, suite: Suite, parts: Parts, data_dir: Path
) -> None:
    """Told before data are read."""
    if checkpoint is None or checkpoint.record is None:
        return
    wanted = checkpoint.record.image_shape
    for dataset in choose_all(parts.datasets, suite.datasets):
        shape = dataset.build(data_dir.absolute()).image_shape
        if shape != wanted:
            raise BadCheckpoint(
                f"the checkpoint was trained on images of {_shape(wanted)}, and those of "
                f"'{dataset}' are {_shape(shape)}; give another --dataset or --suite, or another "
                "checkpoint"
            )


def _shape(shape: tuple[int, int, int]) -> str:
    return "×".join(map(str, shape))
