"""A module that takes its time when it is imported, and leaves a file before."""

import time
from pathlib import Path

Path("loading").touch()
time.sleep(2)
