"""The record of one cell: what was measured, of what, with what, and what it cost."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, cached_property
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from samplebench.errors import BadRecord
from samplebench.plain_text import shorten
from samplebench.results import record_file
from samplebench.results.record_file import FORMAT
from samplebench.vocabulary import Cost, Direction, FailureKind, Floor, Subject

Number = Annotated[float, Field(allow_inf_nan=False)]


Plain = TypeVar("Plain", bound="_Plain")

_ENCODER: Final = json.JSONEncoder(sort_keys=True)


class _Plain(BaseModel):
    # What is forbidden here is forbidden in a Cost too.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def model_copy(
        self: Plain, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Plain:
        """Copy it, without the properties that were computed from what ``update`` may change."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


@cache
def _key_of(name: str) -> str:
    return _ENCODER.encode([name, {}])


class PartRecord(_Plain):
    """A part as it was used: what was asked for, every setting, and who offers it.

    ``code`` is the digest of the code on which its numbers depend; ``None`` if none was kept.
    """

    spec: str
    name: str
    settings: dict[str, Any]
    plugin: str
    version: str
    code: str | None
    checkpoint: str | None = None
    """For an autoencoder that was trained elsewhere: the digest of the weights that were loaded.
    Its record has no training in its protocol.
    """

    @cached_property
    def key(self) -> str:
        """Name and every setting: equal for two ways of asking for the same thing."""
        return _ENCODER.encode([self.name, self.settings]) if self.settings else _key_of(self.name)


def _read_floor(value: Any) -> Any:
    """Read a floor; one from before floors were measured is a number."""
    if isinstance(value, Mapping) and isinstance(values := value.get("values"), list):
        return {**value, "values": tuple(values)}
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Floor((value,)) if is_number else value


def _read_values(value: Any) -> Any:
    """Read scores by fit and draw, of which JSON makes lists."""
    if isinstance(value, list) and all(isinstance(draws, list) for draws in value):
        return tuple(map(tuple, value))
    return value


class FeaturesRecord(_Plain):
    """The feature extractor behind a score. Scores compare only where ``weights`` are equal."""

    part: PartRecord
    weights: str
    facts: dict[str, Number]
    width: int | None = None
    """The number of features; absent where none were computed, and in earlier records."""


class Score(_Plain):
    """One metric's number, with all that a table needs to show it.

    ``values`` has one for each fit and each draw from it, where these were repeated; ``value`` is
    their mean. It is absent only with a ``problem``, or where nothing but the ``floor`` is
    measured. A problem is ``settled`` where it is the answer, the number having no meaning there;
    else it may go away when the cell is measured anew.
    """

    metric: PartRecord
    features: FeaturesRecord | None
    title: str
    unit: str
    better: Direction
    subject: Subject
    diagnostic: bool = False
    """True if it says how draws come about, and not how good they are."""
    alarm: Number | None
    """The score beyond which a row is marked. In earlier records, which have it without
    ``diagnostic``, it is a multiple of the reconstruction row's score.
    """
    value: Number | None
    values: Annotated[tuple[tuple[Number, ...], ...], BeforeValidator(_read_values)] = ()
    floor: Annotated[Floor | None, BeforeValidator(_read_floor)]
    problem: str | None
    settled: bool = False

    @model_validator(mode="after")
    def _value_or_problem(self) -> "Score":
        has_value, has_problem = self.value is not None, self.problem is not None
        if has_value == has_problem and (has_value or self.floor is None):
            raise ValueError("a score has a value, or else a problem that says why not")
        return self

    @property
    def key(self) -> tuple[str, str | None]:
        """The metric, and the extractor if it used one."""
        return self.metric.key, self.features.part.key if self.features else None

    @cached_property
    def column(self) -> tuple[str, str, str]:
        """A key that comparable scores share: the title, the metric with every setting, and the
        weights of the extractor.
        """
        return self.title, self.metric.key, self.features.weights if self.features else ""


class Provenance(_Plain):
    """The origin of the numbers, and all that is needed to get them again."""

    samplebench: str
    python: str
    torch: str
    cuda: str | None
    packages: dict[str, str]
    commit: str | None
    device: str
    processor: str
    blas: str | None = None
    """The linear algebra libraries; ``None`` in records that did not name them yet."""
    cores: int
    threads: int
    """Threads of the process that measured."""
    jobs: int = 1
    """Stages that were carried out at the same time; costs depend on it."""
    load: Number | None = None
    """The mean number of processes that wanted a processor in the minute before it was written."""
    system: str
    deterministic: bool
    data: str | None
    """Digest of the dataset's images and labels; absent where they could not be read."""
    suite: str
    """Digest of the suite."""
    core: str | None
    """Digest of the measuring code that all cells share; ``None`` if none was kept."""
    finished: str
    """UTC, ISO 8601."""


