"""Between images and latents, in batches: 8 bits to floats, encode, decode.

A part is given copies, and its answers are checked and copied: it can change neither what others
measure, nor an answer that it gave before.
"""

import torch

from samplebench.contracts.answers import check_decoded, check_encoded, check_repeatable
from samplebench.contracts.autoencoder import Autoencoder
from samplebench.contracts.dataset import Bytes, Images
from samplebench.contracts.latents import Latents
from samplebench.randomness import seeded

_BATCH = 500  # images encoded or decoded at a time
_ENCODED_TWICE = 32  # images


def as_images(batch: Bytes) -> Images:
    """8-bit images as floats in [0, 1]."""
    return batch.float() / 255


def encode(autoencoder: Autoencoder, images: Bytes, device: torch.device) -> Latents:
    """The latents of 8-bit images, in batches, on ``device``.

    Raises:
        BadAnswer: they are not as many latents of the autoencoder's space.
    """
    space = autoencoder.latent_space
    encoded = []
    with torch.no_grad():
        for batch in torch.split(images, _BATCH):
            answer = autoencoder.encode(as_images(batch.to(device)))
            encoded.append(check_encoded(answer, count=len(batch), space=space).copy())
    return Latents.join(encoded)


def require_repeatable(
    autoencoder: Autoencoder, images: Bytes, device: torch.device, seed: int
) -> None:
    """Encode a few images twice under different seeds, unless the autoencoder says that it draws.

    Raises:
        BadAnswer: their latents differ.
    """
    if autoencoder.draws_latents:
        return
    both = []
    for time in ("first", "second"):
        with seeded(seed, "encode twice", time):
            both.append(encode(autoencoder, images[:_ENCODED_TWICE], device))
    check_repeatable(*both)


def decode(
    autoencoder: Autoencoder, latents: Latents, image_shape: tuple[int, int, int]
) -> Images:
    """The images of latents, in batches, where the latents are.

    Raises:
        BadAnswer: they are not as many images of that shape, floats in [0, 1].
    """
    decoded = []
    with torch.no_grad():
        for start in range(0, len(latents), _BATCH):
            batch = latents[start : start + _BATCH]
            answer = autoencoder.decode(batch.copy())
            decoded.append(check_decoded(answer, latents=batch, image_shape=image_shape).clone())
    return torch.cat(decoded)
