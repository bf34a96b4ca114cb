"""Scores of a checkpoint on the hub, offline: from training and measuring to the file."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pytest
import yaml

from samplebench.cli import main
from samplebench.pipeline.exchange.checkpoint_folder import read_checkpoint

HELPERS = Path(__file__).parents[3] / "helpers"
PLUGIN = ["--plugin", str(HELPERS / "toy_parts.py")]


@pytest.fixture
def hub(monkeypatch):
    """Keeps the files of each commit, by their names."""
    commits: list[dict[str, bytes]] = []

    def create_commit(repository, operations, *, commit_message):
        commit = {}
        for operation in operations:
            with operation.as_file() as content:
                commit[operation.path_in_repo] = content.read()
        commits.append(commit)
        return SimpleNamespace(commit_url="hub/commit")

    api = SimpleNamespace(create_repo=lambda *_, **__: None, create_commit=create_commit)
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: api)
    return commits


def work_in(folder, patch):
    patch.chdir(folder)
    patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    patch.setattr("samplebench.registry.loading.entry_points", lambda group: [])


@pytest.fixture(scope="module")
def measured_once(tmp_path_factory):
    """A folder with a checkpoint, and records of it and of another autoencoder."""
    folder = tmp_path_factory.mktemp("measured")
    toy = ["--dataset", "stripes", "--autoencoder", "linear(latent=3)", "--output", "kept"]
    suite = ["--suite", str(HELPERS / "toy.toml"), "--seeds", "0,1", "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        work_in(folder, patch)
        assert main(["train", *toy, *PLUGIN, "--epochs", "1", "--quiet"]) == 0
        assert main(["run", *suite, *PLUGIN, "--checkpoint", "kept", "--results", "mine"]) == 0
        assert main(["run", *suite, *PLUGIN, "--results", "mine"]) == 0
    return folder


@pytest.fixture
def kept(measured_once, tmp_path, monkeypatch):
    """The checkpoint, in a copy of that folder."""
    shutil.copytree(measured_once, tmp_path, dirs_exist_ok=True)
    work_in(tmp_path, monkeypatch)
    return tmp_path / "kept"


def push(*options: str) -> int:
    return main(["push", "kept", "somebody/linear", "--results", "mine", *options])


def test_scores_of_the_checkpoint_are_pushed_as_the_hub_lists_them(hub, kept, capsys):
    asked = ["--benchmark", "somebody/bench", "--source", "https://example.org/board"]
    assert push(*asked) == push(*asked) == 0
    assert hub[0] == hub[1]
    assert set(hub[0]) - {".eval_results/samplebench-toy.yaml"} == {
        "README.md",
        "autoencoder.json",
        "weights.safetensors",
    }
    entries = yaml.safe_load(hub[0][".eval_results/samplebench-toy.yaml"])
    expected: dict[str, list[float]] = {}
    for file in Path("mine", "records").rglob("*.json"):
        record = json.loads(file.read_text())
        if record["autoencoder"]["checkpoint"] == read_checkpoint(kept).weights:
            for score in record["scores"]:
                shown = score["subject"] != "autoencoder" or record["role"] == "reconstruction"
                if score["subject"] != "cost" and score["value"] is not None and shown:
                    name = record["sampler"]["spec"] if record["sampler"] else None
                    expected.setdefault((score["title"], name), []).append(score["value"])
    means = sorted(sum(values) / len(values) for values in expected.values())
    assert sorted(entry["value"] for entry in entries) == pytest.approx(means)
    tasks = [entry["dataset"]["task_id"] for entry in entries]
    assert len(set(tasks)) == len(tasks)
    for entry in entries:
        # The fields of https://huggingface.co/docs/hub/eval-results, and no others.
        assert list(entry) == ["dataset", "value", "date", "source", "notes"]
        assert set(entry["dataset"]) == {"id", "task_id"}
        assert entry["dataset"]["id"] == "somebody/bench"
        assert entry["source"] == {"url": "https://example.org/board"}
        assert "n = 2 seeds" in entry["notes"]


def test_without_a_benchmark_no_scores_are_pushed(hub, kept):
    assert push() == 0
    assert set(hub[0]) == {"README.md", "autoencoder.json", "weights.safetensors"}


def test_scores_that_are_not_there_stop_the_push_with_what_to_do(hub, kept, capsys):
    for options, told in [
        (["--benchmark", "somebody/bench", "--results", "nowhere"], "`samplebench run --checkp"),
        (["--benchmark", "bench"], "'bench' is no repository of the hub"),
        (["--source", "https://example.org"], "name their --benchmark too"),
    ]:
        capsys.readouterr()
        assert push(*options) == 2
        err = capsys.readouterr().err
        assert (told in err, len(err.splitlines())) == (True, 1)
    assert not hub
