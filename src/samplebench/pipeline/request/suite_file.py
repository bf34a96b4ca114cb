"""The files of suites, TOML, checked as far as that can be done without torch.

How to train is left to ``suite``: it is checked by the class that trains.
"""

import re
import tomllib
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from samplebench.errors import BadSuite
from samplebench.names import LONGEST, NAME
from samplebench.plain_text import quote, shorten
from samplebench.regular_files import explain, read_text

_MOST_SEEDS: Final = 10_000
_MOST_SAMPLES: Final = 10_000_000


class Counts(BaseModel):
    """The numbers of samples to draw, of held-out images to compare them with at most, and of
    images to train autoencoders on at most. Feature extractors learn from all.

    ``fits`` is the number of times that a sampler is fitted to the same latents, and ``draws`` the
    number of times that samples are drawn from a fit and measured. A score is the mean of all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    generated: Annotated[int, Field(ge=2, le=_MOST_SAMPLES)] = 5000
    reference: Annotated[int, Field(ge=2)] | None = None
    train: Annotated[int, Field(ge=2)] | None = None
    draws: Annotated[int, Field(ge=1, le=1000)] = 1
    fits: Annotated[int, Field(ge=1, le=1000)] = 1


def parse_seeds(value: Any) -> Any:
    """Read ``"0-4"`` and ``"0,2,5"`` as lists; leave anything else as it is."""
    if not isinstance(value, str):
        return value
    ranges = [_parse_range(piece) for piece in value.split(",")]
    count = sum(last - first + 1 for first, last in ranges)
    if count > _MOST_SEEDS:  # before they are written out
        raise ValueError(f"these are {count:,} seeds; give at most {_MOST_SEEDS:,}")
    return [seed for first, last in ranges for seed in range(first, last + 1)]


def _parse_range(text: str) -> tuple[int, int]:
    """Read ``"3"`` and ``"0-4"`` as the first and the last seed."""
    match = re.fullmatch(r"\s*(\d{1,19})(?:-(\d{1,19}))?\s*", text)
    if match is None or (match[2] and int(match[2]) < int(match[1])):
        raise ValueError('seeds are written like "0-4" or "0,2,5"')
    return int(match[1]), int(match[2] or match[1])


Seeds = Annotated[
    list[Annotated[int, Field(ge=0, lt=2**63)]],
    BeforeValidator(parse_seeds),
    Field(min_length=1, max_length=_MOST_SEEDS),
]
Specs = Annotated[list[str], Field(min_length=1)]


class SuiteFile(BaseModel):
    """Datasets x autoencoders x samplers x seeds, and what to measure."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(pattern=f"^{NAME}$", max_length=LONGEST)]
    about: str = ""
    minutes: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """The time for the whole on two CPU cores, for plans before anything is measured."""
    datasets: Specs
    autoencoders: Specs
    samplers: list[str]
    """With none, autoencoders are measured by their reconstructions alone."""
    appendix: list[str] = []
    """More samplers, shown in a second table: settings that were swept."""
    features: list[str] = []
    metrics: Specs
    seeds: Seeds
    training: Any
    counts: Counts = Counts()


_MOST_BYTES: Final = 2**20

File = TypeVar("File", bound=SuiteFile)


def bundled_suites() -> dict[str, Path]:
    """The suites that come with samplebench, by name."""
    folder = Path(str(files("samplebench").joinpath("suites")))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def given_suite(name: str) -> Path:
    """The suite of what exists: "latents" that are given, or samples to "score"."""
    return Path(str(files("samplebench").joinpath("suites", "given", f"{name}.toml")))


def read_suite(name_or_path: str, kind: type[File]) -> File:
    """Read a bundled suite by name, or any suite by its file, as that kind.

    Raises:
        BadSuite: there is no such suite, or it is not valid; the message names the line.
    """
    bundled = bundled_suites()
    path = bundled.get(name_or_path, Path(name_or_path))
    if not _is_there(path):
        raise BadSuite(
            f"No suite is called {quote(name_or_path)}, and no file is. "
            f"Bundled: {', '.join(bundled)}; or give the path of a TOML file."
        )
    try:
        text = read_text(path, most=_MOST_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise BadSuite(f"{path} is no suite: {explain(error)}") from error
    return parse_suite(text, path, kind)


def parse_suite(text: str, path: Path, kind: type[File]) -> File:
    """Read the text of a suite; ``path`` is where it comes from, and its name if it has none.

    Raises:
        BadSuite: it is not valid; the message names the line.
    """
    try:
        content = tomllib.loads(text)
        large = _find_large(content)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of 5,000 digits
        raise BadSuite(f"{path}: {shorten(str(error))}") from error
    content.setdefault("name", path.stem)
    if large is not None:
        raise BadSuite(f"{path}: {large} has an integer beyond 64 bits, which nothing here takes")
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        problems = [f"{path}:{_line(text, e['loc'])}: {_explain(e)}" for e in error.errors()]
        raise BadSuite("\n".join(problems)) from error


def _find_large(content: Any) -> str | None:
    """Find the first key with an integer that TOML allows no file to have."""
    if isinstance(content, int):
        return "it" if content.bit_length() > 63 else None
    if isinstance(content, dict):
        return next((shorten(k) for k, value in content.items() if _find_large(value)), None)
    return "it" if isinstance(content, list) and any(map(_find_large, content)) else None


def _is_there(path: Path) -> bool:
    """Say if something lies there; a name that no file can have is not there."""
    try:
        return path.exists()
    except (OSError, ValueError):  # it is too long, or holds a NUL
        return False


def override(suite: File, **changes: Any) -> File:
    """The suite with some fields replaced; ``None`` leaves a field as it is.

    Raises:
        BadSuite: a value does not fit.
    """
    content = suite.model_dump() | {k: v for k, v in changes.items() if v is not None}
    try:
        return type(suite).model_validate(content)
    except ValidationError as error:
        raise BadSuite("\n".join(f"--{_explain(e)}" for e in error.errors())) from error


def _explain(error: ErrorDetails) -> str:
    place = shorten(".".join(map(str, error["loc"])))
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{place}: there is no such key; allowed: {', '.join(_allowed(error['loc'][0]))}"
    if error["type"] == "missing":
        return f"{place}: this key is missing"
    message = error["msg"].removeprefix("Value error, ")
    message = f"{place}: {message[0].lower()}{message[1:]}"
    return (
        message if isinstance(error["input"], dict) else f"{message}, not {quote(error['input'])}"
    )


def _allowed(table: int | str) -> list[str]:
    """The keys of a table of a suite, or of what is outside of tables."""
    if table == "training":
        from samplebench.training import Budget  # imports torch, as did whoever checked this table

        return [field.name for field in fields(Budget)]
    return list(Counts.model_fields if table == "counts" else SuiteFile.model_fields)


def _line(text: str, location: tuple[int | str, ...]) -> int:
    """The line of a key in a TOML text: its own, or that of the nearest key or table above it."""
    table, best = "", 1
    names = [str(part) for part in location if isinstance(part, str)]
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[([^\]]+)\]", line)
        key = re.match(r"""\s*["']?([\w-]+)["']?\s*=""", line)
        if header:
            table = header[1].strip()
            if names[:1] == [table]:
                best = number
        elif key and [*([table] if table else []), key[1]] == names[: 2 if table else 1]:
            best = number
    return best
