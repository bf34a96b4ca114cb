"""Flow matching: the solver against closed forms, densities against brute force, draws against
known distributions.
"""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch.autograd.functional import jacobian

from samplebench import Continuous, Latents, seeded
from samplebench_neural import FlowMatching
from samplebench_neural.flow_matching import FlowMatchingModel
from samplebench_neural.ordinary import add_divergence, integrate
from samplebench_neural.velocities import MapVelocity, VectorVelocity

VELOCITIES = {
    "vectors": lambda: VectorVelocity(dimensions=4, width=16, blocks=2),
    "a map": lambda: MapVelocity(channels=2, rows=1, columns=2, width=8, blocks=1),
}
every_velocity = pytest.mark.parametrize("build", VELOCITIES.values(), ids=VELOCITIES)


def arbitrary(build) -> torch.nn.Module:
    """A velocity in float64 whose weights are far from those it starts with."""
    with seeded(0, "weights"):
        velocity = build().double()
        for weight in velocity.parameters():
            torch.nn.init.normal_(weight, std=0.25)
    return velocity


def test_the_solver_is_of_fourth_order():
    """``dx/dt = x cos 5t`` has the solution ``x_0 exp(sin(5t) / 5)``: twice the steps, a sixteenth
    of the error.
    """
    start = torch.tensor([[1.0], [-2.0]], dtype=torch.float64)

    def error(steps: int) -> float:
        found = integrate(lambda t, x: x * (5 * t).cos(), start, start=0.0, end=1.0, steps=steps)
        return float((found - start * math.exp(math.sin(5) / 5)).abs().max())

    assert error(80) < 1e-6
    assert error(40) / error(80) == pytest.approx(16, rel=0.15)


@every_velocity
def test_the_divergence_is_the_trace_of_the_jacobian(build):
    velocity = arbitrary(build)
    with seeded(1):
        places = torch.randn(3, velocity.dimensions, dtype=torch.float64)
    time = torch.full((1, 1), 0.3, dtype=torch.float64)
    found = add_divergence(velocity)(time, torch.cat([places, torch.zeros(3, 1)], 1))
    torch.testing.assert_close(found[:, :-1], velocity(time, places))
    for row, place in zip(found, places, strict=True):
        matrix = jacobian(lambda x: velocity(time, x[None])[0], place)
        assert float(row[-1].detach()) == pytest.approx(float(matrix.trace()), rel=1e-9)


@every_velocity
def test_the_density_is_that_of_moved_noise(build):
    """log N(u; 0, I) − log |det ∂x/∂u| at x drawn from u, the matrix by finite differences."""
    model = FlowMatchingModel(arbitrary(build), sigma=0.0, steps=20)
    dimensions, small = model.velocity.dimensions, 1e-5
    axes = small * torch.eye(dimensions, dtype=torch.float64)
    with seeded(1), torch.no_grad():
        for one in torch.randn(4, dimensions, dtype=torch.float64):
            matrix = (model.transform(one + axes) - model.transform(one - axes)) / (2 * small)
            change = float(torch.linalg.slogdet(matrix).logabsdet)
            expected = stats.norm.logpdf(one).sum() - change
            assert model.log_prob(model.transform(one[None])).item() == pytest.approx(
                expected, abs=1e-4
            )
            assert abs(change) > 0.01  # it is no identity


def test_the_best_velocity_for_gaussian_latents_is_that_of_optimal_transport():
    """Of latents N(m, s²), the least loss has ``E[z − κ x_0 | x_t]``, linear in x_t: the field of
    the closed form moves noise to N(m, s² + σ²), and it has the least loss of all fields tried.
    """
    sigma, mean, std = 0.05, 0.4, 0.3
    kept = 1 - sigma

    class Exact(VectorVelocity):
        off = 0.0

        def forward(self, times, places):
            share = 1 - kept * times
            covariance = times * std**2 - share * kept
            variance = times**2 * std**2 + share**2
            return mean + covariance / variance * (places - times * mean) + self.off

    velocity = Exact(dimensions=1, width=1, blocks=1)
    model = FlowMatchingModel(velocity, sigma=sigma, steps=100)
    with seeded(0):
        noise = torch.randn(20_000, 1, dtype=torch.float64)
        draws = model.transform(noise)[:, 0].numpy()
        latents = mean + std * torch.randn(200_000, 1, dtype=torch.float64)
    final = math.hypot(std, sigma)
    assert stats.kstest(draws, stats.norm(mean, final).cdf).pvalue > 1e-3
    np.testing.assert_allclose(draws, mean + final * noise[:, 0].numpy(), atol=1e-3)
    losses = {}
    for velocity.off in (-0.1, 0.0, 0.1):
        with seeded(1):
            losses[velocity.off] = float(model.loss(latents)["velocity"])
    assert min(losses, key=losses.get) == 0.0


