"""The dictionary's sampler: tokens and back, draws against known distributions, learning."""

import itertools
from typing import ClassVar

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.decomposition import MiniBatchDictionaryLearning, sparse_encode
from toy_priors import Independent, Remembering

from samplebench import (
    Continuous,
    DensitySampler,
    Discrete,
    Latents,
    Mixture,
    Sampler,
    Sparse,
    seeded,
)
from samplebench_dictionary.dictionary import DictionarySampler
from samplebench_dictionary.tokens import CoefficientBins, merge_atoms, sort_by_magnitude

SUPPORTS = np.array([[0, 3], [1, 2], [2, 5], [3, 4]])
SHARES = np.array([0.4, 0.3, 0.2, 0.1])


def sparse(samples: int, seed: int = 0, grid: tuple = (), dtype=torch.float32) -> Latents:
    """Supports of known frequency; the lower atom's coefficient is the large one, the other small.

    The large one lies in ±(2, 4), the small one is Gaussian with std 0.3, cut at 1.
    """
    rng = np.random.default_rng(seed)
    space = Sparse(6, 2, grid)
    sites = samples * space.sites
    atoms = SUPPORTS[rng.choice(4, sites, p=SHARES)]
    large = rng.uniform(2, 4, sites) * rng.choice([-1, 1], sites)
    small = np.clip(0.3 * rng.normal(size=sites), -1, 1)
    values = torch.from_numpy(np.stack([large, small], 1)).to(dtype)
    return space.pack(
        values=values.view(samples, -1), codes=torch.from_numpy(atoms).view(samples, -1)
    )


def sparse_signals(
    samples: int, channels: int = 8, atoms: int = 12, active: int = 2
) -> tuple[torch.Tensor, torch.Tensor]:
    """Signals of a true dictionary, about a mean of 3; and that dictionary."""
    dictionary = torch.nn.functional.normalize(torch.randn(atoms, channels), dim=1)
    chosen = torch.rand(samples, atoms).topk(active).indices
    scales = torch.randn(samples, active).sign() * (1 + torch.rand(samples, active))
    return (dictionary[chosen] * scales[..., None]).sum(1) + 3, dictionary


def fitted(latents: Latents, prior: Sampler | None = None, **settings) -> DictionarySampler:
    sampler = DictionarySampler(prior=prior or Independent(), **settings)
    with seeded(0, "fit"):
        sampler.fit(latents)
    return sampler


def drawn(sampler: DictionarySampler, count: int, seed: int = 0) -> Latents:
    with seeded(seed, "sample"):
        return sampler.sample(count)


def dense(atoms: torch.Tensor, coefficients: torch.Tensor, size: int) -> np.ndarray:
    """``Σ_s a_s e_{k_s}`` for every row, in float64, one pair after the other."""
    found = np.zeros((len(atoms), size))
    for row, column in itertools.product(*map(range, atoms.shape)):
        found[row, atoms[row, column]] += float(coefficients[row, column])
    return found


# Tokens


@pytest.mark.parametrize(("size", "active"), [(1, 1), (3, 3), (5, 2), (6, 4), (100, 5)])
def test_merging_keeps_the_signal_and_makes_atoms_ascend(size, active):
    atoms = torch.randint(size, (400, active))
    coefficients = torch.randn(400, active, dtype=torch.float64)
    found, scales = merge_atoms(atoms, coefficients)
    np.testing.assert_allclose(
        dense(found, scales, size), dense(atoms, coefficients, size), atol=1e-12
    )
    assert bool((found.diff(dim=1) > 0).all())
    assert int(found.min()) >= 0
    assert int(found.max()) < size


def test_merging_is_what_brute_force_gives_for_every_sequence():
    """All sequences of three of four atoms; free places go to the lowest unused atoms."""
    sequences = torch.tensor(list(itertools.product(range(4), repeat=3)))
    scales = torch.tensor([1.0, 10.0, 100.0]).expand(len(sequences), 3)
    atoms, coefficients = merge_atoms(sequences, scales)
    for row, sequence in enumerate(sequences.tolist()):
        total: dict[int, float] = {}
        for atom, scale in zip(sequence, (1.0, 10.0, 100.0), strict=True):
            total[atom] = total.get(atom, 0.0) + scale
        for unused in range(4):
            if len(total) < 3 and unused not in total:
                total[unused] = 0.0
        expected = sorted(total.items())
        assert list(zip(atoms[row].tolist(), coefficients[row].tolist(), strict=True)) == expected


