"""Carrying out one stage in whatever process it was sent to."""

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from samplebench.error_text import cut, describe, describe_with_place
from samplebench.errors import (
    DataMissing,
    SamplebenchError,
    StorageError,
    TrainingDiverged,
    WeightsMissing,
)
from samplebench.pipeline.device import deterministic
from samplebench.pipeline.stages.stage import Failure, Outcome, Report, Stage
from samplebench.vocabulary import FailureKind

_SIGNS_OF_LACK: Final = ("can't allocate memory", "not enough memory")
"""Of host memory, in the words of PyTorch, which has no type of its own for it."""


def carry_out(stage: Stage, made: Mapping[Stage, Outcome], report: Report) -> Outcome:
    """Do the work of a stage; what a part raises becomes a failure with its reason."""
    try:
        with deterministic(stage.site.threads):
            return stage.make(_make_again(stage, made, report), report)
    except SamplebenchError as error:
        return _fail(_kind(error), describe(error))
    except MemoryError as error:
        return _run_out_of_memory("host", error)
    except SystemExit as error:
        return _fail("error", f"a part ended the process by sys.exit({error.code!r})")
    except Exception as error:  # parts are others' code: they may raise anything
        traceback.print_exc()  # into the log
        if type(error).__name__ == "OutOfMemoryError":
            return _run_out_of_memory("device", error)
        reason = describe(error)
        if any(sign in reason for sign in _SIGNS_OF_LACK):
            return _run_out_of_memory("host", error)
        return _fail("error", describe_with_place(error))


def _make_again(
    stage: Stage, made: Mapping[Stage, Outcome], report: Report
) -> dict[Stage, Outcome]:
    """Make again what a stage takes and somebody removed since it was made."""
    made = dict(made)
    for other in (*stage.needs, *stage.wants):
        place = made[other]
        if isinstance(place, Path) and not place.exists():
            known = {each: made[each] for each in (*other.needs, *other.wants)}
            made[other] = other.make(known, report)
    return made


def _kind(error: SamplebenchError) -> FailureKind:
    if isinstance(error, StorageError):
        return "storage"
    if isinstance(error, DataMissing | WeightsMissing):
        return "missing"
    return "non-finite" if isinstance(error, TrainingDiverged) else "error"


def _run_out_of_memory(of: str, error: BaseException) -> Failure:
    text = f": {said}" if (said := describe(error)) else ""
    return _fail(
        "out-of-memory", f"out of {of} memory{text}. Use a smaller batch or fewer samples"
    )


def _fail(kind: FailureKind, reason: str) -> Failure:
    return Failure(kind, cut(reason))
