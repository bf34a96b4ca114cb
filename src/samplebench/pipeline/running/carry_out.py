"""Carrying out one stage in whatever process it was sent to."""

import traceback
from collections.abc import Mapping
from pathlib import Path

from samplebench.errors import (
    DataMissing,
    SamplebenchError,
    StorageError,
    TrainingDiverged,
    WeightsMissing,
)
from samplebench.pipeline.device import deterministic
from samplebench.pipeline.stages.stage import Failure, FailureKind, Outcome, Report, Stage


def carry_out(stage: Stage, made: Mapping[Stage, Outcome], report: Report) -> Outcome:
    """Do the work of a stage; what a part raises becomes a failure with its reason."""
    try:
        with deterministic(stage.site.threads):
            return stage.make(made, report)
    except SamplebenchError as error:
        return Failure(_kind(error), str(error))
    except MemoryError as error:
        return _out_of_memory(f"out of memory: {error}")
    except Exception as error:  # parts are others' code: they may raise anything
        traceback.print_exc()  # into the log
        if type(error).__name__ == "OutOfMemoryError":
            return _out_of_memory(f"out of memory on the device: {error}")
        place = traceback.extract_tb(error.__traceback__)[-1]
        line = f"{Path(place.filename).name}, line {place.lineno}"
        return Failure("error", f"{type(error).__name__}: {error} ({line})")


def _kind(error: SamplebenchError) -> FailureKind:
    if isinstance(error, StorageError):
        return "storage"
    if isinstance(error, DataMissing | WeightsMissing):
        return "missing"
    return "non-finite" if isinstance(error, TrainingDiverged) else "error"


def _out_of_memory(reason: str) -> Failure:
    return Failure("out-of-memory", f"{reason}. Use a smaller batch or fewer samples")
