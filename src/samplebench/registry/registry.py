"""Frozen registries of the installed parts; settings are checked before anything is built."""

import difflib
import inspect
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_args

from samplebench.error_text import describe
from samplebench.errors import BadSetting, BadSpec, SamplebenchError, UnknownPart
from samplebench.plain_text import quote
from samplebench.registry import documentation
from samplebench.registry.hints import check_value
from samplebench.registry.plugin import Plugin
from samplebench.registry.spec import Setting, Spec, parse_grid
from samplebench.registry.syntax import Code, joined

GIVEN: Mapping[str, str | None] = {
    "dataset": "data_dir",
    "autoencoder": "shape",
    "sampler": None,
    "features": "shape",
    "metric": None,
}
"""The kinds of part, and the argument that a kind's factory always gets."""


@dataclass(frozen=True)
class Part:
    """A part: its kind, name and factory, and the plugin that offers it.

    Attributes:
        later: the settings that it gained when there were records of it.
    """

    kind: str
    name: str
    factory: Callable[..., Any]
    plugin: Plugin
    later: frozenset[str] = frozenset()

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """The settings it takes."""
        return {
            name: parameter
            for name, parameter in inspect.signature(
                self.factory, eval_str=True
            ).parameters.items()
            if name != GIVEN[self.kind]
        }

    @cached_property
    def code(self) -> Code:
        """The code on which its numbers depend."""
        return self.plugin.code_behind(self.factory)

    @property
    def summary(self) -> str:
        """The first sentence of its documentation."""
        return documentation.summary(self._documentation)

    @property
    def reference(self) -> str | None:
        """The published source that its documentation names."""
        return documentation.reference(self._documentation)

    @property
    def meanings(self) -> dict[str, str]:
        """The meaning of each setting, from its documentation."""
        told = documentation.arguments(self._documentation)
        return {name: text for name, text in told.items() if name in self.parameters}

    @property
    def _documentation(self) -> str:
        # Its own alone: inspect.getdoc would give the contract's in its place.
        return inspect.cleandoc(self.factory.__doc__ or "")

    @cached_property
    def nested(self) -> frozenset[str]:
        """The settings that are samplers themselves, ``prior: Sampler | str``: given as specs."""
        from samplebench.contracts.sampler import Sampler  # imports torch, which not all need

        return frozenset(
            name
            for name, parameter in self.parameters.items()
            if Sampler in (parameter.annotation, *get_args(parameter.annotation))
        )

    def chosen(self, spec: Spec, samplers: "Registry | None" = None) -> "Chosen":
        """This part with the settings of ``spec``, checked, and defaults for the rest.

        Args:
            samplers: where settings that are samplers themselves are looked up.

        Raises:
            BadSetting: an unknown setting, or a value of the wrong type.
            UnknownPart: a setting names a sampler that is not installed.
        """
        defaults = {name: parameter.default for name, parameter in self.parameters.items()}
        for name in spec.settings:
            if name not in defaults:
                raise unknown_setting(self.kind, self.name, name, defaults)
        settings = {**defaults, **spec.settings}
        for name, value in spec.settings.items():
            settings[name] = self._checked(name, value)
        inner = {name: self._inner(name, settings[name], samplers) for name in self.nested}
        settings |= {name: sampler.full for name, sampler in inner.items()}
        for name in self.later:
            if settings[name] == defaults[name]:
                del settings[name]
        return Chosen(self, spec, dict(sorted(settings.items())), dict(sorted(inner.items())))

    def _inner(self, name: str, value: Setting, samplers: "Registry | None") -> "Chosen":
        """The sampler that a setting names."""
        if samplers is None or not isinstance(value, str):
            raise BadSetting(
                f"{self.kind} '{self.name}': {name}={value!r} does not name a sampler; "
                f"write it like {name}='gmm(components=20)'"
            )
        try:
            found = samplers.choose(value)
        except BadSpec as error:
            raise BadSetting(f"{self.kind} '{self.name}': {name}: {error}") from error
        if len(found) != 1:
            raise BadSetting(
                f"{self.kind} '{self.name}': {name}={value!r} is a grid of {len(found)} samplers; "
                f"write a list of texts instead: {name}=['…', '…']"
            )
        return found[0]

    def _checked(self, name: str, value: Setting) -> Setting:
        hint = self.parameters[name].annotation
        if hint is inspect.Parameter.empty:
            return value
        checked: Setting = check_value(self.kind, self.name, name, value, hint)
        return checked


