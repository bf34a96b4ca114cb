"""The displays of a run while it goes on."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from samplebench.display import LiveDisplay, describe_progress, format_duration
from samplebench.training import Progress

PROGRESS = Progress(25, 100, 1234.5, {"reconstruction": 12.34567, "kl": 0.5})


def test_a_line_of_progress_has_step_throughput_every_loss_term_and_time_left(monkeypatch):
    monkeypatch.setattr("samplebench.display.time.monotonic", lambda: 110.0)
    line = describe_progress(PROGRESS, since=100.0)
    assert line == "step 25/100 · 1,234 images/s · reconstruction 12.35 kl 0.5 · 30 s left"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "1 s"), (59.0, "59 s"), (180.0, "3 min"), (7500.0, "2 h 05 min")]
)
def test_durations_are_written_for_people(seconds, text):
    assert format_duration(seconds) == text


@pytest.fixture
def page() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def live(page) -> Iterator[LiveDisplay]:
    with LiveDisplay(Console(file=page, force_terminal=True, width=160)) as display:
        display.expect(7)
        yield display


def test_the_live_display_shows_stages_at_once_each_with_its_own_progress(live, page):
    live.started("training vae on digits, seed 0")
    live.started("training vae on digits, seed 1")
    live.progressed("training vae on digits, seed 0", PROGRESS)
    live.live.refresh()
    text = page.getvalue()
    assert "0/7" in text
    assert [
        "reconstruction 12.35" in line for line in text.splitlines() if "training vae" in line
    ][-2:] == [True, False]


def test_the_live_display_drops_a_stage_that_ended(live, page):
    live.started("fitting gmm")
    live.started("fitting kde")
    live.ended("fitting gmm")
    live.live.refresh()  # one that had begun is over now
    page.truncate(0)
    live.live.refresh()
    assert "fitting kde" in page.getvalue()
    assert "fitting gmm" not in page.getvalue()
