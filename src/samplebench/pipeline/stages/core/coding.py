"""Between images and latents, in batches: 8 bits to floats, encode, decode."""

import torch

from samplebench.contracts.autoencoder import Autoencoder
from samplebench.contracts.dataset import Bytes, Images
from samplebench.contracts.latents import Latents

_BATCH = 500  # images encoded or decoded at a time


def as_images(batch: Bytes) -> Images:
    """8-bit images as floats in [0, 1]."""
    return batch.float() / 255


def encode(autoencoder: Autoencoder, images: Bytes, device: torch.device) -> Latents:
    """The latents of 8-bit images, in batches, on ``device``."""
    with torch.no_grad():
        return Latents.join(
            [
                autoencoder.encode(as_images(batch.to(device)))
                for batch in torch.split(images, _BATCH)
            ]
        )


def decode(autoencoder: Autoencoder, latents: Latents) -> Images:
    """The images of latents, in batches, where the latents are; values are kept within [0, 1]."""
    with torch.no_grad():
        batches = [
            autoencoder.decode(latents[start : start + _BATCH]).clamp(0, 1)
            for start in range(0, len(latents), _BATCH)
        ]
    return torch.cat(batches)
