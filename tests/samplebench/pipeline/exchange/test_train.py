"""Training for a checkpoint gives what a run would have trained."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from samplebench.display import QuietDisplay
from samplebench.errors import BadSuite, SamplebenchError, UsageError
from samplebench.pipeline.exchange.checkpoint_folder import read_checkpoint
from samplebench.pipeline.exchange.train import train_checkpoint, training_suite
from samplebench.pipeline.running.inline import InlineExecutor
from samplebench.registry.loading import load_parts

TOY = str(Path(__file__).parents[3] / "helpers" / "toy.toml")


@pytest.fixture
def trained(bench):
    """``trained(autoencoder, seed, workspace=…, suite=…, **budget)``: a checkpoint."""

    def trained(autoencoder="linear", seed=0, *, workspace="other", suite=TOY, **budget):
        output = bench.folder / "kept"
        site = replace(bench.site, workspace=bench.folder / workspace, results=output)
        asked = training_suite(
            suite, dataset="stripes", autoencoder=autoencoder, seed=seed, **budget
        )
        parts = load_parts(site.plugins)
        train_checkpoint(asked, parts, site, InlineExecutor(), QuietDisplay())
        return output

    return trained


def weights_in(bench):
    [artefact] = (bench.site.workspace / "autoencoders").iterdir()
    return load_file(artefact / "weights.safetensors")


@pytest.mark.parametrize("autoencoder", ["linear", "adversarial"])
def test_its_weights_are_those_of_the_suites_cell_bit_for_bit(bench, trained, autoencoder):
    bench.run(autoencoders=[autoencoder], samplers=[], seeds=[3])
    expected = weights_in(bench)
    found = load_file(trained(autoencoder, seed=3) / "weights.safetensors")
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    other = load_file(trained(autoencoder, seed=4) / "weights.safetensors")
    assert any(not torch.equal(other[name], expected[name]) for name in expected)


def test_what_was_trained_here_is_not_trained_again(bench, trained):
    trained(workspace="workspace")
    [kept] = (bench.site.workspace / "autoencoders").iterdir()
    before = kept.stat().st_mtime_ns
    bench.run(samplers=[], seeds=[0])
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    assert kept.stat().st_mtime_ns == before


def test_its_error_is_the_one_that_the_metric_measures(bench, trained):
    bench.run(samplers=[], metrics=["error"], seeds=[0])
    [record] = bench.records().values()
    found = read_checkpoint(trained()).training
    assert (found.samples, found.held_out) == (200, 60)
    assert found.error == pytest.approx(record.scores[0].value, rel=1e-6)
    assert found.seconds > 0


def test_a_checkpoint_measures_as_the_run_that_trained_it(bench, trained, scores):
    bench.run(seeds=[0])
    before = bench.records()
    weights = trained() / "weights.safetensors"
    assert bench.run(seeds=[0], weights=weights).measured == 3
    digest = read_checkpoint(weights.parent).weights
    again = [r for r in bench.store.read("toy")[0] if r.autoencoder.checkpoint == digest]
    assert {r.label: scores(r) for r in again} == {k: scores(r) for k, r in before.items()}


def test_a_budget_takes_the_place_of_the_suites(trained):
    budget = read_checkpoint(trained(batch=50, learning_rate=0.5)).training.budget
    assert (budget["steps"], budget["batch"], budget["learning_rate"]) == (5, 50, 0.5)
    budget = read_checkpoint(trained(epochs=2)).training.budget
    assert (budget["steps"], budget["epochs"], budget["batch"]) == (None, 2, 32)
    budget = read_checkpoint(trained(suite=None, epochs=1)).training.budget
    assert (budget["steps"], budget["epochs"], budget["batch"]) == (None, 1, 128)


def test_without_a_suite_or_epochs_it_asks_how_long(trained):
    with pytest.raises(UsageError, match="Give --epochs N, or --suite NAME"):
        trained(suite=None, batch=64)
    with pytest.raises(BadSuite, match="epochs: input should be greater than or equal to 1"):
        trained(epochs=0)


def test_a_grid_is_refused(trained):
    with pytest.raises(UsageError, match="is a grid of 2, and a checkpoint holds one"):
        trained("linear(latent=[1, 2])")


def test_what_is_in_the_way_is_told_before_anything_is_trained(bench, trained):
    (bench.folder / "kept").mkdir()
    (bench.folder / "kept" / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="choose another folder"):
        trained()
    assert not (bench.folder / "other").exists()


def test_a_training_that_diverges_leaves_no_checkpoint(bench, trained):
    with pytest.raises(SamplebenchError, match="not finite at step 3"):
        trained("diverging")
    assert not (bench.folder / "kept").exists()