def test_pairs_are_ordered_coarse_to_fine():
    atoms, coefficients = sort_by_magnitude(
        torch.tensor([[0, 4, 7], [1, 2, 3]]), torch.tensor([[0.5, -3.0, 1.0], [1.0, -1.0, 2.0]])
    )
    assert atoms.tolist() == [[4, 7, 0], [3, 1, 2]]  # of equals the lower atom is first
    assert coefficients.tolist() == [[-3.0, 1.0, 0.5], [2.0, 1.0, -1.0]]


@pytest.mark.parametrize("bins", [1, 7, 64])
def test_bins_have_numpys_quantiles_for_edges_and_are_used_alike(bins):
    coefficients = torch.randn(6400, 3, dtype=torch.float64) * torch.tensor([5.0, 1.0, 0.1])
    table = CoefficientBins.of(coefficients, bins)
    expected = np.quantile(coefficients.numpy(), np.linspace(0, 1, bins + 1), axis=0).T
    np.testing.assert_allclose(table.edges.numpy(), expected, rtol=1e-9)
    codes = table.find(coefficients)
    for column in codes.T:
        assert int(column.bincount(minlength=bins).sub(6400 / bins).abs().max()) <= 1
    depths = torch.arange(3)
    assert bool((table.edges[depths, codes] <= coefficients).all())
    assert bool((coefficients <= table.edges[depths, codes + 1]).all())


def test_a_coefficient_that_many_sites_share_is_drawn_exactly():
    coefficients = torch.cat([torch.zeros(500), torch.randn(500)])[:, None]
    table = CoefficientBins.of(coefficients, 16)
    again = table.sample(table.find(coefficients))
    assert bool((again[:500] == 0).all())
    assert int((again[500:] == 0).sum()) == 0


def test_coefficients_of_equal_size_are_one_bin_of_no_width():
    coefficients = torch.full((30, 2), 1.5)
    table = CoefficientBins.of(coefficients, 8)
    assert torch.equal(table.sample(table.find(coefficients)), coefficients)
    assert table.error(coefficients) == 0.0


def test_coefficients_without_energy_lose_none():
    nothing = torch.zeros(30, 2)
    assert CoefficientBins.of(nothing, 8).error(nothing) == 0.0


def test_the_energy_that_bins_lose_is_the_mean_over_draws():
    coefficients = torch.randn(2000, 2, dtype=torch.float64)
    table = CoefficientBins.of(coefficients, 8)
    codes = table.find(coefficients)
    errors = [(table.sample(codes) - coefficients).square().sum() for _ in range(50)]
    share = float(torch.stack(errors).mean() / coefficients.square().sum())
    assert table.error(coefficients) == pytest.approx(share, rel=0.02)


def test_bins_keep_the_mean_and_std_of_their_coefficients():
    coefficients = torch.randn(3000, 2, dtype=torch.float64) ** 3
    table = CoefficientBins.of(coefficients, 9)
    for depth, codes in enumerate(table.find(coefficients).T):
        for code in range(9):
            own = coefficients[codes == code, depth].numpy()
            assert float(table.means[depth, code]) == pytest.approx(own.mean(), rel=1e-9)
            assert float(table.std[depth, code]) == pytest.approx(own.std(), rel=1e-9)


def test_draws_in_a_bin_are_uniform_with_its_mean_and_std():
    table = CoefficientBins(
        torch.tensor([[-1.0, 0.0, 9.0]]), torch.tensor([[-0.5, 4.0]]), torch.tensor([[0.1, 2.0]])
    )
    draws = table.sample(torch.ones(5000, 1, dtype=torch.int64)).flatten().double().numpy()
    reach = 2 * np.sqrt(3)
    assert stats.kstest(draws, stats.uniform(4 - reach, 2 * reach).cdf).pvalue > 1e-3


