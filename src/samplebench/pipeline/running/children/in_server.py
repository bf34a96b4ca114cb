"""Settings of the server of children. It imports this before anything else."""

import atexit
import os
import warnings

import psutil

from samplebench.process_tree import adopt_orphans, kill_below

adopt_orphans()
warnings.filterwarnings("ignore", "forkserver: waitpid returned unexpected pid")  # an orphan's

_SERVER = os.getpid()


def _end_all() -> None:
    """Kill every process below the server when it ends, as it does when the runner is gone."""
    if os.getpid() == _SERVER:
        kill_below(psutil.Process())


atexit.register(_end_all)
