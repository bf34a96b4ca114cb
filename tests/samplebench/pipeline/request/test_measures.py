"""The metrics of a cell: measured where their needs are met, refused with a reason elsewhere."""

import pytest

from samplebench import Continuous, DensitySampler, Discrete, Metric, Need, Sampler
from samplebench.missing import Missing
from samplebench.pipeline.request.measures import (
    MetricFacts,
    SamplerFacts,
    applicable,
    bind_metrics,
    facts_of_metric,
    needs_of,
    objection_to,
)
from samplebench.registry.loading import load_parts

IMAGES = (1, 8, 8)


class Draws(Sampler):
    """No density."""

    accepts = (Continuous, Discrete)

    def fit(self, latents):
        self.latents = latents

    def sample(self, count):
        return self.latents[:count]


class States(Draws, DensitySampler):
    """A density, where there are few dimensions."""

    def log_prob(self, latents):
        return latents.values.sum(1)

    def no_density(self, space):
        return "too many dimensions" if space.value_width > 3 else None


def objection(metric, space, sampler):
    facts = SamplerFacts.of(sampler, space) if sampler else None
    return objection_to(MetricFacts.of(metric, IMAGES, space), facts)


def needing(*needs: Need, reason: str | None = None) -> Metric:
    class Some(Metric):
        title, better, subject = "some", "lower", "images"

        def refuses(self, space):
            return reason

        def measure(self, evidence):
            return 0.0

    Some.needs = frozenset(needs)
    return Some()


@pytest.mark.parametrize(
    ("metric", "sampler", "reason"),
    [
        (needing(Need.GENERATED), None, None),
        (needing(Need.GENERATED), Draws(), None),
        (needing(Need.GENERATED_LATENTS, Need.LATENTS), None, None),
        (needing(Need.TEST, Need.TRAIN, Need.LABELS), None, None),
        (
            needing(Need.TEST, Need.TRAIN, Need.LABELS),
            Draws(),
            "depends on no sampler, and is measured once, on the reconstruction row",
        ),
        (needing(Need.SAMPLER), Draws(), None),
        (needing(Need.SAMPLER), None, "needs a sampler, and the reconstruction row has none"),
        (needing(Need.COSTS), Draws(), None),
        (
            needing(Need.COSTS),
            None,
            "needs the costs of a sampler, and the reconstruction row has none",
        ),
        (needing(Need.DENSITY), States(), None),
        (needing(Need.DENSITY), Draws(), "needs a density, and this sampler has none"),
        (
            needing(Need.DENSITY),
            None,
            "needs the density of a sampler, and the reconstruction row has none",
        ),
        (
            needing(Need.CODES, Need.GENERATED),
            Draws(),
            "needs codes, and continuous latents have none",
        ),
        (needing(Need.GENERATED, reason="needs sparse latents"), Draws(), "needs sparse latents"),
    ],
)
def test_a_metric_whose_needs_are_not_met_is_refused_with_a_reason(metric, sampler, reason):
    expected = Missing(reason) if reason else None
    assert objection(metric, Continuous(2), sampler) == expected


def test_where_a_density_cannot_be_evaluated_the_samplers_own_reason_is_given():
    found = objection(needing(Need.DENSITY), Continuous(4), States())
    assert found == Missing("needs a density: too many dimensions")


def test_codes_are_met_by_a_space_that_has_them():
    assert objection(needing(Need.CODES, Need.GENERATED), Discrete((4,)), Draws()) is None


def test_every_metric_is_either_measured_or_refused(bench):
    parts = load_parts(bench.site.plugins)
    metrics = [parts.metrics.choose(name)[0] for name in parts.metrics]
    asked = {metric.key: (metric, Need.FEATURES in needs_of(metric)) for metric in metrics}
    bound = bind_metrics(asked, parts.features.choose("pixels"), ())
    space = Continuous(2)
    facts = {metric.key: facts_of_metric(metric, IMAGES, space) for metric in metrics}
    for sampler in (None, Draws()):
        selection = applicable(bound, facts, sampler and SamplerFacts.of(sampler, space))
        refused = tuple(metric for metric, _ in selection.refused)
        assert sorted(map(str, selection.metrics + refused)) == sorted(map(str, bound))
        assert all(isinstance(reason, Missing) for _, reason in selection.refused)
        assert selection.metrics
        assert refused
