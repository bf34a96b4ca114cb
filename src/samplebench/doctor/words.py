"""The examination in words: a line for each answer by topic, and what to type next."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from samplebench.doctor.answer import Answer
from samplebench.results.formats.text_table import wrap_text

_SIGNS: Final = {"ok": "✓", "absent": "·", "problem": "✗"}

_FIRST: Final = "samplebench run --results mine"


def as_rows(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """The answers as objects for programs."""
    return [asdict(answer) for answer in answers]


def as_text(answers: Sequence[Answer], width: int) -> str:
    """The answers for a terminal, and below them the commands that mend what can be mended."""
    topics = dict.fromkeys(answer.topic for answer in answers)
    sections = []
    for topic in topics:
        lines = [_line(answer, width) for answer in answers if answer.topic == topic]
        sections.append("\n".join([topic, *lines]))
    return "\n\n".join([*sections, _next(answers, width)])


def _line(answer: Answer, width: int) -> str:
    text = " ".join(f"{answer.name}: {answer.found}".split())
    return wrap_text(f"{_SIGNS[answer.status]} {_printable(text)}", width, "  ")


def _next(answers: Sequence[Answer], width: int) -> str:
    problems = [answer for answer in answers if answer.status == "problem"]
    absent = [answer for answer in answers if answer.status == "absent"]
    lines = [f"{answer.name}: {answer.next}" for answer in (*problems, *absent) if answer.next]
    if not problems:
        lines.insert(0, f"start: {_FIRST}")
    return "\n".join(["next", *(wrap_text(_printable(line), width, "  ") for line in lines)])


def _printable(text: str) -> str:
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )
