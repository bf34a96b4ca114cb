"""The displays of a run while it goes on."""

import io
import re
from collections.abc import Iterator

import pytest
from rich.console import Console

from samplebench.display import (
    LiveDisplay,
    PlainDisplay,
    describe_outcome,
    describe_progress,
    describe_time_left,
)
from samplebench.durations import format_duration
from samplebench.results.record import PartRecord, Record, Score
from samplebench.training import Progress
from samplebench.vocabulary import Floor

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


def score(title: str, value: float | None = None, **changes) -> Score:
    part = PartRecord(spec=title, name=title, settings={}, plugin="p", version="1", code="c")
    plain = {"unit": "", "better": "lower", "subject": "images", "alarm": None, "floor": None}
    content = {"metric": part, "features": None, "title": title, "value": value, "problem": None}
    return Score(**plain | content | changes)


def record(*scores: Score, sampler: str = "gmm") -> Record:
    """What a display looks at of a measured record."""
    parts = {
        name: PartRecord(spec=name, name=name, settings={}, plugin="p", version="1", code="c")
        for name in ("stripes", "linear", sampler)
    }
    return Record.model_construct(
        status="measured",
        reason=None,
        scores=list(scores),
        role="sampler",
        dataset=parts["stripes"],
        autoencoder=parts["linear"],
        sampler=parts[sampler],
        seed=0,
    )


def test_a_score_with_a_floor_alone_is_left_out_and_no_answer_is_called_a_failure():
    line = describe_outcome(
        record(
            score("MSE", 0.5),
            score("sliced W2", floor=Floor((0.25, 0.5), 40)),
            score("NLL", problem="the density is 0 there", settled=True),
            score("distance", problem="ZeroDivisionError"),
            score("fit", 3.0, subject="cost"),
        )
    )
    assert line == "MSE 0.5 · NLL has no number · distance failed"


def test_the_time_left_is_that_of_the_cells_to_come_at_the_pace_since_the_first_one_ended(
    monkeypatch,
):
    monkeypatch.setattr("samplebench.display.time.monotonic", lambda: 160.0)
    assert describe_time_left(3, 9, first=100.0) == "about 3 min left"
    for done in (0, 1, 9):
        assert describe_time_left(done, 9, first=100.0) == ""


def test_both_displays_show_the_time_left(live, page, capsys, monkeypatch):
    plain = PlainDisplay()
    plain.expect(7)
    for ended in (100.0, 112.0):  # data and features took the time until the first
        monkeypatch.setattr("samplebench.display.time.monotonic", lambda ended=ended: ended)
        for display in (plain, live):
            display.finished(record(score("MSE", 0.5)))
    live.live.refresh()
    assert "[2/7, about 60 s left] stripes / linear / gmm / seed 0: MSE 0.5" in (
        capsys.readouterr().err
    )
    assert "about 60 s left" in page.getvalue()


def test_in_60_columns_names_stay_whole_and_bars_give_way():
    page, title = io.StringIO(), "training vq-vae(codes=512, backbone='mlp') on digits, seed 0"
    with LiveDisplay(Console(file=page, force_terminal=True, width=60)) as display:
        display.expect(7)
        display.started(title)
        display.progressed(title, PROGRESS)
        display.live.refresh()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", page.getvalue())
    assert "…" not in text
    for word in (*title.split(), "12.35"):
        assert word in text
