"""The histogram and the Markov model against counts by plain loops."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import Discrete, Latents, Mixture, seeded
from samplebench_codes import GMVQ, CodeHistogram, CodeMarkov, CodeTransformer, PixelCNN
from samplebench_codes.neighbours import list_neighbours
from samplebench_codes.transitions import Transitions

SPACE = Discrete((4, 3), (3, 2))


def some(samples: int = 60, seed: int = 0, space: Discrete = SPACE) -> Latents:
    rng = np.random.default_rng(seed)
    places = [
        np.minimum(rng.geometric(0.45, samples) - 1, size - 1)
        for _ in range(space.sites)
        for size in space.codebooks
    ]
    return space.pack(codes=torch.from_numpy(np.stack(places, 1)))


def probability_at_its_place(latents: Latents, place: tuple[int, ...], code: int, smoothing):
    """(N(c) + s / K) / (n + s) for row, column and depth."""
    column = latents.codes[(slice(None), *place)].tolist()
    size = latents.space.code_ranges[place[-1]]
    return (column.count(code) + smoothing / size) / (len(column) + smoothing)


@pytest.mark.parametrize("smoothing", [0.0, 1.0, 7.5])
def test_a_histogram_gives_each_place_the_smoothed_shares_of_its_codes(smoothing):
    latents, others = some(), some(5, seed=1)
    sampler = CodeHistogram(smoothing=smoothing)
    sampler.fit(latents)
    for found, codes in zip(sampler.log_prob(others), others.codes, strict=True):
        shares = [
            probability_at_its_place(latents, place, int(codes[place]), smoothing)
            for place in np.ndindex(3, 2, 2)
        ]
        expected = sum(map(math.log, shares)) if min(shares) else -math.inf
        assert float(found) == pytest.approx(expected, rel=1e-12)


def test_a_histogram_reports_its_entropy_and_the_mass_of_unseen_codes():
    latents = Discrete((4, 3), (2,)).pack(
        codes=torch.tensor([[[0, 0], [1, 2]], [[0, 1], [1, 2]], [[1, 1], [1, 2]]])
    )
    sampler = CodeHistogram(smoothing=2.0)
    sampler.fit(latents)
    quarter, third = 2.0 / 4, 2.0 / 3
    distributions = [
        [2 + quarter, 1 + quarter, quarter, quarter],
        [quarter, 3 + quarter, quarter, quarter],
        [1 + third, 2 + third, third],
        [third, third, 3 + third],
    ]
    entropies = [
        -sum(w / 5 * math.log(w / 5) for w in distribution) for distribution in distributions
    ]
    unseen = [2 * quarter / 5, 3 * quarter / 5, third / 5, 2 * third / 5]
    assert sampler.diagnostics() == pytest.approx(
        {"entropy": np.mean(entropies), "unseen_mass": np.mean(unseen)}
    )


def neighbour_by_hand(row: int, column: int, depth: int) -> tuple[str, tuple[int, ...]] | None:
    if depth:
        return f"depth {depth}", (row, column, depth - 1)
    if column:
        return "left", (row, column - 1, 0)
    if row:
        return "above", (row - 1, column, 0)
    return None


@pytest.mark.parametrize("space", [SPACE, Discrete((3, 4, 2), (2, 3))], ids=str)
def test_markov_mixes_shared_transitions_with_each_places_own_shares(space):
    latents, others = some(space=space), some(5, seed=1, space=space)
    backoff, smoothing = 2.5, 1.5
    sampler = CodeMarkov(backoff=backoff, smoothing=smoothing)
    sampler.fit(latents)
    places = list(np.ndindex(*space.grid, space.code_width))
    pairs: Counter[tuple[str, int, int]] = Counter()
    befores: Counter[tuple[str, int]] = Counter()
    for codes in latents.codes.numpy():
        for place in places:
            if link := neighbour_by_hand(*place):
                kind, before = link
                pairs[kind, codes[before], codes[place]] += 1
                befores[kind, codes[before]] += 1
    for found, codes in zip(sampler.log_prob(others), others.codes.numpy(), strict=True):
        total = 0.0
        for place in places:
            share = probability_at_its_place(latents, place, codes[place], smoothing)
            if link := neighbour_by_hand(*place):
                kind, before = link
                share = (pairs[kind, codes[before], codes[place]] + backoff * share) / (
                    befores[kind, codes[before]] + backoff
                )
            total += math.log(share)
        assert float(found) == pytest.approx(total, rel=1e-12)
    backed_off = [
        backoff / (befores[link[0], codes[link[1]]] + backoff) if link else 1.0
        for codes in latents.codes.numpy()
        for link in (neighbour_by_hand(*place) for place in places)
    ]
    assert sampler.diagnostics() == pytest.approx(
        {
            "train_nats": -float(sampler.log_prob(latents).mean()) / len(places),
            "backoff_mass": np.mean(backed_off),
            "pairs": len(pairs),
        }
    )


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ((), [None]),
        ((3,), [None, 0, 1]),
        ((2, 3), [None, 0, 1, 0, 3, 4]),
        ((2, 2, 2), [None, 0, 0, 2, 0, 4, 4, 6]),
        ((2, 1), [None, 0]),
    ],
)
def test_the_neighbour_is_the_site_before_along_the_last_axis_that_has_one(grid, expected):
    found = list_neighbours(Discrete((5,), grid))
    assert [link and link.place for link in found] == expected


def test_memory_grows_with_the_pairs_that_occur_and_not_with_the_codes():
    space = Discrete((16_384,), (4, 4))
    latents = space.pack(codes=torch.randint(16_384, (50, 16)))
    sampler = CodeMarkov()
    sampler.fit(latents)
    tables = [name for name in sampler.state() if name.startswith("transitions.")]
    assert sum(sampler.state()[name].numel() for name in tables) <= 2 * 50 * 15
    assert sampler.sample(20).codes.max() > 1000


def test_a_transition_that_was_counted_once_in_a_thousand_million_is_found_and_drawn():
    counts = torch.tensor([10**9, 1, 10**9])
    table = Transitions(keys=torch.tensor([1, 2, 5]), counts=counts, choices=3, choices_before=3)
    before = torch.zeros(1, dtype=torch.int64)
    half = torch.tensor([0.5], dtype=torch.float64)
    found = table.probabilities(
        before=before, codes=torch.tensor([2]), otherwise=half, backoff=1.0
    )
    assert float(found) == pytest.approx(1.5 / (10**9 + 2), rel=1e-12)
    with seeded(0):
        drawn = table.draw(
            before=torch.ones(2000, dtype=torch.int64),
            otherwise=torch.full((2000,), 9),
            backoff=1e-6,
        )
    assert (drawn == 2).all()


def test_after_a_code_without_successors_the_place_alone_decides():
    space = Discrete((3,), (2,))
    latents = space.pack(codes=torch.tensor([[0, 1], [0, 1], [0, 2], [1, 0]]))
    sampler = CodeMarkov(backoff=3.0, smoothing=1.0)
    sampler.fit(latents)
    never = space.pack(codes=torch.tensor([[2, 1]]))
    expected = math.log((1 / 3) / 5) + math.log((2 + 1 / 3) / 5)
    assert float(sampler.log_prob(never)) == pytest.approx(expected, rel=1e-12)


HUGE = Discrete((2**36, 2**62, 5), (2, 2))


def rare_codes(samples: int = 200) -> Latents:
    """Codes of a few kinds, spread over all that are possible."""
    rng = np.random.default_rng(0)
    columns = [rng.integers(7, size=samples) * (size // 7) for size in HUGE.codebooks * 4]
    return HUGE.pack(codes=torch.from_numpy(np.stack(columns, 1)))


@pytest.mark.parametrize("sampler", [CodeHistogram, CodeMarkov])
def test_codes_that_are_possible_take_no_memory_and_change_no_formula(sampler):
    latents, fitted = rare_codes(), sampler(smoothing=50.0)
    fitted.fit(latents)
    assert sum(tensor.numel() for tensor in fitted.state().values()) < 10_000
    with seeded(0):
        drawn = fitted.sample(3000)
    for depth, size in enumerate(HUGE.codebooks[:2]):
        seen = torch.isin(drawn.codes[..., depth], latents.codes[..., depth].unique())
        share = float((~seen).double().mean())  # what smoothing counts for is rarer after a code
        assert share == pytest.approx(50 / 250, abs=0.01) or sampler is CodeMarkov
        assert 0 < share < 0.21
        unseen = drawn.codes[..., depth][~seen].double() / size
        assert float(unseen.mean()) == pytest.approx(0.5, abs=0.05)
    assert fitted.log_prob(drawn).isfinite().all()


def test_the_probability_of_a_code_of_many_is_that_of_the_formula():
    latents = rare_codes()
    sampler = CodeHistogram(smoothing=50.0)
    sampler.fit(latents)
    codes = latents.codes[:1].clone()
    codes[0, 0, 0, 0] = 12345  # never seen
    expected = sum(
        math.log(probability_at_its_place(latents, place, int(codes[(0, *place)]), 50.0))
        for place in np.ndindex(2, 2, 3)
    )
    found = sampler.log_prob(HUGE.pack(codes=codes))
    assert float(found) == pytest.approx(expected, rel=1e-12)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=2), min_size=1, max_size=20),
    st.sampled_from([0.0, 0.5, 1.0, 30.0]),
)
def test_draws_are_those_of_running_sums_over_all_codes(codes, smoothing):
    space = Discrete((7,), (2,))
    sampler = CodeHistogram(smoothing=smoothing)
    sampler.fit(space.pack(codes=torch.tensor(codes)))
    with seeded(0):
        drawn = sampler.sample(200).codes[..., 0]
    with seeded(0):
        places = torch.rand(2, 200, dtype=torch.float64).numpy()
    for site in range(2):
        counts = np.bincount([pair[site] for pair in codes], minlength=7) + smoothing / 7
        sums = counts.cumsum()
        expected = np.searchsorted(sums, places[site] * sums[-1], side="right")
        assert drawn[:, site].tolist() == expected.tolist()


@pytest.mark.parametrize("factory", [CodeTransformer, PixelCNN])
def test_a_network_refuses_codebooks_that_its_tables_cannot_hold(factory):
    assert factory().objection(Discrete((2**18,), (2, 2))) is None
    reason = factory().objection(Discrete((64, 2**36), (2, 2)))
    assert reason == "learns vectors for at most 262,144 codes, and a codebook has 68,719,476,736"


def test_gm_vq_refuses_components_that_its_tables_cannot_hold():
    sampler = GMVQ(prior=CodeHistogram())
    assert sampler.objection(Mixture(2**20, 3)) is None
    assert sampler.objection(Mixture(2**36, 3)) == (
        "keeps at most 1,048,576 Gaussians, and there are 68,719,476,736 components"
    )
