"""The workspace: whole artefacts or none, under keys of what made them."""

import pytest

from samplebench.errors import StorageError
from samplebench.pipeline.workspace import Site


def site(folder):
    return Site(data_dir=folder, workspace=folder, results=folder)


def test_an_artefact_is_made_once_and_never_half(tmp_path):
    made = []

    def fails(folder):
        (folder / "half").write_text("")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        site(tmp_path).artefact("things", "key", fails)
    assert not list((tmp_path / "things").iterdir())
    for _ in range(2):
        place = site(tmp_path).artefact("things", "key", made.append)
    assert len(made) == 1
    assert place == tmp_path / "things" / "key"


def test_a_workspace_that_cannot_be_written_is_reported_as_such(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="choose another folder with --workspace"):
        site(tmp_path / "file").artefact("things", "key", lambda folder: None)
