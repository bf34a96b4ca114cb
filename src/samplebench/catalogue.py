"""The installed parts, suites and plugins, as rows for people and programs."""

import re
from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import Any

from tabulate import tabulate

from samplebench.errors import UsageError
from samplebench.pipeline.request.suite import bundled_suites, load_suite
from samplebench.registry.loading import Parts
from samplebench.registry.registry import Part, Registry
from samplebench.results.blocks import Code, Text
from samplebench.results.formats.markdown import cell

_SHAPE = (1, 32, 32)
"""The shape of images for which autoencoders are built to show their latent space."""

_WIDTH = 60
"""The width of a text column in the terminal."""

_LIST_WIDTH = 44
"""The width of a list column, of which a row may have two."""

_HIDDEN = ("kind", "settings", "meanings")
"""The columns that the terminal leaves out."""


def rows(parts: Parts, kinds: Iterable[str]) -> list[dict[str, Any]]:
    """List one row per part, suite or plugin, with columns that depend on the kind."""
    listed: list[dict[str, Any]] = []
    for kind in kinds:
        if kind == "suites":
            listed += [_suite_row(name) for name in bundled_suites()]
        elif kind == "plugins":
            listed += _plugin_rows(parts)
        else:
            registry: Registry = getattr(parts, kind)
            listed += [_part_row(part, registry) for part in registry.values()]
    return listed


def as_text(rows: Sequence[dict[str, Any]]) -> str:
    """Format the rows as tables for a terminal, one for each kind."""
    tables = []
    for kind in dict.fromkeys(row["kind"] for row in rows):
        shown = [
            {name: _format_cell(value) for name, value in row.items() if name not in _HIDDEN}
            for row in rows
            if row["kind"] == kind
        ]
        widths = [_WIDTH if name in ("about", "reference") else None for name in shown[0]]
        table = tabulate(shown, headers="keys", maxcolwidths=widths, disable_numparse=True)
        tables.append(f"{kind}\n\n{table}")
    return "\n\n\n".join(tables)


def as_markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Format the parts among the rows as one markdown table."""
    shown = [
        {
            "kind": (row["kind"],),
            "name": (Code(row["name"]),),
            "what it is": _with_code(row["about"]),
            "paper": (row["reference"] or "",),
        }
        for row in rows
        if "settings" in row
    ]
    return _markdown(shown)


def settings_as_markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Format the settings of each part among the rows as a markdown table."""
    sections = []
    for row in (row for row in rows if row.get("settings")):
        table = [
            {
                "setting": (Code(name),),
                "default": (Code(repr(default)),),
                "meaning": _with_code(row["meanings"].get(name, "")),
            }
            for name, default in row["settings"].items()
        ]
        sections.append(f"### {row['kind']} `{row['name']}`\n\n{_markdown(table)}")
    return "\n\n".join(sections)


def _with_code(text: str) -> Text:
    """Text of a docstring, in which code stands between backticks."""
    pieces = re.split(r"(?<!`)``?([^`]+)``?(?!`)", text)
    return tuple(Code(piece) if place % 2 else piece for place, piece in enumerate(pieces))


def _markdown(rows: list[dict[str, Text]]) -> str:
    """Format a markdown table. Cells are not padded, so that a new value changes one line."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *([cell(row[head]) for head in heads] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _part_row(part: Part, registry: Registry) -> dict[str, Any]:
    return {
        "name": part.name,
        "kind": part.kind,
        "plugin": part.plugin.distribution,
        **_describe_latents(part, registry),
        "settings": {name: parameter.default for name, parameter in part.parameters.items()},
        "meanings": part.meanings,
        "about": part.summary.replace("``", "`"),
        "reference": part.reference,
    }


def _describe_latents(part: Part, registry: Registry) -> dict[str, Any]:
    """Return the latents that a sampler accepts or an autoencoder makes."""
    try:
        (chosen,) = registry.choose(part.name)
        if part.kind == "sampler":
            return {"accepts": [kind.__name__.lower() for kind in chosen.build().accepts]}
        if part.kind == "autoencoder":
            return {"latents": chosen.build(_SHAPE).latent_space.kind}
    except UsageError as error:
        return {"accepts" if part.kind == "sampler" else "latents": f"unknown: {error}"}
    return {}


def _suite_row(name: str) -> dict[str, Any]:
    suite = load_suite(name)
    return {
        "name": name,
        "kind": "suite",
        "datasets": suite.datasets,
        "autoencoders": suite.autoencoders,
        "samplers": suite.samplers,
        "seeds": suite.seeds,
        "about": suite.about,
    }


def _plugin_rows(parts: Parts) -> list[dict[str, Any]]:
    working = [
        {
            "name": plugin.name,
            "kind": "plugin",
            "distribution": f"{plugin.distribution} {plugin.version}",
            "problem": None,
        }
        for plugin in parts.plugins
    ]
    broken = [
        {
            "name": plugin.name,
            "kind": "plugin",
            "distribution": plugin.distribution,
            "problem": plugin.reason,
        }
        for plugin in parts.broken
    ]
    return working + broken


def _format_cell(value: Any) -> str:
    if isinstance(value, list):
        texts = [fill(str(entry), _LIST_WIDTH, subsequent_indent="  ") for entry in value]
        return (", " if sum(map(len, texts)) < _LIST_WIDTH else ",\n").join(texts)
    return "" if value is None else str(value)
