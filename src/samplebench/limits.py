"""Limits of time and memory, as people write them."""

import argparse
import re
from dataclasses import dataclass
from typing import Final

from samplebench.durations import format_duration

_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_BYTES: Final = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@dataclass(frozen=True)
class Limits:
    """The time and the memory that one stage may take; ``None`` is no limit.

    Attributes:
        memory: bytes that its processes may hold together, without files that they only read.
    """

    seconds: float | None = None
    memory: int | None = None

    def describe_time(self) -> str:
        return format_duration(self.seconds) if self.seconds else "no limit"

    def describe_memory(self) -> str:
        return format_size(self.memory) if self.memory else "no limit"


def parse_duration(text: str) -> float:
    """Read ``90``, ``90s``, ``30m``, ``2h`` or ``1.5d``, in seconds."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smhd]?)", text)
    if match is None or float(match[1]) == 0:
        raise argparse.ArgumentTypeError(
            f"{text[:80]!r} is no time; write seconds, or 90s, 30m, 2h or 1d"
        )
    return float(match[1]) * _SECONDS[match[2]]


def parse_size(text: str) -> int:
    """Read ``800M``, ``8G`` or ``0.5T``, in bytes."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([KMGT])(?:i?B)?", text)
    if match is None or float(match[1]) == 0:
        raise argparse.ArgumentTypeError(
            f"{text[:80]!r} is no amount of memory; write a number with K, M, G or T: 8G"
        )
    return round(float(match[1]) * _BYTES[match[2]])


def format_size(size: int) -> str:
    """Write bytes for people: ``1.5 GiB``."""
    unit = next((name for name in "TGMK" if size >= _BYTES[name]), "K")
    return f"{size / _BYTES[unit]:.3g} {unit}iB"
