"""What a run leaves behind, whatever happens on the way."""

import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from samplebench.errors import DataMissing, StorageError, WeightsMissing
from samplebench.pipeline.device import usable_cores
from samplebench.pipeline.request.suite import load_suite
from samplebench.randomness import seeded
from samplebench.results.store import Store


def test_every_cell_leaves_a_record_with_scores_and_costs(bench):
    outcomes = bench.run()
    records = bench.records()
    assert outcomes.measured == len(records) == 2 * 3
    for record in records.values():
        assert record.status == "measured"
        assert all(score.value is not None for score in record.scores)
        assert {"train", "encode", "decode", "measure"} <= record.costs.keys()
        assert all(cost.wall_seconds > 0 for cost in record.costs.values())
        assert record.counts == {
            "train": 200,
            "reference": 60,
            "generated": record.counts["generated"],
        }
    pictures = {record.picture for record in records.values() if record.picture}
    files = {path.name: path for path in bench.store.samples_folder("toy").iterdir()}
    assert pictures == {name for name in files if not name.endswith(".montage.png")}
    assert all(files[name].read_bytes()[:4] == b"\x89PNG" for name in pictures)


def test_the_reconstruction_row_alone_speaks_of_the_autoencoder(bench):
    bench.run(seeds=[0])
    for record in bench.records().values():
        titles = {score.title for score in record.scores}
        is_reference = record.role == "reconstruction"
        assert ("error" in titles) == is_reference
        assert ("fit" in titles) != is_reference
        assert record.counts["generated"] == (60 if is_reference else 40)


def test_the_first_seed_of_a_row_has_a_picture_and_no_other(bench):
    bench.run()
    for record in bench.records().values():
        assert (record.picture is not None) == (record.seed == 0)
        if record.picture:
            assert bench.store.picture_path(record).read_bytes()[:4] == b"\x89PNG"
            assert bench.store.picture_path(record).name == record.picture


def test_all_executors_give_the_same_records(bench, scores, tmp_path):
    records = []
    for name, jobs in (("inline", 1), ("forked", 1), ("forked", 2)):
        place = {"results": tmp_path / f"{name}{jobs}", "workspace": tmp_path / f"w{name}{jobs}"}
        outcomes = bench.run(executor=name, site={**place, "jobs": jobs})
        assert outcomes.measured == 6
        found = Store(place["results"]).read("toy")[0]
        assert {record.provenance.jobs for record in found} == {jobs}
        assert {record.provenance.threads for record in found} == {1}
        records.append({record.label: scores(record) for record in found})
    assert records[0] == records[1] == records[2]


def test_the_suite_that_was_run_stands_next_to_its_records(bench):
    bench.run(seeds=[0], training={"steps": 5, "decay": "cosine"})
    again = load_suite(str(bench.store.suite_path("toy")))
    assert again.model_copy(update={"name": "toy"}) == bench.suite(
        seeds=[0], training={"steps": 5, "decay": "cosine"}
    )
    assert bench.records()["stripes / linear / again / seed 0"].protocol == again.protocol


def test_a_suite_without_samplers_measures_reconstructions_alone(bench):
    bench.run(samplers=[], seeds=[0])
    (record,) = bench.records().values()
    assert record.role == "reconstruction"
    assert record.status == "measured"


def test_autoencoders_learn_from_no_more_images_than_the_suite_says(bench):
    bench.run(samplers=["again"], seeds=[0], counts={"generated": 20, "train": 50})
    assert {record.counts["train"] for record in bench.records().values()} == {50}


def test_a_second_run_measures_nothing_and_changes_no_byte(bench):
    bench.run()
    before = {p: p.read_bytes() for p in bench.site.results.rglob("*") if p.is_file()}
    assert bench.run().measured == 0
    assert {p: p.read_bytes() for p in bench.site.results.rglob("*") if p.is_file()} == before


def test_a_cell_run_twice_gives_the_same_scores_bit_for_bit(bench, scores):
    bench.run(seeds=[3])
    first = bench.records()
    shutil.rmtree(bench.site.workspace)  # trained anew
    assert bench.run(seeds=[3], again=True).measured == 3
    second = bench.records()
    assert {k: scores(r) for k, r in first.items()} == {k: scores(r) for k, r in second.items()}


