"""The command `score`, as a user types it, and what it has to agree with."""

import json

import numpy as np
import pytest
import torch

import samplebench
from samplebench import seeded
from samplebench.cli import main
from samplebench.registry.loading import load_parts


@pytest.fixture
def train(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (digits,) = load_parts().datasets.choose("digits")
    return digits.build(tmp_path).train().samples


def scores(folder, suite="score"):
    records = samplebench.read_results(folder, suite).records()
    row = records[records.sampler.str.startswith("file")]
    assert len(row) == 1
    return row.iloc[0]


def test_copies_are_called_what_they_are_and_fresh_images_are_not(train, capsys):
    with seeded(0, "noise"):
        noisy = (train[:700].float() + 10 * torch.randn(700, 1, *train.shape[2:])).clamp(0, 255)
    np.save("copies.npy", noisy.byte().numpy())
    assert main(["score", "copies.npy", "--dataset", "digits", "--name", "ours"]) == 0
    assert "ours" in capsys.readouterr().out
    found = scores("scores")
    assert found["near copies"] > 0.5
    table = samplebench.read_results("scores", "score").table()
    assert set(table[table.sampler.str.contains("ours")].marks) == {"‡"}
    assert main(["score", "copies.npy", "--dataset", "digits", "--name", "ours", "--quiet"]) == 0
    assert "All 2 cells were measured before" in capsys.readouterr().out


def test_python_scores_arrays_as_the_command_scores_files(train):
    np.save("some.npy", train[:300].numpy())
    words = ["--dataset", "digits", "--features", "random-conv", "--metric", "frechet-distance"]
    assert main(["score", "some.npy", *words, "--quiet"]) == 0
    asked = {"features": "random-conv", "metrics": "frechet-distance", "results": "mine"}
    found = samplebench.score(train[:300], "digits", **asked)
    again = samplebench.score(train[:300].numpy() / np.float32(255), "digits", **asked)
    rows = found.records()[found.records().sampler.str.startswith("file")]
    values = {*rows["FD[random-conv]"], scores("scores")["FD[random-conv]"]}
    assert len(rows) == 2
    assert len(values) == 1
    assert again.board == found.board


def test_score_is_the_run_of_the_identity_and_the_file_to_the_last_bit(train):
    np.save("some.npy", train[:100].numpy())
    words = ["--features", "random-conv", "--quiet", "--seeds", "0", "--dataset", "digits"]
    words += ["--metric", "frechet-distance", "--metric", "near-copies"]
    row = ["--autoencoder", "identity", "--sampler", "file(path='some.npy')"]
    run = ["run", "--suite", "smoke", *row, *words, "--generated", "100", "--results", "run"]
    assert main(run) == 0
    scoring = [word for word in words if word not in ("--seeds", "0")]
    assert main(["score", "some.npy", *scoring, "--against", "smoke", "--results", "score"]) == 0
    columns = ["FD[random-conv]", "near copies"]
    assert scores("score", "smoke")[columns].equals(scores("run", "smoke")[columns])


def test_score_equals_what_a_run_says_of_the_same_samples(train):
    """The decoded draws of a run are saved, and scored as anyone's."""
    grid = ["--suite", "smoke", "--seeds", "0", "--features", "random-conv"]
    model = ["--autoencoder", "ae(latent=3, backbone='mlp')", "--sampler", "gaussian"]
    metric = ["--metric", "frechet-distance", "--metric", "near-copies(of='features')"]
    assert main(["run", *grid, *model, *metric, "--results", "here", "--quiet"]) == 0
    kept = ["--dataset", "digits", "--suite", "smoke", "--output", "kept", "--quiet"]
    assert main(["train", "--autoencoder", "ae(latent=3, backbone='mlp')", *kept]) == 0
    drawn = draw_as_the_run_did("kept", train, "here")
    np.save("drawn.npy", drawn)
    words = ["score", "drawn.npy", "--against", "smoke", "--dataset", "digits", "--quiet"]
    only = ["--features", "random-conv", "--metric", "frechet-distance", "--boards", "here"]
    assert main([*words, *only]) == 0
    ran = samplebench.read_results("here", "smoke").records()
    expected = ran[ran.sampler == "gaussian"]["FD[random-conv]"].iloc[0]
    assert scores("scores", "smoke")["FD[random-conv]"] == pytest.approx(expected, rel=1e-6)


def draw_as_the_run_did(kept, train, results):
    """Fit and draw with the seeds of the run, and save what a run measures: 8-bit images."""
    (file,) = [
        path
        for path in samplebench.read_results(results, "smoke").folder.glob(
            "records/smoke/*/*.json"
        )
        if "gaussian" in path.name
    ]
    record = json.loads(file.read_text())
    autoencoder = samplebench.load_autoencoder(kept)
    with torch.no_grad():
        latents = autoencoder.encode(train[: record["counts"]["train"]].float() / 255)
    sampler = samplebench.fit_sampler("gaussian", latents, seed=0)
    with seeded(0, "sample"), torch.no_grad():
        images = autoencoder.decode(sampler.sample(record["counts"]["generated"]))
    return images.mul(255).round().byte().numpy()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing.npy", "--dataset", "digits"], "There is no file"),
        (["few.npy"], "score needs --dataset"),
        (["few.npy", "--dataset", "digits", "--against", "digits"], "make 590 more"),
        (["few.npy", "--dataset", "digitz"], "No dataset is called 'digitz'"),
        (["small.npy", "--dataset", "digits"], "bring them to the size"),
    ],
)
def test_a_mistake_is_one_sentence(train, capsys, words, told):
    np.save("few.npy", train[:10].numpy())
    np.save("small.npy", train[:10, :, :4].numpy())
    assert main(["score", *words]) != 0
    assert told in capsys.readouterr().err
