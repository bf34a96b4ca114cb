"""A small results folder of real records."""

import shutil
from pathlib import Path

from samplebench.boards import write_boards
from samplebench.results.store import Store

COMMITTED = Path(__file__).parents[2] / "leaderboards"


def make_small_results(folder: Path) -> Path:
    """Three rows of the committed board ``digits``: 9 records, with floors and pictures."""
    ours, theirs = Store(folder), Store(COMMITTED)
    ours.records_folder("digits").joinpath("ae").mkdir(parents=True)
    for row in ("reconstruction", "pmfs", "gaussian"):
        for path in theirs.records_folder("digits").glob(f"ae/digits_ae_{row}_*.json"):
            shutil.copy(path, ours.records_folder("digits") / "ae")
    shutil.copy(theirs.suite_path("digits"), ours.suite_path("digits"))
    ours.samples_folder("digits").mkdir(parents=True)
    for record in ours.read("digits")[0]:
        if record.picture:
            shutil.copy(theirs.picture_path(record), ours.picture_path(record))
    ours.commentary_path("digits").parent.mkdir()
    ours.commentary_path("digits").write_text("Small, and real.\n")
    write_boards(folder, ["digits"])
    return folder
