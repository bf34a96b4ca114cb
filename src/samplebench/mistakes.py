"""Mistakes in what was typed, found before torch is imported: in a fraction of a second."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from samplebench.catalogue import known_rows, plugin_choice
from samplebench.errors import DataMissing, UsageError
from samplebench.pipeline.request.suite_file import SuiteFile, override, read_suite
from samplebench.pipeline.running.on_dask.cluster_file import read_cluster
from samplebench.registry.hints import check_value, from_data
from samplebench.registry.registry import unknown_part, unknown_setting
from samplebench.registry.spec import Spec, parse_grid

_KINDS: Final = {
    "datasets": "dataset",
    "autoencoders": "autoencoder",
    "samplers": "sampler",
    "appendix": "sampler",
    "features": "features",
    "metrics": "metric",
}
"""The lists of a suite, and the kinds of parts that they name."""


def find_in_grid(options: argparse.Namespace) -> SuiteFile:
    """Check the suite of `run` or `plan`, and what was asked for in place of its own.

    Returns:
        The suite with that in it. How to train is not checked yet.

    Raises:
        UsageError: there is no such suite, or it is not valid; a spec cannot be read; or a part or
            a setting, or the type of its value, is not what an earlier command found installed.
    """
    _require_jobs(options)
    if hasattr(options, "executor"):
        _require_executor(options)
    suite = override(
        read_suite(options.suite, SuiteFile),
        datasets=options.dataset,
        autoencoders=options.autoencoder,
        samplers=options.sampler,
        appendix=[] if options.sampler else None,
        features=options.features,
        metrics=options.metric,
        seeds=options.seeds,
    )
    # A checkpoint names its autoencoder itself.
    left_out = {"autoencoders"} if options.checkpoint and not options.autoencoder else set()
    _require_parts(_lists_of(suite, left_out), options)
    return suite


def find_in_verification(options: argparse.Namespace) -> None:
    """Check the suite of `verify`; raises as ``find_in_grid``."""
    _require_jobs(options)
    if options.sample is not None and options.sample < 1:
        raise UsageError(f"--sample is 1 or more, not {options.sample}")
    _require_parts(_lists_of(read_suite(options.suite, SuiteFile), set()), options)


def find_in_training(options: argparse.Namespace) -> None:
    """Check the suite of `train`, if there is one, and both parts; raises as ``find_in_grid``."""
    if options.suite:
        read_suite(options.suite, SuiteFile)
    asked = {"datasets": [options.dataset], "autoencoders": [options.autoencoder]}
    _require_parts(asked, options)


def find_in_scoring(options: argparse.Namespace) -> None:
    """Check the place, the suite and the parts of `score`; raises as ``find_in_grid``.

    Raises:
        DataMissing: there is nothing at the place of the samples.
    """
    place = Path(options.path).expanduser().absolute()
    if not place.exists():
        raise DataMissing(f"There is no file or folder {place}; name the samples to score")
    if options.against:
        read_suite(options.against, SuiteFile)
    datasets = [options.dataset] if options.dataset else []
    asked = {"datasets": datasets, "features": options.features or []}
    _require_parts({**asked, "metrics": options.metric or []}, options)


def _require_jobs(options: argparse.Namespace) -> None:
    jobs = getattr(options, "jobs", None)
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs is 1 or more, not {jobs}")
    failures = getattr(options, "max_failures", None)
    if failures is not None and failures < 1:
        raise UsageError(f"--max-failures is 1 or more, not {failures}")


def _require_executor(options: argparse.Namespace) -> None:
    """Raise for options of one executor that are given to another."""
    if options.executor == "inline" and (options.jobs or 1) > 1:
        raise UsageError("--executor inline carries out one stage at a time; leave --jobs out")
    if options.gpus is not None:
        _require_gpus(options)
    asked = [name for name in ("dask_address", "dask_config") if getattr(options, name)]
    if asked and options.executor != "dask":
        flag = f"--{asked[0].replace('_', '-')}"
        raise UsageError(f"{flag} is where the executor dask works: add --executor dask")
    if options.executor == "dask" and len(asked) != 1:
        raise UsageError(
            "--executor dask needs one cluster: --dask-address tcp://host:8786 of a scheduler "
            "that runs, or --dask-config FILE.toml to start one"
        )
    if options.dask_config:
        read_cluster(options.dask_config)


def _require_gpus(options: argparse.Namespace) -> None:
    if options.executor != "forked":
        raise UsageError(
            "--gpus shares out those of this machine among processes of the executor forked; the "
            "workers of a cluster have their own"
        )
    if options.device not in ("auto", "cuda"):
        raise UsageError(f"--gpus are CUDA devices, and --device asks for {options.device!r}")
    if options.jobs is not None and options.jobs < len(options.gpus):
        raise UsageError(
            f"--jobs {options.jobs} uses no more than {options.jobs} of the {len(options.gpus)} "
            "GPUs that --gpus names; leave --jobs out, or name fewer"
        )


def _lists_of(suite: SuiteFile, left_out: Iterable[str]) -> dict[str, Sequence[str]]:
    return {name: getattr(suite, name) for name in _KINDS if name not in set(left_out)}


def _require_parts(asked: Mapping[str, Sequence[str]], options: argparse.Namespace) -> None:
    """Raise for the first spec that cannot be read, or names what is known not to be installed."""
    specs = [
        (_KINDS[name], spec)
        for name, texts in asked.items()
        for text in texts
        for spec in parse_grid(text)
    ]
    rows = known_rows(plugin_choice(options))
    if rows is None:  # nothing is known yet; loading the parts will tell
        return
    parts: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _KINDS.values()}
    for row in rows:
        if row["kind"] in parts:
            parts[row["kind"]][row["name"]] = row
    for kind, spec in specs:
        if spec.name not in parts[kind]:
            raise unknown_part(kind, spec.name, parts[kind])
        _require_settings(spec, parts[kind][spec.name])


def _require_settings(spec: Spec, row: Mapping[str, Any]) -> None:
    """Raise for the first setting that the part of this row does not take, or not so."""
    defaults, types = row["settings"], row["types"]
    for name, value in spec.settings.items():
        if name not in defaults:
            shown = {setting: _as_typed(default) for setting, default in defaults.items()}
            raise unknown_setting(row["kind"], spec.name, name, shown)
        if types[name] is not None:
            check_value(row["kind"], spec.name, name, value, from_data(types[name]))


def _as_typed(value: Any) -> Any:
    """A default as it is typed; JSON has made a list of a tuple."""
    return tuple(map(_as_typed, value)) if isinstance(value, list) else value
