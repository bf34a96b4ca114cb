"""The latents on which samplers are timed."""

from collections.abc import Iterator
from pathlib import Path

import torch

from samplebench import Autoencoder, Continuous, Latents, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.registry.loading import load_parts
from samplebench.training import Budget

COUNT, DIMENSIONS = 60_000, 32


class Batches:
    """Batches of normal latents, which are the same in each iteration and never all in memory."""

    def __init__(self, *, count: int, batch: int, width: int, device: str) -> None:
        self.count, self.batch, self.width, self.device = count, batch, width, device

    def __iter__(self) -> Iterator[Latents]:
        for index in range(self.count // self.batch):
            with seeded(index, "large"):
                values = torch.randn(self.batch, self.width, device=self.device)
                yield Continuous(self.width).pack(values=values)


def encode_mnist(data_dir: Path, device: str) -> tuple[Latents, Latents]:
    """Encode training and test images by an autoencoder that is trained for two epochs."""
    parts = load_parts()
    dataset = parts.datasets.choose("mnist")[0].build(data_dir)
    (chosen,) = parts.autoencoders.choose(f"ae(latent={DIMENSIONS})")
    with seeded(0, "autoencoder"):
        autoencoder = chosen.build(dataset.shape).to(device)
        images = dataset.train().samples.to(device)
        budget = Budget(epochs=2)
        train_autoencoder(autoencoder, images, budget, prepare=lambda batch: batch.float() / 255)
    return tuple(
        encode(autoencoder, split.samples.to(device))
        for split in (dataset.train(), dataset.test())
    )


@torch.no_grad()
def encode(autoencoder: Autoencoder, images: torch.Tensor) -> Latents:
    """Encode 8-bit images in batches."""
    return Latents.join([autoencoder.encode(batch.float() / 255) for batch in images.split(1000)])


def draw_gaussians(device: str) -> tuple[Latents, Latents]:
    """Draw latents from a mixture of ten Gaussians, and as many held-out ones."""
    with seeded(0, "benchmark"):
        centres = torch.randn(10, DIMENSIONS)
        mixing = torch.randn(10, DIMENSIONS, DIMENSIONS) / DIMENSIONS**0.5
        component = torch.randint(10, (2 * COUNT,))
        noise = torch.randn(2 * COUNT, DIMENSIONS, 1)
        values = centres[component] + (mixing[component] @ noise).squeeze(2)
    latents = Continuous(DIMENSIONS).pack(values=values).to(device)
    return latents[:COUNT], latents[COUNT:]
