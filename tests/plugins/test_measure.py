"""Metrics on tensors that exist, against closed forms and against a run."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.datasets import load_digits

import samplebench
from samplebench import NoNumber, UsageError, measure, seeded


def normals(count, mean, scale, seed):
    with seeded(seed, "normals"):
        return mean + scale * torch.randn(count, 3)


def test_a_frechet_distance_without_extractor_is_that_of_the_numbers():
    one, other = normals(400, 0.0, 1.0, seed=1).double(), normals(300, 2.0, 0.5, seed=2).double()
    means = (one.mean(0) - other.mean(0)).square().sum()
    covariances = [torch.cov(each.T) for each in (one, other)]
    product = torch.linalg.eigvals(covariances[0] @ covariances[1]).real.sqrt().sum()
    expected = means + sum(torch.trace(each) for each in covariances) - 2 * product
    found = measure("frechet-distance", generated=one, test=other.numpy())
    assert found == pytest.approx(float(expected), rel=1e-5)


def test_images_count_the_same_in_8_bits_and_as_floats():
    pixels = (load_digits().images * 255 / 16).round().astype(np.uint8)[:, None]
    given = {"test": pixels[:600], "train": pixels[600:]}
    floats = {name: part.astype(np.float32) / 255 for name, part in given.items()}
    scores = [
        measure("frechet-distance", features="random-conv", generated=part["train"], **part)
        for part in (given, floats)
    ]
    assert scores[0] == scores[1] > 0


@pytest.mark.parametrize(
    ("metric", "given", "told"),
    [
        ("frechet-distance", {"generated": np.ones((4, 2))}, "needs test="),
        ("psnr", {"test": np.ones((4, 2)), "reconstructed": np.ones((4, 2))}, "needs images"),
        ("fit-seconds", {}, "only a run has"),
        ("reconstruction-mse", {"tset": np.ones((4, 2))}, "there is nothing called 'tset'"),
        ("psnr", {"test": -np.ones((4, 1, 2, 2)), "reconstructed": np.ones((4, 1, 2, 2))}, "0, 1"),
        ("nothing", {}, "No metric is called 'nothing'"),
    ],
)
def test_a_word_that_is_missing_or_wrong_is_named(metric, given, told):
    with pytest.raises(UsageError, match=told):
        measure(metric, **given)


def test_features_that_are_fitted_ask_for_training_samples():
    images = np.zeros((4, 1, 8, 8), dtype=np.uint8)
    with pytest.raises(UsageError, match="give train="):
        measure("frechet-distance", features="random-conv", generated=images, test=images)


def test_no_meaning_is_said_so():
    images = np.zeros((4, 1, 8, 8), dtype=np.uint8)
    with pytest.raises(NoNumber, match="window"):
        measure("ssim", test=images, reconstructed=images)


def test_log_prob_takes_arrays_and_agrees_with_torch():
    latents = normals(500, 1.0, 2.0, seed=3).double()
    sampler = samplebench.fit_sampler("gaussian(ridge=0.0)", latents.numpy())
    law = torch.distributions.MultivariateNormal(
        latents.mean(0), torch.cov(latents.T, correction=0)
    )
    found = samplebench.log_prob(sampler, latents[:5].numpy())
    assert torch.allclose(found, law.log_prob(latents[:5]), rtol=1e-6)
    with pytest.raises(UsageError, match="was fitted to Continuous"):
        samplebench.log_prob(sampler, np.zeros((5, 4)))
    resampled = samplebench.fit_sampler("resample", latents)
    with pytest.raises(UsageError, match="has no density"):
        samplebench.log_prob(resampled, latents)


def test_codes_have_a_probability():
    codes = np.array([[0, 1]] * 30 + [[2, 1]] * 10)
    sampler = samplebench.fit_sampler("code-histogram(smoothing=0.0)", codes, codes=3)
    found = samplebench.log_prob(sampler, np.array([[0, 1], [2, 1]])).exp()
    assert found.tolist() == pytest.approx([0.75, 0.25])


def test_parts_show_their_settings():
    latents = samplebench.as_latents(torch.zeros(7, 3))
    assert repr(latents) == "Latents(7 of Continuous(channels=3, grid=()), torch.float32, cpu)"
    assert repr(samplebench.fit_sampler("gaussian", torch.randn(9, 2))).startswith("Gaussian(cov")


def test_a_run_from_python_gives_the_board_as_data_frames(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = samplebench.run(
        "smoke",
        autoencoders="ae(latent=4, backbone='mlp')",
        samplers=["gaussian", "resample"],
        metrics=["frechet-distance", "near-copies"],
        seeds=[0, 1],
        results=tmp_path,
    )
    records, table = found.records(), found.table()
    assert list(records.status) == ["measured"] * 6
    row = table[(table.sampler == "gaussian") & (table.score == "FD[random-conv]")].iloc[0]
    values = records[records.sampler == "gaussian"]["FD[random-conv]"]
    assert row["mean"] == pytest.approx(values.mean())
    assert row["n"] == 2
    assert row["std"] == pytest.approx(values.std())
    reach = stats.t.ppf(0.975, 1) * values.std() / 2**0.5
    assert row["high"] - row["mean"] == pytest.approx(reach)
    assert row["mean"] - row["low"] == pytest.approx(reach)
    assert "‡" in table[table.sampler == "resample"].marks.iloc[0]
    with pytest.raises(UsageError, match="there are: smoke"):
        samplebench.read_results(tmp_path, "digits")


@pytest.mark.slow
def test_a_program_that_does_not_guard_its_main_part_runs_once(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "open('ran', 'a').write('x')\n"
        "import samplebench\n"
        "samplebench.run('smoke', autoencoders='ae(latent=2)', samplers='gaussian', seeds=[0],"
        " results='here', workspace='w')\n"
    )
    subprocess.run([sys.executable, program], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "ran").read_text() == "x"
