"""Latents that exist, as the words of a run: a dataset of them, and the identity.

``samplebench run --latents train.npy --held-out test.npy`` is
``samplebench run --dataset "arrays(…)" --autoencoder "identity(…)"``, with a suite of its own.
"""

import argparse
from pathlib import Path
from typing import Any

from samplebench.arguments import DEFAULT_SUITE
from samplebench.contracts.given import find_space
from samplebench.contracts.latents import Discrete, LatentSpace
from samplebench.errors import UsageError
from samplebench.pipeline.request.suite_file import given_suite
from samplebench.registry.spec import Spec
from samplebench.sample_files import find_largest, read_axes


def name_given_latents(options: argparse.Namespace) -> None:
    """Put dataset, autoencoder and suite into the options, if they name latents.

    Raises:
        UsageError: the options contradict each other, or do not say all that has to be said.
        DataMissing: a file is absent or damaged.
    """
    if options.latents is None:
        _require_no_others(options)
        return
    if options.held_out is None:
        raise UsageError(
            "--latents needs --held-out: latents of other samples, to compare draws with"
        )
    for name in ("dataset", "autoencoder", "checkpoint"):
        if getattr(options, name):
            raise UsageError(f"--latents stands in place of --{name}; leave one of them out")
    train, test = options.latents, options.held_out
    axes, floats = read_axes(Path(train))
    codes = None if floats else options.codes or find_largest(Path(train), Path(test)) + 1
    space = find_space(axes[1:], floats, options.layout, codes)
    options.autoencoder = [str(Spec("identity", _settings_of(space, options.layout)))]
    options.dataset = [str(_dataset(train, test, integers=not floats))]
    if options.suite == DEFAULT_SUITE:
        options.suite = str(given_suite("latents"))


def _require_no_others(options: argparse.Namespace) -> None:
    for name in ("held_out", "layout", "codes"):
        if getattr(options, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')} is for --latents, which is not given")


def _settings_of(space: LatentSpace, layout: str | None) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if space.grid:
        settings["grid"] = space.grid
    if isinstance(space, Discrete):
        settings["codebooks"] = space.codebooks
    elif space.grid and layout == "channels-first":
        settings["channels_first"] = True
    return settings


def _dataset(train: str, test: str, *, integers: bool) -> Spec:
    """The dataset of these files in their order; equal codes are no leak."""
    settings: dict[str, Any] = {"train": train, "test": test}
    settings |= {"flatten": True, "shuffle": False}
    return Spec("arrays", settings | ({"distinct": False} if integers else {}))
