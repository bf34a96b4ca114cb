"""The rules for metrics."""

import math
from collections.abc import Collection
from typing import Any, get_args

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
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.contracts.metric import CONDITIONS, Evidence, Metric, Need
from samplebench.errors import UndeclaredNeed
from samplebench.randomness import seeded
from samplebench.vocabulary import Direction, Subject


def it_states_title_direction_subject_and_needs(case: Case) -> None:
    """A metric states its title, its better end, its subject, and a frozenset of needs."""
    metric = case.build()
    title, better = getattr(metric, "title", ""), getattr(metric, "better", None)
    subject = getattr(metric, "subject", None)
    require(isinstance(title, str) and bool(title.strip()), f"its title is {title!r}")
    require(better in get_args(Direction), f"better is {better!r}, not 'higher' or 'lower'")
    require(
        subject in get_args(Subject), f"subject is {subject!r}, not one of {get_args(Subject)}"
    )
    require(
        isinstance(metric.needs, frozenset)
        and all(isinstance(need, Need) for need in metric.needs),
        f"needs is {metric.needs!r}; it should be like frozenset({{Need.GENERATED}})",
    )


def its_subject_follows_from_its_needs(case: Case) -> None:
    """A metric speaks of the autoencoder if it needs nothing that a sampler changes, of a cost if
    it needs costs, and else of images or latents.
    """
    metric: Metric = case.build()
    is_fixed, is_cost = not metric.depends_on_sampler, Need.COSTS in metric.needs
    for subject, holds in (("autoencoder", is_fixed), ("cost", is_cost)):
        require(
            (metric.subject == subject) == holds,
            f"its subject is {metric.subject!r}, and it needs {_names(metric.needs)}",
        )


def only_a_diagnostic_raises_an_alarm(case: Case) -> None:
    """A metric with an ``alarm`` is a ``diagnostic``: no row competes by it."""
    metric: Metric = case.build()
    require(
        metric.diagnostic or metric.alarm is None,
        f"its alarm is {metric.alarm!r}; add diagnostic = True, or leave the alarm out",
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


def it_reads_all_that_it_declares(case: Case) -> None:
    """On some space, ``measure`` or ``bias`` reads what each need stands for.

    Nothing is read for ``CODES`` and ``SAMPLER``, which are conditions.
    """
    metric: Metric = case.build()
    spaces = [space for space in toys.SPACES if metric.objection(space) is None]
    if not spaces:
        raise CannotApply("it objects to every space")
    for need in metric.needs - CONDITIONS:
        others = metric.needs - {need}
        require(
            not all(_suffice(metric, others, space) for space in spaces),
            f"it declares {_names([need])} and never reads it",
        )


ON_THE_PART = (
    it_states_title_direction_subject_and_needs,
    its_subject_follows_from_its_needs,
    only_a_diagnostic_raises_an_alarm,
    an_objection_has_a_reason,
    it_reads_all_that_it_declares,
)


def it_reads_only_what_it_declares(case: SpaceCase) -> None:
    """``measure`` and ``bias`` work on evidence that holds its ``needs`` and nothing else."""
    metric: Metric = case.build()
    _measure(metric, toys.evidence(case.space).restricted_to(metric.needs))
    _bias(metric, toys.evidence(case.space).restricted_to(metric.needs))


def a_measurement_is_one_finite_number(case: SpaceCase) -> None:
    """``measure`` gives one finite float."""
    number = _measure(case.build(), toys.evidence(case.space))
    require(
        isinstance(number, float) and math.isfinite(number),
        f"measure gives {type(number).__name__} {number!r}",
    )


def the_same_seed_gives_the_same_number(case: SpaceCase) -> None:
    """Measured twice under one seed, the same evidence gives the same number."""
    metric, evidence = case.build(), toys.evidence(case.space)
    first, again = _measure(metric, evidence), _measure(metric, evidence)
    require(first == again, f"one seed gives {first!r} and then {again!r}")


def measuring_leaves_the_evidence_as_it_was(case: SpaceCase) -> None:
    """``measure`` and ``bias`` do not change what they look at."""
    held, copy = toys.held(case.space), toys.held(case.space)
    metric, evidence = case.build(), Evidence(held)
    _measure(metric, evidence)
    _bias(metric, evidence)
    for need in held:
        require(_equal(held[need], copy[need]), f"the {need} evidence is changed after measure")


def its_floor_can_be_measured(case: SpaceCase) -> None:
    """A metric with a floor measures what real data can stand in for, generated samples or
    latents, and no density or cost. Its ``bias`` is a finite float or None.
    """
    metric: Metric = case.build()
    if not metric.has_floor:
        raise CannotApply("it has no floor")
    generated = metric.needs & {Need.GENERATED, Need.GENERATED_LATENTS}
    others = metric.needs & {Need.DENSITY, Need.COSTS}
    require(bool(generated), "it has a floor, and needs nothing that is generated")
    require(not others, f"it has a floor, and needs {_names(others)}, which real data lack")
    bias = _bias(metric, toys.evidence(case.space))
    require(
        bias is None or (isinstance(bias, float) and math.isfinite(bias)),
        f"bias gives {type(bias).__name__} {bias!r}",
    )


def fresh_data_score_better_than_one_wrong_point(case: SpaceCase) -> None:
    """A sampler that draws from the true distribution scores better than one that always gives the
    same wrong point.

    Asked of metrics about images or latents; not of those that only warn (``diagnostic``).
    """
    metric: Metric = case.build()
    if metric.subject not in ("images", "latents") or metric.diagnostic:
        raise CannotApply("it does not rank samplers")
    fresh = _measure(metric, toys.evidence(case.space))
    collapsed = _measure(metric, toys.evidence(case.space, collapsed=True))
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
    it_reads_only_what_it_declares,
    a_measurement_is_one_finite_number,
    the_same_seed_gives_the_same_number,
    measuring_leaves_the_evidence_as_it_was,
    its_floor_can_be_measured,
    fresh_data_score_better_than_one_wrong_point,
    it_never_seeds,
)


def _measure(metric: Metric, evidence: Evidence) -> float:
    with seeded(0, "measure"):
        return metric.measure(evidence)


def _bias(metric: Metric, evidence: Evidence) -> float | None:
    with seeded(0, "bias"):
        return metric.bias(evidence)


def _suffice(metric: Metric, needs: Collection[Need], space: LatentSpace) -> bool:
    """Measure on evidence of these needs alone; False if something else is read."""
    evidence = toys.evidence(space).restricted_to(needs)
    try:
        _measure(metric, evidence)
        _bias(metric, evidence)
    except UndeclaredNeed:
        return False
    return True


def _names(needs: Collection[Need]) -> str:
    return ", ".join(sorted(f"Need.{need.name}" for need in needs)) or "nothing"


def _equal(one: Any, other: Any) -> bool:
    """True unless tensors or latents differ; nothing is asked of functions and costs."""
    if isinstance(one, tuple):
        return all(map(_equal, one, other))
    if isinstance(one, Latents):
        return same_latents(one, other)
    return not isinstance(one, torch.Tensor) or same(one, other)
