"""Displays of a run: live on a terminal, plain lines elsewhere, or nothing."""

import sys
import time
from contextlib import AbstractContextManager

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

from samplebench.durations import format_duration
from samplebench.plain_output import styled
from samplebench.plain_text import one_line
from samplebench.results.record import Record, Score
from samplebench.training import Progress

_SECONDS_BETWEEN_LINES = 10.0


class QuietDisplay(AbstractContextManager["QuietDisplay"]):
    """Shows nothing."""

    def expect(self, cells: int) -> None: ...
    def started(self, title: str) -> None: ...
    def progressed(self, title: str, progress: Progress) -> None: ...
    def ended(self, title: str) -> None: ...
    def finished(self, record: Record) -> None: ...
    def __exit__(self, *error: object) -> None: ...


class PlainDisplay(QuietDisplay):
    """One line for each stage, each cell, and now and then for training."""

    def __init__(self) -> None:
        self.cells, self.done = 0, 0
        self.since: dict[str, float] = {}
        self.last_line = self.first = time.monotonic()

    def expect(self, cells: int) -> None:
        self.cells = cells

    def started(self, title: str) -> None:
        if not title.startswith("measuring"):
            print(title, file=sys.stderr, flush=True)
        self.since[title] = self.last_line = time.monotonic()

    def progressed(self, title: str, progress: Progress) -> None:
        if time.monotonic() - self.last_line > _SECONDS_BETWEEN_LINES:
            line = f"  {title}: {describe_progress(progress, self.since[title])}"
            print(line, file=sys.stderr, flush=True)
            self.last_line = time.monotonic()

    def ended(self, title: str) -> None:
        self.since.pop(title, None)

    def finished(self, record: Record) -> None:
        if record.status == "refused":
            return  # the plan and the board give the reason
        self.done += 1
        if self.done == 1:
            self.first = time.monotonic()
        left = describe_time_left(self.done, self.cells, self.first)
        counted = f"{self.done}/{self.cells}{f', {left}' if left else ''}"
        line = f"[{counted}] {record.label}: {describe_outcome(record)}"
        print(one_line(line), file=sys.stderr, flush=True)


class LiveDisplay(QuietDisplay):
    """Bars at the foot of the terminal, finished cells scrolling above them."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.overall = Bars(
            TextColumn("[bold]cells"),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            BarColumn(),
        )
        # Names first, and never cut: on a narrow terminal, bars are what gets lost.
        self.inner = Bars(
            TextColumn("{task.description}", markup=False, table_column=Column(overflow="fold")),
            TextColumn(
                "{task.fields[described]}", markup=False, table_column=Column(overflow="fold")
            ),
            BarColumn(),
        )
        self.live = Live(Group(self.overall, self.inner), console=console, refresh_per_second=8)
        self.cells = self.overall.add_task("cells", total=None, visible=False, left="")
        self.done, self.expected, self.first = 0, 0, time.monotonic()
        self.stages: dict[str, tuple[TaskID, float]] = {}

    def __enter__(self) -> "LiveDisplay":
        self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        for title in list(self.stages):
            self.ended(title)
        self.live.stop()

    def expect(self, cells: int) -> None:
        self.expected = cells
        self.overall.update(self.cells, total=cells, visible=True)

    def started(self, title: str) -> None:
        task = self.inner.add_task(one_line(title), total=None, described="")
        self.stages[title] = task, time.monotonic()

    def progressed(self, title: str, progress: Progress) -> None:
        if title not in self.stages:
            return
        task, since = self.stages[title]
        self.inner.update(
            task,
            total=progress.total,
            completed=progress.step,
            described=one_line(describe_progress(progress, since)),
        )

    def ended(self, title: str) -> None:
        if entry := self.stages.pop(title, None):
            self.inner.remove_task(entry[0])

    def finished(self, record: Record) -> None:
        if record.status == "refused":
            return
        self.done += 1
        if self.done == 1:
            self.first = time.monotonic()
        left = describe_time_left(self.done, self.expected, self.first)
        self.overall.update(self.cells, completed=self.done, left=left)
        style = "" if record.status == "measured" else "bold red"
        line = one_line(f"{record.label}: {describe_outcome(record)}")
        self.console.print(Text(line, style=style))


def choose_display(quiet: bool) -> QuietDisplay:
    """Choose the display that fits where the output goes."""
    if quiet:
        return QuietDisplay()
    console = Console(file=styled(sys.stderr), stderr=True)
    return LiveDisplay(console) if console.is_terminal else PlainDisplay()


def describe_progress(progress: Progress, since: float) -> str:
    """Give step, throughput, loss terms and time left in one line; ``since`` is the start."""
    left = (time.monotonic() - since) / progress.step * (progress.total - progress.step)
    terms = " ".join(f"{name} {value:.4g}" for name, value in progress.terms.items())
    return (
        f"step {progress.step}/{progress.total} · {progress.items_per_second:,.0f} images/s · "
        f"{terms} · {format_duration(left)} left"
    )


def describe_time_left(done: int, cells: int, first: float) -> str:
    """Give the time left in a run at the pace since its first cell ended, at ``first``.

    The first one waited for data and features, which the others share. Empty where fewer than two
    cells are done, or none is left.
    """
    if not 1 < done < cells:
        return ""
    seconds = (time.monotonic() - first) / (done - 1) * (cells - done)
    return f"about {format_duration(seconds)} left"


def describe_outcome(record: Record) -> str:
    """Give the outcome of a cell in one line: its scores, or the reason why it has none."""
    if record.reason is not None:
        first_line = record.reason.partition("\n")[0]  # the record has the others
        return f"{record.status}: {first_line}"
    scores = [_describe_score(score) for score in record.scores if score.subject != "cost"]
    return " · ".join(filter(None, scores))


def _describe_score(score: Score) -> str | None:
    """A score in a few words; nothing for one that has a floor alone."""
    if score.value is not None:
        return f"{score.title} {score.value:.4g}"
    if score.problem is None:
        return None
    return f"{score.title} {'has no number' if score.settled else 'failed'}"
