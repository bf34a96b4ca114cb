"""Suites: what to measure and how to train for it, checked before anything runs."""

from dataclasses import asdict
from typing import Any, Final

import tomli_w

from samplebench.digests import digest_of
from samplebench.pipeline.request.suite_file import Counts, SuiteFile, override, read_suite
from samplebench.training import Budget

__all__ = ["PROTOCOL_VERSION", "Counts", "Suite", "load_suite", "override"]

PROTOCOL_VERSION: Final = 1
"""The version of the way in which cells are measured."""


class Suite(SuiteFile):
    """Datasets x autoencoders x samplers x seeds, how to train, and what to measure."""

    training: Budget

    @property
    def protocol(self) -> dict[str, Any]:
        """The conditions that all cells share. Scores compare only where it is equal.

        ``version`` is raised by hand when a score changes its meaning.
        """
        training, counts = asdict(self.training), self.counts.model_dump()
        # Left out where they have the value that was the only one before they were settings.
        if counts["train"] is None:
            del counts["train"]
        for repeats in ("draws", "fits"):
            if counts[repeats] == 1:
                del counts[repeats]
        if training["decay"] == "none":
            del training["decay"]
        return {"version": PROTOCOL_VERSION, "training": training, "counts": counts}

    def to_toml(self) -> str:
        """The suite as the text of a file, without what it leaves at its default."""
        return tomli_w.dumps(self.model_dump(exclude_none=True, exclude_defaults=True))

    @property
    def digest(self) -> str:
        return digest_of(self.model_dump_json())


def load_suite(name_or_path: str) -> Suite:
    """Load a bundled suite by name, or any suite by its file.

    Raises:
        BadSuite: there is no such suite, or it is not valid; the message names the line.
    """
    return read_suite(name_or_path, Suite)