def test_another_seed_gives_other_scores(bench, scores):
    bench.run()
    records = bench.records()
    one, other = (scores(records[f"stripes / linear / normal / seed {seed}"]) for seed in (0, 1))
    assert all(one[title] != other[title] for title in one)


def test_adding_a_metric_or_a_sampler_changes_no_other_score(bench, scores):
    bench.run(seeds=[0], metrics=["distance", "spread(noise=1.0)"])
    before = {label: scores(record) for label, record in bench.records().items()}
    bench.run(
        seeds=[0],
        samplers=["normal(spread=2.0)", "normal", "again"],
        metrics=["error", "seconds-to-fit", "spread", "spread(noise=1.0)", "distance"],
    )
    after = bench.records()
    assert len(after) == len(before) + 1
    for label, earlier in before.items():
        kept = {(s.metric.spec, s.value) for s in after[label].scores}
        assert ("distance", earlier["distance[pixels]"]) in kept
        assert "spread" not in earlier or ("spread(noise=1.0)", earlier["spread"]) in kept


def test_asking_for_fewer_metrics_loses_none_that_were_measured(bench):
    bench.run(seeds=[0])
    bench.run(seeds=[0], metrics=["spread"], again=True)
    titles = {s.title for s in bench.records()["stripes / linear / normal / seed 0"].scores}
    assert titles == {"distance[pixels]", "spread", "fit"}


def test_every_sampler_sees_the_same_latents(bench):
    bench.run(seeds=[0])
    kept = list((bench.site.workspace / "autoencoders").iterdir())
    assert len(kept) == 1


def test_a_refused_pair_is_a_record_with_its_reason(bench):
    outcomes = bench.run(autoencoders=["coded"], seeds=[0])
    record = bench.records()["stripes / coded / normal / seed 0"]
    assert (record.status, record.reason) == (
        "refused",
        "takes continuous latents, these are discrete",
    )
    assert (outcomes.refused, outcomes.measured) == (1, 2)


@pytest.mark.parametrize(
    ("sampler", "told"),
    [
        ("raising", "RuntimeError: no fit today"),
        ("killed", "killed by SIGKILL"),
        ("not-finite", "latent values must be finite"),
        ("careless", "sample(40) must give Latents and gave Tensor; return latents.space.pack("),
        ("careless(how='few')", "sample(40) must give 40 latents of Continuous(channels=2, grid"),
    ],
)
def test_a_sampler_that_fails_harms_no_other_cell(bench, sampler, told):
    outcomes = bench.run(samplers=[sampler, "normal"], seeds=[0])
    record = bench.records()[f"stripes / linear / {sampler} / seed 0"]
    assert record.status == "failed"
    assert told in record.reason
    assert (outcomes.failed, outcomes.measured) == (1, 2)


def test_what_a_sampler_does_to_its_latents_reaches_no_metric(bench, scores):
    bench.run(samplers=["normal", "meddling"], metrics=["distance", "spread"], seeds=[0])
    records = bench.records()
    honest, meddling = (
        scores(records[f"stripes / linear / {sampler} / seed 0"])
        for sampler in ("normal", "meddling")
    )
    assert meddling == honest


def test_a_failed_cell_is_tried_again(bench):
    bench.run(samplers=["raising"], seeds=[0])
    assert bench.run(samplers=["raising"], seeds=[0]).failed == 1


def test_a_diverging_training_fails_its_cells_and_names_the_step(bench):
    outcomes = bench.run(autoencoders=["diverging", "linear"], seeds=[0])
    failed = [r for r in bench.records().values() if r.status == "failed"]
    assert {r.autoencoder.name for r in failed} == {"diverging"}
    assert all("not finite at step 3" in r.reason for r in failed)
    assert (outcomes.failed, outcomes.measured) == (3, 3)


@pytest.mark.parametrize("executor", ["forked", "inline"])
def test_absent_data_end_a_run_before_any_cell(bench, executor):
    with pytest.raises(DataMissing, match="'absent' cannot be used: put stripes"):
        bench.run(executor=executor, datasets=["absent", "stripes"], seeds=[0])
    assert not bench.site.results.exists()
    assert not (bench.site.workspace / "autoencoders").exists()


