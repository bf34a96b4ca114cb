"""Clusters as they are asked for: by the address of a scheduler, or in a TOML file."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from samplebench.errors import UsageError
from samplebench.plain_text import quote, shorten
from samplebench.regular_files import explain, read_text

CLASSES: Final = (
    "dask.distributed.LocalCluster",
    "dask.distributed.SSHCluster",
    *(
        f"dask_jobqueue.{name}Cluster"
        for name in ("SLURM", "PBS", "SGE", "LSF", "OAR", "Moab", "HTCondor")
    ),
    "dask_cuda.LocalCUDACluster",
    "dask_kubernetes.operator.KubeCluster",
)
"""A file can name these alone: a name of anything else could be made to run any code."""

_SCALES: Final = ("workers", "jobs")
_MOST_BYTES: Final = 2**20


@dataclass(frozen=True)
class ClusterFile:
    """A cluster to start.

    Attributes:
        kind: one of the classes.
        scale: the number of ``workers`` or ``jobs``.
        arguments: of the class.
    """

    kind: str
    scale: Mapping[str, int] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ClusterRequest:
    """The cluster of a run: it runs at ``address``, or is started as ``file`` says.

    Attributes:
        most: the stages that it carries out at once, however many workers there are.
    """

    address: str | None = None
    file: ClusterFile | None = None
    most: int | None = None


def read_cluster(path: Path) -> ClusterFile:
    """Read a file that describes a cluster.

    Raises:
        UsageError: there is none, or it is not valid; the message says what is allowed.
    """
    try:
        content = tomllib.loads(read_text(path, most=_MOST_BYTES))
    except FileNotFoundError as error:
        raise UsageError(f"--dask-config {path}: there is no such file") from error
    except OSError as error:
        raise UsageError(f"--dask-config {path} cannot be read: {explain(error)}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--dask-config {path} is no TOML: {shorten(str(error))}") from error
    try:
        return _check(content)
    except UsageError as error:
        raise UsageError(f"--dask-config {path}: {error}") from error


def _check(content: Mapping[str, Any]) -> ClusterFile:
    _require_keys("the file", content, ("cluster",))
    cluster = content.get("cluster")
    if not isinstance(cluster, dict):
        raise UsageError("it has no table [cluster], with the key class, such as " + CLASSES[2])
    _require_keys("[cluster]", cluster, ("class", *_SCALES, "arguments"))
    arguments = cluster.get("arguments", {})
    if not isinstance(arguments, dict):
        raise UsageError("arguments is a table: write [cluster.arguments], and keys below it")
    return ClusterFile(_check_class(cluster.get("class")), _check_scale(cluster), arguments)


def _require_keys(where: str, table: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    for key in table:
        if key not in allowed:
            raise UsageError(
                f"{where} has a key {quote(key)}, which means nothing; allowed: "
                f"{', '.join(allowed)}. What the class takes stands below [cluster.arguments]"
            )


def _check_class(name: Any) -> str:
    if name is None:
        raise UsageError(f"[cluster] has no class; there are: {', '.join(CLASSES)}")
    if name not in CLASSES:
        folded = {known.lower(): known for known in CLASSES}
        close = [folded[c] for c in difflib.get_close_matches(str(name).lower(), folded, n=1)]
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise UsageError(f"class is {quote(name)}; there are: {', '.join(CLASSES)}.{hint}")
    return str(name)


def _check_scale(cluster: Mapping[str, Any]) -> dict[str, int]:
    scale = {key: cluster[key] for key in _SCALES if key in cluster}
    for key, value in scale.items():
        if type(value) is not int or value < 1:
            raise UsageError(f"{key} is a whole number of at least 1, not {quote(value)}")
    if len(scale) > 1:
        raise UsageError("give workers or jobs, not both")
    return scale
