"""Plugins: modules that offer parts, and where their code is."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from samplebench.digests import digest_of
from samplebench.registry.syntax import (
    Code,
    Scope,
    code_of,
    find_installed,
    list_distributions,
)

BUNDLED: Final = "samplebench"
"""The distribution of the bundled plugins."""


@dataclass(frozen=True)
class Plugin:
    """A plugin that was loaded: the module, and the distribution that it comes from.

    ``roots`` are the top-level modules of the other plugins of the distribution. ``hooks`` is the
    object that has the hooks: the module, or an object in it that an entry point names.
    """

    name: str
    distribution: str
    version: str
    module: ModuleType
    roots: frozenset[str] = frozenset()
    hooks: object = None

    @property
    def is_bundled(self) -> bool:
        """True if it comes with samplebench itself."""
        return self.distribution == BUNDLED

    @cached_property
    def home(self) -> Path:
        """The file of its outermost package that is one, or of the module itself."""
        names = self.module.__name__.split(".")
        packages = (sys.modules.get(".".join(names[:depth])) for depth in range(1, len(names)))
        files = [file for p in packages if (file := getattr(p, "__file__", None))]
        return Path(str(files[0] if files else self.module.__file__))

    @cached_property
    def sources(self) -> tuple[Path, ...]:
        """Every Python file of the plugin's package, or its one file."""
        if self.home.name == "__init__.py":
            return tuple(sorted(self.home.parent.rglob("*.py")))
        return (self.home,)

    def code_behind(self, factory: Callable[..., Any]) -> Code:
        """The code on which a part depends that ``factory`` makes."""
        while isinstance(factory, partial):
            factory = factory.func
        module = getattr(factory, "__module__", None)
        if module is None or find_installed(module) is None:
            module = self.module.__name__
        if module == name_module(self.home):  # a digest must not change when a file is moved
            return code_of([_alias(self.home)], self._scope, self._find_by_alias)
        return code_of([module], self._scope, find_installed)

    def _find_by_alias(self, module: str) -> Path | None:
        return self.home if module == _alias(self.home) else find_installed(module)

    @cached_property
    def _scope(self) -> Scope:
        listed = {top for top, homes in list_distributions().items() if self.distribution in homes}
        own = {self.module.__name__.partition(".")[0], _alias(self.home)}
        return Scope((self.roots | listed | own) - {"samplebench"})


def name_module(file: Path) -> str:
    """Name the module of a plugin that is a file. Two files may share a stem, and no path."""
    return f"{_alias(file)}_{digest_of(str(file.resolve()))}"


def _alias(file: Path) -> str:
    """The name of a file's module in digests of code."""
    return f"samplebench_file_{file.stem.replace('-', '_')}"
