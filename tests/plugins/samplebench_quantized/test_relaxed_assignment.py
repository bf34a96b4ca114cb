"""Soft assignments against the formulas written down in float64, given the same noise."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench import seeded
from samplebench_quantized import relaxed_assignment as module
from samplebench_quantized.relaxed_assignment import assign_softly


def by_hand(points, codebook, scale, temperature, gumbel):
    distances = (points[:, None] - codebook).square().sum(-1)
    logits = -scale * distances
    drawn = ((logits + gumbel) / temperature).softmax(1)
    posterior = logits.softmax(1)
    return (
        drawn @ codebook,
        (drawn * distances).sum(1),
        (posterior * distances).sum(1),
        -(posterior * logits.log_softmax(1)).sum(1),
        posterior.mean(0),
    )


def assign(points, codebook, scale, temperature):
    return assign_softly(points, codebook, scale=scale, temperature=temperature)


def noise_of_a_call(points, codes):
    """The Gumbel noise that a call under the same seed draws, tile by tile."""
    generator = torch.Generator().manual_seed(int(torch.randint(2**62, ())))
    rows = max(1, module._TILE["cpu"] // codes)
    parts = [torch.rand(len(some), codes, generator=generator, dtype=points.dtype)
             for some in points.split(rows)]  # fmt: skip
    return -torch.cat(parts).log().neg().log()


def problem(points=9, codes=5, channels=3, offset=0.0, dtype=torch.float64):
    with seeded(0, "problem"):
        return (
            (offset + torch.randn(points, channels, dtype=dtype)).requires_grad_(),
            (offset + torch.randn(codes, channels, dtype=dtype)).requires_grad_(),
            torch.tensor(0.7, dtype=dtype, requires_grad=True),
            torch.tensor(0.6, dtype=dtype),
        )


@pytest.mark.parametrize("tile", [5, 20, 2**18])
@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_sums_and_their_gradients_are_those_of_the_formulas(tile, offset, monkeypatch):
    monkeypatch.setitem(module._TILE, "cpu", tile)
    given_ = problem(offset=offset)
    with seeded(1, "noise"):
        ours = assign(*given_)
    with seeded(1, "noise"):
        theirs = by_hand(*given_, noise_of_a_call(given_[0], 5))
    for mine, exact in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, exact, rtol=1e-10, atol=1e-10)
    weights = [torch.randn_like(part) for part in theirs]
    slopes = [
        torch.autograd.grad(
            sum((w * part).sum() for w, part in zip(weights, sums, strict=True)), given_[:3]
        )
        for sums in (ours, theirs)
    ]
    for mine, exact in zip(*slopes, strict=True):
        torch.testing.assert_close(mine, exact, rtol=1e-9, atol=1e-9)


def test_a_codeword_far_from_all_changes_no_sum_in_float32():
    points, codebook, scale, heat = (part.detach() for part in problem(dtype=torch.float32))
    codebook = torch.cat([codebook, torch.full((1, 3), 1e5)])
    with seeded(1, "noise"):
        ours = assign(points, codebook, scale, heat)
    with seeded(1, "noise"):
        noise = noise_of_a_call(points, 6)
    exact = by_hand(points.double(), codebook.double(), scale.double(), heat.double(), noise)
    for mine, right in zip(ours, exact, strict=True):
        torch.testing.assert_close(mine.double(), right, rtol=1e-4, atol=1e-4)


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 12), st.integers(1, 6), st.floats(0.05, 5.0), st.floats(1e-3, 50.0),
    st.floats(0.1, 10.0),
)  # fmt: skip
def test_every_sum_has_its_gradient(points, codes, temperature, scale, std):
    """Each output by itself, by finite differences."""
    with seeded(points * codes, "problem"):
        z = (std * torch.randn(points, 2).double()).requires_grad_()
        mu = (std * torch.randn(codes, 2).double()).requires_grad_()
    s = torch.tensor(scale / std**2).double().requires_grad_()
    tau = torch.tensor(temperature).double()

    def sums(z, mu, s):
        with seeded(2, "noise"):
            return tuple(assign(z, mu, s, tau))

    assert torch.autograd.gradcheck(sums, (z, mu, s), atol=1e-5, rtol=1e-3)


def test_weights_follow_the_distribution_of_the_logits():
    """By Gumbel's theorem the largest is code c with probability q_c."""
    mu, scale = torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor(0.5)
    points = torch.full((40_000, 1), 0.8)
    with seeded(0, "noise"):
        drawn = assign(points, mu, scale, torch.tensor(1e-4)).mixed
    shares = torch.stack([((drawn - value).abs() < 0.2).double().mean() for value in mu])
    expected = (-0.5 * (0.8 - mu[:, 0]).square()).softmax(0).double()
    torch.testing.assert_close(shares, expected, atol=4 * (0.25 / 40_000) ** 0.5, rtol=0)


def test_far_from_the_origin_single_precision_keeps_distances():
    near = problem(points=50, codes=20, dtype=torch.float32)
    far = [part.detach() + 1000 for part in near[:2]]
    with seeded(0, "noise"):
        here = assign(*near)
    with seeded(0, "noise"):
        there = assign(*far, *near[2:])
    torch.testing.assert_close(there.distance, here.distance.detach(), rtol=1e-2, atol=1e-3)


def test_sharp_assignments_stay_finite():
    points, mu = torch.randn(20, 4, requires_grad=True), torch.randn(8, 4, requires_grad=True)
    sums = assign(points, mu, torch.tensor(1e6), torch.tensor(1e-3))
    slopes = torch.autograd.grad(sum(part.sum() for part in sums), (points, mu))
    assert all(part.isfinite().all() for part in (*sums, *slopes))
    assert (sums.mixed_distance >= 0).all()
    assert (sums.distance >= 0).all()