def test_a_bin_without_coefficients_is_uniform_between_its_edges():
    """Of two coefficients in three bins, none falls in the middle one."""
    table = CoefficientBins.of(torch.tensor([[0.0], [3.0]], dtype=torch.float64), 3)
    assert table.find(torch.tensor([[0.0], [3.0]], dtype=torch.float64)).flatten().tolist() == [
        0,
        2,
    ]
    middle = stats.uniform(float(table.edges[0, 1]), float(table.edges[0, 2] - table.edges[0, 1]))
    assert float(table.means[0, 1]) == pytest.approx(middle.mean())
    assert float(table.std[0, 1]) == pytest.approx(middle.std())


def one_outlier(rng: np.random.Generator, size: int) -> np.ndarray:
    found = rng.normal(size=size)
    found[0] = 1000.0
    return found


def with_a_gap(rng: np.random.Generator, size: int) -> np.ndarray:
    return rng.uniform(4, 5, size) * rng.choice([-1, 1], size)


DISTRIBUTIONS = {
    "t3": lambda rng, size: rng.standard_t(3, size),
    "Laplace": lambda rng, size: rng.laplace(size=size),
    "one outlier": one_outlier,
    "a gap in the middle": with_a_gap,
}


@pytest.mark.parametrize("bins", [5, 64])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_draws_keep_the_energy_of_coefficients_however_heavy_their_tails(distribution, bins):
    """On average over draws: those of an outlier's bin alone vary by a tenth."""
    numbers = DISTRIBUTIONS[distribution](np.random.default_rng(0), 60_000)
    coefficients = torch.from_numpy(numbers)[:, None]
    found = CoefficientBins.of(coefficients, bins)
    codes = found.find(coefficients)
    energies = [float(found.sample(codes).square().mean()) for _ in range(30)]
    assert np.mean(energies) == pytest.approx(np.square(numbers).mean(), rel=0.03)


def test_samples_of_heavy_tails_have_the_latents_energy():
    values = torch.from_numpy(np.random.default_rng(0).standard_t(3, (60_000, 2)))
    latents = Sparse(2, 2).pack(values=values, codes=torch.arange(2).expand(60_000, 2))
    energy = float(drawn(fitted(latents, Remembering()), 60_000).values.square().mean())
    assert energy == pytest.approx(float(values.square().mean()), rel=0.1)


# Sparse latents


class Seen(Remembering):
    """Keeps the codes that it was fitted to."""

    latents: ClassVar[list[Latents]] = []

    def fit(self, latents: Latents) -> None:
        super().fit(latents)
        Seen.latents.append(latents.copy())


