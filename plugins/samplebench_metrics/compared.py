"""The samples that metrics of copying compare: latents, decoded samples, or their features."""

from dataclasses import dataclass
from typing import Final, Literal

from jaxtyping import Float
from torch import Tensor

from samplebench import Evidence, LatentSpace, Need
from samplebench_metrics.vectors import as_vectors, vector_objection

Kind = Literal["latents", "decoded", "features"]

_OF_LATENTS: Final = frozenset({Need.LATENTS, Need.GENERATED_LATENTS})
_DECODED: Final = frozenset({Need.TRAIN_RECONSTRUCTED, Need.RECONSTRUCTED, Need.GENERATED})


@dataclass(frozen=True)
class Compared:
    """Draws, and the held-out and training samples that they are compared with, as vectors.

    Decoded training and held-out latents, not the images themselves, are compared with decoded
    draws: what a decoder cannot show, it then shows of none of the three.
    """

    drawn: Float[Tensor, "drawn dimensions"]
    held_out: Float[Tensor, "held_out dimensions"]
    train: Float[Tensor, "train dimensions"]


def needs_of(of: Kind) -> frozenset[Need]:
    """All that ``compare`` reads."""
    if of == "latents":
        return _OF_LATENTS
    return _DECODED | {Need.FEATURES} if of == "features" else _DECODED


def title_of(title: str, of: Kind) -> str:
    """The heading of a column; a board adds the extractor to that of features."""
    return f"latent {title}" if of == "latents" else title


def objection_of(of: Kind, space: LatentSpace) -> str | None:
    """The reason why latents of this space cannot be compared; decoded ones always can."""
    return vector_objection(space) if of == "latents" else None


def compare(evidence: Evidence, of: Kind) -> Compared:
    """Take what is compared from the evidence."""
    if of == "latents":
        return Compared(
            as_vectors(evidence.generated_latents),
            as_vectors(evidence.test_latents),
            as_vectors(evidence.train_latents),
        )
    if of == "decoded":
        return Compared(
            evidence.generated.flatten(1),
            evidence.reconstructed.flatten(1),
            evidence.train_reconstructed.flatten(1),
        )
    return Compared(
        evidence.features("generated"),
        evidence.features("reconstructed"),
        evidence.features("train_reconstructed"),
    )
