"""PMFS against numpy's histograms and closed forms."""

import numpy as np
import pytest
import torch
from scipy import stats

from samplebench import Continuous, Evidence, Latents, Need, NoNumber, seeded
from samplebench_density import PMFS
from samplebench_density.histogram import batches as batches_module
from samplebench_density.histogram import cell_counts
from samplebench_density.histogram.bins import Bins
from samplebench_density.histogram.strata import Strata
from samplebench_metrics.held_out_bits import HeldOutBits


def skewed(samples: int, width: int = 2) -> Latents:
    """Latents whose histogram is uneven, with empty bins."""
    rng = np.random.default_rng(0)
    values = rng.gamma(2.0, size=(samples, width)) + np.arange(width)
    return Continuous(width).pack(values=torch.from_numpy(values))


def drawn(latents: Latents, count: int, **settings) -> np.ndarray:
    sampler = PMFS(**settings)
    sampler.fit(latents)
    with seeded(0):
        return sampler.sample(count).values.flatten(1).numpy()


def uniform(places: np.ndarray) -> bool:
    """Whether numbers look drawn from U(0, 1)."""
    return stats.kstest(places.ravel(), "uniform").pvalue > 1e-3


def test_bins_are_drawn_as_often_as_a_histogram_counts_latents():
    latents = skewed(400)
    counts, edges = np.histogramdd(latents.values.numpy(), bins=4)
    found, _ = np.histogramdd(drawn(latents, 40_000, bins=4), bins=edges)
    occupied = counts > 0
    assert 0 < occupied.sum() < 16
    assert found[~occupied].sum() == 0
    assert stats.chisquare(found[occupied], 100 * counts[occupied]).pvalue > 1e-3


@pytest.mark.parametrize("law", ["cell", "member", "box"])
@pytest.mark.parametrize(("weights", "shares"), [("count", [1, 2, 5, 12]), ("uniform", [5] * 4)])
def test_cells_are_drawn_by_count_or_all_alike(law, weights, shares):
    rng = np.random.default_rng(0)
    cells = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [1, 2, 5, 12], axis=0)
    # In the middle of their cells, so that the box of each member is the cell too.
    values = cells - 0.5 + 1e-9 * rng.uniform(size=(20, 2))
    latents = Continuous(2).pack(values=torch.from_numpy(values))
    settings = {"bins": 2, "range": "fixed", "bound": 1.0}
    samples = drawn(latents, 20_000, law=law, weights=weights, **settings)
    found = np.bincount((2 * (samples[:, 0] >= 0) + (samples[:, 1] >= 0)).astype(int))
    assert stats.chisquare(found, 1000 * np.array(shares)).pvalue > 1e-3


def test_with_uniform_weights_each_member_of_a_cell_is_drawn_alike():
    owners = torch.tensor([2, 0, 1, 2, 2, 1, 0, 2])
    strata = Strata(owners, owners.bincount())
    with seeded(0):
        found = strata.draw(24_000).bincount(minlength=8)
    expected = 1 / 3 / owners.bincount()[owners].double()
    assert torch.equal(strata.shares, expected)
    assert stats.chisquare(found, 24_000 * expected).pvalue > 1e-3


def test_dimensions_may_have_numbers_of_bins_of_their_own():
    latents = skewed(400)
    counts, edges = np.histogramdd(latents.values.numpy(), bins=(3, 6))
    found, _ = np.histogramdd(drawn(latents, 40_000, bins=(3, 6)), bins=edges)
    occupied = counts > 0
    assert found[~occupied].sum() == 0
    assert stats.chisquare(found[occupied], 100 * counts[occupied]).pvalue > 1e-3


def test_bins_that_were_counted_are_drawn_as_often_as_before(monkeypatch):
    monkeypatch.setattr(cell_counts, "FIRST_CHECK", 64)
    monkeypatch.setattr(batches_module, "chunk_rows", lambda width, device: 16)
    monkeypatch.setattr(batches_module, "BLOCK_NUMBERS", 32 * 3)
    latents = skewed(400)
    sampler = PMFS(bins=4)
    sampler.fit(latents)
    counts, edges = np.histogramdd(latents.values.numpy(), bins=4)
    assert len(sampler.state()["cells"]) < 64
    with seeded(0):
        samples = sampler.sample(40_000).values.numpy()
    found, _ = np.histogramdd(samples, bins=edges)
    occupied = counts > 0
    assert found[~occupied].sum() == 0
    assert stats.chisquare(found[occupied], 100 * counts[occupied]).pvalue > 1e-3
    assert sampler.diagnostics()["occupied_bins"] == occupied.sum()
    assert sampler.diagnostics()["singleton_mass"] == (counts == 1).sum() / 400


