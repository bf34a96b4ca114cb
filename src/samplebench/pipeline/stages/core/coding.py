"""Between samples and latents, in batches: encode, decode.

A part is given copies, and its answers are checked and copied: it can change neither what others
measure, nor an answer that it gave before.
"""

import torch

from samplebench.contracts.answers import check_decoded, check_encoded, check_repeatable
from samplebench.contracts.autoencoder import Autoencoder
from samplebench.contracts.dataset import Samples, Shape, Stored, as_floats
from samplebench.contracts.latents import Latents
from samplebench.randomness import seeded

_BATCH = 500  # samples encoded or decoded at a time
_ENCODED_TWICE = 32  # samples


def encode(autoencoder: Autoencoder, samples: Stored, device: torch.device) -> Latents:
    """The latents of stored samples, in batches, on ``device``.

    Raises:
        BadAnswer: they are not as many latents of the autoencoder's space.
    """
    space = autoencoder.latent_space
    encoded = []
    with torch.no_grad():
        for batch in torch.split(samples, _BATCH):
            answer = autoencoder.encode(as_floats(batch.to(device)))
            encoded.append(check_encoded(answer, count=len(batch), space=space).copy())
    return Latents.join(encoded)


def require_repeatable(
    autoencoder: Autoencoder, samples: Stored, device: torch.device, seed: int
) -> None:
    """Encode a few samples twice under different seeds, unless the autoencoder says that it draws.

    Raises:
        BadAnswer: their latents differ.
    """
    if autoencoder.draws_latents:
        return
    both = []
    for time in ("first", "second"):
        with seeded(seed, "encode twice", time):
            both.append(encode(autoencoder, samples[:_ENCODED_TWICE], device))
    check_repeatable(*both)


def decode(autoencoder: Autoencoder, latents: Latents, shape: Shape) -> Samples:
    """The samples of latents, in batches, where the latents are.

    Raises:
        BadAnswer: they are not as many samples of that shape.
    """
    decoded = []
    with torch.no_grad():
        for start in range(0, len(latents), _BATCH):
            batch = latents[start : start + _BATCH]
            answer = autoencoder.decode(batch.copy())
            decoded.append(check_decoded(answer, latents=batch, shape=shape).clone())
    return torch.cat(decoded)
