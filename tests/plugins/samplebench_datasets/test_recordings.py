"""Recordings: scales of WAV files, names, the published split, and files that are damaged."""

import numpy as np
import pytest
from scipy.io import wavfile

from samplebench import DataMissing
from samplebench_datasets.recordings import find_folder, list_recordings, read_signal
from samplebench_datasets.spoken_digit_numbers import SpokenDigitNumbers
from samplebench_datasets.spoken_digits import SpokenDigits

WAVE = np.sin(np.arange(4000) / 9) * 0.75


@pytest.mark.parametrize(
    ("numbers", "step"),
    [
        (np.rint(WAVE * 2**15).astype(np.int16), 2**-15),
        (np.rint(WAVE * 2**31).astype(np.int32), 2**-31),
        (np.rint(WAVE * 2**7 + 128).astype(np.uint8), 2**-7),
        (WAVE.astype(np.float32), 2**-24),
        (WAVE, 0),
    ],
)
def test_full_scale_is_one_in_every_type(tmp_path, numbers, step):
    wavfile.write(tmp_path / "a.wav", 8000, numbers)
    assert np.abs(read_signal(tmp_path / "a.wav") - WAVE).max() <= step / 2 + 1e-15


def test_notes_that_recorders_add_are_passed_over(tmp_path):
    wavfile.write(tmp_path / "a.wav", 8000, WAVE)
    content = (tmp_path / "a.wav").read_bytes() + b"note\x04\x00\x00\x00text"
    size = (len(content) - 8).to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(content[:4] + size + content[8:])
    assert np.array_equal(read_signal(tmp_path / "a.wav"), WAVE)


@pytest.mark.parametrize("dataset", [SpokenDigits, SpokenDigitNumbers])
@pytest.mark.parametrize(
    ("rate", "numbers", "reason"),
    [
        (16000, WAVE, "1 channels and 16,000 Hz"),
        (8000, np.stack([WAVE, WAVE], 1), "2 channels and 8,000 Hz"),
        (8000, WAVE[:0], "holds no sound"),
        (8000, WAVE * np.nan, "NaN or infinity"),
    ],
)
def test_other_recordings_are_refused_by_name(write, tmp_path, dataset, rate, numbers, reason):
    file = write("spoken-digits").files[7]
    wavfile.write(file, rate, numbers)
    with pytest.raises(DataMissing, match=rf"{file.name} cannot be used: .*{reason}"):
        dataset(tmp_path).train()


@pytest.mark.parametrize("length", [0, 20, 43, 44, 45, 500, -1])
def test_a_recording_that_ends_too_early_is_named(write, tmp_path, length):
    file = write("spoken-digits").files[7]
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(DataMissing, match=rf"{file.name} cannot be used"):
        SpokenDigits(tmp_path).train()


def test_the_indices_below_five_are_held_out(write, tmp_path):
    files = write("spoken-digits").files
    train, test = list_recordings(find_folder(tmp_path, "spoken-digits"))
    assert {recording.file for recording in [*train, *test]} == set(files)
    for recording in [*train, *test]:
        digit, _, index = recording.file.stem.split("_")
        assert recording.digit == int(digit)
        assert (recording in test) == (int(index) < 5)


def test_the_folder_is_that_of_the_recordings_or_the_one_above(write, tmp_path):
    write("spoken-digits")
    home = tmp_path / "spoken-digits/recordings"
    for path in ("spoken-digits", "spoken-digits/recordings", str(home)):
        assert find_folder(tmp_path, path) == home
    assert SpokenDigits(tmp_path).fetch() == SpokenDigitNumbers(tmp_path).fetch() == (home,)


def test_files_that_are_not_where_or_as_they_should_be_are_named(write, tmp_path):
    with pytest.raises(DataMissing, match=r"no folder of recordings .*Download https"):
        SpokenDigits(tmp_path).fetch()
    home = write("spoken-digits").files[0].parent
    (home / "hello.wav").touch()
    with pytest.raises(DataMissing, match=r"hello\.wav is not named \{digit\}_\{speaker\}"):
        SpokenDigits(tmp_path).train()
    for file in home.glob("*.wav"):
        if not file.stem.endswith("_0"):
            file.unlink()
    with pytest.raises(DataMissing, match="has 0 recordings to train on and 10 to test"):
        SpokenDigits(tmp_path).test()
