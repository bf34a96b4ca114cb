"""Fetching: bring the files of datasets and features to this machine before they are needed."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from samplebench.errors import BadAnswer, SamplebenchError, UnknownPart
from samplebench.registry.loading import Parts
from samplebench.registry.registry import Chosen

_SHAPE = (3, 32, 32)
"""The shape of images for which extractors are built; their files do not depend on it."""


def fetch(names: Sequence[str], parts: Parts, data_dir: Path) -> Iterator[str]:
    """Fetch the files of each dataset or feature extractor in turn; yield a line for each file.

    Args:
        names: specs of datasets and feature extractors.
        data_dir: the user's folder of datasets.

    Raises:
        UnknownPart: there is no dataset and no extractor of a name; nothing is fetched then.
        SamplebenchError: files of a part are absent and cannot be fetched, or are damaged.
    """
    chosen = [part for name in names for part in _choose(name, parts)]
    for part in chosen:
        files = _fetch(part, data_dir)
        if not files:
            yield f"{part}: nothing to fetch, it downloads no files"
        for file in files:
            yield f"{part}: {file}"


def _choose(text: str, parts: Parts) -> list[Chosen]:
    """The datasets and feature extractors that a spec names."""
    name = text.partition("(")[0].strip()
    registries = (parts.datasets, parts.features)
    found = [part for known in registries if name in known for part in known.choose(text)]
    if not found:
        installed = sorted({name for known in registries for name in known})
        close = difflib.get_close_matches(name, installed, n=1)
        raise UnknownPart(
            f"No dataset and no features are called {name!r}."
            + (f" Did you mean {close[0]!r}?" if close else "")
            + f" Installed: {', '.join(installed) or 'none'}."
        )
    return found


def _fetch(part: Chosen, data_dir: Path) -> tuple[Path, ...]:
    built = part.build(data_dir if part.part.kind == "dataset" else _SHAPE)
    try:
        files = built.fetch()
    except SamplebenchError:
        raise
    except Exception as error:  # a part may raise anything
        raise SamplebenchError(
            f"'{part}' cannot be fetched: {type(error).__name__}: {error}"
        ) from error
    paths = isinstance(files, tuple) and all(isinstance(file, Path) for file in files)
    if not paths or not all(file.exists() for file in files):
        raise BadAnswer(
            f"fetch() must give a tuple of paths that exist, and that of '{part}' gave {files!r}"
        )
    return tuple(files)