@pytest.mark.parametrize("law", ["cell", "member", "box"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"range": "std"},
        {"range": "fixed"},
        {"bins": "scott"},
        {"bins": 3, "range": "std"},
        {"bins": 3, "weights": "uniform"},
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [1, 7, 100, 300])
def test_a_fit_to_batches_is_the_fit_to_all_of_them(law, settings, size, monkeypatch):
    monkeypatch.setattr(cell_counts, "FIRST_CHECK", 64)
    monkeypatch.setattr(batches_module, "chunk_rows", lambda width, device: 32)
    monkeypatch.setattr(batches_module, "BLOCK_NUMBERS", 3 * 64)
    values = torch.randn(300, 3, generator=torch.Generator().manual_seed(0))
    batches = [Continuous(3).pack(values=part) for part in torch.split(values, size)]
    samplers = PMFS(law=law, **settings), PMFS(law=law, **settings)
    with seeded(0):
        samplers[0].fit(Latents.join(batches))
    with seeded(0):
        samplers[1].fit_batches(batches)
    assert samplers[0].diagnostics() == samplers[1].diagnostics()
    draws = []
    for sampler in samplers:
        with seeded(1):
            draws.append(sampler.sample(50).values)
    assert torch.equal(*draws)


def test_batches_that_come_once_do_for_a_grid_that_is_fixed():
    batches = list(torch.split(torch.randn(30, 2), 10))
    once = (Continuous(2).pack(values=part) for part in batches)
    sampler = PMFS(range="fixed")
    sampler.fit_batches(once)
    whole = PMFS(range="fixed")
    whole.fit(Continuous(2).pack(values=torch.cat(batches)))
    assert sampler.diagnostics() == whole.diagnostics()
    for settings in ({}, {"range": "fixed", "bins": "scott"}):
        with pytest.raises(ValueError, match="needed twice"):
            PMFS(**settings).fit_batches(iter([Continuous(2).pack(values=batches[0])]))


@pytest.mark.parametrize("settings", [{"range": "quantile"}, {"bins": "freedman-diaconis"}])
def test_quantiles_are_refused_of_batches(settings):
    batches = [Continuous(2).pack(values=torch.randn(10, 2)) for _ in range(2)]
    for given in (batches, iter(batches)):
        with pytest.raises(ValueError, match="needs all latents at once"):
            PMFS(**settings).fit_batches(given)
    PMFS(**settings).fit_batches(batches[:1])


