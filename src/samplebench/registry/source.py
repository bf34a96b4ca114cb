"""The source of a plugin: an entry point of a distribution, or a file."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

from samplebench.registry.plugin import BUNDLED, Plugin, name_module


@runtime_checkable
class Named(Protocol):
    """An entry point, of Python's own reader of metadata or of one that took its place, as
    importlib_metadata does wherever it is imported.
    """

    @property
    def module(self) -> str: ...

    def load(self) -> Any: ...


@dataclass(frozen=True)
class Source:
    """A plugin that is not loaded yet: its name, and where it is found."""

    name: str
    distribution: str
    version: str
    target: Named | Path

    @property
    def is_bundled(self) -> bool:
        """True if it comes with samplebench itself."""
        return self.distribution == BUNDLED

    @property
    def root(self) -> str:
        """The top-level module."""
        if isinstance(self.target, Path):
            return name_module(self.target)
        return self.target.module.partition(".")[0]

    def load(self, roots: frozenset[str]) -> Plugin:
        """Import the plugin. An entry point may name a module, or any object in one.

        Args:
            roots: the top-level modules of all plugins of its distribution.
        """
        if isinstance(self.target, Path):
            module = hooks = _import_file(self.target)
        else:
            hooks = self.target.load()
            module = importlib.import_module(self.target.module)
        return Plugin(self.name, self.distribution, self.version, module, roots, hooks)


def _import_file(file: Path) -> ModuleType:
    name = name_module(file)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look a class's module up there
    spec.loader.exec_module(module)
    return module
