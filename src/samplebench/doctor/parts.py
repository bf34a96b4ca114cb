"""Plugins, and the files of their datasets and feature extractors, looked at and not fetched."""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from samplebench.doctor.answer import Answer, Status
from samplebench.registry.loading import Choice, Parts, find_sources, load_parts
from samplebench.registry.source import Source

_SHAPE: Final = (3, 32, 32)
_LONGEST: Final = 300


def choose(plugins: Sequence[str], disabled: Sequence[str], skipped: Collection[str]) -> Choice:
    """The plugins to load; those that ended an earlier process are left out."""
    names = {what.removeprefix("plugin ") for what in skipped if what.startswith("plugin ")}
    files = tuple(file for file in plugins if Path(file).stem not in names)
    installed = {source.name for source in find_sources(Choice())}
    return Choice(files, (*disabled, *sorted(names & installed - set(disabled))))


def sources(choice: Choice) -> list[Source]:
    return find_sources(choice)


def import_plugin(source: Source) -> Iterator[Answer]:
    """Import a plugin, of which ``examine_plugins`` tells later what came of it."""
    with suppress(BaseException):  # it may raise anything, SystemExit included
        source.load(frozenset({source.root}))
    return iter(())


def load(choice: Choice) -> Parts:
    return load_parts(choice)


def examine_plugins(parts: Parts) -> Iterator[Answer]:
    """Name each plugin with its version, or the reason why it is not used."""
    for plugin in parts.plugins:
        found = f"{plugin.distribution} {plugin.version}".strip()
        yield Answer("plugins", plugin.name, "ok", found)
    for broken in parts.broken:
        hint = f"mend it, or leave it out: --disable-plugin {broken.name}"
        found = f"{broken.distribution}: is not used: {broken.reason}"
        yield Answer("plugins", broken.name, "problem", found, "" if broken.file else hint)


def examine_dataset(parts: Parts, name: str, data_dir: Path) -> Iterator[Answer]:
    """Say whether the files of a dataset are there and as published."""
    try:
        (chosen,) = parts.datasets.choose(name)
        built = chosen.build(data_dir)
        files = built.fetch()
        if not files:
            built.test()
    except Exception as error:  # a part may raise anything
        fetches = _can_fetch(locals().get("built"))
        hint = f"samplebench fetch {name} --data-dir {data_dir}" if fetches else ""
        yield _absent("data", name, error, hint)
        return
    yield Answer("data", name, "ok", _describe_files(files))


def examine_features(parts: Parts, name: str) -> Iterator[Answer]:
    """Say whether the published weights of an extractor are there; nothing if it has none."""
    try:
        (chosen,) = parts.features.choose(name)
        built = chosen.build(_SHAPE)
        files = built.fetch()
    except Exception as error:  # a part may raise anything
        fetches = _can_fetch(locals().get("built"))
        hint = f"samplebench fetch {name}" if fetches else ""
        yield _absent("weights", name, error, hint)
        return
    if files:
        yield Answer("weights", name, "ok", _describe_files(files))


def _can_fetch(built: Any) -> bool:
    """True of a part that downloads files: it has a ``fetch`` of its own."""
    if built is None:
        return False
    above = type(built).__mro__[1:]
    inherited = next((kind.__dict__["fetch"] for kind in above if "fetch" in kind.__dict__), None)
    return type(built).__dict__.get("fetch", inherited) is not inherited


def _describe_files(files: Sequence[Path]) -> str:
    if not files:
        return "is there"
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"is there: {files[0]}{more}"


def _absent(topic: str, name: str, error: Exception, command: str) -> Answer:
    """Files that are not there, or that are damaged, which is more than a lack."""
    status: Status = "problem" if "damaged" in str(error) else "absent"
    return Answer(topic, name, status, _shorten(error), command)


def _shorten(error: Exception) -> str:
    """The first sentence of a message, and the first file that it names below that."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    shown = " ".join(lines[:2] if lines and lines[0].endswith(":") else lines[:1])
    sentence = re.split(r"(?<=[.)])\s+(?=[A-Z])", shown)[0]
    return (sentence or type(error).__name__)[:_LONGEST]
