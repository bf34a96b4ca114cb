"""Classifiers that ship: the same weights on every machine, for exactly the images they are of."""

import importlib.util
import json
import os
import shutil
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from sklearn.neighbors import KNeighborsClassifier

from samplebench import Split, WeightsMissing
from samplebench.cli import main
from samplebench.digests import digest_of_file
from samplebench.pipeline.device import deterministic, usable_cores
from samplebench.pipeline.stages.files import digest_of_tensors
from samplebench_datasets.digits import Digits
from samplebench_datasets.mnist import MNIST
from samplebench_metrics import shipped_classifiers
from samplebench_metrics.classifier import Classifier
from samplebench_metrics.shipped_classifiers import SHIPPED, Card, find_card, fingerprint

ROOT = Path(__file__).parents[3]
CARDS = sorted(SHIPPED.glob("*.json"))
DEFAULTS = {"width": 64, "steps": 800}
SHORT = {"width": 64, "steps": 3}


@pytest.fixture(scope="module")
def digits() -> Split:
    return Digits(Path()).train()


@pytest.fixture(scope="module")
def maker():
    place = importlib.util.spec_from_file_location("maker", ROOT / "docs" / "make_classifier.py")
    maker = importlib.util.module_from_spec(place)
    place.loader.exec_module(maker)
    return maker


@pytest.fixture
def made(maker, tmp_path, monkeypatch):
    """The card of a classifier of digits that took few steps, in the folder of those that ship."""
    monkeypatch.setattr(shipped_classifiers, "SHIPPED", tmp_path)
    monkeypatch.setattr(maker, "Classifier", partial(Classifier, steps=SHORT["steps"]))
    return maker.make_classifier("digits", Path(), tmp_path)


def fitted(train: Split, **settings) -> Classifier:
    extractor = Classifier(tuple(train.samples.shape[1:]), **settings)
    extractor.fit(train)
    return extractor


def card_of(name: str) -> Card:
    return Card.model_validate_json((SHIPPED / f"{name}.json").read_bytes())


def test_digits_and_mnist_ship():
    assert {file.stem for file in CARDS} >= {"digits", "mnist"}


@pytest.mark.parametrize("file", CARDS, ids=lambda file: file.stem)
def test_a_shipped_file_is_small_and_the_one_that_its_card_describes(file):
    card = card_of(file.stem)
    weights = file.with_suffix(".safetensors")
    assert digest_of_file(weights) == card.file
    assert weights.stat().st_size < 500_000
    assert {tensor.dtype for tensor in load_file(weights).values()} == {torch.half, torch.int64}
    assert card.settings == DEFAULTS
    assert 0.5 < card.accuracy <= 1


@pytest.mark.parametrize("file", CARDS, ids=lambda file: file.stem)
def test_a_card_names_the_digest_that_records_give_to_its_weights(file):
    card = card_of(file.stem)
    extractor = Classifier(card.image_shape)
    shipped_classifiers.load_network(extractor.network, file.with_suffix(".safetensors"), card)
    extractor.accuracy.fill_(card.accuracy)
    extractor.shipped.fill_(True)
    assert digest_of_tensors(extractor.state_dict()) == card.weights


