"""The evidence of a cell: all that metrics may need, but features."""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from torch import Tensor

from samplebench.contracts.answers import check_log_probs
from samplebench.contracts.dataset import Samples, as_floats
from samplebench.contracts.latents import Latents
from samplebench.contracts.metric import Evidence, Need
from samplebench.contracts.sampler import DensitySampler, Sampler
from samplebench.pipeline.stages.core.coding import decode
from samplebench.pipeline.stages.core.data import Data
from samplebench.pipeline.stages.core.training import Trained, reconstruct_training_samples
from samplebench.vocabulary import Cost


def gather_evidence(
    data: Data,
    trained: Trained,
    sampler: Sampler | None,
    latents: Latents,
    generated: Samples,
    costs: Mapping[str, Cost],
) -> Evidence:
    """Gather all that metrics may need, but features. Decoded training latents are computed when
    they are read.

    Args:
        latents: the drawn ones, or the held-out ones in the reconstruction row.
        generated: these latents, decoded.
    """
    train_count, test_count = len(trained.train), len(trained.test)
    held: dict[Need, Any] = {
        Need.TRAIN: lambda: data.map_train()[:train_count],  # on disk until it is read
        Need.TEST: as_floats(data.test.samples[:test_count]).to(trained.test.device),
        Need.RECONSTRUCTED: decode(trained.autoencoder, trained.test, trained.shape),
        Need.TRAIN_RECONSTRUCTED: cache(partial(reconstruct_training_samples, trained)),
        Need.LATENTS: (trained.train, trained.test),
        **evidence_of_draws(sampler, trained, latents, generated),
    }
    if data.train.labels is not None and data.test.labels is not None:
        held[Need.LABELS] = data.train.labels[:train_count], data.test.labels[:test_count]
    if sampler:
        held[Need.COSTS] = costs
    return Evidence(held)


def evidence_of_draws(
    sampler: Sampler | None, trained: Trained, latents: Latents, generated: Samples
) -> dict[Need, Any]:
    """The part of the evidence that another fit or draw changes. Densities are computed when they
    are read.
    """
    held: dict[Need, Any] = {Need.GENERATED: generated, Need.GENERATED_LATENTS: latents}
    if isinstance(sampler, DensitySampler) and not sampler.no_density(latents.space):
        held[Need.DENSITY] = partial(state_densities, sampler, trained.test)
    return held


def state_densities(sampler: DensitySampler, latents: Latents) -> Tensor:
    """The log density of each latent, in nats; -inf where the density is zero.

    Raises:
        BadAnswer: the sampler gave anything else.
    """
    return check_log_probs(sampler.log_prob(latents.copy()), latents=latents).clone()
