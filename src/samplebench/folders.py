"""The user's folder for all that can be made or downloaded again."""

import os
from pathlib import Path

from samplebench.errors import UsageError


def cache_folder() -> Path:
    """The folder of trained models and downloaded data where no other is given.

    Raises:
        UsageError: XDG_CACHE_HOME is not set, and this user has no home directory.
    """
    try:
        above = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError as error:
        raise UsageError(
            "this user has no home directory to keep trained models and data in: set "
            "XDG_CACHE_HOME to a folder, or give folders with --workspace and --data-dir"
        ) from error
    return Path(above) / "samplebench"
