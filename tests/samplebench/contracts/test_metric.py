"""Evidence: a metric reads what it declared, and nothing else."""

from typing import get_args

import pytest
import torch

from samplebench import (
    Continuous,
    Evidence,
    Latents,
    Metric,
    Need,
    SamplebenchError,
    UndeclaredNeed,
)
from samplebench.checks import toys
from samplebench.contracts.metric import CONDITIONS, Shown

READ_FOR = {
    Need.TRAIN: [lambda evidence: evidence.train],
    Need.LABELS: [lambda evidence: evidence.train_labels, lambda evidence: evidence.test_labels],
    Need.TEST: [lambda evidence: evidence.test],
    Need.RECONSTRUCTED: [lambda evidence: evidence.reconstructed],
    Need.TRAIN_RECONSTRUCTED: [lambda evidence: evidence.train_reconstructed],
    Need.GENERATED: [lambda evidence: evidence.generated],
    Need.LATENTS: [
        lambda evidence: evidence.train_latents,
        lambda evidence: evidence.test_latents,
    ],
    Need.GENERATED_LATENTS: [lambda evidence: evidence.generated_latents],
    Need.FEATURES: [lambda evidence: evidence.features("test")],
    Need.DENSITY: [lambda evidence: evidence.test_log_probs()],
    Need.COSTS: [lambda evidence: evidence.costs],
}
SPACE = Continuous(2)


def test_there_is_something_to_read_for_every_need_that_is_no_condition():
    assert READ_FOR.keys() == set(Need) - CONDITIONS
    assert READ_FOR.keys() == toys.held(SPACE).keys()


@pytest.mark.parametrize("need", READ_FOR)
def test_only_declared_needs_can_be_read(need):
    whole = toys.evidence(SPACE)
    without = whole.restricted_to(set(Need) - {need})
    for read in READ_FOR[need]:
        read(whole)
        with pytest.raises(UndeclaredNeed, match=rf"add Need\.{need.name} to its `needs`"):
            read(without)
    assert whole.holds(need)
    assert not without.holds(need)
    for other in READ_FOR.keys() - {need}:
        if other is Need.FEATURES and need is Need.TEST:
            continue  # features of samples that were not declared
        for read in READ_FOR[other]:
            read(without)


@pytest.mark.parametrize("shown", get_args(Shown))
def test_features_are_of_declared_samples_alone(shown):
    whole = toys.evidence(SPACE)
    both = whole.restricted_to({Need.FEATURES, Need(shown)})
    assert torch.equal(both.features(shown), whole.features(shown))
    with pytest.raises(UndeclaredNeed, match=rf"features\('{shown}'\).*Need\.{shown.upper()}"):
        whole.restricted_to({Need.FEATURES}).features(shown)
    with pytest.raises(UndeclaredNeed, match=r"Need\.FEATURES"):
        whole.restricted_to({Need(shown)}).features(shown)


def test_nothing_is_computed_before_it_is_read():
    def compute():
        raise AssertionError("computed")

    evidence = Evidence({Need.DENSITY: compute, Need.FEATURES: lambda shown: compute()})
    evidence.restricted_to({Need.DENSITY, Need.FEATURES})


def test_an_undeclared_need_is_reported_as_one_message():
    assert issubclass(UndeclaredNeed, SamplebenchError)


@pytest.mark.parametrize(
    ("needs", "depends"),
    [
        (set(), False),
        (set(Need) - {"generated", "generated latents", "density", "costs", "sampler"}, False),
        *(({need}, True) for need in ("generated", "generated latents")),
        *(({need}, True) for need in ("density", "costs", "sampler")),
    ],
)
def test_a_metric_depends_on_the_sampler_if_one_of_its_needs_does(needs, depends):
    class Some(Metric):
        def measure(self, evidence):
            return 0.0

    Some.needs = frozenset(map(Need, needs))
    assert Some().depends_on_sampler == depends


def tensor_of(lent):
    return lent.values if isinstance(lent, Latents) else lent


def test_what_is_written_into_evidence_reaches_no_other_reader():
    whole = toys.evidence(SPACE)
    needs = set(READ_FOR)
    for need, reads in READ_FOR.items():
        if need in (Need.COSTS, Need.DENSITY):
            continue
        for read in reads:
            one, other = whole.restricted_to(needs), whole.restricted_to(needs)
            lent = read(one)
            tensor = tensor_of(lent)
            before = tensor.clone()
            tensor.zero_()
            assert read(one) is lent
            for reader in (other, whole):
                assert torch.equal(tensor_of(read(reader)), before), need


def test_costs_are_lent_too():
    whole = toys.evidence(SPACE)
    whole.costs.clear()
    assert "fit" in whole.costs
