"""GM-VQ's sampler: draws against the stated distributions, its density against scipy's."""

import math

import numpy as np
import pytest
import torch
from scipy import special, stats
from sklearn import mixture
from toy_priors import Independent, Remembering

from samplebench import Continuous, Discrete, Latents, Mixture, Sparse, seeded
from samplebench_codes.gm_vq import GMVQ
from samplebench_codes.gm_vq_codebook import Codebook
from samplebench_codes.gm_vq_gaussians import ComponentGaussians

SHARES = np.array([0.5, 0.3, 0.2])
CENTRES = np.array([[0.0, 0.0], [6.0, 1.0], [-2.0, 7.0]])
STDS = np.array([[1.0, 0.5], [0.3, 1.2], [0.8, 0.8]])


def labelled(samples: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points of a known mixture, (samples, 2), and their components."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(3, samples, p=SHARES)
    return CENTRES[codes] + STDS[codes] * rng.normal(size=(samples, 2)), codes


def mixtures(
    samples: int = 4000, seed: int = 0, dtype: torch.dtype = torch.float32, grid: tuple = ()
) -> Latents:
    space = Mixture(3, 2, grid)
    points, codes = labelled(samples * space.sites, seed)
    return space.pack(
        values=torch.from_numpy(points).to(dtype).view(samples, -1),
        codes=torch.from_numpy(codes).view(samples, -1),
    )


def vectors(points: np.ndarray, dtype: torch.dtype = torch.float32) -> Latents:
    return Continuous(points.shape[1]).pack(values=torch.from_numpy(points).to(dtype))


def codewords(
    samples: int = 500, dtype: torch.dtype = torch.float32
) -> tuple[Latents, torch.Tensor]:
    """Latents of which the values are the codewords of their components."""
    book = (torch.randn(5, 3, dtype=torch.float64) * 3 + 100).to(dtype)
    codes = torch.randint(5, (samples, 4))
    return Mixture(5, 3, (2, 2)).pack(values=book[codes], codes=codes), book


def fitted(latents: Latents, prior=None, **settings) -> GMVQ:
    sampler = GMVQ(prior=prior or Independent(), **settings)
    with seeded(0, "fit"):
        sampler.fit(latents)
    return sampler


def drawn(sampler: GMVQ, count: int, seed: int = 0) -> Latents:
    with seeded(seed, "sample"):
        return sampler.sample(count)


def gaussians_of(sampler: GMVQ) -> ComponentGaussians:
    return ComponentGaussians.from_state(sampler.state())


def log_density(points: np.ndarray) -> np.ndarray:
    """The true log density of the known mixture."""
    parts = [
        np.log(share) + stats.norm(centre, std).logpdf(points).sum(1)
        for share, centre, std in zip(SHARES, CENTRES, STDS, strict=True)
    ]
    return special.logsumexp(parts, axis=0)


# Mixture latents


@pytest.mark.parametrize("grid", [(), (2, 2)])
def test_components_come_as_often_and_values_vary_as_in_the_training_latents(grid):
    samples = drawn(fitted(mixtures(20_000 // max(1, math.prod(grid)), grid=grid)), 10_000)
    codes, values = samples.codes.flatten().numpy(), samples.values.view(-1, 2).double().numpy()
    counts = np.bincount(codes, minlength=3)
    # The distribution was itself learned from 20,000 sites.
    assert np.abs(counts / counts.sum() - SHARES).max() < 4 * 0.5 * (2 / 20_000) ** 0.5
    for k in range(3):
        scaled = (values[codes == k] - CENTRES[k]) / STDS[k]
        assert np.abs(scaled.mean(0)).max() < 5 * (2 / counts[k]) ** 0.5
        assert np.abs(scaled.std(0) - 1).max() < 5 * (1 / counts[k]) ** 0.5
        for dimension in scaled[:2000].T:
            assert stats.kstest(dimension, "norm").pvalue > 1e-4


@pytest.mark.parametrize("grid", [(), (3,)])
def test_the_density_of_values_and_components_is_scipys(grid):
    training, asked = mixtures(600, grid=grid), mixtures(50, seed=1, grid=grid)
    sampler = fitted(training)
    points, codes = (
        training.values.reshape(-1, 2).double().numpy(),
        training.codes.flatten().numpy(),
    )
    within = [points[codes == k] for k in range(3)]
    squares = np.array([((own - own.mean(0)) ** 2).sum(0) for own in within])
    sizes = np.array([len(own) for own in within])
    pooled = squares.sum(0) / (sizes - 1).sum()
    stds = np.sqrt((squares + pooled) / sizes[:, None])
    means = np.array([own.mean(0) for own in within])
    of = asked.codes.view(50, -1).numpy()
    places = training.codes.view(600, -1).numpy()
    expected = np.zeros(50)
    for site in range(of.shape[1]):
        at = asked.values.view(50, -1, 2)[:, site].double().numpy()
        expected += stats.norm(means[of[:, site]], stds[of[:, site]]).logpdf(at).sum(1)
        expected += np.log(np.bincount(places[:, site], minlength=3) / 600)[of[:, site]]
    np.testing.assert_allclose(sampler.log_prob(asked).numpy(), expected, rtol=1e-6)


def test_a_variance_is_unbiased_where_components_vary_alike_however_few_have_been_seen():
    """Components of three points each, whose own variances would come out a third too small."""
    codes = torch.arange(3000) % 1000
    points = torch.randn(3000, 2, dtype=torch.float64) * 2 + codes[:, None]
    gaussians = ComponentGaussians.of(points, codes, components=1000)
    own = torch.stack([points[codes == k].var(0, correction=0) for k in range(1000)])
    assert float(own.mean()) == pytest.approx(4 * 2 / 3, rel=0.06)
    assert float(gaussians.std.square().mean()) == pytest.approx(4, rel=0.06)


def test_a_component_seen_once_varies_as_components_do_on_average():
    points = torch.tensor([[0.0], [2.0], [10.0], [16.0], [50.0]])
    gaussians = ComponentGaussians.of(points, torch.tensor([0, 0, 1, 1, 2]), components=3)
    pooled = (2.0 + 18.0) / 2
    assert gaussians.means.flatten().tolist() == [1.0, 13.0, 50.0]
    variances = [(2 + pooled) / 2, (18 + pooled) / 2, pooled]
    torch.testing.assert_close(gaussians.std[:, 0].square().tolist(), variances)


def test_components_that_were_all_seen_once_vary_as_all_values_do():
    """The variance within components is unknown then, and not zero."""
    points = torch.randn(50, 2, dtype=torch.float64) * torch.tensor([3.0, 0.2])
    gaussians = ComponentGaussians.of(points, torch.randperm(50), components=50)
    std = torch.from_numpy(points.numpy().std(0))
    torch.testing.assert_close(gaussians.std, std.expand(50, 2))


def test_a_component_never_seen_has_the_distribution_of_all_values():
    points, codes = torch.randn(400, 2) * 3 + 5, torch.randint(2, (400,))
    gaussians = ComponentGaussians.of(points, codes, components=3)
    torch.testing.assert_close(gaussians.means[2], points.double().mean(0), rtol=1e-5, atol=0)
    torch.testing.assert_close(
        gaussians.std[2], points.double().std(0, correction=0), rtol=1e-5, atol=0
    )


def test_a_far_origin_costs_no_precision():
    points, codes = labelled(2000)
    near, far = (
        ComponentGaussians.of(
            torch.from_numpy(points * 2.0**-10).double() + origin,
            torch.from_numpy(codes),
            components=3,
        )
        for origin in (0.0, 2.0**20)
    )
    torch.testing.assert_close(far.std, near.std, rtol=1e-5, atol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_codewords_are_drawn_bit_for_bit_with_the_component_that_they_belong_to(dtype):
    latents, book = codewords(dtype=dtype)
    samples = drawn(fitted(latents), 300)
    assert samples.values.dtype == dtype
    assert torch.equal(samples.values, book[samples.codes[..., 0]])


def test_the_density_of_codewords_is_that_of_their_components_and_nothing_elsewhere():
    latents, _ = codewords()
    sampler, prior = fitted(latents), Independent()
    codes = Discrete((5,), (2, 2)).pack(codes=latents.codes)
    prior.fit(codes)
    torch.testing.assert_close(sampler.log_prob(latents), prior.log_prob(codes))
    moved = latents.space.pack(values=latents.values + 0.1, codes=latents.codes)
    assert bool((sampler.log_prob(moved) == -torch.inf).all())


def test_a_dimension_that_is_part_of_the_code_adds_nothing_to_the_density_of_the_others():
    plain = mixtures(300)
    tag = plain.codes.float() * 7
    tagged = Mixture(3, 3).pack(values=torch.cat([plain.values, tag], 1), codes=plain.codes)
    torch.testing.assert_close(fitted(tagged).log_prob(tagged), fitted(plain).log_prob(plain))


def test_the_prior_draws_the_components_of_all_sites_together():
    """All sites have one component in the training latents, so they have in the draws."""
    one = torch.randint(3, (200, 1)).expand(200, 4)
    latents = Mixture(3, 2, (2, 2)).pack(values=torch.randn(200, 8), codes=one)
    together = drawn(fitted(latents, Remembering()), 500).codes.view(500, 4)
    independent = drawn(fitted(latents), 500).codes.view(500, 4)
    assert bool((together == together[:, :1]).all())
    assert not bool((independent == independent[:, :1]).all())


def with_dead_codes(samples: int = 400) -> tuple[Latents, torch.Tensor]:
    """Codewords of which only the second, fifth and last of eight are ever used."""
    book = torch.randn(8, 3)
    codes = torch.tensor([1, 4, 7])[torch.randint(3, (samples, 4))]
    return Mixture(8, 3, (2, 2)).pack(values=book[codes], codes=codes), book


def test_codewords_that_were_never_seen_are_not_drawn_whatever_the_prior_adds():
    latents, book = with_dead_codes()
    samples = drawn(fitted(latents, Independent(added=50.0)), 2000)
    assert set(samples.codes.flatten().tolist()) == {1, 4, 7}
    assert torch.equal(samples.values, book[samples.codes[..., 0]])


def test_codewords_that_were_never_seen_are_impossible_and_the_others_add_up_to_one():
    """Wherever their values lie: at their codewords, at those of others, at the overall mean."""
    latents, book = with_dead_codes()
    space, site = latents.space, Mixture(8, 3)
    sampler = fitted(latents, Independent(added=50.0))
    values, codes = latents.values[:8].clone(), latents.codes[:8].clone()
    codes[:, 0, 0, 0] = torch.tensor([0, 2, 3, 5, 6, 0, 2, 3])
    own = values.clone()
    own[:, 0, 0] = book[codes[:, 0, 0, 0]]
    middle = values.clone()
    middle[:, 0, 0] = latents.values.flatten(0, 2).mean(0)
    for at in (values, own, middle):
        assert bool((sampler.log_prob(space.pack(values=at, codes=codes)) == -torch.inf).all())
    assert bool(sampler.log_prob(latents).isfinite().all())
    one = fitted(site.pack(values=latents.values[:, 0, 0], codes=latents.codes[:, 0, 0]))
    every = one.log_prob(site.pack(values=book, codes=torch.arange(8)))
    assert float(every.exp().sum()) == pytest.approx(1, rel=1e-6)


def test_one_channel_that_is_part_of_the_code_makes_components_never_seen_impossible():
    plain = mixtures(300)
    tag = plain.codes.float() * 7
    latents = Mixture(5, 3).pack(values=torch.cat([plain.values, tag], 1), codes=plain.codes)
    sampler = fitted(latents, Independent(added=50.0))
    assert set(drawn(sampler, 1000).codes.flatten().tolist()) == {0, 1, 2}
    unseen = latents.space.pack(values=latents.values, codes=torch.full((300, 1), 4))
    assert bool((sampler.log_prob(unseen) == -torch.inf).all())


def test_where_values_vary_a_component_never_seen_is_drawn_and_scored_by_that_of_all_values():
    plain = mixtures(500)
    latents = Mixture(4, 2).pack(values=plain.values, codes=plain.codes)
    sampler = fitted(latents, Independent(added=100.0))
    points = plain.values.double().numpy()
    unseen = latents.space.pack(values=plain.values, codes=torch.full((500, 1), 3))
    expected = stats.norm(points.mean(0), points.std(0)).logpdf(points).sum(1)
    found = sampler.log_prob(unseen).numpy()
    np.testing.assert_allclose(found, expected + math.log(100 / 900), rtol=1e-5)
    assert found.mean() < float(sampler.log_prob(latents).mean())
    own = drawn(sampler, 20_000)
    own = own.values[own.codes[:, 0] == 3].double().numpy()
    assert len(own) / 20_000 == pytest.approx(1 / 9, abs=0.01)
    np.testing.assert_allclose(own.std(0), points.std(0), rtol=0.06)


def test_components_that_are_impossible_stay_so_when_a_fit_is_restored():
    latents, _ = with_dead_codes()
    prior = Independent(added=50.0)
    sampler, again = fitted(latents, prior), GMVQ(prior=prior)
    again.restore(latents.space, sampler.state())
    assert torch.equal(drawn(again, 100).codes, drawn(sampler, 100).codes)
    assert torch.equal(again.log_prob(latents), sampler.log_prob(latents))


# Continuous latents


def test_the_objective_is_the_one_of_the_docstring_in_float64():
    points, means = torch.randn(40, 3), torch.randn(7, 3)
    found = Codebook(means, sigma=0.8, entropy=1.5).loss(points)
    found = {name: float(term.detach()) for name, term in found.items()}
    halves = np.square(points.numpy()[:, None] - means.numpy()).sum(2).astype(np.float64)
    halves /= 2 * 0.8**2
    posterior = special.softmax(-halves, axis=1)
    shares = posterior.mean(0)
    assert found["latent"] == pytest.approx((posterior * halves).sum(1).mean(), rel=1e-5)
    expected = 1.5 * (math.log(7) - stats.entropy(shares))
    assert found["divergence"] == pytest.approx(expected, rel=1e-4)


def test_gradients_stay_finite_where_a_component_has_vanished():
    book = Codebook(torch.tensor([[0.0], [1e4]]), sigma=1.0, entropy=1.0)
    sum(book.loss(torch.randn(20, 1)).values()).backward()
    assert bool(book.means.grad.isfinite().all())


def test_codes_are_drawn_from_the_posterior():
    points, means = torch.randn(1, 2), torch.randn(4, 2)
    codes = Codebook(means, sigma=1.0, entropy=1.0).draw_codes(points.expand(20_000, 2))
    squares = np.square(points.double().numpy() - means.double().numpy()).sum(1)
    expected = 20_000 * special.softmax(-squares / 2)
    assert stats.chisquare(codes.bincount(minlength=4).numpy(), expected).pvalue > 1e-3


def test_codes_are_drawn_from_the_posterior_where_sigma_is_small_next_to_the_points():
    """Means 2⁻⁸ apart and 100 from the origin, where squares of float32 are 2⁻⁹ apart."""
    means = torch.tensor([[100.0, 100.0], [100.0 + 2.0**-8, 100.0], [100.0, 100.0 - 2.0**-8]])
    points = means[:1] + torch.tensor([[2.0**-10, 0.0]])
    codes = Codebook(means, sigma=2.0**-8, entropy=1.0).draw_codes(points.expand(20_000, 2))
    squares = np.square((points.double() - means.double()).numpy() * 2.0**8).sum(1)
    expected = 20_000 * special.softmax(-squares / 2)
    assert stats.chisquare(codes.bincount(minlength=3).numpy(), expected).pvalue > 1e-3


def test_a_mixture_of_known_weights_means_and_stds_is_found():
    sampler = fitted(vectors(labelled(12_000)[0]), components=3)
    samples = drawn(sampler, 12_000).values.double()
    codes = torch.cdist(samples, torch.from_numpy(CENTRES)).argmin(1)
    shares = codes.bincount(minlength=3).double() / len(codes)
    np.testing.assert_allclose(shares, SHARES, atol=0.03)
    for k in range(3):
        own = samples[codes == k].numpy()
        np.testing.assert_allclose(own.mean(0), CENTRES[k], atol=0.1)
        # One σ for all components gives the narrow one some points of its neighbours.
        np.testing.assert_allclose(own.std(0), STDS[k], rtol=0.2)


@pytest.mark.parametrize("scale", [1.0, 0.4])
def test_the_held_out_likelihood_is_near_the_truth_and_scikit_learns(scale):
    """Within 0.05 nats of both on separate clusters, within 0.1 where they overlap."""
    squeezed = CENTRES * scale
    training, held_out = (
        points + (squeezed - CENTRES)[codes]
        for points, codes in (labelled(6000), labelled(6000, seed=1))
    )
    truth = special.logsumexp(
        [
            np.log(share) + stats.norm(centre, std).logpdf(held_out).sum(1)
            for share, centre, std in zip(SHARES, squeezed, STDS, strict=True)
        ],
        axis=0,
    ).mean()
    theirs = mixture.GaussianMixture(3, covariance_type="diag", n_init=3, random_state=0)
    likelihood = theirs.fit(training).score(held_out)
    ours = float(fitted(vectors(training), components=3).log_prob(vectors(held_out)).mean())
    gap = 0.05 if scale == 1 else 0.1
    assert truth - gap < ours < truth + 0.01
    assert ours > likelihood - gap


def test_the_density_is_that_of_scikit_learn_with_the_same_parameters():
    points = labelled(1500)[0]
    sampler = fitted(vectors(points, torch.float64), components=5)
    gaussians, weights = gaussians_of(sampler), sampler.state()["prior.law"][0]
    theirs = mixture.GaussianMixture(len(weights), covariance_type="diag")
    theirs.weights_, theirs.means_ = weights.numpy(), gaussians.means.numpy()
    theirs.precisions_cholesky_ = 1 / gaussians.std.numpy()
    np.testing.assert_allclose(
        sampler.log_prob(vectors(points, torch.float64)).numpy(),
        theirs.score_samples(points),
        rtol=1e-9,
    )


@pytest.mark.parametrize("space", [Continuous(1), Continuous(2, (1, 1))])
def test_draws_follow_the_density(space):
    """Entropy is the mean of −log p over draws; both are known of the mixture that was learned."""
    points = labelled(3000)[0][:, : space.channels]
    latents = space.pack(values=torch.from_numpy(points).float())
    sampler = fitted(latents, components=3)
    logs = sampler.log_prob(drawn(sampler, 40_000)).numpy()
    gaussians, weights = gaussians_of(sampler), sampler.state()["prior.law"][0].numpy()
    rng = np.random.default_rng(5)
    codes = rng.choice(len(weights), 40_000, p=weights)
    own = gaussians.means.numpy()[codes] + gaussians.std.numpy()[codes] * rng.normal(
        size=(40_000, space.channels)
    )
    theirs = sampler.log_prob(space.pack(values=torch.from_numpy(own).float())).numpy()
    assert stats.ks_2samp(logs, theirs).pvalue > 1e-3


def test_sites_of_a_map_share_their_components_and_keep_the_mean_and_variance_of_the_latents():
    points = labelled(8000)[0]
    latents = Continuous(2, (2, 2)).pack(values=torch.from_numpy(points).float().view(2000, -1))
    samples = drawn(fitted(latents, components=3), 4000).values.view(-1, 2).double().numpy()
    assert np.abs(samples.mean(0) - points.mean(0)).max() < 0.15
    np.testing.assert_allclose(np.cov(samples.T), np.cov(points.T), atol=0.05 * np.var(points))


def test_components_of_neighbouring_sites_go_by_the_prior():
    rng = np.random.default_rng(0)
    codes = rng.choice(3, 1500, p=SHARES)[:, None].repeat(4, 1)
    points = 4 * CENTRES[codes] + STDS[codes] * rng.normal(size=(1500, 4, 2))
    latents = Continuous(2, (4,)).pack(values=torch.from_numpy(points).float())
    sites = drawn(fitted(latents, Remembering(), components=3), 500).values.double()
    near = torch.cdist(sites.view(-1, 2), torch.from_numpy(4 * CENTRES)).argmin(1).view(500, 4)
    assert bool((near == near[:, :1]).all())


@pytest.mark.parametrize("scale", [2.0**-10, 2.0**10])
def test_samples_and_sigma_scale_with_the_latents(scale):
    points = labelled(500)[0]
    one, other = (fitted(vectors(points * by), components=4) for by in (1.0, scale))
    torch.testing.assert_close(
        drawn(other, 50).values / scale, drawn(one, 50).values, rtol=1e-3, atol=1e-3
    )
    assert other.diagnostics()["sigma"] == pytest.approx(
        one.diagnostics()["sigma"] * scale, rel=1e-3
    )


def test_a_number_for_sigma_is_in_units_of_the_std_of_the_latents():
    points = labelled(500)[0]
    found = fitted(vectors(points), components=3, sigma=0.25).diagnostics()["sigma"]
    assert found == pytest.approx(0.25 * np.sqrt(points.var(0).mean()), rel=1e-5)


def test_a_larger_entropy_weight_uses_components_more_evenly():
    rng = np.random.default_rng(0)
    latents = vectors(rng.standard_t(3, size=(2000, 2)))
    perplexities = [
        fitted(latents, components=16, entropy=weight).diagnostics()["perplexity"]
        for weight in (0.0, 20.0)
    ]
    assert perplexities[1] > perplexities[0] + 1


def test_training_lowers_the_held_out_loss_below_that_of_the_start():
    """On a distribution that k-means does not suit: half of the points in one tight cluster."""
    points = np.random.default_rng(0).standard_t(3, size=(2000, 2))
    losses = [
        fitted(vectors(points), components=16, epochs=epochs, patience=50).diagnostics()
        for epochs in (1, 60)
    ]
    assert losses[1]["held_out_loss"] < losses[0]["held_out_loss"] - 0.01


def test_components_that_no_site_draws_are_left_out():
    """With so wide a σ, 60 points draw among 40 components nearly at random."""
    points = torch.randn(60, 1)
    sampler = fitted(Continuous(1).pack(values=points), components=40, sigma=10.0)
    used = sampler.diagnostics()["components_used"]
    assert len(gaussians_of(sampler).means) == used < 40
    assert bool(sampler.log_prob(Continuous(1).pack(values=points)).isfinite().all())


def test_a_channel_that_never_varies_keeps_a_finite_density():
    points = np.concatenate([labelled(400)[0], np.full((400, 1), 3.0)], axis=1)
    sampler = fitted(vectors(points), components=3)
    assert bool(sampler.log_prob(vectors(points)).isfinite().all())
    assert float((drawn(sampler, 200).values[:, 2] - 3).abs().max()) < 0.05


# What it says


def test_diagnostics_are_those_of_the_aggregated_posterior_and_of_the_prior():
    latents = mixtures(1000)
    shares = np.bincount(latents.codes.flatten().numpy()) / 1000
    assert fitted(latents).diagnostics() == {
        "perplexity": pytest.approx(np.exp(stats.entropy(shares)), rel=1e-9),
        "components_used": 3.0,
        "prior_places": 1.0,
    }
    reported = fitted(vectors(labelled(400)[0]), components=3).diagnostics()
    assert set(reported) == {
        "steps",
        "held_out_loss",
        "sigma",
        "perplexity",
        "components_used",
        "prior_places",
    }


def test_the_prior_that_was_asked_for_stays_as_it_was():
    prior = Independent(added=1.0)
    first, second = fitted(mixtures(200), prior), fitted(mixtures(50, seed=2), prior)
    assert vars(prior) == {"added": 1.0}
    assert first.prior is prior
    assert (
        drawn(first, 20).codes.tolist() == drawn(fitted(mixtures(200), prior), 20).codes.tolist()
    )
    assert second.diagnostics() != first.diagnostics()


def test_a_prior_that_is_still_a_text_is_refused_when_it_is_fitted():
    sampler = GMVQ()
    assert sampler.objection(Mixture(3, 2)) is None
    assert sampler.no_density(Mixture(3, 2)) is None
    message = r"prior='code-histogram' is the spec .* such as prior=CodeHistogram\(\)"
    with pytest.raises(ValueError, match=message):
        sampler.fit(mixtures(20))


class ForMaps(Independent):
    """Takes no vectors, and has no density on large maps."""

    def refuses(self, space):
        return None if space.grid else "needs a grid"

    def no_density(self, space):
        return "the map is large" if space.sites > 4 else None


def test_what_the_prior_refuses_is_refused_with_its_reason():
    sampler = GMVQ(prior=ForMaps())
    assert sampler.objection(Mixture(3, 2)) == "its prior ForMaps: needs a grid"
    assert sampler.objection(Continuous(2)) == "its prior ForMaps: needs a grid"
    assert sampler.objection(Continuous(2, (2, 2))) is None
    with pytest.raises(ValueError, match="its prior ForMaps: needs a grid"):
        sampler.fit(mixtures(20))


def test_other_kinds_of_latents_are_refused():
    for space in (Discrete((4,)), Sparse(4, 2)):
        assert "takes mixture or continuous latents" in GMVQ().objection(space)


@pytest.mark.parametrize(
    ("prior", "space", "reason"),
    [
        (Independent(), Mixture(3, 2, (2, 2)), None),
        (Independent(), Continuous(2), None),
        (Independent(), Continuous(2, (1, 1)), None),
        (Independent(), Continuous(2, (2,)), "not summed over their components here"),
        (Remembering(), Mixture(3, 2), "its prior Remembering states no probabilities"),
        (Remembering(), Continuous(2), "its prior Remembering states no probabilities"),
        (ForMaps(), Mixture(3, 2, (3, 3)), "its prior ForMaps: the map is large"),
        (ForMaps(), Mixture(3, 2, (2, 2)), None),
    ],
)
def test_where_there_is_no_density_the_reason_is_given(prior, space, reason):
    found = GMVQ(prior=prior).no_density(space)
    assert found is None if reason is None else reason in found


def test_a_density_that_cannot_be_had_is_an_error_with_the_reason():
    sampler = fitted(mixtures(50), Remembering())
    with pytest.raises(ValueError, match=r"no density on .*its prior Remembering states no"):
        sampler.log_prob(mixtures(5))


@pytest.mark.parametrize(
    ("latents", "message"),
    [
        (vectors(np.zeros((0, 2))), "at least one latent"),
        (vectors(np.zeros((1, 2))), "needs at least two"),
        (vectors(np.full((50, 2), 0.1)), "sites of all latents are equal"),
        (
            vectors(np.repeat([[0.0], [1.0], [2.0]], 30, 0)),
            "4 components need as many distinct points",
        ),
    ],
)
def test_latents_that_cannot_be_learned_from_are_refused_with_the_reason(latents, message):
    with pytest.raises(ValueError, match=message):
        fitted(latents, components=4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"components": 0}, "components must be at least 1, not 0"),
        ({"patience": 0}, "patience must be at least 1, not 0"),
        ({"entropy": -1.0}, "entropy must be at least 0 and finite, not -1.0"),
        ({"entropy": math.inf}, "entropy must be at least 0 and finite, not inf"),
        ({"sigma": 0.0}, "sigma must be positive and finite, not 0.0"),
        ({"sigma": math.nan}, "sigma must be positive and finite, not nan"),
        ({"sigma": math.inf}, "sigma must be positive and finite, not inf"),
        ({"held_out": 1.0}, "held_out is a share above 0 and below 1"),
        ({"epochs": 0}, "epochs must be positive, not 0"),
        ({"batch": 0}, "batch must be positive, not 0"),
        ({"learning_rate": 0.0}, "learning_rate must be positive, not 0.0"),
        ({"learning_rate": math.inf}, "learning_rate must be positive, not inf"),
    ],
)
def test_a_setting_out_of_its_range_is_an_error_that_says_so(settings, message):
    with pytest.raises(ValueError, match=message):
        GMVQ(**settings)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_samples_have_the_form_of_the_latents(dtype, count):
    latents = mixtures(60, dtype=dtype, grid=(2, 2))
    values = Continuous(2, (2, 2)).pack(values=latents.values)
    for given in (latents, values):
        samples = drawn(fitted(given, components=3), count)
        assert (samples.space, len(samples)) == (given.space, count)
        assert samples.values.dtype == dtype
