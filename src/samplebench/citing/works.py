"""Published works by their number: what a docstring names, and what a BibTeX entry has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_ARXIV: Final = re.compile(
    r"arxiv(?:\.org/(?:abs|pdf)/|[:.])((?:[a-z-]+(?:\.[a-z]{2})?/\d{7})|\d{4}\.\d{4,5})", re.I
)
_DOI: Final = re.compile(r"(?:doi:|doi\.org/)(10\.\d{4,9}/[^\s,;]+)", re.I)
_ADDRESS: Final = re.compile(r"https?://[^\s,;]+", re.I)


@dataclass(frozen=True)
class Reference:
    """One of the sources that a docstring names: its text, and the works in it by their number."""

    text: str
    works: frozenset[str]


def find_works(text: str) -> frozenset[str]:
    """Find the works that a text names by arXiv number, DOI or address.

    A DOI of arXiv is its number, and an address that holds a number is the number.
    """
    found = {f"arxiv:{number.lower()}" for number in _ARXIV.findall(text)}
    dois = {doi.rstrip(".)").lower() for doi in _DOI.findall(text)}
    found |= {f"doi:{doi}" for doi in dois if not _ARXIV.search(doi)}
    addresses = {address.rstrip(".)") for address in _ADDRESS.findall(text)}
    return frozenset(
        found | {each for each in addresses if not _ARXIV.search(each) and not _DOI.search(each)}
    )


def split_reference(text: str, settings: Mapping[str, Any]) -> list[Reference]:
    """Split what a docstring names, at semicolons, into the sources that hold for some settings.

    A source that opens with a value in quotes, ``"spline": Neural Spline Flows …``, holds for a
    part that has this value among its settings.
    """
    values = {value for value in settings.values() if isinstance(value, str)}
    sources = []
    for clause in re.split(r";\s+", text):
        condition = re.match(r'"([^"]*)":\s*', clause)
        if condition is None or condition[1] in values:
            source = clause[condition.end() :] if condition else clause
            sources.append(Reference(source, find_works(source)))
    return sources
