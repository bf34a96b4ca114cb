"""The rows and spaces on which each metric is measured, as one table."""

import pytest

from samplebench import (
    Continuous,
    DensitySampler,
    Discrete,
    LatentSpace,
    Mixture,
    Need,
    Sampler,
    Sparse,
)
from samplebench.pipeline.request.measures import (
    SamplerFacts,
    applicable,
    bind_metrics,
    facts_of_metric,
    needs_of,
)
from samplebench.registry.loading import load_parts

IMAGES = (1, 8, 8)

ALWAYS = {
    "authenticity",
    "frechet-distance[random-conv]",
}
OF_THE_AUTOENCODER = {
    "bits-per-image",
    "bits-per-site",
    "psnr",
    "reconstruction-frechet-distance[random-conv]",
    "reconstruction-mse",
    "ssim",
}
OF_A_SAMPLER = {
    "fit-cpu-seconds",
    "fit-seconds",
    "peak-device-memory",
    "peak-host-memory",
    "samples-per-second",
}
OF_CODES = {"codebook-perplexity", "codes-used"}
OF_COPIES = {"closeness", "data-copying", "near-copies"}
WITHOUT = ALWAYS | OF_THE_AUTOENCODER
WITH = ALWAYS | OF_A_SAMPLER | OF_COPIES

RECONSTRUCTION_ROW = {
    Continuous: WITHOUT | {"latent-authenticity"},
    Discrete: WITHOUT | OF_CODES,
    Mixture: WITHOUT | OF_CODES | {"latent-authenticity"},
    Sparse: WITHOUT | OF_CODES | {"energy-perplexity"},
}
SAMPLER_ROW = {
    Continuous: WITH | {"latent-authenticity", "sliced-wasserstein"},
    Discrete: WITH,
    Mixture: WITH | {"latent-authenticity", "sliced-wasserstein"},
    Sparse: WITH,
}
DENSITY_ROW = {kind: names | {"held-out-bits"} for kind, names in SAMPLER_ROW.items()}

SPACES = (
    Continuous(1),
    Continuous(3),
    Continuous(2, (4, 4)),
    Discrete((5,)),
    Discrete((5, 3), (4, 4)),
    Mixture(3, 1),
    Mixture(3, 2, (4, 4)),
    Sparse(4, 1),
    Sparse(6, 2, (4, 4)),
)


class Draws(Sampler):
    accepts = (LatentSpace,)

    def fit(self, latents):
        self.latents = latents

    def sample(self, count):
        return self.latents[:count]


class States(Draws, DensitySampler):
    def log_prob(self, latents):
        return latents.values.flatten(1).sum(1)


class StatesElsewhere(States):
    def no_density(self, space):
        return "of another space"


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize(
    ("sampler", "expected"),
    [
        (None, RECONSTRUCTION_ROW),
        (Draws(), SAMPLER_ROW),
        (StatesElsewhere(), SAMPLER_ROW),
        (States(), DENSITY_ROW),
    ],
    ids=["reconstruction", "no density", "no density there", "density"],
)
def test_every_metric_is_measured_where_it_has_a_meaning(sampler, expected, space):
    parts = load_parts()
    metrics = [parts.metrics.choose(name)[0] for name in parts.metrics]
    asked = {metric.key: (metric, Need.FEATURES in needs_of(metric)) for metric in metrics}
    bound = bind_metrics(asked, parts.features.choose("random-conv"), ())
    facts = {metric.key: facts_of_metric(metric, IMAGES, space) for metric in metrics}
    selection = applicable(bound, facts, sampler and SamplerFacts.of(sampler, space))
    assert {str(metric) for metric in selection.metrics} == expected[type(space)]
    assert all(reason.reason for _, reason in selection.refused)
    assert len(selection.metrics) + len(selection.refused) == len(bound)
