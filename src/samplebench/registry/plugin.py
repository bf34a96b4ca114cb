"""Plugins: modules that offer parts, and where their code is."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import Any

from samplebench.registry.syntax import (
    Code,
    Scope,
    code_of,
    find_installed,
    list_distributions,
)


@dataclass(frozen=True)
class Plugin:
    """A plugin that was loaded: the module, and the distribution that it comes from.

    ``roots`` are the top-level modules of the other plugins of the distribution.
    """

    name: str
    distribution: str
    version: str
    module: ModuleType
    roots: frozenset[str] = frozenset()

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
        return code_of([module], self._scope, find_installed)

    @cached_property
    def _scope(self) -> Scope:
        listed = {top for top, homes in list_distributions().items() if self.distribution in homes}
        own = self.module.__name__.partition(".")[0]
        return Scope((self.roots | listed | {own}) - {"samplebench"})
