"""The twelve numbers against closed forms of tones, and against librosa's."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from samplebench_datasets.spoken_digit_numbers import NAMES, SpokenDigitNumbers, measure

LENGTH = 256 + 128 * 40
TIME = np.arange(LENGTH) / 8000


def numbers(signal: np.ndarray) -> dict[str, float]:
    return dict(zip(NAMES, measure(signal).tolist(), strict=True))


@pytest.mark.parametrize("frequency", [500.0, 1000.0, 2000.0])
@pytest.mark.parametrize("amplitude", [0.01, 0.5])
def test_a_tone_has_the_numbers_of_its_closed_form(frequency, amplitude):
    found = numbers(amplitude * np.sin(2 * np.pi * frequency * TIME + 0.1))
    assert found["duration"] == LENGTH / 8000
    assert found["level"] == pytest.approx(10 * np.log10(amplitude**2 / 2), abs=1e-3)
    assert found["zero-crossings"] == pytest.approx(2 * frequency / 8000, abs=1e-3)
    assert found["centroid"] == pytest.approx(frequency, abs=0.01)
    assert found["rolloff"] == pytest.approx(frequency, abs=16)  # at a bin, 15.6 Hz apart
    # The power of a Hann window's transform falls as f⁻⁶; its second moment is that of the slope:
    # ∫ w'² / ∫ w² / (2π)² with w = sin²(πt / T) is 4π² / (3 T²) / (4π²).
    assert found["bandwidth"] == pytest.approx(1 / np.sqrt(3) / 0.032, rel=1e-3)


def test_two_tones_have_the_mean_and_the_distance_of_their_frequencies():
    found = numbers(0.2 * np.sin(2 * np.pi * 500 * TIME) + 0.2 * np.sin(2 * np.pi * 1500 * TIME))
    assert found["centroid"] == pytest.approx(1000, abs=0.1)
    assert found["bandwidth"] == pytest.approx(np.hypot(500, 1 / np.sqrt(3) / 0.032), rel=1e-4)
    assert found["rolloff"] == pytest.approx(1500, abs=16)


def test_louder_is_another_level_and_nothing_else():
    quiet = 0.01 * np.random.default_rng(0).normal(size=5000)
    one, other = measure(quiet), measure(10 * quiet)
    assert other[1] - one[1] == pytest.approx(20)
    assert np.delete(other, 1) == pytest.approx(np.delete(one, 1))


# From librosa 0.11 of the signal below, float64: the spectral_* functions of its mean power
# spectrum (stft with n_fft=512, win_length=256, hop_length=128, center=False), and the means of
# mfcc(n_mfcc=7) without the first, of melspectrogram(n_mels=24, htk=True, norm=None) in dB.
LIBROSA = [
    *(615.384962662972, 351.85495471971973, 1281.25),
    *(86.17257403, -65.5431174, -13.91438083, -15.606181, -81.06772665, -20.71296786),
]


def test_spectral_numbers_are_those_of_librosa():
    rising = np.sin(2 * np.pi * 1234 * TIME * (1 + 0.1 * TIME))
    found = measure(0.4 * np.sin(2 * np.pi * 440 * TIME) + 0.2 * rising)
    assert found[3:] == pytest.approx(LIBROSA, rel=1e-8)


@pytest.mark.parametrize("length", [16, 255, 256, 257, 384, 385, 5000])
def test_recordings_of_any_length_are_measured_to_their_end(length):
    signal = np.zeros(length)
    signal[length // 2 :] = 0.5
    found = measure(signal)
    assert np.isfinite(found).all()
    assert found[0] == length / 8000
    signal[-1] = -0.5
    assert not np.array_equal(measure(signal)[3:], found[3:])


@pytest.mark.parametrize("signal", [np.zeros(4000), np.ones(1)])  # windows are 0 at the first
def test_silence_is_refused(signal):
    with pytest.raises(ValueError, match="silent throughout"):
        measure(signal)


def test_both_splits_are_standardised_by_the_training_split(write, tmp_path):
    write("spoken-digits")
    dataset = SpokenDigitNumbers(tmp_path)
    train, test = dataset.train().samples.double(), dataset.test().samples.double()
    assert train.mean(0).abs().max() < 1e-6
    assert (train.std(0, correction=0) - 1).abs().max() < 1e-6
    assert test.mean(0).abs().max() > 1e-3


@pytest.mark.shared_data
@pytest.mark.skipif(
    "SAMPLEBENCH_TEST_DATA" not in os.environ, reason="needs recordings; see CONTRIBUTING.md"
)
def test_the_numbers_of_published_recordings_say_something_of_their_digits():
    dataset = SpokenDigitNumbers(Path(os.environ["SAMPLEBENCH_TEST_DATA"]))
    train, test = dataset.train(), dataset.test()
    assert (len(train), len(test)) == (2700, 300)
    nearest = torch.cdist(test.samples, train.samples).argmin(1)
    assert (train.labels[nearest] == test.labels).float().mean() > 0.6  # chance is 0.1
    assert np.abs(np.corrcoef(train.samples.T.numpy()) - np.eye(12)).max() < 0.99
