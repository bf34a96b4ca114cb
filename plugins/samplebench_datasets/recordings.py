"""Recordings of spoken digits: where they lie, how they are split, and their numbers."""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from samplebench import DataMissing, seeded
from samplebench.sample_files import list_places

Signal = NDArray[np.float64]

RATE = 8000
"""Samples of sound a second."""

_NAME = re.compile(r"(\d)_(\w+)_(\d+)\.wav")
_HELD_OUT = range(5)
"""The indices of the recordings to test on, as the dataset's authors split it."""

_HOME = "https://github.com/Jakobovski/free-spoken-digit-dataset"


@dataclass(frozen=True)
class Recording:
    """A file with the digit that is spoken in it."""

    file: Path
    digit: int
    held_out: bool


def find_folder(data_dir: Path, path: str) -> Path:
    """Find the folder that has the recordings: ``path``, or ``recordings`` in it.

    Raises:
        DataMissing: there is none.
    """
    places = list_places(data_dir, path)
    for place in places:
        for folder in (place / "recordings", place):
            if folder.is_dir() and any(folder.glob("*.wav")):
                return folder
    raise DataMissing(
        f"There is no folder of recordings {places[0] / 'recordings'}, such as "
        f"0_george_0.wav. Download {_HOME} and put its folder `recordings` there, or name its "
        "place with path=... or --data-dir."
    )


def list_recordings(folder: Path) -> tuple[list[Recording], list[Recording]]:
    """List the recordings to train on and to test, in a random order that is always the same.

    Raises:
        DataMissing: a name is not of the form, or a split is empty.
    """
    found = []
    for file in sorted(folder.glob("*.wav")):
        if (name := _NAME.fullmatch(file.name)) is None:
            raise DataMissing(
                f"{file} is not named {{digit}}_{{speaker}}_{{index}}.wav, as 0_george_0.wav is: "
                "rename or remove it."
            )
        found.append(Recording(file, int(name[1]), int(name[3]) in _HELD_OUT))
    with seeded(0, "spoken-digits"):
        shuffled = [found[row] for row in torch.randperm(len(found)).tolist()]
    train = [recording for recording in shuffled if not recording.held_out]
    test = [recording for recording in shuffled if recording.held_out]
    if not train or not test:
        raise DataMissing(
            f"{folder} has {len(train)} recordings to train on and {len(test)} to test: those "
            "with the indices 0 to 4 are the test split, and each split needs one."
        )
    return train, test


def describe_all(
    recordings: list[Recording], describe: Callable[[Signal], NDArray[np.generic]]
) -> tuple[NDArray[np.generic], torch.Tensor]:
    """Describe each recording by an array, (recordings, …), and give the digits (recordings,).

    Raises:
        DataMissing: a recording cannot be read or described; the message names it.
    """
    rows = []
    for recording in recordings:
        try:
            rows.append(describe(read_signal(recording.file)))
        except ValueError as error:
            raise DataMissing(
                f"The recording {recording.file} cannot be used: {error}. Put a whole one in its "
                f"place, mono with {RATE:,} Hz."
            ) from error
    return np.ascontiguousarray(np.stack(rows)), torch.tensor(
        [recording.digit for recording in recordings]
    )


def read_signal(file: Path) -> Signal:
    """Read a mono recording as (samples,), scaled so that full scale is 1.

    Raises:
        ValueError: it is damaged, empty, not finite, or has other channels or another rate.
    """
    from scipy.io import wavfile  # not all commands need it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", wavfile.WavFileWarning)  # the file ends too early
            warnings.filterwarnings("ignore", "Chunk", wavfile.WavFileWarning)  # notes in the file
            rate, numbers = wavfile.read(file)
    except Exception as error:  # the reader raises nearly anything for damaged files
        raise ValueError(str(error) or type(error).__name__) from error
    if rate != RATE or numbers.ndim != 1:
        channels = 1 if numbers.ndim == 1 else numbers.shape[1]
        raise ValueError(f"it has {channels} channels and {rate:,} Hz")
    if numbers.dtype == np.uint8:
        signal = (numbers - 128.0) / 128  # bytes of WAV files are centred at 128
    elif numbers.dtype.kind == "i":
        signal = numbers / -float(np.iinfo(numbers.dtype).min)
    else:
        signal = numbers.astype(np.float64)
    if not signal.size or not np.isfinite(signal).all():
        raise ValueError("it holds no sound" if not signal.size else "it has NaN or infinity")
    return signal
