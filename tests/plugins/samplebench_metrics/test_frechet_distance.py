"""The Fréchet distance against closed forms, scipy and torch-fidelity."""

import numpy as np
import pytest
import scipy.linalg
import torch
import torch_fidelity
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.registry import register_feature_extractor

from samplebench_metrics.frechet_distance import FrechetDistance


def gaussian_sample(count: int, mean: Tensor, root: Tensor) -> Tensor:
    """Features whose empirical mean is exactly ``mean`` and whose covariance is ``root rootᵀ``."""
    noise = torch.randn(count, len(mean), dtype=torch.float64)
    noise -= noise.mean(0)
    whitener = torch.linalg.inv(torch.linalg.cholesky(torch.cov(noise.T)))
    return noise @ whitener.T @ root.T + mean


def scipy_frechet(one: Tensor, other: Tensor) -> float:
    """The textbook formula with scipy's matrix square root, in float64."""
    a, b = one.double().numpy(), other.double().numpy()
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = scipy.linalg.sqrtm(s @ t)
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s + t - 2 * root.real))


def measured(make_evidence, generated: Tensor, test: Tensor) -> float:
    evidence = make_evidence(features={"generated": generated, "test": test})
    return FrechetDistance().measure(evidence)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.floats(-5, 5), min_size=2, max_size=12),
    st.integers(0, 2**32 - 1),
)
def test_shifted_unit_gaussians_are_at_the_squared_length_of_the_shift(make_evidence, shift, seed):
    torch.manual_seed(seed)
    mean, unit = torch.tensor(shift, dtype=torch.float64), torch.eye(len(shift)).double()
    distance = measured(
        make_evidence,
        gaussian_sample(200, mean, unit),
        gaussian_sample(100, torch.zeros_like(mean), unit),
    )
    assert distance == pytest.approx(float(mean.square().sum()), rel=1e-9, abs=1e-6)


def test_axis_aligned_gaussians_are_at_the_squared_difference_of_their_stds(make_evidence):
    torch.manual_seed(0)
    one, other = torch.tensor([1.0, 2.0, 0.5]).double(), torch.tensor([3.0, 0.1, 0.5]).double()
    mean = torch.tensor([0.3, -1.0, 0.0]).double()
    distance = measured(
        make_evidence,
        gaussian_sample(300, mean, one.diag()),
        gaussian_sample(400, 0 * mean, other.diag()),
    )
    expected = mean.square().sum() + (one - other).square().sum()
    assert distance == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("width", [2, 17, 64])
def test_it_agrees_with_the_textbook_formula_by_scipy(make_evidence, width):
    torch.manual_seed(width)
    mix = torch.randn(width, width) / width**0.5
    generated, test = torch.randn(500, width) @ mix, 1.1 * torch.randn(400, width) + 0.2
    assert measured(make_evidence, generated, test) == pytest.approx(
        scipy_frechet(generated, test), rel=1e-6
    )


class Pixels(FeatureExtractorBase):
    """torch-fidelity's door for features of one's own: here every fourth pixel, in [0, 1]."""

    def __init__(self, name, features_list, **settings_of_others):
        super().__init__(name, features_list)

    def forward(self, images):
        return (images[:, :, ::2, ::2].flatten(1).double() / 255,)

    @staticmethod
    def get_provided_features_list():
        return ("pixels",)


class Colour(torch.utils.data.Dataset):
    """The kind of dataset that torch-fidelity reads: one uint8 image with 3 channels each."""

    def __init__(self, images: Tensor) -> None:
        self.samples = images

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Tensor:
        return self.samples[index]


def test_it_agrees_with_torch_fidelity_from_images_to_distance(make_evidence):
    torch.manual_seed(0)
    generated = torch.randint(0, 256, (300, 3, 8, 8), dtype=torch.uint8)
    test = torch.randint(20, 200, (200, 3, 8, 8), dtype=torch.uint8)
    register_feature_extractor("samplebench-pixels", Pixels)
    theirs = torch_fidelity.calculate_metrics(
        input1=Colour(generated),
        input2=Colour(test),
        fid=True,
        feature_extractor="samplebench-pixels",
        feature_layer_fid="pixels",
        cuda=False,
        cache=False,
        verbose=False,
        save_cpu_ram=True,
    )
    pixels = Pixels("samplebench-pixels", ["pixels"])
    assert measured(make_evidence, pixels(generated)[0], pixels(test)[0]) == pytest.approx(
        theirs["frechet_inception_distance"], rel=1e-6
    )


def test_identical_features_are_at_zero_even_with_fewer_images_than_features(make_evidence):
    torch.manual_seed(0)
    features = torch.randn(40, 64)
    assert measured(make_evidence, features, features) == pytest.approx(0, abs=1e-5 * 64)


def test_the_bias_of_unit_gaussians_has_a_closed_form(make_evidence):
    """All eigenvalues 1: c = 3 d + d (d − 1) / 2, and directions without variance add nothing."""
    torch.manual_seed(0)
    unit = torch.eye(6, dtype=torch.float64)[:, :4]
    test = gaussian_sample(250, torch.zeros(4).double(), torch.eye(4).double()) @ unit.T
    evidence = make_evidence(features={"generated": test[:100], "test": test})
    expected = (3 * 4 + 4 * 3 / 2) / 2 * (1 / 100 + 1 / 250)
    assert FrechetDistance().bias(evidence) == pytest.approx(expected, rel=1e-9)
