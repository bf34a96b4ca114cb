"""Metrics: one number with one direction, from the evidence of a cell."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from jaxtyping import Float
from torch import Tensor

from samplebench.contracts.dataset import Images
from samplebench.contracts.latents import Latents, LatentSpace


@dataclass(frozen=True)
class Cost:
    """What a stage took. Memory is the stage's peak above what was held when it began, in bytes.

    ``count`` is the number of items (images, latents) that the stage handled.
    """

    wall_seconds: float
    cpu_seconds: float
    host_peak_bytes: int
    device_peak_bytes: int
    count: int


Subject = Literal["autoencoder", "images", "latents", "cost"]
Shown = Literal["test", "reconstructed", "generated"]


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that a metric may look at.

    Attributes:
        test: held-out images in [0, 1]; the reference.
        reconstructed: the same images through the autoencoder, in the same order.
        generated: decoded samples in [0, 1].
        train_latents, test_latents, generated_latents: latents of such images, of one space.
        test_log_probs: gives the log density of each of ``test_latents`` under the sampler, in
            nats; ``None`` where it has no density, or there is no sampler.
        costs: by stage: "train", "encode", "fit", "sample", "throughput", "decode".
        features: for a metric with ``uses_features``, the features of the images named, computed
            once for all metrics, (samples, width).
    """

    test: Images
    reconstructed: Images
    generated: Float[Tensor, "drawn channels height width"]
    train_latents: Latents
    test_latents: Latents
    generated_latents: Latents
    test_log_probs: Callable[[], Float[Tensor, " held_out"]] | None
    costs: Mapping[str, Cost]
    features: Callable[[Shown], Float[Tensor, "samples width"]]


class Metric(ABC):
    """One number with one direction. Factory: ``factory(**settings)``, each with a default."""

    title: str
    """The column's heading: "FD", "sliced W2"."""

    unit: str = ""
    """The unit, where there is one: "s", "MiB"."""

    better: Literal["higher", "lower"]

    subject: Subject
    """What the number speaks of.

    ``autoencoder``: the same for all samplers, shown once. ``images``: rows compare across
    autoencoders. ``latents``: rows compare within one autoencoder. ``cost``: depends on the
    machine, is not repeatable bit for bit.
    """

    uses_features: ClassVar[bool] = False
    """True when it is to be measured in each feature extractor of a run."""

    uses_density: ClassVar[bool] = False
    """True when it reads ``test_log_probs``, and is measured on samplers with a density only."""

    alarm: float | None = None
    """A row is marked when its mean is worse than this multiple of the reconstruction row's.

    Such a metric is a diagnostic: it warns, and is never in bold. It alone of those that speak of
    latents is measured on the reconstruction row, on held-out latents in place of drawn ones.
    """

    def objection(self, space: LatentSpace) -> str | None:
        """Why this metric has no meaning for autoencoders with this space, or ``None``."""
        return None

    @abstractmethod
    def measure(self, evidence: Evidence) -> float:
        """The number. Draws, if it must, are seeded by the harness.

        Raises:
            NoNumber: it has no meaning for this evidence; the message says why.
        """

    def floor(self, evidence: Evidence) -> float | None:
        """What fresh real data in the place of the generated would score, or ``None`` where that
        has no meaning.
        """
        return None
