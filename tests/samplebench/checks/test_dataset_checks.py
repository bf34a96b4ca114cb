"""Each rule for datasets catches the dataset that breaks it, and no honest one."""

from pathlib import Path

import pytest
import torch

from samplebench import DataMissing, Dataset, Split, seeded
from samplebench.checks import dataset_checks, render
from samplebench.checks.kit import KITS


class Honest(Dataset):
    """Noise in three classes, in an order drawn under a fixed seed."""

    shape = (1, 5, 5)

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    def _drawn(self, split: str, size: tuple[int, ...] = (1, 5, 5)) -> Split:
        with seeded(0, split):
            images = torch.randint(256, (90, *size), dtype=torch.uint8)
            return Split(images, torch.randint(3, (90,)))

    def train(self) -> Split:
        return self._drawn("train")

    def test(self) -> Split:
        return self._drawn("test")


class WithoutLabels(Honest):
    def train(self) -> Split:
        return Split(super().train().samples)

    def test(self) -> Split:
        return Split(super().test().samples)


class ListsItsFolder(Honest):
    def __init__(self, data_dir: Path) -> None:
        self.files = list(data_dir.iterdir())


class MisstatesItsShape(Honest):
    def test(self) -> Split:
        return self._drawn("test", size=(1, 5, 6))


class ShufflesAnew(Honest):
    def train(self) -> Split:
        split = super().train()
        order = torch.randperm(len(split))
        return Split(split.samples[order], split.labels[order])


class SharesImages(Honest):
    def test(self) -> Split:
        train = super().train()
        test = super().test()
        images = torch.cat([train.samples[:1], test.samples[1:]])
        return Split(images, torch.cat([train.labels[:1], test.labels[1:]]))


class ComesSorted(Honest):
    def train(self) -> Split:
        split = super().train()
        order = split.labels.argsort(stable=True)
        return Split(split.samples[order], split.labels[order])


class SeedsTorch(Honest):
    def train(self) -> Split:
        torch.manual_seed(0)
        return super().train()


class IsNotThere(Honest):
    def train(self) -> Split:
        raise DataMissing("put noise.bin into the data folder")

    test = train


SABOTEURS = {
    dataset_checks.constructing_reads_nothing: ListsItsFolder,
    dataset_checks.both_splits_have_the_stated_shape: MisstatesItsShape,
    dataset_checks.reading_twice_gives_the_same: ShufflesAnew,
    dataset_checks.the_splits_share_no_sample: SharesImages,
    dataset_checks.the_order_says_nothing_of_the_label: ComesSorted,
    dataset_checks.reading_never_seeds: SeedsTorch,
}


def test_every_rule_for_datasets_has_a_saboteur():
    assert set(SABOTEURS) == set(KITS["dataset"].on_the_part)


@pytest.mark.parametrize("check", SABOTEURS, ids=lambda check: check.__name__)
def test_a_saboteur_is_caught_by_the_rule_it_breaks_and_no_other(check, outcomes_of):
    outcomes = outcomes_of("dataset", SABOTEURS[check])
    caught = {outcome.check for outcome in outcomes if outcome.status == "failed"}
    assert caught == {check.__name__}, render(outcomes)


def test_an_honest_dataset_passes(outcomes_of):
    outcomes = outcomes_of("dataset", Honest)
    assert {
        o.status for o in outcomes if o.check != "settings_are_kept_under_their_own_names"
    } == {"passed"}, render(outcomes)


def test_the_order_of_images_without_labels_is_not_judged(outcomes_of):
    outcomes = outcomes_of("dataset", WithoutLabels)
    assert not [o for o in outcomes if o.status == "failed"], render(outcomes)
    assert "it has no labels, or too few to tell" in {o.detail for o in outcomes}


def test_absent_data_are_skipped_with_the_reason_and_never_passed(outcomes_of):
    outcomes = outcomes_of("dataset", IsNotThere)
    assert {o.check for o in outcomes if o.status == "passed"} == {
        "the_factory_builds_what_it_was_registered_as",
        "constructing_reads_nothing",
    }
    assert "put noise.bin into the data folder" in {o.detail for o in outcomes}
