"""Each rule for metrics catches the metric that breaks it, and no honest one."""

import math
import re

import numpy as np
import pytest
import torch

from samplebench import Discrete, Evidence, LatentSpace, Metric, Need
from samplebench.checks import metric_checks, render
from samplebench.checks.kit import KITS


class Honest(Metric):
    """Squared distance between the mean features of held-out and generated images."""

    title = "mean distance"
    better = "lower"
    subject = "images"
    needs = frozenset({Need.TEST, Need.GENERATED, Need.FEATURES})

    def measure(self, evidence: Evidence) -> float:
        difference = evidence.features("test").mean(0) - evidence.features("generated").mean(0)
        return float(difference.square().sum())

    has_floor = True

    def bias(self, evidence: Evidence) -> float | None:
        return 0.0


class Warns(Honest):
    """A diagnostic, for which one wrong point looks best."""

    better = "higher"
    diagnostic = True
    alarm = 0.8

    def refuses(self, space: LatentSpace) -> str | None:
        return "needs reals" if isinstance(space, Discrete) else None


class HasNoTitle(Honest):
    title = " "


class NeedsSmoke(Honest):
    needs = Honest.needs | {"smoke"}


class SpeaksOfTheAutoencoder(Honest):
    subject = "autoencoder"


class WarnsAndCompetes(Honest):
    alarm = 0.01


class DeclaresTooMuch(Honest):
    needs = Honest.needs | {Need.TRAIN}


class DeclaresTooLittle(Honest):
    needs = Honest.needs - {Need.TEST}


class ReadsMoreForItsBias(Honest):
    def bias(self, evidence: Evidence) -> float | None:
        return float(evidence.train_labels[0])


class ObjectsWithoutAReason(Honest):
    def refuses(self, space: LatentSpace) -> str | None:
        return "" if isinstance(space, Discrete) else None


class ObjectsToAll(Honest):
    def refuses(self, space: LatentSpace) -> str | None:
        return "has no meaning"


class IsInfinite(Honest):
    subject = "autoencoder"
    needs = frozenset()
    has_floor = False

    def measure(self, evidence: Evidence) -> float:
        return math.inf


class DrawsFromTheClock(Honest):
    def measure(self, evidence: Evidence) -> float:
        return super().measure(evidence) + 1e-6 * float(np.random.default_rng().random())


class DarkensTheEvidence(Honest):
    needs = Honest.needs | {Need.RECONSTRUCTED}

    def measure(self, evidence: Evidence) -> float:
        evidence.reconstructed.clamp_(max=0.5)
        return super().measure(evidence)


class CentresFeatures(Honest):
    def measure(self, evidence: Evidence) -> float:
        number = super().measure(evidence)
        evidence.features("generated").numpy()[...] -= 1
        return number


class HasNoGround(Honest):
    def bias(self, evidence: Evidence) -> float | None:
        return math.nan


class HasAFloorOfCosts(Honest):
    """Real data have no costs."""

    subject = "cost"
    needs = frozenset({Need.GENERATED, Need.COSTS})

    def measure(self, evidence: Evidence) -> float:
        return evidence.costs["fit"].wall_seconds + 0 * float(evidence.generated.sum())


class HasAFloorOfNothing(Honest):
    """Nothing that real data could stand in for is measured."""

    subject = "autoencoder"
    needs = frozenset({Need.TEST})

    def measure(self, evidence: Evidence) -> float:
        return float(evidence.test.mean())


class PointsUp(Honest):
    better = "higher"


class SeedsTorch(Honest):
    def measure(self, evidence: Evidence) -> float:
        torch.manual_seed(0)
        return super().measure(evidence)


SABOTEURS = {
    metric_checks.it_states_title_direction_subject_and_needs: HasNoTitle,
    metric_checks.its_subject_follows_from_its_needs: SpeaksOfTheAutoencoder,
    metric_checks.only_a_diagnostic_raises_an_alarm: WarnsAndCompetes,
    metric_checks.an_objection_has_a_reason: ObjectsWithoutAReason,
    metric_checks.it_reads_all_that_it_declares: DeclaresTooMuch,
    metric_checks.it_reads_only_what_it_declares: DeclaresTooLittle,
    metric_checks.a_measurement_is_one_finite_number: IsInfinite,
    metric_checks.the_same_seed_gives_the_same_number: DrawsFromTheClock,
    metric_checks.measuring_leaves_the_evidence_as_it_was: DarkensTheEvidence,
    metric_checks.its_floor_can_be_measured: HasNoGround,
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


def test_writing_into_features_is_caught_too(outcomes_of):
    caught = {o.check for o in outcomes_of("metric", CentresFeatures) if o.status == "failed"}
    assert caught == {"measuring_leaves_the_evidence_as_it_was"}


@pytest.mark.parametrize("number", ["1.5", True, torch.ones(()), None])
@pytest.mark.parametrize(
    ("method", "rule"),
    [
        ("measure", "a_measurement_is_one_finite_number"),
        ("bias", "its_floor_can_be_measured"),
    ],
)
def test_a_score_that_is_no_number_is_caught(method, rule, number, outcomes_of):
    odd = type("Odd", (Honest,), {method: lambda self, evidence: number})
    outcomes = outcomes_of("metric", odd)
    caught = {o.check for o in outcomes if o.status == "failed"}
    assert (rule in caught) == (method == "measure" or number is not None)


def test_a_value_that_is_no_need_is_caught(outcomes_of):
    caught = {o.check for o in outcomes_of("metric", NeedsSmoke) if o.status == "failed"}
    assert "it_states_title_direction_subject_and_needs" in caught


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (DeclaresTooLittle, r"reads evidence\.features\('test'\).*add Need\.TEST to its `needs`"),
        (ReadsMoreForItsBias, r"reads evidence\.train_labels .*add Need\.LABELS to its `needs`"),
    ],
)
def test_reading_what_was_not_declared_fails_with_the_need_to_declare(
    outcomes_of, metric, message
):
    details = {o.check: o.detail for o in outcomes_of("metric", metric) if o.status == "failed"}
    assert details.keys() == {"it_reads_only_what_it_declares"}
    assert re.search(message, details["it_reads_only_what_it_declares"])


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


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (HasAFloorOfCosts, "needs Need.COSTS, which real data lack"),
        (HasAFloorOfNothing, "needs nothing that is generated"),
    ],
)
def test_a_floor_that_real_data_cannot_have_is_refused(metric, reason, outcomes_of):
    failed = [outcome for outcome in outcomes_of("metric", metric) if outcome.status == "failed"]
    assert {outcome.check for outcome in failed} == {"its_floor_can_be_measured"}
    assert reason in render(failed)