def test_points_are_uniform_inside_their_cell():
    latents = skewed(400)
    values = latents.values.numpy()
    low, width = values.min(0), np.ptp(values, axis=0) / 4
    places = (drawn(latents, 20_000, bins=4) - low) / width
    assert uniform(places % 1)
    # Also inside one cell, and independently of each other.
    cell = places[(places // 1 == [0, 1]).all(1)] % 1
    assert len(cell) > 1000
    assert uniform(cell[:, 0])
    assert uniform(cell[:, 1])
    assert abs(np.corrcoef(cell.T)[0, 1]) < 4 / len(cell) ** 0.5


def test_members_are_drawn_evenly_and_stand_in_the_middle_of_their_boxes():
    rng = np.random.default_rng(0)
    values = 10.0 * np.arange(12)[:, None] + rng.uniform(size=(12, 2)) - 60
    latents = Continuous(2).pack(values=torch.from_numpy(values))
    # The width of a cell is 1, so a sample's nearest latent is the one it was drawn about.
    samples = drawn(latents, 12_000, bins=200, range="fixed", bound=100.0, law="member")
    owners = np.linalg.norm(samples[:, None] - values, axis=2).argmin(1)
    assert stats.chisquare(np.bincount(owners, minlength=12)).pvalue > 1e-3
    assert uniform(samples - values[owners] + 0.5)


def test_a_box_holds_its_members_and_is_filled_evenly():
    rng = np.random.default_rng(0)
    sizes = [1, 2, 5, 12]
    cells = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], sizes, axis=0)
    values = cells + rng.uniform(0.1, 0.9, size=(20, 2)) - 1
    latents = Continuous(2).pack(values=torch.from_numpy(values))
    samples = drawn(latents, 20_000, bins=2, range="fixed", bound=1.0, law="box")
    owners = (2 * (samples[:, 0] >= 0) + (samples[:, 1] >= 0)).astype(int)
    assert stats.chisquare(np.bincount(owners), 1000 * np.array(sizes)).pvalue > 1e-3
    np.testing.assert_array_equal(samples[owners == 0], values[[0]].repeat(sum(owners == 0), 0))
    for corner in (1, 2, 3):
        members = values[(cells == [corner // 2, corner % 2]).all(1)]
        sides = np.ptp(members, axis=0)
        assert uniform((samples[owners == corner] - members.min(0)) / sides)


@pytest.mark.parametrize(("law", "share"), [("cell", 6), ("member", 12)])
def test_the_variance_grows_by_a_share_of_the_squared_cell_width(law, share):
    with seeded(0):
        latents = Continuous(2).pack(values=torch.randn(20_000, 2, dtype=torch.float64))
    for bins in (5, 10):
        samples = drawn(latents, 200_000, bins=bins, range="fixed", bound=4.3, law=law)
        variance = latents.values.numpy().var(0)
        growth = samples.var(0) - variance
        np.testing.assert_allclose(growth, (8.6 / bins) ** 2 / share, atol=0.02)
        sampler = PMFS(bins=bins, range="fixed", bound=4.3, law=law)
        sampler.fit(latents)
        reported = sampler.diagnostics()["displacement"]
        assert reported == pytest.approx((growth / variance).mean(), abs=0.02)


RANGES = {
    "min-max": lambda values: (values.min(0), values.max(0)),
    "quantile": lambda values: (
        np.quantile(values, 0.05, axis=0, method="lower"),
        np.quantile(values, 0.95, axis=0, method="higher"),
    ),
    "std": lambda values: (
        values.mean(0) - 2 * values.std(0),
        values.mean(0) + 2 * values.std(0),
    ),
    "fixed": lambda values: (np.full(2, -1.5), np.full(2, 1.5)),
}


@pytest.mark.parametrize("rule", RANGES)
def test_one_bin_is_the_whole_range(rule):
    latents = skewed(41)  # so few that the next order statistic is far
    samples = drawn(latents, 20_000, bins=1, range=rule, quantile=0.05, deviations=2.0, bound=1.5)
    low, high = RANGES[rule](latents.values.numpy())
    assert uniform((samples - low) / (high - low))


def test_latents_outside_the_range_count_in_the_outermost_bins():
    latents = Continuous(1).pack(values=torch.tensor([-9.0, -0.9, 0.1, 7.0, 8.0, 1e30]))
    samples = drawn(latents, 6000, bins=4, range="fixed", bound=1.0)
    counts, _ = np.histogram(samples, bins=4, range=(-1, 1))
    assert counts.sum() == 6000
    assert counts[1] == 0
    assert stats.chisquare(counts[[0, 2, 3]], [2000, 1000, 3000]).pvalue > 1e-3


@pytest.mark.parametrize("law", ["cell", "member", "box"])
@pytest.mark.parametrize("rule", ["min-max", "quantile", "std"])
def test_a_dimension_in_which_nothing_varies_stays_as_it_is(law, rule):
    values = torch.randn(50, 3)
    values[:, 1] = 0.75
    sampler = PMFS(law=law, range=rule)
    sampler.fit(Continuous(3).pack(values=values))
    assert (sampler.sample(100).values[:, 1] == 0.75).all()
    assert np.isfinite(list(sampler.diagnostics().values())).all()


def density(latents: Latents, points: np.ndarray, **settings) -> np.ndarray:
    sampler = PMFS(**settings)
    sampler.fit(latents)
    logs = sampler.log_prob(latents.space.pack(values=torch.from_numpy(points)))
    return logs.exp().numpy()


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("check", [2**20, 64])
def test_the_density_of_cells_is_that_of_a_histogram(width, check, monkeypatch):
    """By numpy: counts over their sum and the volume of a cell; 0 in empty cells and outside."""
    monkeypatch.setattr(cell_counts, "FIRST_CHECK", check)
    latents = skewed(300, width)
    expected, edges = np.histogramdd(latents.values.numpy(), bins=5, density=True)
    low, high = (np.array([edge[end] for edge in edges]) for end in (0, -1))
    points = np.random.default_rng(1).uniform(low - 0.5, high + 0.5, (2000, width))
    cells = np.floor((points - low) / (high - low) * 5).astype(int)
    inside = ((cells >= 0) & (cells < 5)).all(1)
    there = np.where(inside, expected[tuple(np.clip(cells, 0, 4).T)], 0)
    assert 0 < (there == 0).sum() < 2000
    np.testing.assert_allclose(density(latents, points, bins=5), there, rtol=1e-12)


def test_with_uniform_weights_the_density_is_the_same_in_all_occupied_cells():
    latents = skewed(300)
    counts, edges = np.histogramdd(latents.values.numpy(), bins=5)
    volume = np.prod([edge[1] - edge[0] for edge in edges])
    middles = np.stack(
        np.meshgrid(*[(edge[1:] + edge[:-1]) / 2 for edge in edges], indexing="ij"), axis=-1
    )
    found = density(latents, middles.reshape(-1, 2), bins=5, weights="uniform")
    expected = (counts > 0) / (counts > 0).sum() / volume
    assert 0 < (counts == 0).sum() < 25
    np.testing.assert_allclose(found.reshape(5, 5), expected, rtol=1e-12)


@pytest.mark.parametrize("weights", ["count", "uniform"])
def test_the_density_of_member_boxes_is_a_mean_of_uniform_ones(weights):
    latents, bins = skewed(200), 6
    values = latents.values.numpy()
    width = (values.max(0) - values.min(0)) / bins
    points = np.random.default_rng(2).uniform(values.min(0) - 1, values.max(0) + 1, (1000, 2))
    held = (np.abs(points[:, None] - values) <= width / 2).all(2)
    cells = np.minimum((values - values.min(0)) // width, bins - 1) @ [bins, 1]
    _, owners, sizes = np.unique(cells, return_inverse=True, return_counts=True)
    shares = 1 / len(sizes) / sizes[owners] if weights == "uniform" else np.full(200, 1 / 200)
    expected = held @ shares / width.prod()
    assert 0 < (expected == 0).sum() < 1000
    found = density(latents, points, bins=bins, law="member", weights=weights)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("law", ["cell", "member"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_training_latent_in_the_range_has_a_density(law, dtype):
    """The greatest too, though rounding may put the end of the last bin before it."""
    for seed in range(50):
        with seeded(seed):
            values = torch.randn(100, 3, dtype=dtype) * 10.0 ** (seed % 7 - 3) + seed
        latents = Latents(Continuous(3), values, torch.empty(100, 0, dtype=torch.int64))
        sampler = PMFS(bins=7, law=law)
        sampler.fit(latents)
        assert sampler.log_prob(latents).isfinite().all()


@pytest.mark.parametrize("law", ["cell", "member"])
def test_where_nothing_varies_the_density_is_that_of_the_other_dimensions(law):
    both = skewed(100)
    alone = Continuous(1).pack(values=both.values[:, :1])
    both = both.space.pack(values=torch.cat([both.values[:, :1], torch.full((100, 1), 0.1)], 1))
    flat = density(both, both.values.numpy(), bins=4, law=law)
    np.testing.assert_allclose(flat, density(alone, alone.values.numpy(), bins=4, law=law))
    moved = both.values.numpy() + np.array([0, 1e-9])
    assert (density(both, moved, bins=4, law=law) == 0).all()


def test_bounding_boxes_have_no_density_and_the_reason_is_given():
    sampler = PMFS(law="box")
    assert "has no volume" in sampler.no_density(Continuous(2))
    assert PMFS().no_density(Continuous(2)) is None
    sampler.fit(skewed(20))
    with pytest.raises(ValueError, match="no density: a box around a single latent"):
        sampler.log_prob(skewed(20))


def test_in_many_dimensions_its_held_out_bits_are_infinite():
    """It must not be spared the score that every other sampler with a density gets."""
    space = Continuous(16)
    with seeded(0):
        train, test = (space.pack(values=torch.randn(500, 16)) for _ in range(2))
    sampler = PMFS(bins=10)
    sampler.fit(train)
    held = {Need.LATENTS: (train, test), Need.DENSITY: lambda: sampler.log_prob(test)}
    with pytest.raises(NoNumber, match="infinite: the density is 0 at"):
        HeldOutBits().measure(Evidence(held))


@pytest.mark.parametrize("law", ["cell", "member", "box"])
def test_a_single_latent_is_all_that_its_sampler_knows(law):
    latents = Continuous(2).pack(values=torch.tensor([[0.5, -2.0]]))
    assert (drawn(latents, 10, law=law) == [[0.5, -2.0]]).all()


@pytest.mark.parametrize("bins", [3, 50, 256, 257, 40_000])
def test_diagnostics_are_those_of_whole_histograms(bins):
    latents = skewed(500)
    values = latents.values.numpy()
    sampler = PMFS(bins=bins)
    sampler.fit(latents)
    low, width = values.min(0), np.ptp(values, axis=0) / bins
    cells = np.clip(np.floor((values - low) / width), 0, bins - 1)
    _, counts = np.unique(cells, axis=0, return_counts=True)
    assert sampler.diagnostics() == pytest.approx(
        {
            "occupied_bins": len(counts),
            "singleton_mass": (counts == 1).sum() / 500,
            "cell_width": (width / values.std(0)).mean(),
            "displacement": ((width / values.std(0)) ** 2).mean() / 6,
        }
    )


@pytest.mark.parametrize(
    ("bins", "dtype"),
    [
        (256, torch.uint8),
        (257, torch.int16),
        (2**15, torch.int16),
        (2**15 + 1, torch.int32),
        (2**24, torch.int32),
    ],
)
def test_cells_are_numbered_to_the_last_in_the_smallest_type(bins, dtype):
    numbers = torch.arange(max(0, bins - 2**18 - 9), bins)[:, None]  # more than a chunk
    low, high = torch.tensor([[0], [bins]], dtype=torch.float64)
    cells = Bins.between(low=low, high=high, counts=high).find_cells(numbers.double() + 0.5)
    assert cells.dtype == dtype
    assert torch.equal(cells.long(), numbers)