@pytest.mark.parametrize("grid", [(1, 1), (1, 5), (4, 3)])
def test_a_map_keeps_its_grid(grid):
    """A site moves those that see it, and no others: channels, rows and columns stay in place."""
    velocity = arbitrary(
        lambda: MapVelocity(channels=2, rows=grid[0], columns=grid[1], width=4, blocks=1)
    )
    places = torch.zeros(1, math.prod(grid) * 2, dtype=torch.float64)
    time = torch.zeros(1, 1, dtype=torch.float64)
    matrix = jacobian(lambda x: velocity(time, x), places).reshape(*grid, 2, *grid, 2)
    assert (matrix != 0).all()  # 4 · 1 + 5 sites across see all of these
    wide = arbitrary(lambda: MapVelocity(channels=1, rows=1, columns=9, width=4, blocks=1))
    row = jacobian(lambda x: wide(time, x), torch.zeros(1, 9, dtype=torch.float64)).squeeze()
    distances = (torch.arange(9)[:, None] - torch.arange(9)).abs()
    assert torch.equal(row != 0, distances <= 4)


def mixture(count: int) -> torch.Tensor:
    """Three modes on a line, of std 0.3."""
    modes = torch.tensor([-2.0, 0.5, 2.0])[torch.randint(3, (count,))]
    return modes + 0.3 * torch.randn(count)


def of_mixture(places: np.ndarray) -> np.ndarray:
    return np.mean([stats.norm.cdf(places, mode, 0.3) for mode in (-2.0, 0.5, 2.0)], axis=0)


@pytest.fixture(scope="module")
def fit_of_mixture() -> FlowMatching:
    with seeded(0):
        latents = Continuous(1).pack(values=50 * mixture(6000))
        sampler = FlowMatching(width=64, blocks=2, steps=1500)
        sampler.fit(latents)
    return sampler


@pytest.mark.slow
def test_draws_follow_a_mixture(fit_of_mixture):
    """Within 0.06 of its distribution function; a Gaussian would be at more than that."""
    places = np.linspace(-4, 4, 1000)
    gaussian = stats.norm(1 / 6, math.sqrt(8.25 / 3 - 1 / 36 + 0.09))
    assert np.abs(gaussian.cdf(places) - of_mixture(places)).max() > 0.08
    with seeded(1):
        draws = fit_of_mixture.sample(20_000).values[:, 0].numpy() / 50
    assert stats.kstest(draws, of_mixture).statistic < 0.06


@pytest.mark.slow
def test_a_fitted_density_adds_up_to_one_and_is_that_of_the_draws(fit_of_mixture):
    places = torch.linspace(-200, 200, 2001, dtype=torch.float64)
    density = fit_of_mixture.log_prob(Continuous(1).pack(values=places)).exp().numpy()
    steps = np.diff(places.numpy())
    heights = np.concatenate([[0], np.cumsum(steps * (density[1:] + density[:-1]) / 2)])
    assert heights[-1] == pytest.approx(1, abs=2e-3)
    with seeded(1):
        draws = fit_of_mixture.sample(20_000).values[:, 0].numpy()
    found = stats.kstest(draws, lambda x: np.interp(x, places, heights))
    assert found.pvalue > 1e-3


@pytest.mark.slow
def test_maps_are_learned_site_by_site():
    """Rows of sites that are copies of one another are so in the samples."""
    with seeded(0):
        row = torch.randn(2000, 1, 3, 1) + torch.tensor([0.0, 5.0, -5.0])[:, None]
        space = Continuous(1, (2, 3))
        latents = space.pack(values=row.expand(2000, 2, 3, 1))
        sampler = FlowMatching(width=24, blocks=1, steps=500)
        sampler.fit(latents)
        found = sampler.sample(2000).values[..., 0]
    assert (found[:, 0] - found[:, 1]).square().mean() < 0.05
    torch.testing.assert_close(
        found.mean((0, 1)), torch.tensor([0.0, 5.0, -5.0]), atol=0.2, rtol=0
    )


def test_a_density_that_would_cost_too_much_is_refused_with_a_reason():
    sampler = FlowMatching(width=8, blocks=1, steps=1)
    small, large = Continuous(4, (4, 4)), Continuous(5, (4, 4))
    assert sampler.no_density(small) is None
    assert "80" in sampler.no_density(large)
    latents: Latents = large.pack(values=torch.randn(10, 80))
    sampler.fit(latents)
    with pytest.raises(ValueError, match="up to 64"):
        sampler.log_prob(latents)
    assert len(sampler.sample(3)) == 3
