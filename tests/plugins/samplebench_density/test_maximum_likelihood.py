"""Expectation-maximisation against scikit-learn's, from the same start."""

import warnings

import numpy as np
import pytest
import torch
from clustered import clusters
from sklearn import mixture
from sklearn.exceptions import ConvergenceWarning

from samplebench_density.mixture.components import Diagonal
from samplebench_density.mixture.maximum_likelihood import fit_mixture
from samplebench_density.mixture.normal_mixture import NormalMixture

KINDS = ["full", "diagonal", "tied"]
THEIR_KINDS = {"full": "full", "diagonal": "diag", "tied": "tied"}
every_kind = pytest.mark.parametrize("covariance", KINDS)


def theirs(points: np.ndarray, start: NormalMixture, **settings) -> mixture.GaussianMixture:
    """scikit-learn's fit from the same start, of equal weights and unit covariances."""
    count, width = start.components.means.shape
    precisions = {"full": np.stack([np.eye(width)] * count), "tied": np.eye(width)}
    model = mixture.GaussianMixture(
        count,
        covariance_type=THEIR_KINDS[start.covariance],
        weights_init=start.weights.numpy(),
        means_init=start.components.means.numpy(),
        precisions_init=precisions.get(start.covariance, np.ones((count, width))),
        **settings,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # some are stopped early on purpose
        return model.fit(points)


def round_start(points: np.ndarray, count: int, covariance: str) -> NormalMixture:
    means = torch.from_numpy(points[:: len(points) // count][:count].copy())
    return NormalMixture.isotropic(means, torch.ones((), dtype=torch.float64), covariance)


def covariances(fitted: NormalMixture) -> np.ndarray:
    factors = fitted.components.factors
    if isinstance(fitted.components, Diagonal):
        return factors.square().numpy()
    every = (factors @ factors.mT).numpy()
    return every[0] if fitted.covariance == "tied" else every


def assert_same(fitted: NormalMixture, model: mixture.GaussianMixture, tolerance: float) -> None:
    close = {"rtol": tolerance, "atol": tolerance}
    np.testing.assert_allclose(fitted.weights.numpy(), model.weights_, **close)
    np.testing.assert_allclose(fitted.components.means.numpy(), model.means_, **close)
    np.testing.assert_allclose(covariances(fitted), model.covariances_, **close)


@every_kind
@pytest.mark.parametrize("iterations", [1, 2, 7])
def test_every_iteration_is_that_of_scikit_learn(covariance, iterations):
    points = clusters()
    start = round_start(points, 4, covariance)
    found = fit_mixture(
        start, torch.from_numpy(points), ridge=1e-3, iterations=iterations, tolerance=0.0
    )
    model = theirs(points, start, max_iter=iterations, tol=0, reg_covar=1e-3)
    assert_same(found.mixture, model, 1e-9)
    assert found.log_likelihood == pytest.approx(model.score(points), abs=1e-9)
    assert not found.converged
    assert found.iterations == iterations


@every_kind
def test_a_converged_fit_is_that_of_scikit_learn(covariance):
    points = clusters()
    start = round_start(points, 4, covariance)
    found = fit_mixture(
        start, torch.from_numpy(points), ridge=1e-6, iterations=5000, tolerance=1e-13
    )
    model = theirs(points, start, max_iter=5000, tol=1e-13)
    assert found.converged
    assert_same(found.mixture, model, 1e-5)
    assert found.log_likelihood == pytest.approx(model.score(points), abs=1e-9)


@every_kind
def test_convergence_is_declared_at_the_same_iteration_as_by_scikit_learn(covariance):
    points = clusters()
    start = round_start(points, 4, covariance)
    found = fit_mixture(
        start, torch.from_numpy(points), ridge=1e-6, iterations=500, tolerance=1e-3
    )
    model = theirs(points, start, max_iter=500, tol=1e-3)
    # They take the last step before they stop, ours is the mixture that was tested.
    assert found.iterations == model.n_iter_ - 1
    assert found.log_likelihood == pytest.approx(model.lower_bound_, abs=1e-9)


@every_kind
def test_more_points_than_a_chunk_holds_change_nothing(covariance):
    points = clusters(2500, 64, 8)  # 8 × 64 numbers a point: chunks of 1,024
    start = round_start(points, 8, covariance)
    found = fit_mixture(start, torch.from_numpy(points), ridge=1e-3, iterations=2, tolerance=0.0)
    model = theirs(points, start, max_iter=2, tol=0, reg_covar=1e-3)
    assert_same(found.mixture, model, 1e-8)


@every_kind
def test_the_likelihood_of_a_float32_fit_is_that_of_a_float64_fit(covariance):
    points = torch.from_numpy(clusters())
    start = round_start(points.numpy(), 4, covariance)
    double, single = (
        fit_mixture(start, points.to(dtype), ridge=1e-6, iterations=30, tolerance=0.0)
        for dtype in (torch.float64, torch.float32)
    )
    assert single.log_likelihood == pytest.approx(double.log_likelihood, abs=1e-5)
    assert single.mixture.log_prob(points).mean() == pytest.approx(double.log_likelihood, abs=1e-5)


def test_a_component_that_no_point_belongs_to_dies_quietly():
    points = torch.from_numpy(clusters())
    means = torch.cat([points[:2], torch.full((1, 3), 1e6, dtype=torch.float64)])
    for covariance in KINDS:
        start = NormalMixture.isotropic(means, torch.ones((), dtype=torch.float64), covariance)
        alive = NormalMixture.isotropic(means[:2], torch.ones((), dtype=torch.float64), covariance)
        settings = {"ridge": 1e-6, "iterations": 5, "tolerance": 0.0}
        found, expected = (
            fit_mixture(start, points, **settings),
            fit_mixture(alive, points, **settings),
        )
        assert found.mixture.weights[2] == 0
        assert found.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-9)
        assert found.mixture.sample(500, torch.float64).abs().max() < 1e3
