"""A small results folder of real records, and what others may do to it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_results import make_small_results

from samplebench.results.record import Record

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_results(tmp_path_factory.mktemp("whole"))


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
