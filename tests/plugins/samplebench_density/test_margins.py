"""Tabulated margins against sums of scipy's normal distributions, and against themselves."""

import numpy as np
import pytest
import torch
from scipy import stats

from samplebench_density.margins import tabulated
from samplebench_density.margins.ranks import rank_rows
from samplebench_density.margins.tabulated import Margins


def latents(samples: int = 300) -> np.ndarray:
    """Draws of a normal, a skewed and a two-humped distribution, (3, samples), ascending."""
    rng = np.random.default_rng(0)
    humps = rng.normal(size=samples) + 8 * rng.integers(0, 2, size=samples)
    return np.sort([1e3 + rng.normal(size=samples), rng.gamma(2.0, size=samples), humps])


def margins_of(ordered: np.ndarray) -> Margins:
    return Margins.of(torch.from_numpy(ordered))


def silverman(ordered: np.ndarray) -> np.ndarray:
    """For each row; quartiles by rank."""
    count = ordered.shape[1]
    low, high = (ordered[:, round(share * (count - 1))] for share in (0.25, 0.75))
    return 0.9 * np.minimum(ordered.std(1), (high - low) / 1.34) * count**-0.2


def test_bandwidths_are_those_of_silvermans_rule():
    found = margins_of(latents()).bandwidth[:, 0].numpy()
    np.testing.assert_allclose(found, silverman(latents()), rtol=1e-12)


def test_the_distribution_is_that_of_normals_about_the_latents():
    ordered = latents()
    widths = silverman(ordered)[:, None]
    low, high = ordered[:, :1] - 3.9 * widths, ordered[:, -1:] + 3.9 * widths
    places = low + (high - low) * np.linspace(0, 1, 501)
    logs = margins_of(ordered).logs(torch.from_numpy(places))
    kernels = (places[..., None] - ordered[:, None]) / widths[..., None]  # (3, 501, samples)
    expected = stats.norm.cdf(kernels).mean(2)
    np.testing.assert_allclose(logs.below.exp().numpy(), expected, atol=1e-4)
    np.testing.assert_allclose(logs.above.exp().numpy(), 1 - expected, atol=1e-4)
    density = stats.norm.pdf(kernels).mean(2) / widths
    scale = density.max(1, keepdims=True)
    np.testing.assert_allclose(logs.density.exp().numpy() / scale, density / scale, atol=5e-3)


def test_beyond_the_table_only_the_outermost_latent_counts():
    ordered = latents()
    widths = silverman(ordered)[:, None]
    for distances in ([-4.5, -20.0, -1e4], [4.5, 20.0, 1e4]):
        z = np.array([distances])
        end = ordered[:, :1] if z[0, 0] < 0 else ordered[:, -1:]
        logs = margins_of(ordered).logs(torch.from_numpy(end + widths * z))
        near, far = (logs.below, logs.above) if z[0, 0] < 0 else (logs.above, logs.below)
        weight = np.log(ordered.shape[1])
        expected = np.broadcast_to(stats.norm.logcdf(-np.abs(z)) - weight, (3, 3))
        np.testing.assert_allclose(near.numpy(), expected, rtol=1e-6)
        np.testing.assert_allclose(far.numpy(), np.log1p(-np.exp(expected)), atol=1e-12)
        density = stats.norm.logpdf(z) - np.log(widths) - weight
        np.testing.assert_allclose(logs.density.numpy(), density, rtol=1e-6)


@pytest.mark.parametrize("samples", [2, 300])
def test_quantiles_invert_the_distribution(samples):
    margins = margins_of(latents(samples))
    heights = torch.cat(
        [torch.tensor([1e-14, 1e-9, 1e-6]), torch.linspace(1e-4, 1 - 1e-6, 999)]
    ).double()
    heights = heights.expand(3, -1).contiguous()
    back = margins.logs(margins.quantiles(heights)).below.exp()
    torch.testing.assert_close(back, heights, rtol=1e-6, atol=1e-11)


def test_the_density_is_the_slope_of_the_distribution():
    """Also in the gap between humps, and where the table ends."""
    margins = margins_of(
        np.sort(np.r_[np.zeros(3), np.linspace(1, 2, 20), 400 + np.zeros(3)])[None]
    )
    cells = margins.cumulative.shape[1] - 1
    start = margins.first - 4 * margins.bandwidth
    width = (margins.last - margins.first + 8 * margins.bandwidth) / cells
    middles = start + width * (torch.arange(cells) + 0.5)
    steps = margins.logs(middles).density.exp() * width
    torch.testing.assert_close(steps, margins.cumulative.diff(), rtol=1e-6, atol=0)
    assert margins.cumulative.diff().min() > 0
    tails = float(margins.cumulative[:, 0] + 1 - margins.cumulative[:, -1])
    assert tails == pytest.approx(2 * stats.norm.cdf(-4) / 26)
    assert float(steps.sum()) + tails == pytest.approx(1)


def test_few_distinct_numbers_and_outliers_are_smoothed_by_a_cell_at_least():
    """The middle half is one number, so the rule takes the std; then neither."""
    half = np.sort(np.r_[np.zeros(80), np.arange(20)])[None]
    expected = 0.9 * half.std() * 100**-0.2
    assert float(margins_of(half).bandwidth) == pytest.approx(expected)
    far = np.r_[np.linspace(0, 1, 999), 1e9][None]
    margins = margins_of(far)
    width = float(margins.last - margins.first + 8 * margins.bandwidth) / tabulated.CELLS
    assert float(margins.bandwidth) == pytest.approx(width)


def test_ranks_are_those_of_scipy():
    values = np.random.default_rng(0).normal(size=(3, 50))
    ordered, ranks = rank_rows(torch.from_numpy(values))
    np.testing.assert_array_equal(ordered.numpy(), np.sort(values))
    np.testing.assert_array_equal(ranks.numpy(), stats.rankdata(values, axis=1))


def test_equal_numbers_are_ranked_at_random_and_in_each_dimension_anew():
    torch.manual_seed(0)
    columns = torch.zeros(2, 2000)
    columns[:, 500:] = 1
    _, ranks = rank_rows(columns)
    for row in ranks:
        assert row[:500].sort().values.tolist() == list(range(1, 501))
        assert row.sort().values.tolist() == list(range(1, 2001))
    for part in (slice(None, 500), slice(500, None)):
        own = ranks[:, part].double()
        against = torch.stack([*own, torch.arange(own.shape[1], dtype=torch.float64)])
        off = torch.corrcoef(against) - torch.eye(3)
        assert off.abs().max() < 4.5 / own.shape[1] ** 0.5
