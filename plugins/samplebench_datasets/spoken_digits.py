"""Spoken digits as pictures of their sound."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from samplebench import Dataset, Split
from samplebench_datasets.overlap import remove_overlap
from samplebench_datasets.recordings import (
    RATE,
    Recording,
    Signal,
    describe_all,
    find_folder,
    list_recordings,
)
from samplebench_datasets.spectra import decibels, mel_filters, power_frames

_LENGTH = 1024
"""Of the Fourier transform: bins of 7.8 Hz, so that the lowest of 64 bands has several."""

_FLOOR = -80.0
"""The level in dB that is black."""


class SpokenDigits(Dataset):
    """Spoken digits as pictures of their sound (log-mel): 2,700 to train on, 300 to test.

    A picture shows the first second of a recording: time from left to right, in ``size`` frames,
    and pitch from bottom to top, in ``size`` mel bands up to 4 kHz. Frames begin every
    h = ⌊8000 / size⌋ samples and are 2h long; what is shorter than (size + 1)·h samples is
    followed by silence, and what is longer (at most 2.3 s; 1 % of the published ones are) is cut.
    A pixel is 255·(1 + L / 80), rounded, of the level L in dB, where 0 dB is that of a sine of
    full scale and −80 dB and less are black. So loud recordings are brighter than soft ones.

    The split is the published one: recordings with the indices 0 to 4 of each speaker and digit
    are held out. The six speakers are in both. Labels are the digits.

    Args:
        path: the folder that holds ``recordings``; a relative path is looked up in the data folder
            first.
        size: height and width in pixels, from 16 to 64. More frames would be too short for bands
            that are narrower.

    Reference: Free Spoken Digit Dataset (Jackson, Souza, Flaks, Pan, Nicolas, Thite, 2018),
    doi:10.5281/zenodo.1342401
    """

    def __init__(self, data_dir: Path, path: str = "spoken-digits", size: int = 32) -> None:
        if not 16 <= size <= 64:
            raise ValueError(f"size must be from 16 to 64, not {size}")
        self.data_dir, self.path, self.size = data_dir, path, size
        self.shape = (1, size, size)

    def fetch(self) -> tuple[Path, ...]:
        return (find_folder(self.data_dir, self.path),)

    def train(self) -> Split:
        train, test = list_recordings(find_folder(self.data_dir, self.path))
        return remove_overlap(self._read(train), self._read(test))

    def test(self) -> Split:
        _, test = list_recordings(find_folder(self.data_dir, self.path))
        return self._read(test)

    def _read(self, recordings: list[Recording]) -> Split:
        filters = mel_filters(self.size, length=_LENGTH, rate=RATE)
        pictures, digits = describe_all(recordings, lambda signal: _draw(signal, filters))
        return Split(torch.from_numpy(pictures), digits)


def _draw(signal: Signal, filters: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Draw the picture of a recording, (1, bands, bands), for mel filters (bands, bins)."""
    size = len(filters)
    hop = RATE // size
    shown = signal[: (size + 1) * hop]
    padded = np.pad(shown, (0, (size + 1) * hop - len(shown)))
    power = power_frames(padded, window=2 * hop, hop=hop, length=_LENGTH)  # (size, bins)
    levels = decibels(power @ filters.T, _FLOOR).T[::-1]  # (size, size), high pitch first
    return np.rint(255 * np.clip(1 - levels / _FLOOR, 0, 1)).astype(np.uint8)[None]
