"""Numbers of bins against numpy's, and the refusal of impossible settings."""

import numpy as np
import pytest
import torch

from samplebench import Continuous
from samplebench_density import PMFS, JitteredResample
from samplebench_density.histogram.batches import LatentBatches
from samplebench_density.histogram.binning import Binning, count_by_sturges
from samplebench_density.vectors.statistics import Statistics

NUMPYS = {"scott": "scott", "freedman-diaconis": "fd", "sturges": "sturges"}


def bins_of(values: np.ndarray, rule: str, **settings) -> list[int]:
    defaults = {"range": "min-max", "quantile": 0.0, "deviations": 3.0, "bound": 3.0}
    batches = LatentBatches([Continuous(values.shape[1]).pack(values=torch.from_numpy(values))])
    statistics = Statistics.of(batches.whole("a test"))
    binning = Binning(bins=rule, **{**defaults, **settings})
    return binning.find_bins(batches, statistics).counts.int().tolist()


@pytest.mark.parametrize("rule", NUMPYS)
@pytest.mark.parametrize("samples", [2, 41, 1000])
def test_a_rule_gives_as_many_bins_as_numpys(rule, samples):
    rng = np.random.default_rng(0)
    values = rng.gamma([0.5, 2.0, 30.0], size=(samples, 3))
    expected = [len(np.histogram_bin_edges(column, bins=NUMPYS[rule])) - 1 for column in values.T]
    assert bins_of(values, rule) == expected


@pytest.mark.parametrize("rule", ["scott", "freedman-diaconis"])
def test_the_bins_of_a_rule_cover_the_range_that_is_asked_for(rule):
    values = np.random.default_rng(0).uniform(-1, 1, size=(1000, 1))
    expected = np.histogram_bin_edges(values, bins=NUMPYS[rule], range=(-20, 20))
    assert bins_of(values, rule, range="fixed", bound=20.0) == [len(expected) - 1]


def test_the_bins_of_sturges_depend_on_the_number_of_latents_alone():
    values = np.random.default_rng(0).uniform(-1, 1, size=(1000, 1))
    assert bins_of(values, "sturges", range="fixed", bound=20.0) == [11]  # ⌈log₂ 1000 + 1⌉


@pytest.mark.parametrize("power", range(1, 25))
def test_sturges_counts_are_exact_at_powers_of_two_and_next_to_them(power):
    samples = 2**power
    assert count_by_sturges(samples) == power + 1
    assert count_by_sturges(samples + 1) == power + 2
    assert count_by_sturges(samples - 1) == power + (samples > 2)


@pytest.mark.parametrize("samples", [1, 2, 8, 64, 4096, 8192])
def test_sturges_gives_one_bin_more_than_the_logarithm_whatever_the_range(samples):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(samples, 200)) * 10.0 ** rng.uniform(-9, 9, size=200)
    expected = 1 if samples == 1 else samples.bit_length()
    assert bins_of(values, "sturges") == [expected] * 200


def test_where_a_rule_gives_no_width_there_is_one_bin_and_never_too_many():
    values = np.zeros((1001, 2))
    values[:, 1] = np.linspace(0, 1e-9, 1001)
    values[0, 1] = 1.0  # a range of 10⁹ interquartile ranges
    assert bins_of(values, "freedman-diaconis") == [1, 2**24]


@pytest.mark.parametrize("factory", [PMFS, JitteredResample])
def test_a_number_for_each_dimension_needs_as_many_dimensions(factory):
    sampler = factory(bins=(3, 4))
    assert sampler.objection(Continuous(2)) is None
    assert sampler.objection(Continuous(1, (2,))) is None
    assert "bins has 2 numbers, and these latents have 3" in sampler.objection(Continuous(3))
    with pytest.raises(ValueError, match="bins has 2 numbers"):
        sampler.fit(Continuous(3).pack(values=torch.randn(5, 3)))


@pytest.mark.parametrize("factory", [PMFS, JitteredResample])
@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("bins", 0),
        ("bins", 2**24 + 1),
        ("bins", ()),
        ("bins", (3, 0)),
        ("quantile", 0.5),
        ("quantile", -0.1),
        ("deviations", 0.0),
        ("bound", float("nan")),
    ],
)
def test_an_impossible_setting_is_refused_by_name(factory, setting, wrong):
    with pytest.raises(ValueError, match=f"{setting} must be"):
        factory(**{setting: wrong})
