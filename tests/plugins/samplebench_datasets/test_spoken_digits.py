"""Pictures of sound: where a tone stands, how bright it is, and what is cut or silent."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import wavfile

from samplebench_datasets.spoken_digits import SpokenDigits


def picture(folder: Path, signal: np.ndarray, size: int = 32) -> np.ndarray:
    """The picture of a signal, (height, width)."""
    home = folder / "spoken-digits/recordings"
    home.mkdir(parents=True, exist_ok=True)
    wavfile.write(home / "3_nobody_0.wav", 8000, signal)
    wavfile.write(home / "3_nobody_5.wav", 8000, np.ones(8))
    split = SpokenDigits(folder, size=size).test()
    assert split.labels.tolist() == [3]
    return split.samples[0, 0].numpy()


def tone(frequency: float, seconds: float, amplitude: float = 1.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(8000 * seconds)) / 8000)


@pytest.mark.parametrize("size", [16, 32, 50, 64])
@pytest.mark.parametrize("frequency", [300, 1000, 2500])
def test_a_tone_is_a_line_at_the_height_of_its_pitch(tmp_path, size, frequency):
    seen = picture(tmp_path, tone(frequency, 1.2), size)
    pitch = np.log(1 + frequency / 700) / np.log(1 + 4000 / 700)  # from 0 at the bottom
    brightest = size - 1 - seen.argmax(0)
    assert np.abs(brightest - (pitch * (size + 1) - 1)).max() <= 1
    assert (seen.max(0) == seen.max()).all()  # as bright from the first frame to the last


def test_brightness_is_the_level_in_decibels(tmp_path):
    loud = picture(tmp_path, tone(1000, 1.2)).astype(float)
    assert 250 <= loud.max() <= 255
    soft = picture(tmp_path, tone(1000, 1.2, amplitude=0.1)).astype(float)
    both = (soft > 0) & (loud < 255)
    assert both.sum() >= 64
    assert np.abs(loud - soft - 255 * 20 / 80)[both].max() <= 1  # 20 dB less


def test_silence_is_black_and_time_runs_to_the_right(tmp_path):
    assert not picture(tmp_path, np.zeros(4000)).any()
    seen = picture(tmp_path, tone(1000, 0.5))
    assert (seen[:, :14].max(0) > 200).all()
    assert not seen[:, 16:].any()


def test_what_comes_after_the_first_second_is_cut(tmp_path):
    whole = picture(tmp_path, tone(500, 2.0))
    assert np.array_equal(picture(tmp_path, tone(500, 33 * 250 / 8000)), whole)
    assert not np.array_equal(picture(tmp_path, tone(500, 32 * 250 / 8000)), whole)


@pytest.mark.parametrize("size", [15, 65])
def test_sizes_with_frames_too_long_or_too_short_are_refused(tmp_path, size):
    with pytest.raises(ValueError, match="size must be from 16 to 64"):
        SpokenDigits(tmp_path, size=size)


@pytest.mark.shared_data
@pytest.mark.skipif(
    "SAMPLEBENCH_TEST_DATA" not in os.environ, reason="needs recordings; see CONTRIBUTING.md"
)
def test_the_published_recordings_tell_their_digits():
    dataset = SpokenDigits(Path(os.environ["SAMPLEBENCH_TEST_DATA"]))
    train, test = dataset.train(), dataset.test()
    assert (len(train), len(test)) == (2700, 300)
    assert train.labels.bincount().tolist() == [270] * 10
    assert test.labels.bincount().tolist() == [30] * 10
    near = torch.cdist(test.samples.flatten(1).float(), train.samples.flatten(1).float())
    assert (train.labels[near.argmin(1)] == test.labels).float().mean() > 0.85
