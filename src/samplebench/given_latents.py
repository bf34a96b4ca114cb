"""Latents that exist, as the words of a run: a dataset of them, and the identity.

``samplebench run --latents train.npy --held-out test.npy`` is
``samplebench run --dataset "arrays(…)" --autoencoder "identity(…)"``, with a suite of its own.
"""

import argparse
from pathlib import Path
from typing import Any, Final

from samplebench.arguments import DEFAULT_SUITE
from samplebench.contracts.dataset import describe_shape
from samplebench.contracts.given import find_space
from samplebench.contracts.latents import Discrete, LatentSpace
from samplebench.errors import UsageError
from samplebench.pipeline.request.suite_file import given_suite
from samplebench.registry.spec import Spec
from samplebench.sample_files import find_largest, read_axes

_AXES_OF_VECTORS: Final = 2


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
    codes = _size_of_codebook(options, floats=floats)
    if floats and len(axes) > _AXES_OF_VECTORS and options.layout is None:
        raise UsageError(
            f"the latents of {train} are {describe_shape(axes[1:])}: maps, so say where their "
            "channels are, --layout channels-first or --layout channels-last"
        )
    space = find_space(axes[1:], floats, options.layout, codes)
    options.autoencoder = [str(Spec("identity", _settings_of(space, options.layout)))]
    options.dataset = [str(_dataset(train, test, integers=not floats))]
    if options.suite == DEFAULT_SUITE:
        options.suite = str(given_suite("latents" if floats else "codes"))


def _require_no_others(options: argparse.Namespace) -> None:
    for name in ("held_out", "layout", "codes"):
        if getattr(options, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')} is for --latents, which is not given")


def _size_of_codebook(options: argparse.Namespace, *, floats: bool) -> int | None:
    """The size that was given, or one more than the largest code; ``None`` for real values."""
    if floats:
        if options.codes is not None:
            raise UsageError(
                f"--codes is for integers, and the latents of {options.latents} are floats; leave "
                "it out"
            )
        return None
    largest = find_largest(Path(options.latents), Path(options.held_out))
    if options.codes is not None and options.codes <= largest:
        raise UsageError(
            f"--codes {options.codes} leaves room for codes from 0 to {options.codes - 1}, and "
            f"there is a code {largest}; give {largest + 1} or more"
        )
    return options.codes or largest + 1


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