@pytest.mark.parametrize("threads", [1, 2])
def test_the_weights_of_digits_are_the_same_whatever_the_thread_count(digits, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        extractor = fitted(digits)
    finally:
        torch.set_num_threads(before)
    card = card_of("digits")
    assert digest_of_tensors(extractor.state_dict()) == card.weights
    assert extractor.facts == {"held-out accuracy of shipped weights": card.accuracy}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_the_weights_of_digits_are_the_same_on_a_gpu(digits):
    there = Split(digits.samples.cuda(), digits.labels.cuda())
    extractor = Classifier((1, 16, 16)).cuda()
    extractor.fit(there)
    assert digest_of_tensors(extractor.state_dict()) == card_of("digits").weights
    on_cpu = fitted(digits).features(digits.samples[:100] / 255)
    on_gpu = extractor.features(there.samples[:100] / 255).cpu()
    assert torch.allclose(on_gpu, on_cpu, rtol=1e-3, atol=1e-3)


def test_another_classifier_finds_the_digits_in_the_features_that_ship(digits):
    extractor, test = fitted(digits), Digits(Path()).test()
    assert neighbours_accuracy(extractor, digits, test) > 0.97


@pytest.mark.shared_data
@pytest.mark.slow
@pytest.mark.skipif(
    "SAMPLEBENCH_TEST_DATA" not in os.environ, reason="needs the real MNIST; see CONTRIBUTING.md"
)
def test_another_classifier_finds_the_digits_of_mnist_in_the_features_that_ship():
    data = MNIST(Path(os.environ["SAMPLEBENCH_TEST_DATA"]))
    extractor = fitted(data.train())
    assert extractor.facts == {"held-out accuracy of shipped weights": card_of("mnist").accuracy}
    assert neighbours_accuracy(extractor, data.train(), data.test()) > 0.98


def neighbours_accuracy(extractor: Classifier, train: Split, test: Split) -> float:
    """The share of test images whose nearest training images, in features, are of their class."""
    learned, asked = (
        torch.cat([extractor.features(some / 255) for some in split.samples.split(1000)]).numpy()
        for split in (train, test)
    )
    return KNeighborsClassifier().fit(learned, train.labels).score(asked, test.labels)


def test_weights_are_for_exactly_their_images_labels_and_settings(digits):
    assert find_card(digits, DEFAULTS) is not None
    images, labels = digits.samples.clone(), digits.labels.clone()
    images[500, 0, 3, 3] += 1
    labels[500] += 1
    order = torch.arange(len(digits)).flip(0)
    others = [
        Split(images, digits.labels),
        Split(digits.samples, labels),
        Split(digits.samples, None),
        Split(digits.samples[order], digits.labels[order]),
        Split(digits.samples[:-1], digits.labels[:-1]),
        Split(digits.samples.reshape(-1, 1, 8, 32), digits.labels),
    ]
    assert [find_card(other, DEFAULTS) for other in others] == [None] * len(others)
    assert find_card(digits, DEFAULTS | {"width": 32}) is None
    assert find_card(digits, DEFAULTS | {"steps": 801}) is None


def test_a_fingerprint_is_of_content_and_not_of_its_layout(digits):
    transposed = digits.samples.mT.contiguous().mT
    assert not transposed.is_contiguous()
    assert fingerprint(Split(transposed, digits.labels)) == fingerprint(digits)


def test_images_that_none_ships_for_are_learned_on_the_spot(digits):
    assert list(fitted(digits, **SHORT).facts) == [
        "held-out accuracy of weights fitted on the spot"
    ]


def test_what_is_made_ships_and_is_what_would_be_fitted_on_the_spot(made, digits):
    loaded, learned = fitted(digits, **SHORT), Classifier((1, 16, 16), **SHORT)
    with deterministic(threads=1):  # as it was made
        learned.learn(digits)
    assert digest_of_tensors(loaded.state_dict()) == made.weights
    assert list(loaded.facts) == ["held-out accuracy of shipped weights"]
    images = digits.samples[:50] / 255
    assert torch.equal(loaded.features(images), learned.features(images))
    assert torch.equal(loaded.accuracy, learned.accuracy)


def test_a_change_of_what_ships_is_noticed(made):
    assert {file.name for file in Classifier((1, 16, 16)).files} == {
        "digits.json",
        "digits.safetensors",
    }


def rewrite(file: Path, **changes) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_weights_of_another_version_of_the_network_are_refused(made, digits, tmp_path):
    rewrite(tmp_path / "digits.json", architecture=2)
    with pytest.raises(
        WeightsMissing, match=r"of version 2 of the network .* has version 1; make"
    ):
        fitted(digits, **SHORT)


def test_damaged_weights_and_cards_are_refused_and_not_replaced_by_others(made, digits, tmp_path):
    with (tmp_path / "digits.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x7f")
    with pytest.raises(WeightsMissing, match=r"digits\.safetensors is absent or not the file"):
        fitted(digits, **SHORT)
    (tmp_path / "digits.json").write_text("{}")
    with pytest.raises(WeightsMissing, match=r"digits\.json is no card of a classifier"):
        fitted(digits, **SHORT)


@pytest.mark.slow
def test_records_of_two_machines_share_a_column(tmp_path, monkeypatch, capsys):
    """Two thread counts, each with an empty cache, stand for two machines."""
    if usable_cores() < 2:
        pytest.skip("needs two cores")
    chosen = ("--autoencoder", "ae(latent=2, backbone='mlp')", "--sampler", "gaussian")
    measure = ("--metric", "frechet-distance", "--features", "classifier")
    for seed, threads in (("0", "1"), ("1", "2")):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        place = tmp_path / threads
        places = ("--results", str(place / "results"), "--workspace", str(place / "workspace"))
        suite = ("--suite", "smoke", *chosen, *measure, "--seeds", seed, "--device", "cpu")
        assert main(["run", *suite, *places, "--executor", "inline", "--quiet"]) == 0
    both = tmp_path / "2" / "results"
    shutil.copytree(tmp_path / "1" / "results" / "records", both / "records", dirs_exist_ok=True)
    records = [json.loads(file.read_text()) for file in both.rglob("*_gaussian_*.json")]
    assert {record["provenance"]["threads"] for record in records} == {1, 2}
    assert main(["leaderboard", "--results", str(both)]) == 0
    board = (both / "smoke.md").read_text()
    [heading] = [line for line in board.splitlines() if line.startswith("| autoencoder")]
    assert [cell.strip() for cell in heading.split("|")].count("FD[classifier] ↓") == 1
    assert heading.count("FD[classifier]") == 1
    assert f"of shipped weights 0.9917, weights {card_of('digits').weights[:8]}." in board
    capsys.readouterr()
