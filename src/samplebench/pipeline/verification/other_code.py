"""Measuring chosen cells with the code of another commit."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import tomli_w

import samplebench
from samplebench.errors import SamplebenchError, UsageError
from samplebench.pipeline.request.plan import Planned
from samplebench.pipeline.request.suite import Suite
from samplebench.pipeline.workspace import Site
from samplebench.results.record import Record
from samplebench.results.store import Store


def full_name(commit: str) -> str:
    """The digits of a commit of the checkout that samplebench runs from.

    Raises:
        UsageError: it runs from none, or that has no such commit.
    """
    asked = _git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    if asked.returncode:
        raise UsageError(
            f"--since {commit}: there is no such commit where samplebench runs from "
            f"({_root()}); it needs a checkout with the history"
        )
    return asked.stdout.strip()


@contextmanager
def checked_out(commit: str, place: Path) -> Iterator[Path]:
    """Check a commit out next to the checkout of today, for the time of the block."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        added = _git("worktree", "add", "--force", "--detach", str(place), commit)
        if added.returncode:
            raise SamplebenchError(
                f"commit {commit} cannot be checked out: {added.stderr.strip()}"
            )
    try:
        yield place
    finally:
        _git("worktree", "remove", "--force", str(place))


def measure_with(
    tree: Path, suite: Suite, cells: Sequence[Planned], site: Site, show: Callable[[str], None]
) -> dict[str, Record]:
    """Measure cells with the code under ``tree``, in processes of their own; the records by
    identity.

    What an interrupted replay left is taken up again.
    """
    folder = tree.parent
    environment = _environment(tree, folder, site.threads)
    groups = [list(group) for _, group in groupby(cells, key=_training)]

    def measure(group: list[Planned]) -> None:
        first = group[0].cell
        show(f"commit {tree.name[:12]}: {first.autoencoder} on {first.dataset}, seed {first.seed}")
        file = folder / "suites" / f"{group[0].identity[:16]}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_suite_of(suite, group), encoding="utf-8")
        _run(file, folder, site, environment)

    with ThreadPoolExecutor(site.jobs) as threads:
        list(threads.map(measure, groups))
    return {record.identity: record for record in Store(folder / "results").read(suite.name)[0]}


def _training(planned: Planned) -> tuple[str, str, int]:
    """A key that the cells of one training share."""
    cell = planned.cell
    return cell.dataset.key, cell.autoencoder.key, cell.seed


def _run(suite: Path, folder: Path, site: Site, environment: dict[str, str]) -> None:
    command = [
        *(sys.executable, "-m", "samplebench.cli", "run", "--quiet", "--suite", str(suite)),
        *("--device", site.device, "--data-dir", str(site.data_dir)),
        *("--workspace", str(folder / "workspace"), "--results", str(folder / "results")),
        *(word for file in site.plugins.files for word in ("--plugin", file)),
    ]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode not in (0, 1):  # 1: cells failed, which the comparison will say
        last = ended.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise SamplebenchError(f"the code of {folder.name} did not run {suite.name}: {last[0]}")


def _suite_of(suite: Suite, group: Sequence[Planned]) -> str:
    """A suite of just these cells, in words that earlier versions know."""
    first = group[0].cell
    metrics = [metric for cell in group for metric in cell.metrics.recorded]
    content = suite.model_dump(exclude_none=True, exclude_defaults=True)
    content |= {
        "name": suite.name,
        "datasets": [str(first.dataset)],
        "autoencoders": [str(first.autoencoder)],
        "samplers": [str(cell.cell.sampler) for cell in group if cell.cell.sampler],
        "features": sorted({str(metric.features) for metric in metrics if metric.features}),
        "metrics": list(dict.fromkeys(str(metric.metric) for metric in metrics)),
        "seeds": [first.seed],
    }
    return tomli_w.dumps({k: v for k, v in content.items() if k not in ("appendix", "minutes")})


def _environment(tree: Path, folder: Path, threads: int) -> dict[str, str]:
    """The environment in which Python imports the code under ``tree``, and finds its plugins."""
    project = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    described = folder / "described" / "samplebench-0.dist-info"
    described.mkdir(parents=True, exist_ok=True)
    points = project["entry-points"]["samplebench"]
    lines = [f"{name} = {target}" for name, target in points.items()]
    (described / "entry_points.txt").write_text("\n".join(["[samplebench]", *lines, ""]))
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: samplebench\nVersion: 0\n")
    path = [described.parent, tree / "src", tree / "plugins"]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "OMP_NUM_THREADS": str(threads),
    }


def _git(*words: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(_root()), *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise UsageError("--since needs git, which is not installed here") from error


def _root() -> Path:
    return Path(samplebench.__file__).parents[2]
