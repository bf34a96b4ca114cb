"""The rules for metrics."""

import math
from dataclasses import fields
from typing import get_args

import torch

from samplebench.checks import toys
from samplebench.checks.case import (
    CannotApply,
    Case,
    SpaceCase,
    require,
    require_no_seeding,
    same,
    same_latents,
)
from samplebench.contracts.latents import Latents
from samplebench.contracts.metric import Evidence, Metric, Subject
from samplebench.randomness import seeded


def it_states_title_direction_and_subject(case: Case) -> None:
    """A metric has a title, says which way is better, and what its number speaks of."""
    metric = case.build()
    title, better = getattr(metric, "title", ""), getattr(metric, "better", None)
    subject = getattr(metric, "subject", None)
    require(isinstance(title, str) and bool(title.strip()), f"its title is {title!r}")
    require(better in ("higher", "lower"), f"better is {better!r}, not 'higher' or 'lower'")
    require(
        subject in get_args(Subject), f"subject is {subject!r}, not one of {get_args(Subject)}"
    )


def an_objection_has_a_reason(case: Case) -> None:
    """``objection`` is None or a reason, and None for at least one space."""
    metric: Metric = case.build()
    objections = {space: metric.objection(space) for space in toys.SPACES}
    for space, objection in objections.items():
        require(
            objection is None or bool(objection.strip()),
            f"its objection to {space} is {objection!r}",
        )
    require(None in objections.values(), "it objects to every space")


ON_THE_PART = (it_states_title_direction_and_subject, an_objection_has_a_reason)


def a_measurement_is_one_finite_number(case: SpaceCase) -> None:
    """``measure`` gives one finite float."""
    number = _measured(case.build(), toys.evidence(case.space))
    require(
        isinstance(number, float) and math.isfinite(number),
        f"measure gives {type(number).__name__} {number!r}",
    )


def the_same_seed_gives_the_same_number(case: SpaceCase) -> None:
    """Measured twice under one seed, the same evidence gives the same number."""
    metric, evidence = case.build(), toys.evidence(case.space)
    first, again = _measured(metric, evidence), _measured(metric, evidence)
    require(first == again, f"one seed gives {first!r} and then {again!r}")


def measuring_leaves_the_evidence_as_it_was(case: SpaceCase) -> None:
    """``measure`` and ``floor`` do not change what they look at."""
    evidence, copy = toys.evidence(case.space), toys.evidence(case.space)
    metric = case.build()
    _measured(metric, evidence)
    with seeded(0, "floor"):
        metric.floor(evidence)
    for field in fields(Evidence):
        now, then = getattr(evidence, field.name), getattr(copy, field.name)
        if isinstance(now, torch.Tensor):
            require(same(now, then), f"the {field.name} images are changed after measure")
        if isinstance(now, Latents):
            require(same_latents(now, then), f"{field.name} are changed after measure")


def the_floor_is_a_finite_number_or_none(case: SpaceCase) -> None:
    """``floor`` gives a finite float, or None where it has no meaning."""
    with seeded(0, "floor"):
        floor = case.build().floor(toys.evidence(case.space))
    require(
        floor is None or (isinstance(floor, float) and math.isfinite(floor)),
        f"floor gives {type(floor).__name__} {floor!r}",
    )


def fresh_data_score_better_than_one_wrong_point(case: SpaceCase) -> None:
    """A sampler that draws from the true law scores better than one that always gives the same
    wrong point.

    Asked of metrics about images or latents; not of those that only warn (``alarm``).
    """
    metric: Metric = case.build()
    if metric.subject not in ("images", "latents") or metric.alarm is not None:
        raise CannotApply("it does not rank samplers")
    fresh = _measured(metric, toys.evidence(case.space))
    collapsed = _measured(metric, toys.evidence(case.space, collapse=True))
    require(
        fresh > collapsed if metric.better == "higher" else fresh < collapsed,
        f"{metric.better} is better, and fresh data score {fresh:.4g}, one wrong point "
        f"{collapsed:.4g}",
    )


def it_never_seeds(case: SpaceCase) -> None:
    """Measuring draws from the global generators, and never seeds them."""
    evidence = toys.evidence(case.space)
    require_no_seeding(lambda: case.chosen.build().measure(evidence))


ON_EACH_SPACE = (
    a_measurement_is_one_finite_number,
    the_same_seed_gives_the_same_number,
    measuring_leaves_the_evidence_as_it_was,
    the_floor_is_a_finite_number_or_none,
    fresh_data_score_better_than_one_wrong_point,
    it_never_seeds,
)


def _measured(metric: Metric, evidence: Evidence) -> float:
    with seeded(0, "measure"):
        return metric.measure(evidence)
