"""Training an autoencoder and encoding both splits, with what that costs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from samplebench.autoencoder_training import train_autoencoder
from samplebench.contracts.autoencoder import Autoencoder
from samplebench.contracts.dataset import Samples, Shape, Stored, as_floats
from samplebench.contracts.latents import Latents
from samplebench.pipeline.stages.core.coding import decode, encode, require_repeatable
from samplebench.pipeline.stages.core.costs import track_cost
from samplebench.randomness import seeded
from samplebench.training import Budget, Progress
from samplebench.vocabulary import Cost

_MOST_RECONSTRUCTED = 10_000
"""Training latents that are decoded: as much work as decoding the draws of a large suite."""


@dataclass(frozen=True)
class Trained:
    """A trained autoencoder with the latents of both splits, and what making them cost."""

    autoencoder: Autoencoder
    shape: Shape
    train: Latents
    test: Latents
    costs: Mapping[str, Cost]


def initialise(build: Callable[[], Autoencoder], seed: int) -> Autoencoder:
    """An autoencoder with the weights that this seed draws."""
    with seeded(seed, "initialise"):
        return build()


def train_on(
    autoencoder: Autoencoder,
    samples: Stored,
    budget: Budget,
    *,
    seed: int,
    report: Callable[[Progress], None],
) -> None:
    """Train on stored samples, drawing what this seed draws."""
    device = next(autoencoder.parameters()).device
    with seeded(seed, "train"):
        train_autoencoder(
            autoencoder, samples.to(device), budget, prepare=as_floats, report=report
        )


def train_and_encode(
    autoencoder: Autoencoder,
    *,
    train: Stored,
    test: Stored,
    device: torch.device,
    seed: int,
    learn: Callable[[Autoencoder], None],
) -> Trained:
    """Let ``learn`` train or load the autoencoder, and encode the samples of both splits.

    Args:
        seed: of latents that are draws, for an autoencoder with a setting that asks for these.

    Raises:
        BadAnswer: what it encodes to is not what its contract asks for.
    """
    autoencoder.to(device)
    with track_cost(device, len(train)) as training:
        learn(autoencoder)
    autoencoder.eval()
    require_repeatable(autoencoder, test, device, seed)
    with track_cost(device, len(train) + len(test)) as encoding, seeded(seed, "encode"):
        learned, held_out = (encode(autoencoder, samples, device) for samples in (train, test))
    costs = {"train": training(), "encode": encoding()}
    return Trained(autoencoder, tuple(train.shape[1:]), learned, held_out, costs)


def reconstruct_training_samples(trained: Trained) -> Samples:
    """Decode at most 10,000 training latents, evenly spaced, since data may be sorted by class."""
    count = min(len(trained.train), _MOST_RECONSTRUCTED)
    numbers = torch.arange(count, device=trained.train.device) * len(trained.train) // count
    return decode(trained.autoencoder, trained.train[numbers], trained.shape)
