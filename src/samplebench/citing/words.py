"""Lists and names in a sentence, as LaTeX."""

from collections.abc import Iterable
from dataclasses import dataclass

from samplebench.citing.citations import Citations
from samplebench.results.formats.latex_text import escape, escape_code
from samplebench.results.labels import natural_order


@dataclass(frozen=True)
class Names:
    """Parts by their names, each with its citation, and how many they are."""

    text: str
    count: int

    @staticmethod
    def of(kind: str, names: Iterable[str], citations: Citations) -> "Names":
        """Name each part of a kind once."""
        each = dict.fromkeys(names)
        cited = [f"{code(name)}{citations.cite_part(kind, name)}" for name in each]
        return Names(enumerate_texts(cited), len(cited))

    def choose(self, one: str, several: str) -> str:
        """Choose the word for one part or for several."""
        return one if self.count == 1 else several


def code(text: str) -> str:
    """A name or a digest in a typewriter's font."""
    return f"\\texttt{{{escape_code(text)}}}"


def enumerate_texts(texts: Iterable[str]) -> str:
    """Join texts in a sentence: ``a, b and c``."""
    *most, last = list(texts) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def enumerate_distinct(texts: Iterable[str]) -> str:
    """Escape and join texts, each once and in natural order."""
    return enumerate_texts(map(escape, sorted(set(texts), key=lambda t: (natural_order(t), t))))


def count(number: int, one: str) -> str:
    """A number with its noun: ``1 epoch``, ``1,200 records``."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"
