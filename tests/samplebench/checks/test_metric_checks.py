"""Each rule for metrics catches the metric that breaks it, and no honest one."""

import math

import numpy as np
import pytest
import torch

from samplebench import Discrete, Evidence, LatentSpace, Metric
from samplebench.checks import metric_checks, render
from samplebench.checks.kit import KITS


class Honest(Metric):
    """Squared distance between the mean features of held-out and generated images."""

    title = "mean distance"
    better = "lower"
    subject = "images"
    uses_features = True

    def measure(self, evidence: Evidence) -> float:
        difference = evidence.features("test").mean(0) - evidence.features("generated").mean(0)
        return float(difference.square().sum())

    def floor(self, evidence: Evidence) -> float | None:
        return 0.0


class Warns(Honest):
    """A diagnostic, for which one wrong point looks best."""

    better = "higher"
    alarm = 0.8

    def objection(self, space: LatentSpace) -> str | None:
        return "needs reals" if isinstance(space, Discrete) else None


class HasNoTitle(Honest):
    title = " "


class ObjectsWithoutAReason(Honest):
    def objection(self, space: LatentSpace) -> str | None:
        return "" if isinstance(space, Discrete) else None


class ObjectsToAll(Honest):
    def objection(self, space: LatentSpace) -> str | None:
        return "has no meaning"


class IsInfinite(Honest):
    subject = "autoencoder"

    def measure(self, evidence: Evidence) -> float:
        return math.inf


class DrawsFromTheClock(Honest):
    def measure(self, evidence: Evidence) -> float:
        return super().measure(evidence) + 1e-6 * float(np.random.default_rng().random())


class DarkensTheEvidence(Honest):
    def measure(self, evidence: Evidence) -> float:
        evidence.reconstructed.clamp_(max=0.5)
        return super().measure(evidence)


class HasNoGround(Honest):
    def floor(self, evidence: Evidence) -> float | None:
        return math.nan


class PointsUp(Honest):
    better = "higher"


class SeedsTorch(Honest):
    def measure(self, evidence: Evidence) -> float:
        torch.manual_seed(0)
        return super().measure(evidence)


SABOTEURS = {
    metric_checks.it_states_title_direction_and_subject: HasNoTitle,
    metric_checks.an_objection_has_a_reason: ObjectsWithoutAReason,
    metric_checks.a_measurement_is_one_finite_number: IsInfinite,
    metric_checks.the_same_seed_gives_the_same_number: DrawsFromTheClock,
    metric_checks.measuring_leaves_the_evidence_as_it_was: DarkensTheEvidence,
    metric_checks.the_floor_is_a_finite_number_or_none: HasNoGround,
    metric_checks.fresh_data_score_better_than_one_wrong_point: PointsUp,
    metric_checks.it_never_seeds: SeedsTorch,
}


def test_every_rule_for_metrics_has_a_saboteur():
    assert set(SABOTEURS) == {*KITS["metric"].on_the_part, *KITS["metric"].on_each_space}


@pytest.mark.parametrize("check", SABOTEURS, ids=lambda check: check.__name__)
def test_a_saboteur_is_caught_by_the_rule_it_breaks_and_no_other(check, outcomes_of):
    outcomes = outcomes_of("metric", SABOTEURS[check])
    caught = {outcome.check for outcome in outcomes if outcome.status == "failed"}
    assert caught == {check.__name__}, render(outcomes)


def test_objecting_to_every_space_is_caught(outcomes_of):
    caught = {o.check for o in outcomes_of("metric", ObjectsToAll) if o.status == "failed"}
    assert caught == {"an_objection_has_a_reason"}


def test_an_honest_metric_passes(outcomes_of):
    outcomes = outcomes_of("metric", Honest)
    assert {
        o.status for o in outcomes if o.check != "settings_are_kept_under_their_own_names"
    } == {"passed"}, render(outcomes)


def test_a_diagnostic_is_not_asked_to_rank_and_an_objection_is_respected(outcomes_of):
    outcomes = outcomes_of("metric", Warns)
    assert not [o for o in outcomes if o.status == "failed"], render(outcomes)
    assert {"it does not rank samplers", "needs reals"} <= {o.detail for o in outcomes}
