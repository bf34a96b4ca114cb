"""The displays of a run while it goes on."""

import io
import time

import pytest
from rich.console import Console

from samplebench.display import LiveDisplay, describe_progress, format_duration
from samplebench.training import Progress

PROGRESS = Progress(25, 100, 1234.5, {"reconstruction": 12.34567, "kl": 0.5})


def test_a_line_of_progress_has_step_throughput_every_loss_term_and_time_left():
    line = describe_progress(PROGRESS, since=time.monotonic() - 10)
    assert line == ("step 25/100 · 1,234 images/s · reconstruction 12.35 kl 0.5 · 30 s left")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "1 s"), (59.0, "59 s"), (180.0, "3 min"), (7500.0, "2 h 05 min")]
)
def test_durations_are_written_for_people(seconds, text):
    assert format_duration(seconds) == text


def test_the_live_display_shows_stage_and_progress_on_a_terminal():
    page = io.StringIO()
    with LiveDisplay(Console(file=page, force_terminal=True, width=160)) as display:
        display.begin(7)
        display.stage("training vae on digits, seed 0")
        display.progress(PROGRESS)
        display.live.refresh()
    text = page.getvalue()
    assert "training vae on digits, seed 0" in text
    assert "reconstruction 12.35" in text
    assert "0/7" in text
