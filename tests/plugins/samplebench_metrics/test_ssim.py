"""Structural similarity against the formula in numpy and scipy, and closed forms."""

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from torch import Tensor

from samplebench import NoNumber
from samplebench_metrics.ssim import SSIM


def window() -> np.ndarray:
    """11 × 11 weights of a Gaussian with a std of 1.5, summing to 1."""
    offsets = np.arange(-5, 6)
    squares = offsets[:, None] ** 2 + offsets**2
    weights = np.exp(-squares / (2 * 1.5**2))
    return weights / weights.sum()


def one_channel(x: np.ndarray, y: np.ndarray) -> float:
    """The mean over the windows inside the image, by means and central moments in float64."""

    def mean(z: np.ndarray) -> np.ndarray:
        return convolve2d(z, window(), mode="valid")

    c1, c2 = 0.01**2, 0.03**2
    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    luminance = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    return float((luminance * (2 * cov + c2) / (vx + vy + c2)).mean())


def by_scipy(test: Tensor, reconstructed: Tensor) -> float:
    channels = zip(
        test.double().flatten(0, 1).numpy(),
        reconstructed.double().flatten(0, 1).numpy(),
        strict=True,
    )
    return float(np.mean([one_channel(x, y) for x, y in channels]))


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 16, 21), (1, 11, 11)])
@pytest.mark.parametrize("noise", [0.01, 0.1, 0.5])
def test_it_is_the_formula_by_scipy_over_several_batches(make_evidence, shape, noise):
    torch.manual_seed(0)
    bars = torch.linspace(0, 12, shape[2]).sin().abs() * torch.rand(20, *shape[:2], 1)
    reconstructed = (bars + noise * torch.randn(20, *shape)).clamp(0, 1)
    evidence = make_evidence(test=bars, reconstructed=reconstructed, generated=bars)
    assert SSIM().measure(evidence) == pytest.approx(by_scipy(bars, reconstructed), abs=1e-4)


def test_images_that_come_back_exactly_score_one(make_evidence):
    images = torch.rand(5, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    evidence = make_evidence(test=images, reconstructed=images, generated=images)
    assert SSIM().measure(evidence) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("one", "other"), [(0.0, 1.0), (0.2, 0.6), (0.5, 0.5)])
def test_images_of_one_brightness_have_a_closed_form(make_evidence, one, other):
    test, ours = torch.full((2, 1, 12, 12), one), torch.full((2, 1, 12, 12), other)
    expected = (2 * one * other + 1e-4) / (one**2 + other**2 + 1e-4)
    evidence = make_evidence(test=test, reconstructed=ours, generated=test)
    assert SSIM().measure(evidence) == pytest.approx(expected, abs=1e-3)


def test_it_does_not_matter_which_is_the_reconstruction(make_evidence):
    torch.manual_seed(0)
    one, other = torch.rand(2, 4, 1, 14, 14).unbind()
    there, back = (
        SSIM().measure(make_evidence(test=test, reconstructed=ours, generated=test))
        for test, ours in ((one, other), (other, one))
    )
    assert there == pytest.approx(back, abs=1e-5)


@pytest.mark.parametrize("size", [(8, 8), (10, 28), (28, 10)])
def test_images_smaller_than_a_window_are_refused(make_evidence, size):
    images = torch.rand(2, 1, *size)
    with pytest.raises(NoNumber, match=rf"11 × 11 pixels.*have {size[0]} × {size[1]}"):
        SSIM().measure(make_evidence(test=images, reconstructed=images, generated=images))