@dataclass(frozen=True)
class Chosen:
    """A part with settings: everything that ``build`` needs but what its kind is always given.

    ``spec`` is what was asked for; ``settings`` holds the defaults too. ``inner`` holds those
    settings that are samplers themselves, whose full specs stand in ``settings``.
    """

    part: Part
    spec: Spec
    settings: Mapping[str, Setting]
    inner: Mapping[str, "Chosen"] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(self.spec)

    @property
    def key(self) -> str:
        """Name and every setting: equal for two ways of asking for the same thing."""
        return json.dumps([self.part.name, self.settings], sort_keys=True)

    @property
    def full(self) -> str:
        """The spec with every setting."""
        return str(Spec(self.part.name, self.settings))

    @cached_property
    def code(self) -> Code:
        """The code on which its numbers depend, that of samplers in its settings included."""
        return joined([self.part.code, *(sampler.code for sampler in self.inner.values())])

    def build(self, *given: Any) -> Any:
        """The part itself. ``given`` is what its kind is always given.

        Raises:
            BadSetting: the factory does not take this value.
        """
        try:
            samplers = {name: sampler.build() for name, sampler in self.inner.items()}
            return self.part.factory(*given, **{**self.settings, **samplers})
        except SamplebenchError:
            raise
        except Exception as error:  # a factory may raise anything
            raise BadSetting(
                f"{self.part.kind} '{self.spec}' cannot be built: {describe(error)}"
            ) from error


class Registry(Mapping[str, Part]):
    """The installed parts of one kind, by name."""

    def __init__(self, kind: str, parts: Iterable[Part]) -> None:
        self.kind = kind
        self._parts = {part.name: part for part in sorted(parts, key=lambda part: part.name)}

    def __getitem__(self, name: str) -> Part:
        if name not in self._parts:
            raise unknown_part(self.kind, name, self._parts)
        return self._parts[name]

    def __iter__(self) -> Any:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def choose(self, text: str) -> list[Chosen]:
        """Every part with settings that ``text`` names, grids included.

        Raises:
            BadSpec: it cannot be read.
            UnknownPart: no part of that name is installed.
            BadSetting: the part does not take a setting or its value.
        """
        return [self.configured(spec) for spec in parse_grid(text)]

    def configured(self, spec: Spec) -> Chosen:
        """The part that ``spec`` names, with its settings.

        Raises:
            UnknownPart: no part of that name is installed.
            BadSetting: the part does not take a setting or its value.
        """
        return self[spec.name].chosen(spec, self if self.kind == "sampler" else None)


def unknown_part(kind: str, name: str, known: Collection[str]) -> UnknownPart:
    """The error for a part that is not among the installed ones of its kind."""
    return UnknownPart(
        f"No {kind} is called {quote(name)}.{_suggest(name, known)} "
        f"Installed: {', '.join(known) or 'none'}."
    )


def unknown_setting(kind: str, part: str, name: str, defaults: Mapping[str, object]) -> BadSetting:
    """The error for a setting that a part does not take."""
    taken = ", ".join(f"{setting}={default!r}" for setting, default in defaults.items())
    return BadSetting(
        f"{kind} '{part}' has no setting {quote(name)}.{_suggest(name, defaults)} "
        f"It takes {taken or 'none'}."
    )


def _suggest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
