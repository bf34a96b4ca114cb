"""Latents that exist, by the command that a user types, against the run that made them."""

import numpy as np
import pytest
import torch

import samplebench
from samplebench.cli import main

METRICS = [
    word for name in ("sliced-wasserstein", "latent-authenticity") for word in ("--metric", name)
]
TITLES = ["sliced W2", "authenticity"]
FIELDS = ["dataset", "autoencoder", "seed", "status", "failure", "reason", "identity"]


@pytest.fixture(autouse=True)
def at_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def rows(folder, suite):
    records = samplebench.read_results(folder, suite).records()
    return (
        records[records.status == "measured"].set_index("sampler")[TITLES].drop("reconstruction")
    )


def encode_as_a_run_does(place):
    """In batches of 500: another size rounds differently."""
    autoencoder, digits = samplebench.load_autoencoder(place), samplebench.load_dataset("digits")
    for split in (digits.train(), digits.test()):
        with torch.no_grad():
            batches = [autoencoder.encode(part.float() / 255) for part in split.samples.split(500)]
        yield torch.cat([batch.values for batch in batches]).numpy()


def test_samplers_have_the_order_of_the_board_where_the_latents_were_made_to_the_last_bit():
    """Every metric of latents, of a run that trained on digits and of its latents in files."""
    metrics = ["sliced-wasserstein", "latent-authenticity", "held-out-bits"]
    metrics += [f"{name}(of='latents')" for name in ("near-copies", "closeness", "data-copying")]
    samplers = ["gaussian", "pmfs(bins=4)", "gmm(components=3)", "resample", "standard-normal"]
    words = [word for name in metrics for word in ("--metric", name)]
    words += [word for spec in samplers for word in ("--sampler", spec)]
    words += ["--seeds", "0", "--quiet", "--generated", "200"]
    model = "ae(latent=3, backbone='mlp')"
    run = ["run", "--suite", "smoke", "--autoencoder", model, "--results", "there"]
    assert main([*run, *words]) == 0
    kept = ["--suite", "smoke", "--dataset", "digits", "--output", "kept", "--quiet"]
    assert main(["train", "--autoencoder", model, *kept]) == 0
    train, test = encode_as_a_run_does("kept")
    np.save("train.npy", train)
    np.save("test.npy", test[:100])  # as many as the suite compares with
    given = ["run", "--latents", "train.npy", "--held-out", "test.npy", "--results", "here"]
    assert main([*given, *words]) == 0
    there, here = (
        samplebench.read_results(folder, suite).records().set_index("sampler")
        for folder, suite in (("there", "smoke"), ("here", "latents"))
    )
    titles = [title for title in there if title not in FIELDS]
    assert len(titles) == len(metrics)
    assert here.loc[samplers, titles].equals(there.loc[samplers, titles])
    assert here.loc[samplers, "sliced W2"].nunique() == len(samplers)
    orders = [list(each.sort_values(titles).index) for each in (here, there)]
    assert orders[0] == orders[1]


def test_maps_are_the_same_with_channels_first_and_last():
    with samplebench.seeded(0, "maps"):
        train, test = torch.randn(120, 2, 3, 3), torch.randn(60, 2, 3, 3)
    for name, part in (("train", train), ("test", test)):
        np.save(f"{name}-first.npy", part.numpy())
        np.save(f"{name}-last.npy", part.movedim(1, -1).numpy())
    found = []
    for order in ("first", "last"):
        files = ["--latents", f"train-{order}.npy", "--held-out", f"test-{order}.npy"]
        words = ["--layout", f"channels-{order}", "--results", order, "--generated", "50"]
        seed = ["--seeds", "0", "--sampler", "gaussian", "--quiet"]
        assert main(["run", *files, *words, *METRICS, *seed]) == 0
        found.append(rows(order, "latents"))
    assert found[0].equals(found[1])


def test_codes_meet_the_samplers_of_codes_without_a_word(capsys):
    with samplebench.seeded(0, "codes"):
        np.save("train.npy", torch.randint(8, (60, 3, 3)).numpy())
        np.save("test.npy", torch.randint(8, (40, 3, 3)).numpy())
    files = ["--latents", "train.npy", "--held-out", "test.npy"]
    count = ["--seeds", "0", "--generated", "50"]
    assert main(["run", *files, *count, "--results", "here", "--quiet"]) == 0
    records = samplebench.read_results("here", "codes").records()
    assert set(records.status) == {"measured"}
    bits = records.set_index("sampler")["held-out NLL"]
    # Codes are uniform: 3 bits each, and what it costs to learn frequencies from 60 latents.
    assert bits["code-histogram"] == pytest.approx(3.0, abs=0.15)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--latents", "maps.npy"], "--latents needs --held-out"),
        (["--latents", "maps.npy", "--held-out", "maps.npy"], "--layout channels-first or"),
        (["--latents", "v.npy", "--held-out", "v.npy", "--codes", "3"], "leave it out"),
        (["--latents", "c.npy", "--held-out", "c.npy", "--codes", "7"], "give 8 or more"),
        (["--held-out", "maps.npy"], "is for --latents"),
        (["--latents", "none.npy", "--held-out", "maps.npy"], "There is no file"),
        (
            ["--latents", "maps.npy", "--held-out", "maps.npy", "--dataset", "digits"],
            "stands in place of --dataset",
        ),
        (
            ["--latents", "v.npy", "--held-out", "maps.npy", "--results", "x"],
            "train and test must be alike",
        ),
    ],
)
def test_what_is_missing_or_contradicts_is_told(capsys, words, told):
    np.save("maps.npy", np.zeros((5, 2, 3, 4), dtype=np.float32))
    np.save("v.npy", np.zeros((5, 2), dtype=np.float32))
    np.save("c.npy", np.full((5, 2), 7))
    assert main(["run", *words]) != 0
    assert told in capsys.readouterr().err
