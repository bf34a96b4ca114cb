"""Stages: the pieces of work that a run is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from samplebench.pipeline.workspace import Site
from samplebench.training import Progress
from samplebench.vocabulary import FailureKind

Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Failure:
    """The reason why a stage gave nothing."""

    kind: FailureKind
    reason: str


Outcome = Path | Failure
"""Where the work of a stage lies, or why there is none."""


@runtime_checkable
class Stage(Protocol):
    """A piece of work as plain data, which any process can carry out: data → features; data →
    autoencoder → cell. Stages that ask for the same are equal. The ``repr`` of one states all that
    it asks for, and leaves its site out.
    """

    @property
    def site(self) -> Site:
        """The folders, device and plugins to work with."""

    @property
    def title(self) -> str:
        """The work in a few words, for people."""

    @property
    def shared_in(self) -> Path | None:
        """The folder in which other runs look for this work, so that one of them does it for all;
        ``None`` if each does it for itself.
        """

    @property
    def needs(self) -> tuple["Stage", ...]:
        """The stages without whose work it cannot be carried out."""

    @property
    def wants(self) -> tuple["Stage", ...]:
        """The stages whose work it uses, and does without if they failed."""

    def make(self, made: Mapping["Stage", Outcome], report: Report) -> Path:
        """Do the work, unless it lies there from an earlier run, and give the place where it lies.

        Args:
            made: the outcome of every stage that it needs or wants.
        """


def path_of(made: Mapping[Stage, Outcome], stage: Stage) -> Path:
    """The place where the work of a needed stage lies."""
    outcome = made[stage]
    assert isinstance(outcome, Path)  # the run carries out no stage before those that it needs
    return outcome
