"""The rules for samplers whose distribution has a density."""

import torch
from jaxtyping import Int64
from torch import Tensor

from samplebench.checks import toys
from samplebench.checks.case import CannotApply, SpaceCase, require, same, same_latents
from samplebench.checks.sampler_checks import draw, fit
from samplebench.contracts.answers import check_log_probs
from samplebench.contracts.latents import Latents
from samplebench.contracts.sampler import DensitySampler


def log_prob_is_one_finite_number_a_latent(case: SpaceCase) -> None:
    """``log_prob`` of its own samples is finite, (samples,)."""
    sampler = _fit_density(case)
    for count in (1, 64):
        drawn = draw(sampler, count)
        logs = check_log_probs(sampler.log_prob(drawn), latents=drawn)
        require(bool(logs.isfinite().all()), "log_prob of its own samples is not finite")


def log_prob_leaves_latents_and_earlier_answers_as_they_were(case: SpaceCase) -> None:
    """``log_prob`` changes neither the latents that it is given nor what it gave before."""
    sampler = _fit_density(case)
    given, others = draw(sampler, 9), draw(sampler, 9, seed=1)
    copy = given.copy()
    logs = sampler.log_prob(given)
    before = logs.clone()
    require(same_latents(given, copy), "the latents are changed after log_prob: work on a copy")
    sampler.log_prob(others)
    require(same(logs, before), "log_prob of other latents changes what it gave before")


def log_prob_ignores_the_rest_of_the_batch(case: SpaceCase) -> None:
    """The density of a latent does not depend on what else is in the batch."""
    sampler = _fit_density(case)
    drawn = draw(sampler, 8)
    together = sampler.log_prob(drawn)
    alone = torch.cat([sampler.log_prob(drawn[i : i + 1]) for i in range(len(drawn))])
    require(same(alone, together, 1e-4), "log_prob of a latent alone differs from that in a batch")


def log_prob_is_lower_far_from_its_own_draws(case: SpaceCase) -> None:
    """On average, its own draws are likelier than the same draws ten stds away."""
    sampler = _fit_density(case)
    if not case.space.value_width:
        raise CannotApply("its latents have no values to move")
    drawn = draw(sampler)
    distance = 10 * float(drawn.values.std())
    near = sampler.log_prob(drawn).mean()
    far = sampler.log_prob(toys.move(drawn, distance)).mean()
    require(bool(near > far), f"mean log_prob is {near:.3g} there and {far:.3g} far away")


def the_density_adds_up_to_one(case: SpaceCase) -> None:
    """Over all codes and all values, ``exp(log_prob)`` adds up to 1 (within 2 %)."""
    sampler = _fit_density_to_add_up(case)
    everywhere, cell = _make_lattice(draw(sampler), reach=10, points=40_001)
    total = float(sampler.log_prob(everywhere).double().exp().sum()) * cell
    require(abs(total - 1) < 0.02, f"the density adds up to {total:.4g}")


def draws_follow_the_density(case: SpaceCase) -> None:
    """Up to any point, the share of its draws is that of the density (within 0.06).

    Of 2,048 draws, chance makes that 0.043 once in a thousand times (Kolmogorov).
    """
    sampler = _fit_density_to_add_up(case)
    drawn = draw(sampler, 2048)
    everywhere, _ = _make_lattice(drawn, reach=1, points=4_001)
    summed = sampler.log_prob(everywhere).double().exp().flatten().cumsum(0)
    expected = summed / summed[-1]
    places = _find_places(drawn, everywhere)
    shares = places.bincount(minlength=len(everywhere)).cumsum(0) / len(drawn)
    gap = float((shares - expected).abs().max())
    require(gap < 0.06, f"shares of draws are up to {gap:.2g} off those of the density")


ON_EACH_SPACE = (
    log_prob_is_one_finite_number_a_latent,
    log_prob_leaves_latents_and_earlier_answers_as_they_were,
    log_prob_ignores_the_rest_of_the_batch,
    log_prob_is_lower_far_from_its_own_draws,
    the_density_adds_up_to_one,
    draws_follow_the_density,
)


def _fit_density(case: SpaceCase) -> DensitySampler:
    sampler = fit(case)
    if not isinstance(sampler, DensitySampler):
        raise CannotApply("it states no density")
    if reason := sampler.no_density(case.space):
        raise CannotApply(reason)
    return sampler


def _fit_density_to_add_up(case: SpaceCase) -> DensitySampler:
    if case.space.grid or case.space.value_width > 1 or case.space.code_width > 1:
        raise CannotApply("too many dimensions to add up a density")
    return _fit_density(case)


def _make_lattice(drawn: Latents, reach: int, points: int) -> tuple[Latents, float]:
    """Make points that cover a space of at most one value and code, and the size of their cells.

    Code after code, ``points`` values, which reach so many times the range of the draws to both
    sides.
    """
    space = drawn.space
    values, cell = torch.empty(1, 0), 1.0
    if space.value_width:
        values, cell = _make_line(drawn.values, reach, points)
    choices = (
        torch.arange(space.code_ranges[0])[:, None]
        if space.code_width
        else torch.empty(1, 0, dtype=torch.int64)
    )
    return (
        space.pack(
            values=values.repeat(len(choices), 1),
            codes=choices.repeat_interleave(len(values), dim=0),
        ),
        cell,
    )


def _make_line(values: Tensor, reach: int, points: int) -> tuple[Tensor, float]:
    low, high = float(values.min()), float(values.max())
    beyond = reach * (high - low)
    line = torch.linspace(low - beyond, high + beyond, points)
    return line[:, None], float(line[1] - line[0])


def _find_places(drawn: Latents, everywhere: Latents) -> Int64[Tensor, " samples"]:
    """Find the point of a lattice that comes next after each draw."""
    space = drawn.space
    codes = drawn.codes[:, 0] if space.code_width else torch.zeros(len(drawn), dtype=torch.int64)
    if not space.value_width:
        return codes
    line = everywhere.values[:, 0]
    if space.code_width:
        line = line[everywhere.codes[:, 0] == 0]
    return codes * len(line) + torch.searchsorted(line.contiguous(), drawn.values[:, 0].to(line))
