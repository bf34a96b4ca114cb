"""Spectra against SciPy's, mel filters against librosa's, and both against closed forms."""

import numpy as np
import pytest
from scipy.signal import stft

from samplebench_datasets.spectra import decibels, mel_filters, power_frames

NOISE = np.random.default_rng(0).normal(size=4000)


@pytest.mark.parametrize(("window", "hop", "length"), [(256, 128, 512), (500, 250, 1024)])
def test_frames_are_those_of_scipy(window, hop, length):
    _, _, expected = stft(
        NOISE, nperseg=window, noverlap=window - hop, nfft=length, boundary=None, padded=False
    )
    power = power_frames(NOISE, window=window, hop=hop, length=length)
    # SciPy divides by Σ w, and a sine of amplitude 1 is two exponentials of ½ each.
    assert np.allclose(power, np.abs(2 * expected.T) ** 2, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("amplitude", [1.0, 0.1])
def test_a_sine_in_the_middle_of_a_bin_has_the_square_of_its_amplitude(amplitude):
    sine = amplitude * np.sin(2 * np.pi * 1000 * np.arange(2560) / 8000 + 0.3)
    power = power_frames(sine, window=256, hop=128, length=512)
    assert np.allclose(power[:, 64], amplitude**2, rtol=1e-9)
    assert (power.argmax(1) == 64).all()


# From librosa 0.11, `filters.mel(sr=8000, n_fft=512, n_mels=24, htk=True, norm=None)` in float64.
LIBROSA = [
    *((0, 1, 0.28203039380743034), (0, 2, 0.5640607876148607), (0, 3, 0.8460911814222909)),
    *((5, 21, 0.04511398622441623), (5, 22, 0.23782030277148783), (5, 23, 0.43052661931855946)),
    *((11, 59, 0.03027612878766411), (11, 60, 0.15229190693179281), (11, 61, 0.2743076850759215)),
    *((17, 119, 0.019682443389533018), (17, 120, 0.09693912279101326)),
    *((23, 214, 0.024649132666457404), (23, 215, 0.07356571216892799)),
]


@pytest.mark.parametrize(("band", "place", "weight"), LIBROSA)
def test_weights_of_mel_bands_are_those_of_librosa(band, place, weight):
    filters = mel_filters(24, length=512, rate=8000)
    assert filters[band, place] == pytest.approx(weight, abs=1e-12)


@pytest.mark.parametrize(("bands", "length"), [(16, 1024), (24, 512), (32, 1024), (128, 1024)])
def test_bands_share_every_frequency_out_between_the_first_middle_and_the_last(bands, length):
    filters = mel_filters(bands, length=length, rate=8000)
    frequencies = np.arange(length // 2 + 1) * 8000 / length
    mel = 1127.01048 * np.log1p(frequencies / 700)  # the same scale with a natural logarithm
    width = mel[-1] / (bands + 1)
    inside = (mel > width * 1.001) & (mel < mel[-1] - width * 1.001)
    assert np.allclose(filters.sum(0)[inside], 1)
    assert (filters.max(1) > 0).all()
    assert filters.min() == 0


def test_decibels_have_a_floor():
    levels = decibels(np.array([100.0, 1.0, 1e-3, 1e-9, 0.0]), -80.0)
    assert levels.tolist() == pytest.approx([20, 0, -30, -80, -80])
