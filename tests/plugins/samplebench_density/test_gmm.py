"""The mixture of Gaussians: density against scikit-learn's, samples against the density."""

import numpy as np
import pytest
import torch
from clustered import clusters
from scipy import stats
from sklearn import mixture

from samplebench import Continuous, Latents, seeded
from samplebench_density import GaussianMixture
from samplebench_density.gmm import subset_size
from samplebench_density.mixture.components import Diagonal, Full
from samplebench_density.mixture.normal_mixture import NormalMixture

every_kind = pytest.mark.parametrize("covariance", ["full", "diagonal", "tied"])


def latents_of(points: np.ndarray, dtype: torch.dtype = torch.float64) -> Latents:
    return Continuous(points.shape[1]).pack(values=torch.from_numpy(points).to(dtype))


def mixture_of(sampler: GaussianMixture) -> NormalMixture:
    return NormalMixture.from_state(sampler.state(), sampler.covariance)


def as_theirs(ours: NormalMixture) -> mixture.GaussianMixture:
    """scikit-learn's model with the parameters of ours."""
    factors = ours.components.factors.numpy()
    width = factors.shape[1]
    model = mixture.GaussianMixture(
        len(factors), covariance_type="full" if factors.ndim == 3 else "diag"
    )
    model.weights_, model.means_ = ours.weights.numpy(), ours.components.means.numpy()
    model.precisions_cholesky_ = (
        np.linalg.solve(factors, np.eye(width)).transpose(0, 2, 1)
        if factors.ndim == 3
        else 1 / factors
    )
    return model


@every_kind
def test_fewer_latents_than_dimensions_can_be_fitted_in_float32(covariance):
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(200, 200)))[0]
    points = (rng.normal(size=(150, 200)) / np.arange(1, 201) ** 1.5) @ turn
    sampler = GaussianMixture(components=3, covariance=covariance)
    fits = {}
    for dtype in (torch.float32, torch.float64):
        with seeded(0):
            sampler.fit(latents_of(points, dtype))
        fits[dtype] = sampler.diagnostics()["log_likelihood"]
    assert fits[torch.float32] == pytest.approx(fits[torch.float64], rel=1e-6)


@every_kind
def test_the_density_is_that_of_scikit_learn_with_the_same_parameters(covariance):
    points = clusters()
    sampler = GaussianMixture(components=4, covariance=covariance)
    with seeded(0):
        sampler.fit(latents_of(points))
    expected = as_theirs(mixture_of(sampler)).score_samples(points)
    np.testing.assert_allclose(sampler.log_prob(latents_of(points)).numpy(), expected, rtol=1e-9)


@every_kind
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_reported_likelihood_is_the_mean_log_density_of_the_latents(covariance, dtype):
    latents = latents_of(1000 * clusters() + 5000, dtype)
    sampler = GaussianMixture(components=4, covariance=covariance)
    with seeded(0):
        sampler.fit(latents)
    mean = float(sampler.log_prob(latents).mean())
    assert sampler.diagnostics()["log_likelihood"] == pytest.approx(mean, abs=1e-4)


def test_fits_reach_the_likelihoods_that_scikit_learn_reaches():
    points = clusters(600, 4, 5)
    ours, their = [], []
    for seed in range(5):
        sampler = GaussianMixture(components=5)
        with seeded(seed):
            sampler.fit(latents_of(points, torch.float32))
        ours.append(sampler.diagnostics()["log_likelihood"])
        their.append(mixture.GaussianMixture(5, random_state=seed).fit(points).score(points))
    assert max(ours) > max(their) - 0.02
    assert np.mean(ours) > np.mean(their) - 0.1


