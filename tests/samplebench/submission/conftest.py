"""A small results folder of real records, and what others may do to it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from samplebench.boards import write_boards
from samplebench.results.record import Record
from samplebench.results.store import Store

COMMITTED = Path(__file__).parents[3] / "leaderboards"

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rows of a committed board: 9 records, with floors and pictures."""
    folder = tmp_path_factory.mktemp("whole")
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


@pytest.fixture
def results(whole: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(whole, tmp_path / "results"))


@pytest.fixture(scope="session")
def edit() -> Callable[[Path, Edit], Record]:
    """Changes a record's file as an author of lies would: the digest of its content is right."""

    def edit(path: Path, change: Edit) -> Record:
        content = json.loads(path.read_text())
        content.pop("content_digest")
        change(content)
        record = Record.model_validate_json(json.dumps(content), strict=True)
        path.write_text(record.to_json())
        return record

    return edit


@pytest.fixture(scope="session")
def find() -> Callable[[Path, str], Path]:
    """The file of a record by the start of its name."""

    def find(folder: Path, start: str) -> Path:
        (path,) = (folder / "records" / "digits" / "ae").glob(f"{start}_*.json")
        return path

    return find
