"""Normalising flows: densities and draws against brute force, quadrature, known distributions."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy import stats
from torch.autograd.functional import jacobian
from zuko.transforms import MonotonicRQSTransform

from samplebench import Continuous, seeded
from samplebench_neural import NormalisingFlow
from samplebench_neural.flow import FlowModel

every_kind = pytest.mark.parametrize("kind", ["maf", "iaf", "spline"])


def arbitrary_model(kind: str, dimensions: int, transforms: int = 3) -> FlowModel:
    """A flow in float64 whose weights are far from those it starts with."""
    with seeded(0, "weights"):
        model = FlowModel(
            kind, dimensions=dimensions, transforms=transforms, hidden=(16, 16)
        ).double()
        for weight in model.parameters():
            torch.nn.init.normal_(weight, std=0.3)
    return model


@every_kind
@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_the_density_is_that_of_moved_noise(kind, dimensions):
    """log N(u; 0, I) − log |det ∂x/∂u| at x drawn from u, the matrix by autograd."""
    model = arbitrary_model(kind, dimensions)
    with seeded(1):
        noise = torch.randn(6, dimensions, dtype=torch.float64)
    for one in noise:
        matrix = jacobian(lambda u: model.transform(u[None])[0], one)
        expected = stats.norm.logpdf(one).sum() - float(torch.linalg.slogdet(matrix).logabsdet)
        found = model.log_prob(model.transform(one[None])).item()
        assert found == pytest.approx(expected, abs=1e-6)
        assert abs(float(torch.linalg.slogdet(matrix).logabsdet)) > 0.01  # it is no identity


@every_kind
def test_every_dimension_may_depend_on_every_other(kind):
    """Even of more dimensions than units were asked for."""
    with seeded(0):
        model = FlowModel(kind, dimensions=12, transforms=2, hidden=(4, 4)).double()
        for weight in model.parameters():  # so that no unit is off
            torch.nn.init.uniform_(weight, 0.01, 0.1)
        point = torch.rand(12, dtype=torch.float64)
    matrix = jacobian(lambda u: model.transform(u[None])[0], point)
    assert (matrix != 0).all()


@every_kind
@pytest.mark.parametrize("dimensions", [1, 4])
def test_a_flow_starts_as_the_standard_normal(kind, dimensions):
    with seeded(0):
        model = FlowModel(kind, dimensions=dimensions, transforms=3, hidden=(8, 8))
        points = 3 * torch.randn(50, dimensions)
    with torch.no_grad():
        torch.testing.assert_close(model.transform(points), points)
        expected = stats.norm.logpdf(points.numpy()).sum(1)
        np.testing.assert_allclose(model.log_prob(points).numpy(), expected, rtol=1e-5)


def test_a_spline_leaves_points_outside_its_box_finite_densities():
    model = arbitrary_model("spline", 3)
    places = torch.tensor([-1e6, -5.0 - 1e-9, -5.0, 5.0, 5.0 + 1e-9, 40.0], dtype=torch.float64)
    points = torch.cartesian_prod(places, places, places)
    with torch.no_grad():
        assert model.log_prob(points).isfinite().all()
        assert torch.equal(model.transform(points[:1]), points[:1])


def test_draws_that_rounding_loses_are_drawn_in_float64(monkeypatch):
    """As where a discriminant is a little below zero: here one in each batch of float32."""
    model = arbitrary_model("spline", 3).float()
    with seeded(1):
        noise = torch.randn(20, 3)
    inverse = MonotonicRQSTransform._inverse

    def lossy(self, heights):
        places = inverse(self, heights)
        if places.dtype == torch.float32:
            places[7, 1] = torch.nan
        return places

    with torch.no_grad():
        whole = model.transform(noise)
        monkeypatch.setattr(MonotonicRQSTransform, "_inverse", lossy)
        torch.testing.assert_close(model.transform(noise), whole, rtol=1e-4, atol=1e-4)


def moons(count: int) -> torch.Tensor:
    """Two half circles with normal noise, (count, 2)."""
    angles = math.pi * torch.rand(count)
    upper = torch.rand(count) < 0.5
    circle = torch.stack([angles.cos(), angles.sin()], 1)
    points = torch.where(upper[:, None], circle, torch.tensor([1.0, 0.5]) - circle)
    return points + 0.1 * torch.randn(count, 2)


@pytest.fixture(scope="module")
def fits_of_moons() -> dict[str, NormalisingFlow]:
    with seeded(0, "moons"):
        latents = Continuous(2).pack(values=1000 + 10 * moons(4000))
    fits = {}
    for kind in ("maf", "iaf", "spline"):
        sampler = NormalisingFlow(
            kind=kind,
            transforms=2 if kind == "spline" else 4,
            hidden=(32, 32),
            steps=400,
            batch=256,
            learning_rate=5e-3,
        )
        with seeded(0, "fit"):
            sampler.fit(latents)
        fits[kind] = sampler
    return fits


@pytest.mark.slow
@every_kind
def test_a_fit_comes_near_two_moons(kind, fits_of_moons):
    """On held-out latents, the likelihood is short of the true one, which is by quadrature over
    the angle, by at most half as much as that of a Gaussian.
    """
    with seeded(1):
        fresh = moons(2000).double()
    angles = (torch.arange(400, dtype=torch.float64) + 0.5) * math.pi / 400
    circle = torch.stack([angles.cos(), angles.sin()], 1)
    curve = torch.cat([circle, torch.tensor([1.0, 0.5]) - circle])
    squares = (fresh[:, None] - curve).square().sum(2) / 0.1**2
    true = ((-squares / 2).exp().mean(1) / (2 * math.pi * 0.1**2)).log().mean()
    gaussian = stats.multivariate_normal(fresh.mean(0), np.cov(fresh.T)).logpdf(fresh).mean()
    found = fits_of_moons[kind].log_prob(Continuous(2).pack(values=1000 + 10 * fresh)).mean()
    left = float(true - found) - 2 * math.log(10)
    assert -0.02 < left < 0.5 * (float(true) - gaussian)


@pytest.mark.slow
@every_kind
def test_a_fitted_density_adds_up_to_one_and_is_that_of_the_draws(kind, fits_of_moons):
    """In each of 8 × 8 cells, the integral is the share of the draws that fall in it."""
    sampler, side, cells = fits_of_moons[kind], 320, 8
    edges = torch.linspace(970, 1040, side + 1, dtype=torch.float64)
    middles = (edges[1:] + edges[:-1]) / 2
    points = Continuous(2).pack(values=torch.cartesian_prod(middles, middles))
    density = sampler.log_prob(points).exp().reshape(side, side) * float(edges[1] - edges[0]) ** 2
    assert float(density.sum()) == pytest.approx(1, abs=0.01)
    expected = density.unflatten(0, (cells, -1)).unflatten(2, (cells, -1)).sum((1, 3))
    with seeded(1):
        draws = sampler.sample(50_000).values.double().numpy()
    coarse = edges[:: side // cells].numpy()
    counts, *_ = np.histogram2d(*draws.T, bins=[coarse, coarse])
    likely = expected.numpy() * 50_000 > 5
    wanted = 50_000 * expected.numpy()[likely]
    assert np.abs((counts[likely] - wanted) / np.sqrt(wanted)).max() < 5


def test_the_reported_likelihood_is_near_the_entropy_of_a_gaussian():
    """A flow that learns ``z = A u`` reaches −h(z) on held-out latents."""
    mix = torch.tensor([[5.0, 0.0, 0.0], [3.0, 2.0, 0.0], [0.5, 0.5, 0.1]])
    with seeded(0):
        latents = Continuous(3).pack(values=torch.randn(5000, 3) @ mix.T + 7)
        sampler = NormalisingFlow(transforms=2, hidden=(16,), steps=400)
        sampler.fit(latents)
    entropy = stats.multivariate_normal(cov=(mix @ mix.T).numpy()).entropy()
    assert sampler.diagnostics()["held_out_log_likelihood"] == pytest.approx(-entropy, abs=0.15)


@pytest.mark.slow
def test_a_spline_learns_two_modes_in_one_dimension():
    mixture = 0.7, -3.0, 2.0  # weight and place of one mode, place of the other; stds 0.5
    with seeded(0):
        low = torch.rand(4000) < mixture[0]
        values = torch.where(low, mixture[1], mixture[2]) + 0.5 * torch.randn(4000)
        sampler = NormalisingFlow(kind="spline", transforms=2, steps=1000, learning_rate=1e-2)
        sampler.fit(Continuous(1).pack(values=values))
        draws = sampler.sample(20_000).values[:, 0].numpy()

    def distribution(places: np.ndarray) -> np.ndarray:
        low, high = (stats.norm.cdf(places, mode, 0.5) for mode in mixture[1:])
        return mixture[0] * low + (1 - mixture[0]) * high

    assert stats.kstest(draws, distribution).statistic < 0.03


def test_torchs_own_distributions_are_what_they_were_before_the_flows_were_imported():
    code = """
import torch
from torch.distributions import Distribution, Normal
before = Distribution._validate_args, Distribution.arg_constraints
import samplebench_neural
assert (Distribution._validate_args, Distribution.arg_constraints) == before
try:
    Normal(torch.zeros(()), -torch.ones(()))
except ValueError:
    print("checked")
"""
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert finished.stdout == "checked\n"
