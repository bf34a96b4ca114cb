"""The installed parts, suites and plugins, as rows for people and programs."""

import argparse
import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from samplebench import known
from samplebench.error_text import describe
from samplebench.missing import Missing
from samplebench.pipeline.request.suite_file import SuiteFile, bundled_suites, read_suite
from samplebench.registry.asking import Asker, Question
from samplebench.registry.hints import as_data
from samplebench.registry.loading import Choice, Parts, find_sources, load_tried_parts
from samplebench.registry.registry import Chosen, Part, Registry
from samplebench.results.blocks import Code, Text
from samplebench.results.formats.markdown import cell
from samplebench.results.formats.text_table import format_rows

_SHAPE = (1, 32, 32)
"""The shape of images for which autoencoders are built to show their latent space."""

_HIDDEN = ("kind", "settings", "types", "meanings", "samplers")
"""The columns that the terminal leaves out."""


def plugin_choice(options: argparse.Namespace) -> Choice:
    """The plugins that were chosen."""
    return Choice(
        tuple(str(file.absolute()) for file in options.plugin),
        tuple(options.disable_plugin),
        options.strict_plugins,
    )


def known_rows(choice: Choice) -> list[dict[str, Any]] | None:
    """List the parts and plugins as an earlier command found them; ``None`` if that is no longer
    known to hold.

    Raises:
        UsageError: a file that does not exist, or a disabled plugin that is not installed.
    """
    found: list[dict[str, Any]] | None = known.recall(_question(choice))
    return found


def load_and_keep(choice: Choice) -> Parts:
    """Load the parts, and keep their rows for ``known_rows``, unless a plugin is broken."""
    since = time.time_ns()
    parts = load_tried_parts(choice)
    if not parts.broken and known_rows(choice) is None:
        with suppress(TypeError):  # what is no plain data cannot be kept
            known.keep(_question(choice), part_rows(parts), since=since)
    return parts


def select(found: Sequence[dict[str, Any]], kinds: Iterable[str]) -> list[dict[str, Any]]:
    """Select the rows of some kinds from those of all parts and plugins; suites are added."""
    listed: list[dict[str, Any]] = []
    for kind in kinds:
        singular = kind if kind == "features" else kind.removesuffix("s")
        suites = [_suite_row(name) for name in bundled_suites()] if kind == "suites" else []
        listed += [*suites, *(row for row in found if row["kind"] == singular)]
    return listed


def _question(choice: Choice) -> str:
    return f"rows {choice} {find_sources(choice)}"


def part_rows(parts: Parts) -> list[dict[str, Any]]:
    """List one row per part and plugin, with columns that depend on the kind."""
    asker = Asker()
    asked = [
        (part, _ask_about_latents(part, registry))
        for registry in parts.registries
        for part in registry.values()
    ]
    asker.prepare(question for _, question in asked if isinstance(question, Question))
    of_parts = [_part_row(part, question, asker) for part, question in asked]
    return [*of_parts, *_plugin_rows(parts)]


def as_text(rows: Sequence[dict[str, Any]], width: int) -> str:
    """Format the rows as tables for a terminal, one for each kind."""
    tables = []
    for kind in dict.fromkeys(row["kind"] for row in rows):
        shown = [
            {name: _format_cell(value) for name, value in row.items() if name not in _HIDDEN}
            for row in rows
            if row["kind"] == kind
        ]
        tables.append(f"{kind}\n\n{format_rows(shown, width)}")
    return "\n\n\n".join(tables)


def as_markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Format the parts among the rows as one markdown table."""
    shown = [
        {
            "kind": (row["kind"],),
            "name": (Code(row["name"]),),
            "what it is": with_code(row["about"]),
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
                "meaning": with_code(row["meanings"].get(name, "")),
            }
            for name, default in row["settings"].items()
        ]
        sections.append(f"### {row['kind']} `{row['name']}`\n\n{_markdown(table)}")
    return "\n\n".join(sections)


def with_code(text: str) -> Text:
    """Make a text of a docstring, in which code stands between backticks."""
    pieces = re.split(r"(?<!`)``?([^`]+)``?(?!`)", text)
    return tuple(Code(piece) if place % 2 else piece for place, piece in enumerate(pieces))


def _markdown(rows: list[dict[str, Text]]) -> str:
    """Format a markdown table. Cells are not padded, so that a new value changes one line."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *([cell(row[head]) for head in heads] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _part_row(part: Part, question: Question | Missing | None, asker: Asker) -> dict[str, Any]:
    answer = asker.answer(question) if isinstance(question, Question) else question
    latents = f"unknown: {answer}" if isinstance(answer, Missing) else answer
    return {
        "name": part.name,
        "kind": part.kind,
        "plugin": part.plugin.distribution,
        **({} if question is None else {_LATENTS[part.kind]: latents}),
        "settings": {name: parameter.default for name, parameter in part.parameters.items()},
        "types": {name: as_data(value.annotation) for name, value in part.parameters.items()},
        "meanings": part.meanings,
        "samplers": sorted(part.nested),
        "about": part.summary.replace("``", "`"),
        "reference": part.reference,
    }


_LATENTS = {"sampler": "accepts", "autoencoder": "latents"}
"""The columns about latents, by the kind of part."""


def _ask_about_latents(part: Part, registry: Registry) -> Question | Missing | None:
    """The question about the latents of a part, or the reason why it cannot be asked."""
    if part.kind not in _LATENTS:
        return None
    try:
        (chosen,) = registry.choose(part.name)
        question = Question(_accepts if part.kind == "sampler" else _space, chosen)
        hash(question.key)
    except Exception as error:  # a default may be anything
        return Missing(describe(error))
    return question


def _accepts(sampler: Chosen) -> list[str]:
    return [str(kind.__name__).lower() for kind in sampler.build().accepts]


def _space(autoencoder: Chosen) -> str:
    return str(autoencoder.build(_SHAPE).latent_space.kind)


def _suite_row(name: str) -> dict[str, Any]:
    suite = read_suite(name, SuiteFile)
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
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
