"""Parts for tests of clusters: they wait, or take their worker down."""

import os
import signal
import time
from pathlib import Path

import psutil
from toy_parts import Normal

from samplebench import hookimpl


def worker_of_this():
    """The process of the worker: the parent of the server from which children are forked."""
    return psutil.Process().parents()[1]


class Waiting(Normal):
    """Writes where it runs, and waits for a word; who has to wait again writes again."""

    def __init__(self, folder: str = ".", spread: float = 1.0):
        super().__init__(spread)
        self.folder = folder

    def fit(self, latents):
        super().fit(latents)
        begun = Path(self.folder) / f"begun-{os.getpid()}"
        begun.write_text(str(worker_of_this().pid))
        while not (Path(self.folder) / "go").exists():
            time.sleep(0.05)


class KillsItsWorker(Normal):
    """Kills the process of the worker, as a fault in a driver or the system would."""

    def fit(self, latents):
        os.kill(worker_of_this().pid, signal.SIGKILL)
        time.sleep(60)


@hookimpl
def register_samplers(register):
    register("waiting", Waiting)
    register("kills-its-worker", KillsItsWorker)
