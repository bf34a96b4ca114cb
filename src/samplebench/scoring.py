"""The command `score`: samples that exist, measured as a sampler's are.

It is `run` with the autoencoder ``identity``, whose latents are the samples themselves, and the
sampler ``file``, which draws from them.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from samplebench.arguments import Command, parser
from samplebench.errors import UsageError
from samplebench.pipeline.request.suite_file import SuiteFile, given_suite, read_suite
from samplebench.registry.spec import Spec
from samplebench.sample_files import digest_samples, read_samples

_IMAGE_BATCH_AXES = 4


def as_run(options: argparse.Namespace, commands: Mapping[str, Command]) -> argparse.Namespace:
    """The options of the run that scores these samples.

    Raises:
        UsageError: no dataset is named, or the suite is not for it or draws more samples.
        DataMissing: the samples cannot be read.
    """
    stored = read_samples(Path(options.path).expanduser().absolute())
    name = options.against or str(given_suite("score"))
    suite = read_suite(name, SuiteFile)
    dataset = _choose_dataset(options, suite)
    if options.against:
        _require_enough(len(stored), suite)
    spec = Spec("file", _settings(options, digest_samples(stored)))
    words = ["run", "--suite", name, "--dataset", dataset, "--autoencoder", "identity"]
    words += ["--sampler", str(spec), "--seeds", "0", "--results", str(options.results)]
    if not options.against:
        words += ["--generated", str(len(stored))]
    found = parser(commands).parse_args(words)
    shared = ("device", "workspace", "data_dir", "quiet", "again")
    for field in (*shared, "plugin", "disable_plugin", "strict_plugins"):
        setattr(found, field, getattr(options, field))
    found.features, found.metric = _choose_parts(options, stored.ndim, suite)
    return found


def show_against(options: argparse.Namespace) -> None:
    """Print the row of these samples among the best rows of the suite's board."""
    from samplebench.boards import read_all, show_board, show_next_to
    from samplebench.results.formats.terminal import console_for_output
    from samplebench.results.store import Store

    suite = read_suite(options.against, SuiteFile).name
    ours = read_all(options.results, suite)
    known = {record.identity for record in ours}
    theirs = [one for one in read_all(options.boards, suite) if one.identity not in known]
    if not theirs:
        print(
            f"samplebench: no records of '{suite}' are in {options.boards}, so the row stands "
            "alone; name the folder of its board with --boards",
            file=sys.stderr,
        )
        show_board(options.results, suite, console_for_output())
        return
    digest = digest_samples(read_samples(Path(options.path).expanduser().absolute()))
    own = {
        record.identity
        for record in ours
        if record.sampler and record.sampler.settings.get("digest") == digest
    }
    page = Store(options.boards).board_path(suite)
    name, console = options.name or options.path, console_for_output()
    show_next_to([*ours, *theirs], own, name, page, console)


def _choose_dataset(options: argparse.Namespace, suite: SuiteFile) -> str:
    if options.dataset:
        return str(options.dataset)
    if options.against and len(suite.datasets) == 1:
        return suite.datasets[0]
    raise UsageError("score needs --dataset: the samples that yours are compared with")


def _require_enough(held: int, suite: SuiteFile) -> None:
    wanted = suite.counts.generated
    if held < wanted:
        raise UsageError(
            f"suite '{suite.name}' measures {wanted:,} samples, on whose number distances depend, "
            f"and these are {held:,}: make {wanted - held:,} more, or score them without --against"
        )


def _settings(options: argparse.Namespace, digest: str) -> dict[str, str]:
    named = {"name": options.name} if options.name else {}
    return {"path": options.path, "digest": digest, **named}


def _choose_parts(
    options: argparse.Namespace, axes: int, suite: SuiteFile
) -> tuple[Sequence[str] | None, Sequence[str] | None]:
    """The extractors and metrics in place of the suite's, if they are asked for or needed."""
    features, metrics = options.features, options.metric
    if not options.against and axes != _IMAGE_BATCH_AXES:
        features = features or ["raw"]
        metrics = metrics or [*suite.metrics, "sliced-wasserstein"]
    return features, metrics