def test_the_prior_learns_atoms_and_bins_in_turn_coarse_to_fine():
    latents = sparse(300, grid=(2, 2))
    fitted(latents, Seen(), bins=10)
    learned = Seen.latents.pop()
    assert learned.space == Discrete((6, 10, 6, 10), (2, 2))
    pairs = learned.codes.view(-1, 4)
    assert torch.equal(pairs[:, [0, 2]], latents.codes.view(-1, 2))  # the lower atom is large
    for depth, column in enumerate(latents.values.view(-1, 2).T):
        ranks = stats.rankdata(column.numpy(), "ordinal") - 1
        expected = np.minimum(ranks * 10 // len(ranks), 9)
        # The quantiles interpolate, so that an edge can be one rank away.
        assert np.abs(pairs[:, 1 + 2 * depth].numpy() - expected).max() <= 1
        assert (pairs[:, 1 + 2 * depth].numpy() == expected).mean() > 0.98


@pytest.mark.parametrize("grid", [(), (2, 2)])
def test_a_prior_of_whole_codes_draws_supports_and_coefficients_of_the_known_distribution(grid):
    """``ks_2samp`` against fresh draws from the table; a bin holds 1/64 of a depth."""
    samples = drawn(fitted(sparse(6000, grid=grid), Remembering()), 4000)
    atoms = samples.codes.view(-1, 2).numpy()[:4000]
    counts = [(atoms == support).all(1).sum() for support in SUPPORTS]
    assert sum(counts) == len(atoms)
    assert np.abs(np.array(counts) / len(atoms) - SHARES).max() < 0.03
    fresh = sparse(4000, seed=1).values.double().numpy()
    ours = samples.values.view(-1, 2).double().numpy()[:4000]
    for depth in range(2):
        assert stats.ks_2samp(ours[:, depth], fresh[:, depth]).pvalue > 1e-3


def test_a_prior_of_independent_codes_draws_the_product_distribution_after_merging():
    """Pairs are drawn on their own: the chance of each support is known, atoms drawn twice too."""
    latents = sparse(20_000)
    samples = drawn(fitted(latents), 20_000)
    firsts, seconds = (np.bincount(column, minlength=6) / 20_000 for column in latents.codes.T)
    expected: dict[tuple[int, ...], float] = {}
    for first, second in itertools.product(range(6), repeat=2):
        free = 1 if first == 0 else 0
        support = tuple(sorted({first, second} if first != second else {first, free}))
        expected[support] = expected.get(support, 0.0) + firsts[first] * seconds[second]
    possible = {support: chance for support, chance in expected.items() if chance > 0}
    found = [
        int((samples.codes.numpy() == np.array(support)).all(1).sum()) for support in possible
    ]
    assert sum(found) == 20_000
    assert stats.chisquare(found, 20_000 * np.array(list(possible.values()))).pvalue > 1e-3
    twice = samples.values.eq(0).any(1).double().mean()
    assert float(twice) == pytest.approx(float(firsts @ seconds), abs=0.01)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_samples_have_the_form_of_the_latents(dtype, count):
    values = Continuous(2, (2, 2)).pack(values=torch.randn(40, 8).to(dtype))
    for given in (sparse(40, grid=(2, 2), dtype=dtype), values):
        samples = drawn(fitted(given, atoms=8, epochs=2), count)
        assert (samples.space, len(samples)) == (given.space, count)
        assert samples.values.dtype == dtype


# Continuous latents


def left_over(signals: np.ndarray, dictionary: np.ndarray) -> float:
    """The share of energy that pursuit of two atoms leaves over, by scikit-learn."""
    codes = sparse_encode(signals, dictionary, algorithm="omp", n_nonzero_coefs=2)
    return float(np.square(signals - codes @ dictionary).sum() / np.square(signals).sum())


@pytest.mark.slow
def test_dictionaries_code_signals_as_well_as_those_that_scikit_learn_learns():
    """By what they leave over of signals that neither has seen, on average over problems."""
    ours, theirs = [], []
    for _ in range(4):
        signals = sparse_signals(4000)[0].double()
        training, mean = signals[:3000], signals[:3000].mean(0)
        held_out = (signals[3000:] - mean).numpy()
        sampler = fitted(Continuous(8).pack(values=training), atoms=12, active=2)
        ours.append(left_over(held_out, sampler.state()["atoms"].numpy()))
        reported = sampler.diagnostics()["held_out_residual"]
        assert reported == pytest.approx(ours[-1], abs=0.03)
        learning = MiniBatchDictionaryLearning(12, batch_size=256, max_iter=20, random_state=0)
        theirs.append(left_over(held_out, learning.fit((training - mean).numpy()).components_))
    assert np.mean(ours) < np.mean(theirs) + 0.01


@pytest.mark.parametrize(("prior", "most"), [(Remembering(), 0.08), (Independent(), 0.25)])
@pytest.mark.parametrize("grid", [pytest.param((), marks=pytest.mark.slow), (2, 2)])
def test_draws_have_the_mean_and_second_moments_of_the_latents(grid, prior, most):
    """Nearly, where the prior keeps whole codes; independent ones lose what pairs share."""
    signals, _ = sparse_signals(8000)
    space = Continuous(8, grid)
    latents = space.pack(values=signals.view(8000 // space.sites, -1))
    sampler = fitted(latents, prior, atoms=12, active=2)
    draws = drawn(sampler, 20_000 // space.sites).values.view(-1, 8)
    gap = torch.linalg.matrix_norm(torch.cov(draws.T) - torch.cov(signals.T))
    share = float(gap / torch.linalg.matrix_norm(torch.cov(signals.T)))
    assert share < most
    assert float((draws.mean(0) - signals.mean(0)).abs().max()) < 0.1


def test_the_residual_gives_back_the_energy_that_the_codes_leave_over():
    """Signals without sparse structure, of which two atoms of few leave much over."""
    signals = torch.randn(4000, 10) * torch.linspace(0.5, 2, 10)
    latents = Continuous(10).pack(values=signals)
    energies = {}
    for residual in (True, False):
        sampler = fitted(latents, Remembering(), atoms=16, active=2, residual=residual)
        energies[residual] = float(drawn(sampler, 8000).values.var(0).sum() / signals.var(0).sum())
    left = sampler.diagnostics()["residual_energy"]
    assert left > 0.2
    assert energies[True] == pytest.approx(1, abs=0.04)
    assert energies[False] == pytest.approx(1 - left, abs=0.04)


def test_the_diagnostics_of_the_coding_are_right():
    signals, _ = sparse_signals(1500)
    latents = Continuous(8).pack(values=signals)
    sampler = fitted(latents, Seen(), atoms=12, active=2)
    # The same dictionary, with a prior that has a state.
    dictionary = fitted(latents, atoms=12, active=2).state()["atoms"].double().numpy()
    atoms = Seen.latents.pop().codes[:, [0, 2]]
    shares = np.bincount(atoms.flatten().numpy(), minlength=12) / atoms.numel()
    centred = (signals - signals.mean(0)).double().numpy()
    codes = sparse_encode(
        centred,
        dictionary,
        algorithm="omp",
        n_nonzero_coefs=2,
    )
    left = np.square(centred - codes @ dictionary).sum()
    reported = sampler.diagnostics()
    assert reported["atom_perplexity"] == pytest.approx(np.exp(stats.entropy(shares)), rel=1e-9)
    assert reported["atoms_used"] == (shares > 0).sum()
    assert reported["residual_energy"] == pytest.approx(left / np.square(centred).sum(), rel=1e-3)
    assert set(reported) == {
        "steps",
        "held_out_residual",
        "residual_energy",
        "atom_perplexity",
        "atoms_used",
        "bin_error",
    }


def test_the_dictionary_that_is_kept_is_the_one_of_the_held_out_residual():
    """Not that of the last epoch: learning goes on past the best one to see that it was."""
    signals, _ = sparse_signals(1000)
    sampler = fitted(
        Continuous(8).pack(values=signals), atoms=12, active=2, epochs=200, patience=3, batch=64
    )
    with seeded(0, "fit"):  # the split is what learning draws first
        held_out = torch.randperm(1000)[:100]
    centred = (signals - signals.mean(0)).double().numpy()[held_out]
    reported = sampler.diagnostics()
    assert reported["steps"] < 200 * 15
    kept = left_over(centred, sampler.state()["atoms"].double().numpy())
    assert reported["held_out_residual"] == pytest.approx(kept, rel=1e-4)


def test_the_mean_of_the_residual_is_kept():
    """One of few atoms leaves a residual of skewed signals whose mean is not zero."""
    signals = torch.from_numpy(np.random.default_rng(0).exponential(size=(4000, 6)))
    latents = Continuous(6).pack(values=signals)
    for residual in (True, False):
        sampler = fitted(latents, Remembering(), atoms=8, active=1, residual=residual)
        centred = (signals - signals.mean(0)).numpy()
        learned = fitted(latents, atoms=8, active=1, residual=residual).state()
        atoms = learned["atoms"].numpy()  # the same dictionary, with a prior that has a state
        codes = sparse_encode(centred, atoms, algorithm="omp", n_nonzero_coefs=1)
        rest = (centred - codes @ atoms).mean(0)
        assert np.abs(rest).max() > 0.05
        np.testing.assert_allclose(
            learned["mean"].numpy(), signals.mean(0).numpy() + rest, atol=1e-6
        )
        gap = drawn(sampler, 60_000).values.mean(0) - signals.mean(0)
        assert float(gap.abs().max()) < 0.03


def test_the_priors_diagnostics_are_reported_under_a_name_of_their_own():
    assert fitted(sparse(50)).diagnostics()["prior_places"] == 4.0


def test_with_as_many_atoms_as_channels_nothing_is_left_over():
    """More are not used, whatever was asked for."""
    latents = Continuous(3).pack(values=torch.randn(800, 3))
    sampler = fitted(latents, Seen(), atoms=20, active=5)
    assert Seen.latents.pop().space == Discrete((20, 64) * 3)
    assert sampler.diagnostics()["residual_energy"] < 1e-8


def test_learning_stops_when_held_out_signals_gain_no_more():
    latents = Continuous(8).pack(values=sparse_signals(600)[0])
    short, long = (
        fitted(latents, atoms=12, active=2, epochs=300, patience=patience).diagnostics()
        for patience in (1, 20)
    )
    assert short["steps"] < long["steps"] < 300 * 3
    assert long["held_out_residual"] <= short["held_out_residual"]


@pytest.mark.parametrize("scale", [2.0**-10, 2.0**10])
def test_samples_scale_with_the_latents(scale):
    signals = sparse_signals(500)[0]
    one, other = (
        drawn(fitted(Continuous(8).pack(values=signals * by), atoms=12, active=2), 50).values
        for by in (1.0, scale)
    )
    torch.testing.assert_close(other / scale, one, rtol=1e-3, atol=1e-3)


# What it says


def test_variances_are_too_large_where_the_prior_draws_atoms_independently():
    """Of normal data: a single atom a site has nothing to lose, and eight lose what they correct.

    The docstring says so; should another prior or rule mend it, it must be said there too.
    """
    with seeded(0):
        values = torch.randn(3000, 16)
    ratios = {}
    for active in (1, 8):
        latents = Continuous(16).pack(values=values)
        found = drawn(fitted(latents, atoms=128, active=active), 20_000).values
        ratios[active] = float((found.var(0) / values.var(0)).mean())
    assert ratios[1] == pytest.approx(1, abs=0.03)
    assert 1.15 < ratios[8] < 1.4


def test_it_states_no_density():
    assert not isinstance(DictionarySampler(), DensitySampler)


def test_the_prior_that_was_asked_for_stays_as_it_was():
    prior = Independent(added=1.0)
    first = fitted(sparse(100), prior)
    before = drawn(first, 20).codes
    fitted(sparse(30, seed=3), prior)
    assert vars(prior) == {"added": 1.0}
    assert torch.equal(drawn(first, 20).codes, before)


def test_a_prior_that_is_still_a_text_is_reported_when_it_is_fitted():
    sampler = DictionarySampler()
    assert sampler.objection(Sparse(6, 2)) is None
    message = r"prior='code-histogram' is the spec .* such as prior=CodeHistogram\(\)"
    with pytest.raises(ValueError, match=message):
        sampler.fit(sparse(20))


class ForMaps(Independent):
    def refuses(self, space):
        return None if space.grid else f"needs a grid for its {space.code_width} codes"


def test_what_the_prior_refuses_is_refused_with_its_reason():
    sampler = DictionarySampler(prior=ForMaps(), active=3)
    assert sampler.objection(Sparse(6, 2)) == "its prior ForMaps: needs a grid for its 4 codes"
    assert sampler.objection(Continuous(8)) == "its prior ForMaps: needs a grid for its 6 codes"
    assert sampler.objection(Continuous(2)) == "its prior ForMaps: needs a grid for its 4 codes"
    assert sampler.objection(Continuous(8, (2, 2))) is None


def test_other_kinds_of_latents_are_refused():
    for space in (Discrete((4,)), Mixture(4, 2)):
        assert "takes sparse or continuous latents" in DictionarySampler().objection(space)


@pytest.mark.parametrize(
    ("latents", "message"),
    [
        (sparse(1)[:0], "at least one latent"),
        (Continuous(2).pack(values=torch.zeros(1, 2)), "needs at least two"),
        (Continuous(2).pack(values=torch.full((9, 2), 0.1)), "sites of all latents are equal"),
    ],
)
def test_latents_that_cannot_be_learned_from_are_refused_with_the_reason(latents, message):
    with pytest.raises(ValueError, match=message):
        fitted(latents)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"active": 9, "atoms": 8}, "active lies in 1…8, the number of atoms, not at 9"),
        ({"active": 0}, "active lies in 1…128"),
        ({"bins": 0}, "bins must be at least 1, not 0"),
        ({"epochs": 0}, "epochs must be at least 1, not 0"),
        ({"batch": 0}, "batch must be at least 1, not 0"),
        ({"patience": 0}, "patience must be at least 1, not 0"),
        ({"held_out": 0.0}, "held_out must lie between 0 and 1, not at 0.0"),
    ],
)
def test_a_setting_out_of_its_range_is_an_error_that_says_so(settings, message):
    with pytest.raises(ValueError, match=message):
        DictionarySampler(**settings)
