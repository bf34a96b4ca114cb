"""The commands from Python: each is carried out as it is from the command line."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor

from samplebench import cli
from samplebench.arguments import parser
from samplebench.boards import read_rankings
from samplebench.contracts.packing import Given
from samplebench.digests import digest_of
from samplebench.errors import UsageError
from samplebench.results.frames import frame_records, frame_scores
from samplebench.results.marking import mark
from samplebench.results.store import Store, write_whole

Specs = str | Iterable[str] | None
"""One spec or several: ``"gmm(components=[10, 20])"``; None for those of the suite."""


@dataclass(frozen=True)
class Results:
    """The records of one suite in a folder, and the board made from them."""

    folder: Path
    suite: str

    def table(self) -> pd.DataFrame:
        """Return the board: one row for each score of each of its rows.

        Columns: dataset, autoencoder, sampler, kind, score, subject, unit, better, mean, std, n,
        low, high (the 95 % interval of the mean), bold and marks, as the board has them.
        """
        return frame_scores(mark(each) for each in read_rankings(self.folder, self.suite))

    def records(self) -> pd.DataFrame:
        """Return one row for each record: the cell, its status and reason, and its scores."""
        return frame_records(Store(self.folder).read(self.suite)[0])

    @property
    def board(self) -> Path:
        """The page of the board, in markdown."""
        return Store(self.folder).board_path(self.suite)


def run(
    suite: str | Path = "digits",
    *,
    datasets: Specs = None,
    autoencoders: Specs = None,
    samplers: Specs = None,
    features: Specs = None,
    metrics: Specs = None,
    seeds: str | Sequence[int] | None = None,
    only: Specs = None,
    checkpoint: str | Path | None = None,
    results: str | Path = "results",
    workspace: str | Path | None = None,
    data_dir: str | Path | None = None,
    device: str = "auto",
    jobs: int = 1,
    plugins: Iterable[str | Path] = (),
    again: bool = False,
    quiet: bool = True,
) -> Results:
    """Measure what a suite asks for and is not measured yet, and write the board.

    It is the command ``samplebench run`` with the same words: what is left out is the suite's, or
    that command's default. ``results`` alone has another default, as notebooks do not start in a
    checkout.

    Args:
        seeds: ``"0-4"`` or numbers.
        quiet: show no progress and no board.

    Raises:
        SamplebenchError: as the command reports it. A cell that fails raises nothing: it is
            among ``Results.records()``, with the reason.
    """
    words = {
        "suite": suite,
        "dataset": _texts(datasets),
        "autoencoder": _texts(autoencoders),
        "sampler": _texts(samplers),
        "features": _texts(features),
        "metric": _texts(metrics),
        "seeds": seeds if isinstance(seeds, str) or seeds is None else ",".join(map(str, seeds)),
        "only": _texts(only),
        "checkpoint": checkpoint,
        "results": results,
        "workspace": workspace,
        "data-dir": data_dir,
        "device": device,
        "jobs": jobs,
        "plugin": [str(file) for file in plugins],
    }
    flags = [f"--{name}" for name, on in (("again", again), ("quiet", quiet)) if on]
    options = parser(cli.COMMANDS).parse_args(["run", *_arguments(words), *flags])
    cli.run(options)
    return read_results(results, _name_of(suite))


def score(
    samples: str | Path | Given,
    dataset: str | None = None,
    *,
    name: str = "",
    against: str | Path | None = None,
    features: Specs = None,
    metrics: Specs = None,
    results: str | Path = "scores",
    workspace: str | Path | None = None,
    data_dir: str | Path | None = None,
    device: str = "auto",
    plugins: Iterable[str | Path] = (),
    again: bool = False,
    quiet: bool = True,
) -> Results:
    """Measure samples that exist next to a dataset's own: the command ``samplebench score``.

    Args:
        samples: a folder of images or a file; or an array or tensor, which is kept in ``results``:
            images (samples, channels, height, width), uint8 or floats in [0, 1], or arrays.
        dataset: the spec of the dataset; None for that of ``against``.
        against: a suite, to measure as it does.
        quiet: show no progress and no board.

    Raises:
        SamplebenchError: as the command reports it.
    """
    words = {
        "dataset": dataset,
        "name": name or None,
        "against": against,
        "features": _texts(features),
        "metric": _texts(metrics),
        "results": results,
        "workspace": workspace,
        "data-dir": data_dir,
        "device": device,
        "plugin": [str(file) for file in plugins],
    }
    path = samples if isinstance(samples, str | Path) else _keep(samples, Path(results))
    flags = [f"--{flag}" for flag, on in (("again", again), ("quiet", quiet)) if on]
    options = parser(cli.COMMANDS).parse_args(["score", str(path), *_arguments(words), *flags])
    cli.score(options)
    return read_results(results, _name_of(against) if against else "score")


def _keep(samples: Given, results: Path) -> Path:
    """Keep samples in a file named by their content."""
    array = samples.detach().cpu().numpy() if isinstance(samples, Tensor) else samples
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(array), allow_pickle=False)
    content = file.getvalue()
    path = results / "given" / f"{digest_of(content)}.npy"
    if not path.exists():
        write_whole(path, content)
    return path


def read_results(folder: str | Path, suite: str) -> Results:
    """Return the results of a suite that are in a folder, without measuring anything.

    Raises:
        UsageError: it has no record there.
    """
    known = Store(Path(folder)).suites()
    if suite not in known:
        there = ", ".join(known) or "none"
        raise UsageError(f"no records of {suite!r} are in {folder}; there are: {there}")
    return Results(Path(folder), suite)


def _name_of(suite: str | Path) -> str:
    from samplebench.pipeline.request.suite import load_suite

    return load_suite(str(suite)).name


def _texts(specs: Specs) -> list[str]:
    return [specs] if isinstance(specs, str) else list(specs or ())


def _arguments(words: Mapping[str, object]) -> Iterator[str]:
    """Write words as the command line has them; lists repeat the option."""
    for name, value in words.items():
        values = value if isinstance(value, list) else [] if value is None else [value]
        for each in values:
            yield f"--{name}={each}"
