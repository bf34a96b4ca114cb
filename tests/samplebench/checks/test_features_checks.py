"""Each rule for feature extractors catches the one that breaks it, and no honest one."""

import math
from collections.abc import Mapping

import pytest
import torch
from torch import nn

from samplebench import FeatureExtractor, Split, WeightsMissing, seeded
from samplebench.checks import features_checks, render
from samplebench.checks.kit import KITS


class Honest(FeatureExtractor):
    """Pixels less the mean training image, on fixed directions."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        with seeded(0, "directions"):
            self.project = nn.Linear(torch.Size(shape).numel(), 3, bias=False)
        self.register_buffer("mean", torch.zeros(shape))

    @property
    def facts(self) -> Mapping[str, float]:
        return {"mean brightness": float(self.mean.mean())}

    def fit(self, train: Split) -> None:
        self.mean.copy_(train.samples.float().mean(0) / 255)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return self.project((images - self.mean).flatten(1))


class GivesMaps(Honest):
    def features(self, images: torch.Tensor) -> torch.Tensor:
        return super().features(images)[..., None]


class AddsNoise(Honest):
    def features(self, images: torch.Tensor) -> torch.Tensor:
        return super().features(images) + torch.initial_seed() % 1000


class CentresTheBatch(Honest):
    def features(self, images: torch.Tensor) -> torch.Tensor:
        features = super().features(images)
        return features - 0.5 * features.mean(0)


class DarkensWhatItIsGiven(Honest):
    def features(self, images: torch.Tensor) -> torch.Tensor:
        return super().features(images.clamp_(max=0.5))


class FillsOneBuffer(Honest):
    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape)
        self.buffer = torch.zeros(5, 3)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        features = super().features(images)
        return self.buffer.copy_(features) if len(images) == 5 else features


class DrawsFromOutside(Honest):
    def fit(self, train: Split) -> None:
        super().fit(train)
        nn.init.normal_(self.project.weight)


class HidesItsFacts(Honest):
    brightness = 0.0

    @property
    def facts(self) -> Mapping[str, float]:
        return {"mean brightness": self.brightness}

    def fit(self, train: Split) -> None:
        super().fit(train)
        self.brightness = float(self.mean.mean())


class TitlesByNumber(Honest):
    @property
    def titles(self) -> Mapping[str, str]:
        return {"FD": 3}  # type: ignore[dict-item] # the sabotage


class FactsWithoutANumber(Honest):
    @property
    def facts(self) -> Mapping[str, float]:
        return {"accuracy": math.inf}


class SeedsTorch(Honest):
    def fit(self, train: Split) -> None:
        torch.manual_seed(0)
        super().fit(train)


class StaysOnTheHost(Honest):
    def features(self, images: torch.Tensor) -> torch.Tensor:
        return super().features(images).cpu()


class LacksItsWeights(Honest):
    def fit(self, train: Split) -> None:
        raise WeightsMissing("put weights.pth into the cache")


SABOTEURS = {
    features_checks.features_are_one_finite_vector_a_sample: GivesMaps,
    features_checks.features_draw_nothing: AddsNoise,
    features_checks.features_ignore_the_rest_of_the_batch: CentresTheBatch,
    features_checks.features_leave_the_samples_as_they_were: DarkensWhatItIsGiven,
    features_checks.earlier_features_stay_as_they_were: FillsOneBuffer,
    features_checks.fitting_ignores_the_outer_seed: DrawsFromOutside,
    features_checks.a_fitted_extractor_makes_the_round_trip: HidesItsFacts,
    features_checks.titles_are_words_and_facts_are_numbers: TitlesByNumber,
    features_checks.it_never_seeds: SeedsTorch,
    features_checks.it_works_on_the_device_of_its_weights: StaysOnTheHost,
}


def test_every_rule_for_features_has_a_saboteur():
    assert set(SABOTEURS) == set(KITS["features"].on_the_part)


@pytest.mark.parametrize("check", SABOTEURS, ids=lambda check: check.__name__)
def test_a_saboteur_is_caught_by_the_rule_it_breaks_and_no_other(check, outcomes_of):
    if "device" in check.__name__ and not torch.cuda.is_available():
        pytest.skip("needs a second device")
    outcomes = outcomes_of("features", SABOTEURS[check])
    caught = {outcome.check for outcome in outcomes if outcome.status == "failed"}
    assert caught == {check.__name__}, render(outcomes)


def test_a_fact_that_is_not_finite_is_caught(outcomes_of):
    caught = {
        o.check for o in outcomes_of("features", FactsWithoutANumber) if o.status == "failed"
    }
    assert caught == {"titles_are_words_and_facts_are_numbers"}


def test_an_honest_extractor_passes_on_grey_and_colour(outcomes_of):
    outcomes = outcomes_of("features", Honest)
    assert not [o for o in outcomes if o.status == "failed"], render(outcomes)
    assert {o.case for o in outcomes if o.status == "passed"} == {"images 1×8×8", "images 3×6×4"}


def test_an_extractor_without_its_weights_is_skipped_with_the_reason(outcomes_of):
    outcomes = outcomes_of("features", LacksItsWeights)
    assert not [o for o in outcomes if o.status == "failed"], render(outcomes)
    assert "put weights.pth into the cache" in {o.detail for o in outcomes}
