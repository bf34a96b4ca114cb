"""Statistics of copying against scipy, direct loops and the cases that fooled earlier ones."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.spatial import cKDTree
from sklearn.cluster import KMeans

from samplebench import Discrete, NoNumber
from samplebench_metrics import data_copying
from samplebench_metrics.authenticity import Authenticity
from samplebench_metrics.closeness import Closeness
from samplebench_metrics.copying import bound_attachment, bound_excess, compute_z, find_near_copies
from samplebench_metrics.data_copying import DataCopying
from samplebench_metrics.near_copies import NearCopies

ALARMS = [NearCopies, Closeness]


@pytest.fixture
def measure(make_evidence):
    """``measure(metric, train, held_out, drawn)``: on latents, decoded samples or features."""

    def measure(metric, train, held_out, drawn):
        shown = {"train_reconstructed": train, "reconstructed": held_out, "generated": drawn}
        if metric.of == "latents":
            evidence = make_evidence(
                train_latents=train, test_latents=held_out, generated_latents=drawn
            )
        elif metric.of == "features":
            evidence = make_evidence(features=shown)
        else:
            images = {name: each[:, None, None] for name, each in shown.items()}
            evidence = make_evidence(**images)
        return metric.measure(evidence)

    return measure


def gaussian(seed, *, train=1200, others=600, dimensions=32):
    """Training, held-out and fresh samples of one distribution."""
    torch.manual_seed(seed)
    return torch.randn(train + 2 * others, dimensions).split([train, others, others])


def marked(measure, train, held_out, drawn):
    """The metrics that raise an alarm."""
    metrics = [kind(of=of) for kind in ALARMS for of in ("latents", "decoded", "features")]
    return {
        type(each).__name__
        for each in metrics
        if measure(each, train, held_out, drawn) > each.alarm
    }


def test_draws_of_the_true_distribution_are_not_marked(measure):
    for seed in range(6):
        for dimensions in (1, 2, 8, 32):
            train, held_out, fresh = gaussian(seed, dimensions=dimensions)
            assert not marked(measure, train, held_out, fresh), (seed, dimensions)


@pytest.mark.parametrize("scale", [0.8, 0.5])
def test_a_shrunk_distribution_is_not_marked(measure, scale):
    train, held_out, fresh = gaussian(0)
    drawn = scale * fresh
    assert measure(Authenticity(), train, held_out, drawn) < 0.8 * measure(
        Authenticity(), train, held_out, held_out
    )  # which marked it before
    assert measure(DataCopying(), train, held_out, drawn) < -3
    assert not marked(measure, train, held_out, drawn)


def test_exact_copies_among_draws_of_one_gaussian_are_marked(measure):
    train, held_out, fresh = gaussian(0)
    drawn = torch.cat([train[:240], 1.4 * fresh[240:]])
    assert measure(Authenticity(), train, held_out, drawn) > 0.7 * measure(
        Authenticity(), train, held_out, held_out
    )
    assert marked(measure, train, held_out, drawn) >= {"NearCopies"}
    assert 0.3 < measure(NearCopies(), train, held_out, drawn) <= 0.4


@pytest.mark.parametrize(("noise", "by"), [(0.3, "NearCopies"), (1.0, "Closeness")])
def test_noisy_copies_are_marked(measure, noise, by):
    train, held_out, fresh = gaussian(0)
    spacing = np.median(cKDTree(train).query(train, 2)[0][:, 1])
    drawn = train[:600] + noise * spacing * fresh / math.sqrt(32)
    assert by in marked(measure, train, held_out, drawn)


def test_noise_that_a_decoder_ignores_hides_copies_in_latents_alone(measure):
    train, held_out, fresh = gaussian(0, dimensions=16)
    flat = torch.arange(16) >= 7
    train, held_out = (torch.where(flat, 0.02 * each, each) for each in (train, held_out))
    drawn = train[:600] + torch.where(flat, fresh, 0)
    assert measure(NearCopies("latents"), train, held_out, drawn) == 0
    assert measure(Closeness("latents"), train, held_out, drawn) == 0
    seen = [each[:, :7] for each in (train, held_out, drawn)]
    for of in ("decoded", "features"):
        assert measure(NearCopies(of), *seen) > 0.9
        assert measure(Closeness(of), *seen) > 0.8


def test_copies_of_duplicated_samples_are_near_copies():
    train, held_out, _ = gaussian(0)
    train = train.repeat(2, 1)
    copies, others = find_near_copies(train[:100] + 1e-6, held_out, train)
    assert copies.all()
    assert not others.any()


@pytest.mark.parametrize("dimensions", [1, 2, 4])
def test_near_a_training_sample_lie_as_many_samples_as_volumes_say(dimensions):
    """A Poisson process has ``P(d1/d2 < 1/2) = 2^-D``, whatever the density."""
    train, held_out, fresh = gaussian(0, train=5000, others=5000, dimensions=dimensions)
    for found in find_near_copies(0.5 * fresh, held_out, train):
        assert float(found.double().mean()) == pytest.approx(2**-dimensions, abs=0.03)


@pytest.mark.parametrize(("hits", "others"), [(0, 0), (30, 0), (600, 1), (600, 600), (200, 150)])
def test_the_bound_of_an_excess_is_that_of_scipys_exact_intervals(hits, others):
    low = stats.binomtest(hits, 600).proportion_ci(0.99, method="exact").low
    high = stats.binomtest(others, 500 + others).proportion_ci(0.99, method="exact").high
    expected = max(0.0, (low - high) / (1 - high)) if high < 1 else 0.0
    drawn, held_out = torch.arange(600) < hits, torch.arange(500 + others) < others
    assert bound_excess(drawn, held_out) == pytest.approx(expected, abs=1e-12)


def test_the_variance_of_attachment_is_that_of_labels_dealt_at_random():
    """By brute force: the share that the bound leaves out, over random choices of training."""
    train, held_out, fresh = gaussian(0, train=40, others=20, dimensions=3)
    both, drawn = torch.cat([train, held_out]), fresh.repeat(5, 1) * 0.7
    among = cKDTree(both).query(both, 2)[0][:, 1]
    distance, nearest = cKDTree(both).query(drawn)
    close = distance <= among[nearest]
    random = np.random.default_rng(0)
    counts = []
    for _ in range(20_000):
        training = np.zeros(60, bool)
        training[random.permutation(60)[:40]] = True
        counts.append(training[nearest[close]].sum())
    reach = stats.norm.ppf(0.99) * np.std(counts)
    mean, found = np.mean(counts), (nearest[close] < 40).sum()
    expected = max(0.0, (found - mean - reach) / (1 / 3) / len(drawn))
    assert bound_attachment(drawn, held_out, train) == pytest.approx(expected, abs=0.01)
    copies = train.repeat(3, 1)
    assert bound_attachment(copies, held_out, train) > 0.5


def test_z_is_scipys_u_as_a_standard_score():
    torch.manual_seed(0)
    for digits in (0, 1, 6):  # with many ties, some, and none
        ours, theirs = (torch.randn(n).double().mul(10**digits).round() for n in (70, 50))
        u = stats.mannwhitneyu(ours, theirs).statistic
        expected = (u - 1750) / math.sqrt(70 * 50 * 121 / 12)
        assert compute_z(ours, theirs) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("cells", [1, 4])
def test_c_t_is_that_of_a_direct_implementation(measure, monkeypatch, cells):
    """With scikit-learn's k-means, k-d trees and scipy's test, cell by cell."""
    torch.manual_seed(0)
    corners = 8 * torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    train, held_out, drawn = (
        corners[torch.randint(4, (count,))] + torch.randn(count, 2) for count in (300, 200, 150)
    )
    drawn[:100] = train[:100] + 0.02 * torch.randn(100, 2)
    labels = KMeans(cells, n_init=5, random_state=0).fit(train)
    total = weight = 0.0
    for cell in range(cells):
        ours, theirs, points = (
            each[labels.predict(each) == cell].double() for each in (drawn, held_out, train)
        )
        if min(len(ours), len(theirs)) < data_copying.FEWEST:
            continue
        tree = cKDTree(points)
        u = stats.mannwhitneyu(tree.query(ours)[0], tree.query(theirs)[0]).statistic
        m, n = len(ours), len(theirs)
        total += n * (u - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12)
        weight += n
    expected = total / weight
    assert expected < -3
    assert measure(DataCopying(cells), train, held_out, drawn) == pytest.approx(expected, abs=1e-9)


def test_c_t_of_the_true_distribution_is_about_zero(measure):
    scores = [measure(DataCopying(), *gaussian(seed, dimensions=4)) for seed in range(20)]
    assert abs(np.mean(scores)) < 0.5
    assert np.std(scores) < 1


def test_c_t_needs_enough_samples_and_distinct_ones(measure):
    train, held_out, fresh = gaussian(0, dimensions=2)
    with pytest.raises(NoNumber, match="20 draws"):
        measure(DataCopying(), train, held_out, fresh[:19])
    with pytest.raises(NoNumber, match="no 5 cells"):
        measure(DataCopying(), torch.ones(50, 2), held_out, fresh)


@pytest.mark.parametrize("metric", [*ALARMS, DataCopying])
def test_codes_are_compared_when_they_are_decoded(metric):
    assert "values" in metric(of="latents").objection((1, 8, 8), Discrete((8,)))
    assert metric().objection((1, 8, 8), Discrete((8,))) is None
    titles = {metric(of=of).title for of in ("latents", "decoded")}
    assert len(titles) == 2
