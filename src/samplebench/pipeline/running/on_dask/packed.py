"""Work on its way to a child of a worker. Imports no torch, as the processes of workers do not."""

from dataclasses import dataclass
from pathlib import Path

from samplebench.limits import Limits


@dataclass(frozen=True)
class Packed:
    """Work for a child, which the process of the worker need not understand.

    Attributes:
        title: of its log.
        content: the function and its arguments.
        progress: the file to which it writes its progress, if the run cannot read it there.
    """

    title: str
    content: bytes
    progress: Path | None = None


@dataclass(frozen=True)
class Setting:
    """The settings with which children are started on a worker."""

    preload: tuple[str, ...]
    logs: Path
    limits: Limits


def carry_out_packed(packed: Packed) -> bytes:
    """Do the work, in a child; its answer, packed too."""
    from samplebench.pipeline.running.on_dask.answer import carry_out_content

    return carry_out_content(packed.content)


def describe_software(title: str) -> tuple[str, int]:
    """The versions on which numbers depend, and the number of GPUs, as a child sees them."""
    del title  # of the log
    from samplebench.pipeline.running.on_dask.answer import count_gpus, describe_versions

    return describe_versions(), count_gpus()
