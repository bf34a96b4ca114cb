"""The folders for all that can be made or downloaded again: the user's, and the site's."""

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


def site_folder() -> Path | None:
    """The folder that a site keeps for all its users, if SAMPLEBENCH_SITE_DATA names one.

    Files are looked up there when they are not in the user's own folders; nothing is ever written
    to it. It is laid out as the folders of --data-dir and TORCH_HOME are.
    """
    named = os.environ.get("SAMPLEBENCH_SITE_DATA")
    return Path(named).absolute() if named else None


def data_folders(data_dir: Path) -> tuple[Path, ...]:
    """The folders in which the files of a dataset may lie: the user's first, then the site's."""
    site = site_folder()
    return (data_dir, site) if site else (data_dir,)
