"""The reconstruction error against scikit-learn and closed forms."""

import pytest
import torch
from sklearn.metrics import mean_squared_error

from samplebench_metrics.reconstruction_mse import ReconstructionMSE


def test_it_agrees_with_scikit_learn_over_several_chunks(make_evidence):
    torch.manual_seed(0)
    test, reconstructed = torch.rand(2, 2500, 3, 4, 4).unbind()
    evidence = make_evidence(test=test, reconstructed=reconstructed, generated=test)
    assert ReconstructionMSE().measure(evidence) == pytest.approx(
        mean_squared_error(test.flatten().double(), reconstructed.flatten().double()), rel=1e-12
    )


def test_a_small_constant_error_is_not_lost_in_many_images(make_evidence):
    test = torch.full((3000, 1, 8, 8), 0.5)
    evidence = make_evidence(test=test, reconstructed=test + 2.0**-12, generated=test)
    assert ReconstructionMSE().measure(evidence) == 2.0**-24
