"""BibTeX that plugins bring along: ``references.bib`` in a package, ``<name>.bib`` next to a file.

Nothing is imported to find it. The entries are printed as their authors wrote them.
"""

import importlib.util
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import samplebench
from samplebench.citing.works import find_works
from samplebench.errors import UsageError
from samplebench.registry.loading import Choice, find_sources
from samplebench.registry.source import Source

_NOT_WORKS: Final = ("comment", "preamble", "string")
_HEAD: Final = re.compile(r"^[ \t]*@(\w+)\s*\{\s*([^\s,{}]+)\s*,", re.M)


@dataclass(frozen=True)
class Entry:
    """An entry of BibTeX as it was written; ``works`` are the numbers of the work that it has."""

    key: str
    text: str
    works: frozenset[str]

    def renamed(self, key: str) -> "Entry":
        """The same work under another key."""
        head, mark, rest = self.text.partition(self.key)
        return replace(self, key=key, text=f"{head}{mark and key}{rest}")


@dataclass(frozen=True)
class Bibliography:
    """The entries of all plugins. Of two of one work the first counts; no key stands twice."""

    entries: tuple[Entry, ...]

    def find(self, works: Iterable[str]) -> Entry | None:
        """Find the entry of a work that has one of these numbers."""
        wanted = set(works)
        return next((entry for entry in self.entries if entry.works & wanted), None)


def read_bibliography(choice: Choice) -> Bibliography:
    """Read the entries of samplebench itself and of the chosen plugins, in the order of both.

    Raises:
        UsageError: a file cannot be read as BibTeX.
    """
    files = [Path(samplebench.__file__).with_name("references.bib")]
    files += [place for source in find_sources(choice) if (place := find_file(source))]
    entries: dict[str, Entry] = {}
    known: set[str] = set()
    for entry in (entry for file in dict.fromkeys(files) for entry in _read(file)):
        if entry.works and not entry.works & known:
            known |= entry.works
            key = _free_key(entry.key, entries)
            entries[key] = entry if key == entry.key else entry.renamed(key)
    return Bibliography(tuple(entries.values()))


def find_file(source: Source) -> Path | None:
    """The place of a plugin's entries, whether there is such a file or not."""
    if isinstance(source.target, Path):
        return source.target.with_suffix(".bib")
    spec = importlib.util.find_spec(source.root)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    is_package = spec.submodule_search_locations is not None
    return origin.with_name("references.bib") if is_package else origin.with_suffix(".bib")


def read_entries(text: str) -> Iterator[Entry]:
    """Read the entries of a text. Each begins with ``@`` on a new line; its braces are in pairs.

    Raises:
        ValueError: an entry does not end.
    """
    for head in _HEAD.finditer(text):
        if head[1].lower() not in _NOT_WORKS:
            whole = text[head.start() : _find_end(text, head)].strip()
            yield Entry(head[2], whole, _works_of(whole))


def _find_end(text: str, head: re.Match[str]) -> int:
    depth = 1
    for brace in re.finditer(r"(?<!\\)[{}]", text[head.end() :]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return head.end() + brace.end()
    raise ValueError(f"the entry {head[2]!r} does not end; its braces are not in pairs")


def _works_of(entry: str) -> frozenset[str]:
    """The numbers in the fields that hold one; those in other fields may be of other works."""
    fields = re.findall(r"\b(eprint|doi|url)\s*=\s*[{\"]\s*([^}\"\s]+)", entry, re.I)
    prefixes = {"eprint": "arXiv:", "doi": "doi:", "url": ""}
    texts = [
        value if value.lower().startswith(("http", "doi:")) else f"{prefixes[name.lower()]}{value}"
        for name, value in fields
    ]
    return find_works(" ".join(texts))


def _read(file: Path) -> list[Entry]:
    if not file.is_file():
        return []
    try:
        return list(read_entries(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read as BibTeX: {error}; mend or remove it") from error


def _free_key(key: str, taken: Iterable[str]) -> str:
    """This key, or if another work has it, the first of ``key-2``, ``key-3``, … that is free."""
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key}-{number}"
    return free
