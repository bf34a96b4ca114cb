"""Latents as vectors, for the metrics that measure distances between them."""

from jaxtyping import Float
from torch import Tensor

from samplebench import Latents, LatentSpace, Sparse


def as_vectors(latents: Latents) -> Float[Tensor, "samples dimensions"]:
    """All real values of a latent, site after site, as one vector."""
    return latents.values.flatten(1)  # (samples, sites x value_width)


def vector_objection(space: LatentSpace) -> str | None:
    """The reason why latents of this space are no vectors, or ``None``."""
    if space.value_width == 0:
        return "needs latents with values"
    if isinstance(space, Sparse):
        return (
            "needs values that mean the same in every latent, not coefficients of changing atoms"
        )
    return None
