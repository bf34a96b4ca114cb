"""Spoken digits as twelve numbers each."""

from pathlib import Path

import numpy as np
import torch
from scipy.fft import dct

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
from samplebench_datasets.spectra import Floats, decibels, mel_filters, power_frames
from samplebench_datasets.standardising import standardise

NAMES = (
    *("duration", "level", "zero-crossings", "centroid", "bandwidth", "rolloff"),
    *(f"mfcc-{number}" for number in range(1, 7)),
)
"""The numbers in their order."""

_WINDOW, _HOP, _LENGTH = 256, 128, 512
_BANDS = 24
_FLOOR = -100.0


class SpokenDigitNumbers(Dataset):
    """Twelve numbers of each spoken digit, such as its duration: 2,700 to train on, 300 to test.

    Of a recording x_1 … x_N at 8 kHz, with full scale 1 and the mean power P_k of its frames at
    the frequencies f_k (Hann windows of 32 ms, every 16 ms; bins of 15.6 Hz):

    1. duration ``N / 8000`` [s];
    2. level ``10 log10(1/N Σ x_n²)``, not below −100 [dB];
    3. zero crossings, the share of neighbours x_n, x_{n+1} of which one is negative and the other
       is not;
    4. spectral centroid ``c = Σ f_k P_k / Σ P_k`` [Hz];
    5. bandwidth ``√(Σ (f_k − c)² P_k / Σ P_k)`` [Hz];
    6. rolloff, the lowest frequency with 85 % of ``Σ P_k`` at or below it [Hz];
    7. to 12. mel cepstral coefficients 1 to 6: of the orthonormal cosine transform (DCT-II) of 24
       log-mel levels [dB, not below −100], the mean over frames.

    Each is standardised by mean and std of the training split. Splits and labels are those of
    ``spoken-digits``.

    Args:
        path: the folder that holds ``recordings``; a relative path is looked up in the data folder
            first.

    Reference: Free Spoken Digit Dataset (Jackson, Souza, Flaks, Pan, Nicolas, Thite, 2018),
    doi:10.5281/zenodo.1342401; for the cepstral coefficients, Comparison of Parametric
    Representations for Monosyllabic Word Recognition in Continuously Spoken Sentences (Davis and
    Mermelstein, 1980), doi:10.1109/TASSP.1980.1163420
    """

    def __init__(self, data_dir: Path, path: str = "spoken-digits") -> None:
        self.data_dir, self.path = data_dir, path
        self.shape = (len(NAMES),)

    def fetch(self) -> tuple[Path, ...]:
        return (find_folder(self.data_dir, self.path),)

    def train(self) -> Split:
        return self._read_both()[0]

    def test(self) -> Split:
        return self._read_both()[1]

    def _read_both(self) -> tuple[Split, Split]:
        """Read both splits: the training split standardises the other."""
        halves = list_recordings(find_folder(self.data_dir, self.path))
        (train, train_digits), (test, test_digits) = map(_measure_all, halves)
        one, other = standardise(train, test)
        held_out = Split(other.float(), test_digits)
        return remove_overlap(Split(one.float(), train_digits), held_out), held_out


def _measure_all(recordings: list[Recording]) -> tuple[torch.Tensor, torch.Tensor]:
    numbers, digits = describe_all(recordings, measure)
    return torch.from_numpy(numbers), digits


def measure(signal: Signal) -> Floats:
    """Measure the twelve numbers of a recording, (12,), as they are before standardisation.

    Raises:
        ValueError: it is silent throughout, which leaves spectral numbers undefined.
    """
    whole = np.pad(signal, (0, -(len(signal) - _WINDOW) % _HOP if len(signal) > _WINDOW else 0))
    padded = np.pad(whole, (0, max(0, _WINDOW - len(whole))))
    power = power_frames(padded, window=_WINDOW, hop=_HOP, length=_LENGTH)  # (frames, bins)
    if not power.any():
        raise ValueError("it is silent throughout")
    return np.array([*_of_the_wave(signal), *_of_the_spectrum(power.mean(0)), *_cepstrum(power)])


def _of_the_wave(signal: Signal) -> tuple[float, float, float]:
    """Duration, level and zero crossings."""
    negative = signal < 0
    crossings = float((negative[1:] != negative[:-1]).mean()) if len(signal) > 1 else 0.0
    level = decibels(np.square(signal).mean(keepdims=True), _FLOOR)[0]
    return len(signal) / RATE, float(level), crossings


def _of_the_spectrum(power: Floats) -> tuple[float, float, float]:
    """Centroid, bandwidth and rolloff of a power spectrum, (bins,)."""
    frequencies = np.fft.rfftfreq(_LENGTH, 1 / RATE)
    shares = power / power.sum()
    centroid = shares @ frequencies
    bandwidth = np.sqrt(shares @ (frequencies - centroid) ** 2)
    rolloff = frequencies[np.searchsorted(np.cumsum(shares), 0.85)]
    return float(centroid), float(bandwidth), float(rolloff)


def _cepstrum(power: Floats) -> Floats:
    """Mel cepstral coefficients 1 to 6, the means over frames, of power spectra (frames, bins)."""
    filters = mel_filters(_BANDS, length=_LENGTH, rate=RATE)
    levels = decibels(power @ filters.T, _FLOOR).mean(0)  # (bands,); the transform is linear
    coefficients: Floats = dct(levels, type=2, norm="ortho")[1:7]
    return coefficients
