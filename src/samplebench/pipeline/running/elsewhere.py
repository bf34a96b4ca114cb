"""The stages for which this run waits, because another run carries them out."""

from collections.abc import Iterable

from samplebench.pipeline.running.watcher import Watcher


class Elsewhere:
    """Informs a watcher of stages that another run has begun, until they are free again."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._shown: frozenset[str] = frozenset()

    def show(self, titles: Iterable[str]) -> None:
        """State which stages these are by now."""
        now = frozenset(f"waiting for another run: {title}" for title in titles)
        for title in sorted(self._shown - now):
            self._watcher.ended(title)
        for title in sorted(now - self._shown):
            self._watcher.started(title)
        self._shown = now
