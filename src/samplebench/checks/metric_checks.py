"""The rules for metrics."""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, get_args

from torch import Tensor

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
from samplebench.contracts.answers import check_number
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
    objections = {space: metric.objection(toys.SHAPES[0], space) for space in toys.SPACES}
    for space, objection in objections.items():
        require(
            objection is None or bool(objection.strip()),
            f"its objection to {space} is {objection!r}",
        )
    require(None in objections.values(), "it objects to every space")


def it_reads_all_that_it_declares(case: Case) -> None:
    """On some space, ``measure`` or ``bias`` reads what each need stands for.

    Nothing is read for ``IMAGES``, ``CODES`` and ``SAMPLER``, which are conditions.
    """
    metric: Metric = case.build()
    spaces = [space for space in toys.SPACES if metric.objection(toys.SHAPES[0], space) is None]
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
    number = check_number("measure", _measure(case.build(), toys.evidence(case.space)))
    require(math.isfinite(number), f"measure gives {number}")


def the_same_seed_gives_the_same_number(case: SpaceCase) -> None:
    """Measured twice under one seed, the same evidence gives the same number."""
    metric = case.build()
    first, again = (_measure(metric, toys.evidence(case.space)) for _ in range(2))
    require(first == again, f"one seed gives {first!r} and then {again!r}")


def measuring_leaves_the_evidence_as_it_was(case: SpaceCase) -> None:
    """``measure`` and ``bias`` do not change what they look at."""
    metric, evidence, untouched = (
        case.build(),
        toys.evidence(case.space),
        toys.evidence(case.space),
    )
    _measure(metric, evidence)
    _bias(metric, evidence)
    for field, read in _READS.items():
        require(_equal(read(evidence), read(untouched)), f"evidence.{field} is changed after it")


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
    require(bias is None or math.isfinite(check_number("bias", bias)), f"bias gives {bias}")


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
    return same_latents(one, other) if isinstance(one, Latents) else same(one, other)


_READS: Final[Mapping[str, Callable[[Evidence], Tensor | Latents]]] = {
    "train": lambda evidence: evidence.train,
    "train_labels": lambda evidence: evidence.train_labels,
    "test_labels": lambda evidence: evidence.test_labels,
    "test": lambda evidence: evidence.test,
    "reconstructed": lambda evidence: evidence.reconstructed,
    "generated": lambda evidence: evidence.generated,
    "train_latents": lambda evidence: evidence.train_latents,
    "test_latents": lambda evidence: evidence.test_latents,
    "generated_latents": lambda evidence: evidence.generated_latents,
    "features('test')": lambda evidence: evidence.features("test"),
    "features('reconstructed')": lambda evidence: evidence.features("reconstructed"),
    "features('generated')": lambda evidence: evidence.features("generated"),
}
"""All that evidence lends."""
