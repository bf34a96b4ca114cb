"""The target of ``samplebench check``: a file, a plugin, or a part."""

import difflib
from dataclasses import replace
from pathlib import Path

from samplebench.contracts.dataset import Shape
from samplebench.errors import PluginError, UsageError
from samplebench.registry.loading import Choice, Parts, load_tried_parts
from samplebench.registry.registry import Chosen, Part


def find_target(target: str, choice: Choice) -> list[Chosen]:
    """Find the parts of a target: all of a plugin's with their defaults, or one spec's.

    Raises:
        UsageError: nothing of that name is installed, or the file does not exist.
        PluginError: the plugin cannot be loaded.
    """
    parts = load_tried_parts(_with_file(target, choice))
    for problem in parts.broken:
        if _names_plugin(target, problem.name, problem.distribution, problem.file):
            raise PluginError(f"{problem}\n{problem.trace}".strip())
    offered = [part for registry in parts.registries for part in registry.values()]
    of_the_plugin = [
        chosen
        for registry in parts.registries
        for part in registry.values()
        if _is_offered(target, part)
        for chosen in registry.choose(part.name)
    ]
    found = of_the_plugin or _find_part(target, parts)
    if not found:
        raise _unknown_target(
            target, {part.name for part in offered} | {p.name for p in parts.plugins}
        )
    return found


def list_shapes(dataset: str, target: str, choice: Choice, data_dir: Path) -> list[Shape]:
    """List the shapes of the datasets that a spec names, of the target's own too.

    Raises:
        UsageError: no such dataset is installed.
    """
    datasets = load_tried_parts(_with_file(target, choice)).datasets.choose(dataset)
    return [chosen.build(data_dir).shape for chosen in datasets]


def _with_file(target: str, choice: Choice) -> Choice:
    """Add the file that a target may be to the plugins."""
    return replace(choice, files=(*choice.files, target)) if target.endswith(".py") else choice


def _is_offered(target: str, part: Part) -> bool:
    plugin = part.plugin
    return _names_plugin(
        target, plugin.name, f"{plugin.distribution} {plugin.version}", plugin.home
    )


def _names_plugin(target: str, plugin: str, distribution: str, file: Path | None) -> bool:
    """True if a target is a plugin's file, its name, or the distribution with version that it
    comes from.
    """
    if target.endswith(".py"):
        return file == Path(target).resolve()
    return target == plugin or f"{distribution} ".startswith(f"{target} ")


def _find_part(target: str, parts: Parts) -> list[Chosen]:
    """Find a part of any kind by its name, with the settings given."""
    name = target.partition("(")[0].strip()
    return [
        chosen
        for registry in parts.registries
        if name in registry
        for chosen in registry.choose(target)
    ]


def _unknown_target(target: str, known: set[str]) -> UsageError:
    close = difflib.get_close_matches(target.partition("(")[0], sorted(known), n=1)
    return UsageError(
        f"No plugin and no part is called {target!r}."
        + (f" Did you mean {close[0]!r}?" if close else "")
        + " A target is a .py file, an installed plugin, or a part with settings."
        + f" Installed: {', '.join(sorted(known)) or 'none'}."
    )
