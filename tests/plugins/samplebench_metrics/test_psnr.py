"""The peak signal-to-noise ratio against torchmetrics on single images and closed forms."""

import math

import pytest
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio

from samplebench_metrics.psnr import PSNR
from samplebench_metrics.reconstruction_mse import ReconstructionMSE


def test_it_is_the_mean_of_torchmetrics_on_single_images(make_evidence):
    torch.manual_seed(0)
    test = torch.rand(1030, 3, 4, 4)
    noise = torch.rand(1030, 1, 1, 1) * torch.randn_like(test)
    reconstructed = (test + noise).clamp(0, 1)
    theirs = [
        float(peak_signal_noise_ratio(ours, image, data_range=1.0))
        for image, ours in zip(test.double(), reconstructed.double(), strict=True)
    ]
    evidence = make_evidence(test=test, reconstructed=reconstructed, generated=test)
    # Theirs takes the logarithm in float32.
    assert PSNR().measure(evidence) == pytest.approx(sum(theirs) / len(theirs), rel=1e-6)


@pytest.mark.parametrize(("error", "decibels"), [(1.0, 0), (0.5, 6.0206), (2**-8, 48.1648)])
def test_a_constant_error_has_a_closed_form(make_evidence, error, decibels):
    test = torch.zeros(5, 1, 3, 3)
    evidence = make_evidence(test=test, reconstructed=test + error, generated=test)
    assert PSNR().measure(evidence) == pytest.approx(decibels, abs=1e-4)


def test_it_is_no_ratio_of_the_mean_error(make_evidence):
    """Images at 0 and 20 dB are at 10 dB; their mean error is at 2.97."""
    test = torch.zeros(2, 1, 3, 3)
    reconstructed = torch.tensor([1.0, 0.1])[:, None, None, None].expand(2, 1, 3, 3)
    evidence = make_evidence(test=test, reconstructed=reconstructed, generated=test)
    assert PSNR().measure(evidence) == pytest.approx(10)
    assert -10 * math.log10(ReconstructionMSE().measure(evidence)) == pytest.approx(2.967, 1e-3)


def test_an_image_that_comes_back_exactly_counts_a_hundred_decibels(make_evidence):
    test = torch.full((2, 1, 3, 3), 0.5)
    reconstructed = test + torch.tensor([0.0, 0.1])[:, None, None, None]
    assert PSNR().measure(
        make_evidence(test=test, reconstructed=test, generated=test)
    ) == pytest.approx(100)
    evidence = make_evidence(test=test, reconstructed=reconstructed, generated=test)
    assert PSNR().measure(evidence) == pytest.approx((100 + 20) / 2, rel=1e-6)


def test_the_least_error_of_a_large_image_of_bytes_is_no_exact_return(make_evidence):
    test = torch.zeros(1, 1, 256, 256)
    reconstructed = test.clone()
    reconstructed[0, 0, 0, 0] = 1 / 255
    expected = 10 * math.log10(255**2 * 256**2)
    assert expected < 100
    evidence = make_evidence(test=test, reconstructed=reconstructed, generated=test)
    assert PSNR().measure(evidence) == pytest.approx(expected, rel=1e-6)
