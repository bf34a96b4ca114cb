"""The rules for samplers. Those for densities are in ``density_checks.py``."""

from samplebench.checks import toys
from samplebench.checks.case import (
    CannotApply,
    Case,
    SpaceCase,
    find_another_device,
    require,
    require_no_seeding,
    same,
    same_latents,
)
from samplebench.contracts.answers import check_draws, keep_numbers
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.contracts.sampler import DensitySampler, Sampler
from samplebench.randomness import seeded


def accepts_names_kinds_of_space(case: Case) -> None:
    """``accepts`` is a tuple of at least one kind of latent space, on the class."""
    accepts = getattr(type(case.build()), "accepts", None)
    require(
        isinstance(accepts, tuple)
        and bool(accepts)
        and all(isinstance(kind, type) and issubclass(kind, LatentSpace) for kind in accepts),
        f"accepts is {accepts!r}; it should be like (Continuous,) or (Discrete, Mixture)",
    )


def every_other_space_is_refused_with_a_reason(case: Case) -> None:
    """``objection`` is a reason for each space outside ``accepts``, a reason or None inside."""
    sampler: Sampler = case.build()
    for space in toys.SPACES:
        objection = sampler.objection(space)
        if objection is None:
            require(isinstance(space, sampler.accepts), f"it does not object to {space}")
        else:
            require(bool(objection.strip()), f"its objection to {space} is an empty text")


ON_THE_PART = (accepts_names_kinds_of_space, every_other_space_is_refused_with_a_reason)


def sample_gives_as_many_latents_as_asked_for(case: SpaceCase) -> None:
    """``sample(count)`` gives ``count`` latents of the fitted space."""
    sampler = fit(case)
    for count in (1, 7, 64):
        check_draws(draw(sampler, count), count=count, space=case.space)


def samples_have_the_type_of_the_training_latents(case: SpaceCase) -> None:
    """The values of samples have the floating type of the values it was fitted to."""
    wanted, found = training_latents(case).values.dtype, draw(fit(case)).values.dtype
    require(found == wanted, f"fitted to {wanted} values, it samples {found} values")


def it_works_on_the_device_of_its_latents(case: SpaceCase) -> None:
    """Fitted to latents on a device, it samples there, and states densities there."""
    device = find_another_device()
    sampler = fit(case, training_latents(case).to(device))
    drawn = draw(sampler)
    require(drawn.device.type == device.type, f"fitted on {device}, it samples on {drawn.device}")
    if isinstance(sampler, DensitySampler) and not sampler.no_density(case.space):
        where = sampler.log_prob(drawn).device
        require(where.type == device.type, f"fitted on {device}, its log_prob is on {where}")


def fitting_leaves_the_latents_as_they_were(case: SpaceCase) -> None:
    """``fit`` does not change the latents that it is given."""
    given = training_latents(case)
    fit(case, given)
    require(
        same_latents(given, training_latents(case)), "the training latents are changed after fit"
    )


def later_changes_to_the_training_latents_change_nothing(case: SpaceCase) -> None:
    """A sampler owns what it learned: it keeps no view of the training latents."""
    given = training_latents(case)
    sampler = fit(case, given)
    before = draw(sampler)
    changed = toys.under_another_distribution(Latents.join([given, given]))
    given.values.copy_(changed.values)
    given.codes.copy_(changed.codes)
    require(
        same_latents(draw(sampler), before),
        "writing into the training latents after fit changed the samples: keep a copy",
    )


def the_same_seed_gives_the_same_fit(case: SpaceCase) -> None:
    """All that is random in ``fit`` comes from the global generators, which the harness seeds."""
    require(
        same_latents(draw(fit(case)), draw(fit(case))),
        "two fits to the same latents under the same seed give other samples",
    )


def sampling_changes_nothing(case: SpaceCase) -> None:
    """The same seed gives the same draw again, whatever was drawn in between."""
    sampler = fit(case)
    before = draw(sampler, 64, seed=1)
    draw(sampler, 7, seed=2)
    require(
        same_latents(draw(sampler, 64, seed=1), before),
        "under the same seed, it gives other samples after sampling in between",
    )