@every_kind
def test_samples_follow_the_mixture(covariance):
    """Weights by frequency, and each component's mean and covariance by moments."""
    weights = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    means = torch.tensor([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]], dtype=torch.float64)
    factors = torch.tensor([[[1.0, 0.0], [2.0, 0.5]]] * 3, dtype=torch.float64)
    if covariance == "full":
        factors = factors * torch.tensor([1.0, 2.0, 3.0]).view(-1, 1, 1)
    components = (
        Diagonal(means, means / 100 + 1) if covariance == "diagonal" else Full(means, factors)
    )
    ours = NormalMixture(weights, components, covariance)
    with seeded(0):
        samples = ours.sample(30_000, torch.float32)
    owners = torch.cdist(samples.double(), means).argmin(1)
    counts = owners.bincount(minlength=3).numpy()
    assert stats.chisquare(counts, 30_000 * weights.numpy()).pvalue > 1e-3
    for k in range(3):
        own = (samples[owners == k].double() - means[k]).numpy()
        expected = (
            np.diag(components.factors[k].square())
            if covariance == "diagonal"
            else (factors[k] @ factors[k].T).numpy()
        )
        std = np.sqrt(np.diag(expected))
        assert np.abs(own.mean(0) / std).max() < 5 / len(own) ** 0.5
        scaled = np.cov(own.T) / np.outer(std, std)
        np.testing.assert_allclose(scaled, expected / np.outer(std, std), atol=0.06)


def test_samples_are_independent_of_each_other():
    far = torch.tensor([[0.0], [100.0]], dtype=torch.float64)
    ours = NormalMixture.isotropic(far, torch.ones((), dtype=torch.float64), "full")
    with seeded(0):
        samples = ours.sample(10_000, torch.float64)[:, 0]
    high = (samples > 50).double()
    assert abs(float(torch.corrcoef(torch.stack([high[:-1], high[1:]]))[0, 1])) < 0.05
    noise = (samples - 100 * high).numpy()
    assert len(np.unique(noise.round(9))) == 10_000


def test_more_restarts_are_never_less_likely():
    latents = latents_of(clusters(300, 2, 8))
    found = []
    for restarts in (1, 4):
        sampler = GaussianMixture(components=8, restarts=restarts)
        with seeded(3):  # so the first start is the same
            sampler.fit(latents)
        found.append(sampler.diagnostics()["log_likelihood"])
    assert found[1] > found[0]


def test_starting_on_a_part_of_many_latents_loses_no_likelihood():
    points = clusters(6000, 2, 5)
    assert subset_size(torch.from_numpy(points), 5) == 1500
    sampler = GaussianMixture(components=5)
    with seeded(0):
        sampler.fit(latents_of(points))
    best = mixture.GaussianMixture(5, n_init=5, random_state=0).fit(points).score(points)
    assert sampler.diagnostics()["log_likelihood"] > best - 0.01


def test_diagnostics_distinguish_a_fit_that_was_stopped_from_one_that_converged():
    latents = latents_of(clusters())
    for settings, expected in (
        ({"iterations": 2, "tolerance": 0.0}, (2, 0)),
        ({"iterations": 5, "tolerance": 1e9}, (1, 1)),
    ):
        sampler = GaussianMixture(components=4, **settings)
        with seeded(0):
            sampler.fit(latents)
        found = sampler.diagnostics()
        assert (found["iterations"], found["converged"]) == expected


@pytest.mark.parametrize(
    "values", [torch.randn(3, 2), torch.randn(3, 2).repeat(20, 1)], ids=["few", "repeated"]
)
def test_fewer_distinct_latents_than_components_are_refused(values):
    GaussianMixture(components=3).fit(Continuous(2).pack(values=values))
    with pytest.raises(ValueError, match="4 components need as many distinct points"):
        GaussianMixture(components=4).fit(Continuous(2).pack(values=values))


def test_a_singular_covariance_without_a_ridge_is_refused_with_a_remedy():
    line = torch.arange(40.0)[:, None] * torch.tensor([1.0, 0.0])
    with pytest.raises(ValueError, match="a larger ridge"):
        GaussianMixture(components=2, ridge=0.0).fit(Continuous(2).pack(values=line))


