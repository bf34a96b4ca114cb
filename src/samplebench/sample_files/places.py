"""The places where a file or folder of the user's is looked for."""

import os
from pathlib import Path

from samplebench.folders import data_folders


def list_places(data_dir: Path, path: str) -> list[Path]:
    """List where ``path`` may lie: in the data folder, here, and in the site's data folder."""
    asked = Path(os.path.expanduser(path))  # as it is where there is no home
    mine, *shared = [folder / asked for folder in data_folders(data_dir)]
    return list(dict.fromkeys([mine, asked.absolute(), *shared]))