def later_draws_leave_earlier_ones_as_they_were(case: SpaceCase) -> None:
    """Sampling again does not change what was drawn before."""
    sampler = fit(case)
    drawn = draw(sampler, 48, seed=1)
    before = drawn.copy()
    draw(sampler, 48, seed=2)
    require(
        same_latents(drawn, before),
        "sampling again changes the latents that were drawn before: give each draw its own memory",
    )


def another_seed_gives_other_draws(case: SpaceCase) -> None:
    """Samples under two seeds differ."""
    sampler = fit(case)
    require(
        not same_latents(draw(sampler, 64, seed=1), draw(sampler, 64, seed=2)),
        "64 samples are the same under two seeds",
    )


def refitting_forgets(case: SpaceCase) -> None:
    """A sampler fitted to A and then to B is the same as a fresh one fitted to B."""
    other = toys.under_another_distribution(training_latents(case))
    refitted = fit(case)
    with seeded(0, "fit"):
        refitted.fit(other)
    require(
        same_latents(draw(refitted), draw(fit(case, other)), tolerance=1e-5),
        "fitted twice, it gives other samples than one that was fitted to the second data alone",
    )


def it_never_seeds(case: SpaceCase) -> None:
    """Fitting and sampling draw from the global generators, and never seed them."""

    def work() -> None:
        sampler: Sampler = case.chosen.build()
        sampler.fit(training_latents(case))
        sampler.sample(7)

    require_no_seeding(work)


def diagnostics_are_finite_numbers(case: SpaceCase) -> None:
    """``diagnostics`` of a fitted sampler are finite numbers by name."""
    _, remarks = keep_numbers("diagnostics", fit(case).diagnostics)
    require(not remarks, "; ".join(remarks))


def a_restored_fit_is_the_fit(case: SpaceCase) -> None:
    """From its ``state``, a fresh sampler draws the same, and has the same diagnostics."""
    sampler = fit(case)
    if type(sampler).state is Sampler.state:
        raise CannotApply("it has no state, and cannot be saved")
    state = {name: tensor.clone() for name, tensor in sampler.state().items()}
    restored: Sampler = case.build()
    restored.restore(case.space, state)
    require(
        same_latents(draw(restored), draw(sampler)),
        "restored from its state, it gives other samples under the same seed",
    )
    require(
        restored.diagnostics() == sampler.diagnostics(),
        "restored from its state, it has other diagnostics",
    )
    if (
        isinstance(sampler, DensitySampler)
        and isinstance(restored, DensitySampler)
        and not sampler.no_density(case.space)
    ):
        held_out = toys.latents(case.space, "test", 16)
        require(
            same(restored.log_prob(held_out), sampler.log_prob(held_out)),
            "restored from its state, it has another density",
        )


ON_EACH_SPACE = (
    sample_gives_as_many_latents_as_asked_for,
    samples_have_the_type_of_the_training_latents,
    it_works_on_the_device_of_its_latents,
    fitting_leaves_the_latents_as_they_were,
    later_changes_to_the_training_latents_change_nothing,
    the_same_seed_gives_the_same_fit,
    sampling_changes_nothing,
    later_draws_leave_earlier_ones_as_they_were,
    another_seed_gives_other_draws,
    refitting_forgets,
    it_never_seeds,
    diagnostics_are_finite_numbers,
    a_restored_fit_is_the_fit,
)


def training_latents(case: SpaceCase) -> Latents:
    """Make the latents that samplers are fitted to."""
    return toys.latents(case.space)


def fit(case: SpaceCase, latents: Latents | None = None) -> Sampler:
    """Fit a fresh sampler."""
    sampler: Sampler = case.build()
    with seeded(0, "fit"):
        sampler.fit(training_latents(case) if latents is None else latents)
    return sampler


def draw(sampler: Sampler, count: int = 64, seed: int = 0) -> Latents:
    """Draw samples under a seed."""
    with seeded(seed, "sample"):
        return sampler.sample(count)