@pytest.mark.parametrize(
    "setting",
    [
        {"components": 0},
        {"iterations": 0},
        {"restarts": 0},
        {"tolerance": -1.0},
        {"ridge": float("nan")},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_an_impossible_setting_is_refused_by_name(setting):
    with pytest.raises(ValueError, match=f"{next(iter(setting))} must be at least"):
        GaussianMixture(**setting)


@pytest.mark.parametrize(
    ("kind", "covariance"),
    [(Full, [[1.0, 2.0], [2.0, 1.0]]), (Diagonal, [1.0, -1.0])],
    ids=["full", "diagonal"],
)
def test_a_matrix_that_is_no_covariance_has_a_volume_of_nan(kind, covariance):
    wrong = torch.tensor([covariance], dtype=torch.float64)
    components = kind.of(torch.zeros(1, 2, dtype=torch.float64), wrong, 0.0)
    assert components.log_volumes.isnan().all()


@every_kind
def test_the_criterion_counts_parameters_as_scikit_learn_does(covariance):
    points = clusters()
    sampler = GaussianMixture(components=4, covariance=covariance)
    with seeded(0):
        sampler.fit(latents_of(points))
    kind = {"diagonal": "diag"}.get(covariance, covariance)
    theirs = mixture.GaussianMixture(4, covariance_type=kind, random_state=0).fit(points)
    penalty = theirs.bic(points) + 2 * len(points) * theirs.score(points)
    assert mixture_of(sampler).parameters == pytest.approx(penalty / np.log(len(points)))


def test_bic_finds_how_many_clusters_there_are():
    points = clusters(1500, 2, 4, apart=20.0)
    sampler = GaussianMixture(components="bic", candidates=(1, 2, 4, 8, 5000))
    with seeded(0):
        sampler.fit(latents_of(points))
    assert sampler.diagnostics()["components"] == 4
    criteria = [
        mixture.GaussianMixture(count, n_init=3, random_state=0).fit(points).bic(points)
        for count in (1, 2, 4, 8)
    ]
    assert np.argmin(criteria) == 2


def test_stopping_on_held_out_latents_keeps_the_mixture_of_their_highest_likelihood():
    """Ten components on 300 latents of one Gaussian overfit: training likelihood keeps rising."""
    points, fresh = np.split(np.random.default_rng(0).normal(size=(4300, 5)), [300])
    found = {}
    for stop in ("training", "held-out"):
        sampler = GaussianMixture(stop=stop, held_out=0.2, tolerance=1e-6)
        with seeded(1):
            sampler.fit(latents_of(points))
        found[stop] = sampler
    scores = {stop: float(s.log_prob(latents_of(fresh)).mean()) for stop, s in found.items()}
    assert scores["held-out"] > scores["training"] + 0.3
    reported = {stop: sampler.diagnostics() for stop, sampler in found.items()}
    assert reported["held-out"]["iterations"] < reported["training"]["iterations"]
    assert "held_out_log_likelihood" not in reported["training"]


def test_the_reported_held_out_likelihood_is_that_of_the_latents_left_out():
    points = 100 * clusters(500) - 7
    sampler = GaussianMixture(components=3, stop="held-out")
    with seeded(2):
        sampler.fit(latents_of(points))
    with seeded(2):  # the first that a fit draws
        left_out = points[torch.randperm(500).numpy()[:50]]
    expected = as_theirs(mixture_of(sampler)).score(left_out)
    assert sampler.diagnostics()["held_out_log_likelihood"] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("settings", "reported"),
    [
        ({"components": "bic", "candidates": ()}, "components must be at least 1"),
        ({"held_out": 1.0}, "held_out is a share"),
    ],
)
def test_settings_out_of_range_are_refused(settings, reported):
    with pytest.raises(ValueError, match=reported):
        GaussianMixture(**settings)


def test_bic_leaves_out_what_cannot_be_fitted_and_fails_only_with_nothing_left():
    points = np.repeat(clusters(30), 5, axis=0)  # thirty distinct latents
    sampler = GaussianMixture(components="bic", candidates=(1, 2, 50))
    with seeded(0):
        sampler.fit(latents_of(points))
    assert sampler.diagnostics()["components"] in (1, 2)
    with pytest.raises(ValueError, match="40 components need as many distinct points"):
        GaussianMixture(components="bic", candidates=(40,)).fit(latents_of(points))
