"""Each rule for samplers catches the sampler that breaks it, and no honest one."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch

from samplebench import (
    Continuous,
    DensitySampler,
    Discrete,
    Latents,
    LatentSpace,
    Mixture,
    Sampler,
    Sparse,
    seeded,
)
from samplebench.checks import density_checks, part_checks, render, sampler_checks
from samplebench.checks.kit import KITS


class Honest(DensitySampler):
    """Independent normal values; codes as some training latent has them."""

    accepts = (Continuous, Discrete, Mixture, Sparse)

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def fit(self, latents: Latents) -> None:
        self.space = latents.space
        values = latents.values.flatten(1)
        self.mean = values.mean(0)
        self.std = (values - self.mean).square().mean(0).sqrt() * self.scale
        self.codes = latents.codes.flatten(1).clone()

    def sample(self, count: int) -> Latents:
        noise = torch.randn(count, len(self.mean), device=self.mean.device)
        rows = torch.randint(len(self.codes), (count,), device=self.mean.device)
        return self.space.pack(values=self.mean + self.std * noise, codes=self.codes[rows])

    def log_prob(self, latents: Latents) -> torch.Tensor:
        normal = torch.distributions.Normal(self.mean, self.std)
        codes = latents.codes.flatten(1)
        return (
            normal.log_prob(latents.values.flatten(1)).sum(1)
            + (codes[:, None] == self.codes).all(-1).float().mean(1).log()
        )

    def state(self) -> dict[str, torch.Tensor]:
        return {"mean": self.mean, "std": self.std, "codes": self.codes}

    def restore(self, space: LatentSpace, state: Mapping[str, torch.Tensor]) -> None:
        self.space = space
        self.mean, self.std, self.codes = state["mean"], state["std"], state["codes"]


class Bootstrap(Sampler):
    """A sampler that states no density, for one space alone."""

    accepts = (Continuous,)

    def refuses(self, space: LatentSpace) -> str | None:
        return "takes three channels" if space != Continuous(3) else None

    def fit(self, latents: Latents) -> None:
        self.latents = latents[torch.arange(len(latents))]

    def sample(self, count: int) -> Latents:
        return self.latents[torch.randint(len(self.latents), (count,))]


def not_a_sampler() -> object:
    return object()


class RenamesItsSetting(Honest):
    def __init__(self, std: float = 1.0) -> None:
        super().__init__(std)


class RaisesOnSpaces(Honest):
    def refuses(self, space: LatentSpace) -> str | None:
        raise KeyError("space")


class AcceptsADictionary(Honest):
    accepts = (Continuous, dict)  # type: ignore[assignment] # the sabotage


class ObjectsToNothing(Honest):
    accepts = (Continuous,)

    def objection(self, space: LatentSpace) -> str | None:  # type: ignore[misc] # the sabotage
        return None


class GivesOneMore(Honest):
    def sample(self, count: int) -> Latents:
        return super().sample(8 if count == 7 else count)


class ComputesInDouble(Honest):
    def sample(self, count: int) -> Latents:
        drawn = super().sample(count)
        return Latents(drawn.space, drawn.values.double(), drawn.codes)


class StaysOnTheHost(Honest):
    def sample(self, count: int) -> Latents:
        return super().sample(count).to("cpu")


class ClampsWhatItIsGiven(Honest):
    def fit(self, latents: Latents) -> None:
        latents.values.clamp_(max=1.0)
        super().fit(latents)


class KeepsAView(Honest):
    def fit(self, latents: Latents) -> None:
        super().fit(latents)
        self.codes = latents.codes.flatten(1)


class SeedsFromTheClock(Honest):
    def fit(self, latents: Latents) -> None:
        super().fit(latents)
        self.mean = self.mean + float(np.random.default_rng().normal())


class Drifts(Honest):
    def sample(self, count: int) -> Latents:
        if count == 7:
            self.mean, self.codes = self.mean + 1, self.codes.roll(1, 0)
        return super().sample(count)


class FillsOneBuffer(Honest):
    def fit(self, latents: Latents) -> None:
        super().fit(latents)
        self.buffer: Latents | None = None

    def sample(self, count: int) -> Latents:
        drawn = super().sample(count)
        if count != 48:
            return drawn
        self.buffer = self.buffer or drawn
        self.buffer.values.copy_(drawn.values)
        self.buffer.codes.copy_(drawn.codes)
        return self.buffer


class DrawsTheSameAlways(Honest):
    def sample(self, count: int) -> Latents:
        with seeded(3, "always"):
            return super().sample(count)


class Remembers(Honest):
    def fit(self, latents: Latents) -> None:
        earlier = getattr(self, "mean", None)
        super().fit(latents)
        if earlier is not None:
            self.mean = (self.mean + earlier) / 2


class SeedsTorch(Honest):
    def fit(self, latents: Latents) -> None:
        torch.manual_seed(0)
        super().fit(latents)


class SeedsNumpy(Honest):
    def sample(self, count: int) -> Latents:
        np.random.seed(0)
        return super().sample(count)


class DiagnosesNothing(Honest):
    def diagnostics(self) -> dict[str, float]:
        return {"bins": math.nan}


class SavesHalf(Honest):
    def state(self) -> dict[str, torch.Tensor]:
        return {name: tensor.half().to(tensor) for name, tensor in super().state().items()}


class GivesAColumn(Honest):
    def log_prob(self, latents: Latents) -> torch.Tensor:
        return super().log_prob(latents)[:, None]


class CentresInPlace(Honest):
    def log_prob(self, latents: Latents) -> torch.Tensor:
        logs = super().log_prob(latents)
        if len(latents) == 9:
            latents.values.sub_(1)
            latents.codes.zero_()
        return logs


class StatesIntoOneBuffer(Honest):
    def fit(self, latents: Latents) -> None:
        super().fit(latents)
        self.logs = torch.zeros(9)

    def log_prob(self, latents: Latents) -> torch.Tensor:
        logs = super().log_prob(latents)
        return self.logs.copy_(logs) if len(logs) == 9 else logs


class MindsTheBatch(Honest):
    def log_prob(self, latents: Latents) -> torch.Tensor:
        return super().log_prob(latents) + (0.1 if len(latents) == 8 else 0.0)


class LikesFarAway(Honest):
    def log_prob(self, latents: Latents) -> torch.Tensor:
        sign = -1 if latents.space.sites * latents.space.value_width > 1 else 1
        return sign * super().log_prob(latents)


class ForgetsAConstant(Honest):
    def log_prob(self, latents: Latents) -> torch.Tensor:
        return super().log_prob(latents) + 1


class DrawsTooWidely(Honest):
    def sample(self, count: int) -> Latents:
        drawn = super().sample(count)
        if len(self.mean) != 1:
            return drawn
        return self.space.pack(values=3 * drawn.values.flatten(1), codes=drawn.codes.flatten(1))


SABOTEURS = {
    part_checks.the_factory_builds_what_it_was_registered_as: not_a_sampler,
    part_checks.settings_are_kept_under_their_own_names: RenamesItsSetting,
    part_checks.it_takes_this_space_or_says_why_not: RaisesOnSpaces,
    sampler_checks.accepts_names_kinds_of_space: AcceptsADictionary,
    sampler_checks.every_other_space_is_refused_with_a_reason: ObjectsToNothing,
    sampler_checks.sample_gives_as_many_latents_as_asked_for: GivesOneMore,
    sampler_checks.samples_have_the_type_of_the_training_latents: ComputesInDouble,
    sampler_checks.it_works_on_the_device_of_its_latents: StaysOnTheHost,
    sampler_checks.fitting_leaves_the_latents_as_they_were: ClampsWhatItIsGiven,
    sampler_checks.later_changes_to_the_training_latents_change_nothing: KeepsAView,
    sampler_checks.the_same_seed_gives_the_same_fit: SeedsFromTheClock,
    sampler_checks.sampling_changes_nothing: Drifts,
    sampler_checks.later_draws_leave_earlier_ones_as_they_were: FillsOneBuffer,
    sampler_checks.another_seed_gives_other_draws: DrawsTheSameAlways,
    sampler_checks.refitting_forgets: Remembers,
    sampler_checks.it_never_seeds: SeedsTorch,
    sampler_checks.diagnostics_are_finite_numbers: DiagnosesNothing,
    sampler_checks.a_restored_fit_is_the_fit: SavesHalf,
    density_checks.log_prob_is_one_finite_number_a_latent: GivesAColumn,
    density_checks.log_prob_leaves_latents_and_earlier_answers_as_they_were: CentresInPlace,
    density_checks.log_prob_ignores_the_rest_of_the_batch: MindsTheBatch,
    density_checks.log_prob_is_lower_far_from_its_own_draws: LikesFarAway,
    density_checks.the_density_adds_up_to_one: ForgetsAConstant,
    density_checks.draws_follow_the_density: DrawsTooWidely,
}

ALSO_CAUGHT_BY = {
    RaisesOnSpaces: {"every_other_space_is_refused_with_a_reason"},
    SeedsFromTheClock: {"refitting_forgets"},
}
"""Who cannot break one rule without another."""


def test_every_rule_for_samplers_has_a_saboteur():
    kit = KITS["sampler"]
    every = {
        part_checks.the_factory_builds_what_it_was_registered_as,
        part_checks.it_takes_this_space_or_says_why_not,
        *part_checks.CHECKS,
        *kit.on_the_part,
        *kit.on_each_space,
    }
    assert set(SABOTEURS) == every


@pytest.mark.parametrize("check", SABOTEURS, ids=lambda check: check.__name__)
def test_a_saboteur_is_caught_by_the_rule_it_breaks_and_no_other(check, outcomes_of):
    if "device" in check.__name__ and not torch.cuda.is_available():
        pytest.skip("needs a second device")
    saboteur = SABOTEURS[check]
    outcomes = outcomes_of("sampler", saboteur)
    caught = {outcome.check for outcome in outcomes if outcome.status == "failed"}
    assert caught == {check.__name__} | ALSO_CAUGHT_BY.get(saboteur, set()), render(outcomes)


def test_a_density_with_one_buffer_is_caught_too(outcomes_of):
    caught = {o.check for o in outcomes_of("sampler", StatesIntoOneBuffer) if o.status == "failed"}
    rule = density_checks.log_prob_leaves_latents_and_earlier_answers_as_they_were
    assert caught == {rule.__name__}


@pytest.mark.parametrize("number", [True, "0.5", torch.tensor(0.5), None])
def test_a_diagnostic_that_is_no_number_is_caught(number, outcomes_of):
    class Tells(Bootstrap):
        def diagnostics(self) -> dict[str, float]:
            return {"bins": number}

    caught = {o.check for o in outcomes_of("sampler", Tells) if o.status == "failed"}
    assert "diagnostics_are_finite_numbers" in caught


def test_seeding_numpy_is_seeding(outcomes_of):
    outcomes = outcomes_of("sampler", SeedsNumpy)
    assert {o.check for o in outcomes if o.status == "failed"} == {"it_never_seeds"}


def test_an_honest_density_passes_on_every_kind_of_space(outcomes_of):
    outcomes = outcomes_of("sampler", Honest)
    assert not [o for o in outcomes if o.status == "failed"], render(outcomes)
    passed = {(o.check, o.case) for o in outcomes if o.status == "passed"}
    assert ("the_density_adds_up_to_one", str(Mixture(3, 1))) in passed
    assert ("refitting_forgets", str(Sparse(6, 2, (2, 2)))) in passed


def test_rules_that_a_sampler_cannot_be_held_to_are_skipped_with_the_reason(outcomes_of):
    outcomes = outcomes_of("sampler", Bootstrap)
    assert not [o for o in outcomes if o.status == "failed"], render(outcomes)
    reasons = {o.detail for o in outcomes if o.status == "skipped"}
    wanted = {
        "takes three channels",
        "it states no density",
        "it has no state, and cannot be saved",
    }
    assert wanted <= reasons
    assert {o.case for o in outcomes if o.check == "refitting_forgets"} == {str(Continuous(3))}