def test_absent_weights_of_features_end_a_run_before_any_training(bench):
    source = bench.plugin.read_text()
    bench.plugin = bench.folder / "weightless.py"
    lost = 'from samplebench import WeightsMissing\n        raise WeightsMissing("put them there")'
    before = 'raise RuntimeError("the weights are on the moon")'
    assert before in source
    bench.plugin.write_text(source.replace(before, lost))
    with pytest.raises(WeightsMissing, match="'unready' cannot be used: put them there"):
        bench.run(features=["pixels", "unready"], seeds=[0])
    assert not bench.site.results.exists()
    assert not (bench.site.workspace / "autoencoders").exists()


def test_absent_data_of_cells_that_are_refused_are_not_missed(bench):
    outcomes = bench.run(
        datasets=["absent"],
        autoencoders=["coded"],
        samplers=["normal"],
        seeds=[0],
        only=["*/normal/*"],
    )
    assert (outcomes.refused, outcomes.measured) == (1, 0)


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ("broken", "ZeroDivisionError: nothing to divide by"),
        ("broken(how='nan')", "the metric gave nan"),
    ],
)
def test_a_metric_that_fails_leaves_the_other_scores(bench, metric, told):
    outcomes = bench.run(metrics=["spread", metric], samplers=["normal"], seeds=[0])
    record = bench.records()["stripes / linear / normal / seed 0"]
    assert record.status == "incomplete"
    assert {s.title: (s.value is None, s.problem) for s in record.scores} == {
        "spread": (False, None),
        "broken": (True, told),
    }
    assert outcomes.incomplete == 2


def test_a_metric_without_a_meaning_there_says_why_and_is_not_asked_again(bench):
    asked = {
        "metrics": ["spread", "broken(how='no number')"], "samplers": ["normal"], "seeds": [0]
    }  # fmt: skip
    assert bench.run(**asked).measured == 2
    record = bench.records()["stripes / linear / normal / seed 0"]
    assert record.status == "measured"
    assert {s.title: (s.value is None, s.problem) for s in record.scores} == {
        "spread": (False, None),
        "broken": (True, "stripes have none"),
    }
    assert bench.run(**asked).measured == 0


def test_features_without_weights_leave_the_other_scores(bench):
    bench.run(features=["unready", "pixels"], samplers=["normal"], seeds=[0])
    record = bench.records()["stripes / linear / normal / seed 0"]
    problems = {s.title: s.problem for s in record.scores}
    assert "the weights are on the moon" in problems["distance[unready]"]
    assert problems["distance[pixels]"] is None


def test_a_failure_never_replaces_a_measurement(bench):
    bench.run(seeds=[0])
    before = bench.records()
    shutil.rmtree(bench.site.workspace)
    (bench.folder / "data" / "brighter").write_text("not a number")
    outcomes = bench.run(seeds=[0], again=True)
    assert outcomes.failed == 3
    assert bench.records() == before


def test_other_images_under_the_same_name_are_measured_again(bench):
    bench.run(seeds=[0])
    (bench.folder / "data" / "brighter").write_text("9")
    outcomes = bench.run(seeds=[0], samplers=["normal", "again", "normal(spread=3.0)"])
    assert outcomes.measured == 4  # the new one, and the three that other images gave
    assert len({r.provenance.data for r in bench.records().values()}) == 1


def test_other_images_are_noticed_when_nothing_else_is_to_do(bench):
    bench.run(seeds=[0])
    (bench.folder / "data" / "brighter").write_text("9")
    assert bench.run(seeds=[0]).measured == 3


def test_a_damaged_artefact_is_made_again(bench, scores):
    bench.run(seeds=[0])
    before = {label: scores(record) for label, record in bench.records().items()}
    for file in bench.site.workspace.rglob("*.safetensors"):
        file.write_bytes(file.read_bytes()[:50])
    assert bench.run(seeds=[0], again=True).measured == 3
    assert {label: scores(record) for label, record in bench.records().items()} == before


def test_a_plugins_own_oserror_fails_its_cells_and_no_other(bench):
    outcomes = bench.run(autoencoders=["offline", "linear"], samplers=["normal"], seeds=[0])
    assert (outcomes.failed, outcomes.measured) == (2, 2)
    assert any("ConnectionError: the hub is down" in reason for reason in outcomes.reasons)


