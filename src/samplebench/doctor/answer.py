"""Answers of the examination."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "absent", "problem"]
"""``absent``: not there, and most work goes on without it."""


@dataclass(frozen=True)
class Answer:
    """One thing that was looked at.

    Attributes:
        topic: such as "data" or "devices".
        name: such as "mnist" or "cuda:0".
        found: in a few words.
        next: the command to type, or what else to do; empty where there is nothing to do.
    """

    topic: str
    name: str
    status: Status
    found: str
    next: str = ""