State = Literal["measured", "unverified", "stale"]


class Verification(_Plain):
    """The trust that a record's scores deserve, given the code and versions of today.

    ``measured``: by this code, or by code that a replay showed to give the same bits.
    ``unverified``: code or versions changed since, and nobody replayed it. ``stale``: a replay
    gave other scores.
    """

    state: State = "measured"
    reason: str | None = None
    since: str | None = None
    """The commit whose code was replayed side by side with that of today."""
    finished: str | None = None
    """The time of the replay: UTC, ISO 8601."""
    packages: dict[str, str] = {}
    """The versions of packages in the replay."""


class Record(_Plain):
    """One cell: an autoencoder and a sampler on a dataset with a seed, or a reference row in the
    sampler's place.

    ``status``: ``measured``; ``incomplete`` when some score has a problem; ``failed``;
    ``refused``. The latter two have a ``reason``.
    """

    format: Literal[2] = FORMAT
    identity: str
    suite: str
    status: Literal["measured", "incomplete", "failed", "refused"]
    reason: str | None
    failure: FailureKind | None = None
    """The kind of the reason for which it failed; absent in earlier records."""
    role: Literal["sampler", "control", "reconstruction"]
    appendix: bool = False
    """True if the row stands in the appendix of the board."""
    dataset: PartRecord
    autoencoder: PartRecord
    sampler: PartRecord | None
    seed: int
    protocol: dict[str, Any]
    latent_space: dict[str, Any] | None
    counts: dict[str, int]
    scores: list[Score]
    costs: dict[str, Cost]
    diagnostics: dict[str, Number]
    remarks: list[str] = []
    """Diagnostics and facts that parts gave and that are left out, each with the reason."""
    provenance: Provenance
    verification: Verification = Verification()
    picture: str | None
    """File name of the picture of samples, in the suite's folder of samples."""

    @model_validator(mode="after")
    def _reason_when_not_measured(self) -> "Record":
        if (self.status in ("failed", "refused")) != (self.reason is not None):
            raise ValueError("a reason belongs to a failed or refused cell, and to no other")
        return self

    @property
    def outcome(self) -> str:
        """The status in one word, for a failure its kind if that is known."""
        return self.failure or self.status

    @property
    def row(self) -> str:
        """The name of the row: the sampler's spec, or ``reconstruction``."""
        return self.sampler.spec if self.sampler else self.role

    @property
    def label(self) -> str:
        """The cell in one line: dataset / autoencoder / row / seed."""
        return f"{self.dataset.spec} / {self.autoencoder.spec} / {self.row} / seed {self.seed}"

    @property
    def file_name(self) -> str:
        """Readable, and unique by the identity."""
        return name_file(
            self.dataset.name,
            self.autoencoder.name,
            self.sampler.name if self.sampler else self.role,
            seed=self.seed,
            identity=self.identity,
        )

    def to_data(self) -> dict[str, Any]:
        """The fields as plain data."""
        content = self.model_dump()
        if self.failure is None:
            del content["failure"]  # records from before it keep their bytes
        return content

    def to_json(self) -> str:
        """Strict JSON, one field a line, with the digest of the content."""
        return record_file.write(self.to_data())

    @staticmethod
    def from_json(text: str) -> "Record":
        """The record that ``to_json`` wrote, in this version or an earlier one.

        Raises:
            BadRecord: it is damaged, or was changed after it was written.
            OtherFormat: it has a format that this version does not know.
        """
        whole = record_file.take_whole(text)
        if whole is not None:
            with suppress(ValidationError):  # its words come from below
                return Record.model_validate_json(whole, strict=True)
        content = record_file.read(text)
        try:
            # As JSON: strictly, a text or true is no number there, and an array may be a tuple.
            return Record.model_validate_json(json.dumps(content), strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise BadRecord(shorten(f"{where}: {first['msg']}")) from error


def name_file(dataset: str, autoencoder: str, row: str, *, seed: int, identity: str) -> str:
    """The name of the file of a record: readable, and unique by the identity."""
    return f"{dataset}_{autoencoder}_{row}_{seed}_{identity[:12]}.json"


def score_value(value: float) -> tuple[float | None, str | None]:
    """A metric's result as a score's ``value`` and ``problem``."""
    if math.isfinite(value):
        return float(value), None
    return None, f"the metric gave {value}"
