"""A selection: the rows and columns of a board that are shown. What is bold stays as it is."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from samplebench.errors import UsageError
from samplebench.results.ranking import Ranking, Row


@dataclass(frozen=True)
class Selection:
    """Names, or patterns with ``*`` and ``?``, of what is shown; of nothing, all is shown.

    Columns come in the order of their patterns, rows in that of the board.
    """

    columns: Sequence[str] = ()
    autoencoders: Sequence[str] = ()
    samplers: Sequence[str] = ()
    rows: Sequence[str] = ()
    """Patterns of samplers, or of autoencoder and sampler with a slash between them."""

    def narrow(self, rankings: Sequence[Ranking]) -> list[Ranking]:
        """Each ranking with these rows and columns alone, maybe without any.

        Raises:
            UsageError: a pattern fits nothing in any of them, or nothing is left.
        """
        rows = [row for ranking in rankings for row in ranking.rows]
        titles = [column.title for ranking in rankings for column in ranking.columns]
        _require("score", self.columns, titles)
        _require("autoencoder", self.autoencoders, [row.autoencoder for row in rows])
        _require("sampler", self.samplers, [row.name for row in rows])
        strange = [each for each in self.rows if not any(_fits_row(row, each) for row in rows)]
        _require("row", strange, [row.name for row in rows])
        narrowed = [self._narrow(ranking) for ranking in rankings]
        if rankings and not any(ranking.rows and ranking.columns for ranking in narrowed):
            raise UsageError(
                "no row has such an autoencoder with such a sampler and such scores; leave out "
                "one of --autoencoder, --sampler and --columns"
            )
        return narrowed

    def _narrow(self, ranking: Ranking) -> Ranking:
        titles = [column.title for column in ranking.columns]
        places = [
            titles.index(title)
            for title in dict.fromkeys(
                title
                for pattern in self.columns or ["*"]
                for title in titles
                if _fits(title, pattern)
            )
        ]
        return replace(
            ranking,
            columns=tuple(ranking.columns[place] for place in places),
            rows=tuple(
                replace(row, entries=tuple(row.entries[place] for place in places))
                for row in ranking.rows
                if self._has(row)
            ),
        )

    def _has(self, row: Row) -> bool:
        return (
            _fits_any(row.autoencoder, self.autoencoders)
            and _fits_any(row.name, self.samplers)
            and (not self.rows or any(_fits_row(row, pattern) for pattern in self.rows))
        )


def _fits_row(row: Row, pattern: str) -> bool:
    return _fits(row.name, pattern) or _fits(f"{row.autoencoder}/{row.name}", pattern)


def _fits_any(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(_fits(name, pattern) for pattern in patterns)


def _fits(name: str, pattern: str) -> bool:
    """Brackets stand for themselves: titles and specs have them."""
    return fnmatchcase(name, re.sub(r"\[", "[[]", pattern))


def _require(kind: str, patterns: Iterable[str], names: Iterable[str]) -> None:
    known = list(dict.fromkeys(names))
    for pattern in patterns:
        if any(_fits(name, pattern) for name in known):
            continue
        close = difflib.get_close_matches(pattern, known, n=1, cutoff=0.5)
        close = [name for name in known if name.startswith(pattern)][:1] or close
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UsageError(
            f"no {kind} fits {pattern!r}; {hint}There are: {', '.join(sorted(known))}"
        )
