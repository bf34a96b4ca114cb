"""The machine and its software, as far as they can be asked without torch."""

import multiprocessing
import os
import platform
import resource
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from samplebench import __version__
from samplebench.doctor.answer import Answer

_NEEDED: Final = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "pydantic", "pluggy")

_OPTIONAL: Final = {
    "shtab": "completion",
    "huggingface_hub": "hub",
    "diffusers": "diffusers",
    "pyarrow": "parquet",
    "pythae": "pythae",
}
"""Packages by the extra that brings them."""

_FEW_FILES: Final = 256


def examine_software() -> Iterator[Answer]:
    """Versions, and the extras that are not installed."""
    system = f"{platform.system()} {platform.machine()}"
    yield Answer("versions", "samplebench", "ok", f"{__version__}, Python {_python()}, {system}")
    for name in _NEEDED:
        if (found := _version(name)) is None:
            hint = "pip install -c constraints.txt ."
            yield Answer("versions", name, "problem", "is not installed", hint)
        else:
            yield Answer("versions", name, "ok", found)
    for name, extra in _OPTIONAL.items():
        if (found := _version(name)) is not None:
            yield Answer("versions", name, "ok", found)
        else:
            hint = f"pip install '.[{extra}]'"
            yield Answer("versions", name, "absent", "is not installed; few need it", hint)


def examine_limits() -> Iterator[Answer]:
    """Memory, open files and semaphores that this process may have."""
    yield _memory()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files < _FEW_FILES:
        found = f"{files} at once are few; more than --jobs 1 may fail"
        yield Answer("limits", "open files", "absent", found, "ulimit -n 1024")
    else:
        yield Answer("limits", "open files", "ok", f"{files:,} at once")
    yield _shared_memory()


def _memory() -> Answer:
    text = _read(Path("/proc/meminfo"))
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    numbers = {name: int(fields[name].split()[0]) * 1024 for name in _KINDS if name in fields}
    if set(numbers) != set(_KINDS):
        return Answer("limits", "memory", "absent", "this system does not say how much there is")
    total, free = (numbers[name] for name in _KINDS)
    found = f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB are free"
    limit = _read(Path("/sys/fs/cgroup/memory.max")).strip()
    if limit.isdigit() and int(limit) < total:
        found += f", and this container may use {int(limit) / 2**30:.1f} GiB"
    return Answer("limits", "memory", "ok", found)


_KINDS: Final = ("MemTotal", "MemAvailable")


def _shared_memory() -> Answer:
    """Try a semaphore, which on Linux lies in /dev/shm."""
    try:
        multiprocessing.get_context("spawn").Lock()
    except (OSError, ImportError) as error:
        found = f"semaphores cannot be made ({error}); stages need none"
        return Answer("limits", "/dev/shm", "absent", found)
    return Answer("limits", "/dev/shm", "ok", "semaphores can be made")


def examine_home() -> Iterator[Answer]:
    """The home directory, in which trained models and data are kept where nothing else is said."""
    if os.environ.get("XDG_CACHE_HOME"):
        yield Answer("limits", "home", "ok", "not needed: XDG_CACHE_HOME is set")
        return
    try:
        home = Path.home()
    except RuntimeError:
        found = "this user has no home directory"
        hint = "set XDG_CACHE_HOME, or give --workspace and --data-dir"
        yield Answer("limits", "home", "problem", found, hint)
        return
    yield Answer("limits", "home", "ok", str(home))


def _python() -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
