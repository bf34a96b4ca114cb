"""Bits of held-out latents, against entropies that are known."""

import math

import pytest
import torch
from scipy import stats

from samplebench import Continuous, Discrete, Mixture, NoNumber, Sparse
from samplebench_metrics.held_out_bits import HeldOutBits


@pytest.fixture
def make_evidence(make_evidence):
    """With the held-out latents to train on, unless a test has others."""
    return lambda **parts: make_evidence(**{"train_latents": parts["test_latents"], **parts})


def test_bits_under_the_true_normal_are_its_entropy(make_evidence):
    points = torch.randn(20_000, 3, dtype=torch.float64) * 2
    log_probs = torch.from_numpy(stats.norm(scale=2).logpdf(points.numpy()).sum(1))
    found = HeldOutBits().measure(make_evidence(test_latents=points, test_log_probs=log_probs))
    assert found == pytest.approx(stats.norm(scale=2).entropy() / math.log(2), abs=0.02)


def test_even_codes_cost_the_logarithm_of_their_number(make_evidence):
    codes = Discrete((8, 8), (2, 2)).pack(codes=torch.randint(8, (5, 8)))
    log_probs = torch.full((5,), -8 * math.log(8))
    found = HeldOutBits().measure(make_evidence(test_latents=codes, test_log_probs=log_probs))
    assert found == pytest.approx(3)


def test_bits_are_per_real_or_code_or_active_atom(make_evidence):
    """One nat a latent, shared by the numbers of each."""
    atoms, components = torch.arange(2).expand(3, 4, 2), torch.randint(5, (3, 4))
    codewords = torch.randn(5, 6)[components]
    mixture = Mixture(5, 6, (4,))
    for latents, numbers in (
        (Continuous(5, (2, 3)).pack(values=torch.randn(3, 30)), 30),
        (Discrete((8, 8), (2, 2)).pack(codes=torch.zeros(3, 8, dtype=torch.int64)), 8),
        (mixture.pack(values=torch.randn(3, 24), codes=components), 24),
        (mixture.pack(values=codewords, codes=components), 4),
        (Sparse(9, 2, (4,)).pack(values=torch.zeros(3, 8), codes=atoms), 8),
    ):
        evidence = make_evidence(test_latents=latents, test_log_probs=-torch.ones(3))
        assert HeldOutBits().measure(evidence) == pytest.approx(1 / math.log(2) / numbers)


def test_a_latent_of_density_0_makes_the_mean_infinite_and_the_reason_says_for_how_many(
    make_evidence,
):
    log_probs = torch.tensor([-3 * math.log(2), -math.inf, -math.log(2), -math.inf])
    evidence = make_evidence(test_latents=torch.randn(4, 1), test_log_probs=log_probs)
    reason = "infinite: the density is 0 at 50 % of held-out latents; the others cost 2 bits/dim"
    with pytest.raises(NoNumber, match=f"^{reason}$"):
        HeldOutBits().measure(evidence)


def test_where_no_latent_is_possible_there_are_no_bits_to_state(make_evidence):
    log_probs = torch.full((2,), -math.inf)
    evidence = make_evidence(test_latents=torch.randn(2, 1), test_log_probs=log_probs)
    with pytest.raises(NoNumber, match="infinite: the density is 0 at every held-out latent"):
        HeldOutBits().measure(evidence)


def test_dimensions_that_never_vary_leave_no_number(make_evidence):
    train = torch.cat([torch.randn(9, 2), torch.ones(9, 1)], 1)
    evidence = make_evidence(test_latents=train, test_log_probs=torch.zeros(9))
    with pytest.raises(NoNumber, match="1 of 3 dimensions never vary"):
        HeldOutBits().measure(evidence)


@pytest.mark.parametrize(("values", "numbers"), [([1.0, 2.0, 1.0], 1), ([1.0, 2.0, 3.0], 2)])
def test_components_that_are_possible_and_not_in_use_take_no_memory(
    make_evidence, values, numbers
):
    """Of two channels they count where they vary within a component, and else the component."""
    latents = Mixture(2**40, 2).pack(
        values=torch.tensor(values)[:, None].expand(3, 2),
        codes=torch.tensor([[0], [2**39], [0]]),
    )
    log_probs = torch.full((3,), -2 * math.log(2))
    evidence = make_evidence(test_latents=latents, test_log_probs=log_probs)
    assert HeldOutBits().measure(evidence) == pytest.approx(2 / numbers)
