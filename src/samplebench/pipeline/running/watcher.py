"""Whoever is informed of how a run goes."""

from typing import Protocol, runtime_checkable

from samplebench.training import Progress


@runtime_checkable
class Watcher(Protocol):
    """Something that is informed of the stages that are carried out, and of their progress."""

    def started(self, title: str) -> None: ...
    def progressed(self, title: str, progress: Progress) -> None: ...
    def ended(self, title: str) -> None: ...
