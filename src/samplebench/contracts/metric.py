"""Metrics: one number with one direction, from the evidence that they declare to need."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Any, Final, Literal, cast, final

from jaxtyping import Float, Int64
from torch import Tensor

from samplebench.contracts.dataset import Samples, Shape, Stored, describe_shape, is_image
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.errors import UndeclaredNeed
from samplebench.vocabulary import Cost, Direction, Subject


class Need(StrEnum):
    """One thing that a metric needs. A need that is not met refuses the metric, with a reason."""

    TRAIN = "train"
    LABELS = "labels"
    TEST = "test"
    RECONSTRUCTED = "reconstructed"
    TRAIN_RECONSTRUCTED = "train_reconstructed"
    GENERATED = "generated"
    LATENTS = "latents"
    GENERATED_LATENTS = "generated latents"
    FEATURES = "features"
    """The metric is measured in each feature extractor of a run."""
    DENSITY = "density"
    """The sampler has a density that can be evaluated."""
    COSTS = "costs"
    """The costs of a sampler: the reconstruction row has none."""
    IMAGES = "images"
    """The samples are images. A condition on the data: nothing is read for it."""
    CODES = "codes"
    """The latents have codes. A condition on the space: nothing is read for it."""
    SAMPLER = "sampler"
    """The row has a sampler of its own. A condition on the row: nothing is read for it.

    In the reconstruction row, held-out latents stand in for drawn ones, and their decoded samples
    for generated ones. That is a yardstick for most metrics, and meaningless for some.
    """


CONDITIONS: Final = frozenset({Need.IMAGES, Need.CODES, Need.SAMPLER})
"""Needs for which evidence holds nothing."""

_OF_THE_SAMPLER: Final = frozenset(
    {Need.GENERATED, Need.GENERATED_LATENTS, Need.DENSITY, Need.COSTS, Need.SAMPLER}
)

Shown = Literal["test", "reconstructed", "train_reconstructed", "generated"]
"""Samples that have features."""

Features = Float[Tensor, "samples width"]


class Evidence:
    """All that a metric may read: what it declared in ``needs``, and nothing else.

    It lends copies, each made when it is first read: a metric that writes into what it reads
    changes nothing that others read.

    Args:
        held: by need, what is read for it: for ``LABELS`` and ``LATENTS`` a pair, of training and
            of held-out samples; for ``TRAIN``, ``TRAIN_RECONSTRUCTED``, ``FEATURES`` and
            ``DENSITY`` a function that maps or computes them.

    Raises:
        UndeclaredNeed: on reading anything that is not held.
    """

    def __init__(self, held: Mapping[Need, Any]) -> None:
        self._held = held
        self._lent: dict[str, Any] = {}

    def holds(self, need: Need) -> bool:
        """True if there is something to read for this need."""
        return need in self._held

    def restricted_to(self, needs: Collection[Need]) -> "Evidence":
        """The part of it that is read for these needs."""
        return Evidence({need: held for need, held in self._held.items() if need in needs})

    def replacing(self, held: Mapping[Need, Any]) -> "Evidence":
        """The same with other things to read for some needs."""
        return Evidence({**self._held, **held})

    def with_features(self, features: Callable[[Shown], Features]) -> "Evidence":
        """The same with features of one extractor."""
        return self.replacing({Need.FEATURES: features})

    def with_real_data(self, samples: Samples, latents: Latents) -> "Evidence":
        """The same with real samples and their latents in the place of the generated ones, and
        without densities and costs, which only a sampler has.
        """
        held = {need: held for need, held in self._held.items() if need not in _OF_THE_SAMPLER}
        return Evidence({**held, Need.GENERATED: samples, Need.GENERATED_LATENTS: latents})

    @property
    def train(self) -> Stored:
        """Training samples as stored, images in 8 bits, in the order of ``train_latents``.

        Mapped from disk, on the CPU: read what you need, batch by batch.
        """
        return cast(Stored, self._lend("train", lambda: self._read(Need.TRAIN, "train")()))

    @property
    def train_labels(self) -> Int64[Tensor, " train"]:
        """The classes of the training samples."""
        return cast(Tensor, self._lend_one_of(Need.LABELS, "train_labels", 0))

    @property
    def test_labels(self) -> Int64[Tensor, " held_out"]:
        """The classes of the held-out samples."""
        return cast(Tensor, self._lend_one_of(Need.LABELS, "test_labels", 1))

    @property
    def test(self) -> Samples:
        """Held-out samples, images in [0, 1]: the reference."""
        return cast(Samples, self._lend_copy(Need.TEST, "test"))

    @property
    def reconstructed(self) -> Samples:
        """The held-out samples through the autoencoder, in the same order."""
        return cast(Samples, self._lend_copy(Need.RECONSTRUCTED, "reconstructed"))

    @property
    def train_reconstructed(self) -> Samples:
        """Training samples through the autoencoder: at most 10,000, evenly spaced.

        Decoded when they are first read, once for all metrics and draws of a cell.
        """
        field = "train_reconstructed"
        return cast(
            Samples,
            self._lend(field, lambda: _copy(self._read(Need.TRAIN_RECONSTRUCTED, field)())),
        )

    @property
    def generated(self) -> Samples:
        """Decoded samples, images in [0, 1]."""
        return cast(Samples, self._lend_copy(Need.GENERATED, "generated"))

    @property
    def train_latents(self) -> Latents:
        """The latents of the training samples, of one space with all others."""
        return cast(Latents, self._lend_one_of(Need.LATENTS, "train_latents", 0))

    @property
    def test_latents(self) -> Latents:
        """The latents of the held-out samples."""
        return cast(Latents, self._lend_one_of(Need.LATENTS, "test_latents", 1))

    @property
    def generated_latents(self) -> Latents:
        """The latents that were drawn."""
        return cast(Latents, self._lend_copy(Need.GENERATED_LATENTS, "generated_latents"))

    def features(self, shown: Shown) -> Features:
        """The features of samples that were declared too; computed once for all metrics."""
        field = f"features({shown!r})"
        self._read(Need(shown), field)
        features = self._read(Need.FEATURES, field)
        return cast(Features, self._lend(field, lambda: _copy(features(shown))))

    def test_log_probs(self) -> Float[Tensor, " held_out"]:
        """The log density of each of ``test_latents`` under the sampler, in nats."""
        return cast(Tensor, self._read(Need.DENSITY, "test_log_probs()")())

    @property
    def costs(self) -> Mapping[str, Cost]:
        """By stage: "train", "encode", "fit", "sample", "throughput", "decode"."""
        return cast(Mapping[str, Cost], dict(self._read(Need.COSTS, "costs")))

    def _read(self, need: Need, field: str) -> Any:
        if need not in self._held:
            raise UndeclaredNeed(
                f"a metric reads evidence.{field} and does not declare it: "
                f"add Need.{need.name} to its `needs`"
            )
        return self._held[need]

    def _lend_copy(self, need: Need, field: str) -> Any:
        return self._lend(field, lambda: _copy(self._read(need, field)))

    def _lend_one_of(self, need: Need, field: str, place: int) -> Any:
        return self._lend(field, lambda: _copy(self._read(need, field)[place]))

    def _lend(self, field: str, make: Callable[[], Any]) -> Any:
        """Make what is read for a field once, so that it is the same each time it is read."""
        if field not in self._lent:
            self._lent[field] = make()
        return self._lent[field]


def _copy(held: Tensor | Latents) -> Tensor | Latents:
    return held.copy() if isinstance(held, Latents) else held.clone()


class Metric(ABC):
    """One number with one direction. Factory: ``factory(**settings)``, each with a default."""

    title: str
    """The column's heading: "FD", "sliced W2"."""

    unit: str = ""
    """The unit, where there is one: "s", "MiB"."""

    better: Direction

    subject: Subject
    """The subject of the number, by which boards place its column and compare its rows."""

    needs: frozenset[Need] = frozenset()
    """All that it reads, and all that must be so for it to have a meaning.

    They decide where it is measured: in every row of a board, in those of samplers, or, if it
    needs nothing that a sampler changes, once an autoencoder.
    """

    has_floor: bool = False
    """True if the score of fresh real data in the place of the generated is worth knowing.

    It is this metric's *floor*. The harness measures it once an autoencoder, by ``measure``, on
    random subsets of training samples, each of as many as are generated. Densities and costs
    are those of a sampler: a metric that reads them has no floor.
    """

    diagnostic: bool = False
    """True for a number that says how draws come about, and not how good they are.

    A row does not compete by it, and it is never in bold.
    """

    alarm: float | None = None
    """A row is marked ‡ when the mean of its scores is worse than this. For diagnostics alone.

    The yardstick is inside the metric: one with an alarm measures an excess over held-out samples,
    and gives the bound beyond which the excess is shown, not its estimate.
    """

    def refuses(self, space: LatentSpace) -> str | None:
        """The reason why this metric has no meaning for latents of this space, or ``None``:

        "needs sparse latents".
        """
        return None

    @final
    def objection(self, shape: Shape, space: LatentSpace) -> str | None:
        """The reason that the harness asks for before any work: images, codes, then ``refuses``.

        Args:
            shape: of one sample.
        """
        if Need.IMAGES in self.needs and not is_image(shape):
            return f"needs images, and these samples are {describe_shape(shape)}"
        if Need.CODES in self.needs and space.code_width == 0:
            return f"needs codes, and {space.kind} latents have none"
        return self.refuses(space)

    @final
    @property
    def depends_on_sampler(self) -> bool:
        """True if it needs anything that a sampler changes."""
        return not _OF_THE_SAMPLER.isdisjoint(self.needs)

    @abstractmethod
    def measure(self, evidence: Evidence) -> float:
        """The number. Draws, if it must, are seeded by the harness.

        Raises:
            NoNumber: it has no meaning for this evidence; the message says why.
        """

    def bias(self, evidence: Evidence) -> float | None:
        """Estimate the part of the floor that is due to the numbers of samples alone.

        ``None`` where there is no formula for it.

        Args:
            evidence: that on which a floor is measured.
        """
        return None
