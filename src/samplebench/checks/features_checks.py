"""The rules for feature extractors."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from samplebench.checks import toys
from samplebench.checks.case import (
    Case,
    find_another_device,
    record_streams,
    require,
    require_unseeded,
    same,
)
from samplebench.contracts.answers import check_features, keep_numbers
from samplebench.contracts.dataset import Samples
from samplebench.contracts.features import FeatureExtractor
from samplebench.randomness import seeded


@dataclass(frozen=True)
class FeaturesCase(Case):
    """An extractor that is fitted twice for all checks, because fitting may take long."""

    @cached_property
    def first(self) -> "Fit":
        return _fit(self, outer=1)

    @cached_property
    def second(self) -> "Fit":
        return _fit(self, outer=2)


@dataclass(frozen=True)
class Fit:
    """An extractor built and fitted under an outer seed, and the global streams after that."""

    extractor: FeatureExtractor
    streams: Mapping[str, list[float]]


def features_are_one_finite_vector_a_sample(case: FeaturesCase) -> None:
    """``features`` gives finite floats (samples, width), of one width for any samples."""
    extractor = case.first.extractor
    some, one = (
        check_features(_extract(extractor, samples), samples=samples)
        for samples in (_samples(case, 4), _samples(case, 1))
    )
    require(one.shape[1:] == some.shape[1:], "one sample gives features of another width")


def features_draw_nothing(case: FeaturesCase) -> None:
    """The same samples have the same features whatever the seed."""
    extractor = case.first.extractor
    with seeded(1, "features"):
        first = _extract(extractor, _samples(case))
    with seeded(2, "features"):
        again = _extract(extractor, _samples(case))
    require(same(first, again), "two seeds give other features of the same samples")


def features_ignore_the_rest_of_the_batch(case: FeaturesCase) -> None:
    """A sample has the same features alone and in a batch."""
    extractor, samples = case.first.extractor, _samples(case)
    alone = torch.cat([_extract(extractor, sample[None]) for sample in samples])
    require(same(alone, _extract(extractor, samples), 1e-3), "alone, it has other features")


def features_leave_the_samples_as_they_were(case: FeaturesCase) -> None:
    """``features`` does not change the samples that it is given."""
    samples = _samples(case)
    _extract(case.first.extractor, samples)
    require(same(samples, _samples(case)), "the samples are changed after features")


def earlier_features_stay_as_they_were(case: FeaturesCase) -> None:
    """Features of other samples do not change those given before."""
    extractor, samples = case.first.extractor, _samples(case, 5)
    features = _extract(extractor, samples)
    before = features.clone()
    _extract(extractor, samples.flip(0))
    require(same(features, before), "later features change earlier ones: give each its own memory")


def fitting_ignores_the_outer_seed(case: FeaturesCase) -> None:
    """An extractor built and fitted twice gives the same features, whatever the outer seed."""
    first, again = (_extract(fit.extractor, _samples(case)) for fit in (case.first, case.second))
    require(
        same(first, again, 1e-5),
        "two outer seeds give other features: draw inside `with seeded(...)` of a fixed seed",
    )


def a_fitted_extractor_makes_the_round_trip(case: FeaturesCase) -> None:
    """``state_dict`` holds tensors alone, and all that features, titles and facts depend on."""
    extractor = case.first.extractor
    state = extractor.state_dict()
    for name, weight in state.items():
        require(isinstance(weight, Tensor), f"{name} in the state_dict is no tensor")
    fresh: FeatureExtractor = case.build(seed=1)
    fresh.load_state_dict({name: weight.clone() for name, weight in state.items()})
    before, after = _extract(extractor, _samples(case)), _extract(fresh.eval(), _samples(case))
    require(same(after, before, 1e-5), "loaded into a fresh one, the weights give other features")
    require(fresh.titles == extractor.titles, f"titles are then {fresh.titles}")
    require(fresh.facts == extractor.facts, f"facts are then {fresh.facts}")


def titles_are_words_and_facts_are_numbers(case: FeaturesCase) -> None:
    """``titles`` maps words to words, ``facts`` words to finite numbers."""
    extractor = case.first.extractor
    for old, new in extractor.titles.items():
        require(isinstance(old, str) and isinstance(new, str), f"the title {old!r}: {new!r}")
    _, remarks = keep_numbers("facts", lambda: extractor.facts)
    require(not remarks, "; ".join(remarks))


def it_never_seeds(case: FeaturesCase) -> None:
    """Building, fitting and extracting leave no global generator seeded."""
    require_unseeded(case.first.streams, case.second.streams)


def it_works_on_the_device_of_its_weights(case: FeaturesCase) -> None:
    """Moved to a device, it gives features of samples there."""
    device = find_another_device()
    features = _extract(copy.deepcopy(case.first.extractor).to(device), _samples(case).to(device))
    require(features.device.type == device.type, f"features are on {features.device}")


CHECKS = (
    features_are_one_finite_vector_a_sample,
    features_draw_nothing,
    features_ignore_the_rest_of_the_batch,
    features_leave_the_samples_as_they_were,
    earlier_features_stay_as_they_were,
    fitting_ignores_the_outer_seed,
    a_fitted_extractor_makes_the_round_trip,
    titles_are_words_and_facts_are_numbers,
    it_never_seeds,
    it_works_on_the_device_of_its_weights,
)


def _fit(case: FeaturesCase, outer: int) -> Fit:
    made: list[FeatureExtractor] = []

    def work() -> None:
        extractor: FeatureExtractor = case.chosen.build(*case.given)
        extractor.fit(toys.split(case.given[0]))
        _extract(extractor.eval(), _samples(case, 1))
        made.append(extractor)

    streams = record_streams(work, outer)
    return Fit(made[0], streams)


def _extract(extractor: FeatureExtractor, samples: Samples) -> Tensor:
    with torch.no_grad():
        return extractor.features(samples)


def _samples(case: Case, count: int = 3) -> Samples:
    return toys.samples(case.given[0], "test", count)