def test_a_checkpoint_takes_the_place_of_training(bench, tmp_path, scores):
    bench.run(seeds=[0])
    [artefact] = (bench.site.workspace / "autoencoders").iterdir()
    checkpoint = Path(
        shutil.copy(artefact / "weights.safetensors", tmp_path / "linear.safetensors")
    )
    trained = bench.records()
    assert bench.run(seeds=[0], weights=checkpoint).measured == 3
    records, _ = bench.store.read("toy")
    assert len(records) == 6
    for record in records:
        if record.autoencoder.checkpoint:
            assert scores(record) == scores(trained[record.label])


def test_a_checkpoint_of_another_shape_is_refused_with_the_tensor_that_differs(bench, tmp_path):
    checkpoint = tmp_path / "odd.safetensors"
    save_file({"encoder.weight": torch.zeros(2, 3)}, checkpoint)
    outcomes = bench.run(seeds=[0], weights=checkpoint)
    [reason] = outcomes.reasons
    assert "encoder.weight is (2, 3) instead of (2, 64)" in reason
    assert "decoder.bias is missing" in reason


def test_a_damaged_checkpoint_is_told_as_such(bench, tmp_path):
    checkpoint = tmp_path / "noise.safetensors"
    checkpoint.write_bytes(os.urandom(100))
    [reason] = bench.run(seeds=[0], weights=checkpoint).reasons
    assert "is not a readable safetensors file" in reason


def test_results_that_cannot_be_written_stop_the_run(bench):
    bench.site.results.parent.mkdir(exist_ok=True)
    bench.site.results.write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="could not be written"):
        bench.run(seeds=[0])


def test_records_say_threads_and_determinism(bench):
    bench.run(site={"threads": usable_cores()}, seeds=[0])
    for record in bench.records().values():
        assert record.provenance.threads == usable_cores()
        assert record.provenance.deterministic
        assert record.provenance.torch == torch.__version__


def test_saved_weights_are_the_trained_ones(bench):
    bench.run(seeds=[0])
    [artefact] = (bench.site.workspace / "autoencoders").iterdir()
    weights = load_file(artefact / "weights.safetensors")
    latents = load_file(artefact / "latents.safetensors")
    stripes = bench.plan(seeds=[0]).cells[0].cell.dataset.build(bench.site.data_dir)
    images = stripes.test().samples.flatten(1).float() / 255
    expected = images.double() @ weights["encoder.weight"].double().T + weights["encoder.bias"]
    assert torch.allclose(latents["test.values"].double(), expected, atol=1e-5)


def test_an_adversarial_autoencoder_trains_its_critic_too(bench):
    bench.run(autoencoders=["adversarial"], samplers=["normal"], seeds=[0])
    [artefact] = (bench.site.workspace / "autoencoders").iterdir()
    trained = load_file(artefact / "weights.safetensors")
    cell = bench.plan(autoencoders=["adversarial"], seeds=[0]).cells[0].cell
    with seeded(0, "initialise"):
        initial = cell.autoencoder.build((1, 8, 8)).state_dict()
    weights = [name for name in initial if name.endswith("weight")]
    assert len(weights) == 3
    assert all((trained[name] != initial[name]).any() for name in weights)


@pytest.mark.slow
@pytest.mark.parametrize("training", [{"precision": "bf16"}, {"compile": True}], ids=str)
def test_training_in_bf16_or_compiled_gives_about_the_same_scores(bench, scores, training):
    bench.run(seeds=[0], training={"steps": 5})
    plain = bench.records()["stripes / linear / reconstruction / seed 0"]
    bench.run(seeds=[0], training={"steps": 5, **training})
    [other] = [
        record
        for record in bench.store.read("toy")[0]
        if record.role == "reconstruction" and record.identity != plain.identity
    ]
    assert other.protocol["training"] != plain.protocol["training"]
    for title, value in scores(plain).items():
        assert scores(other)[title] == pytest.approx(value, rel=0.05)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_gives_about_the_scores_of_a_cpu_and_counts_its_memory(bench, scores):
    bench.run(seeds=[0])
    on_cpu = bench.records()
    bench.run(site={"device": "cuda"}, seeds=[0], again=True)
    for label, record in bench.records().items():
        assert record.provenance.device != "CPU"
        assert record.costs["train"].device_peak_bytes > 0
        if record.role == "reconstruction":
            for title, value in scores(on_cpu[label]).items():
                assert scores(record)[title] == pytest.approx(value, rel=0.1)
