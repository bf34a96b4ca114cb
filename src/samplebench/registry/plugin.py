"""Plugins: modules that offer parts, and the digest of their sources."""

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType


def digest_of_files(files: Iterable[Path], root: Path) -> str:
    """A short digest of the places under ``root`` and contents of source files."""
    digest = hashlib.sha256()
    for file in files:
        place = file.relative_to(root).as_posix()
        digest.update(place.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Plugin:
    """A plugin that was loaded: the module, and where it comes from."""

    name: str
    distribution: str
    version: str
    module: ModuleType

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

    @cached_property
    def code(self) -> str:
        """The digest of ``sources``: another digest, another plugin."""
        return digest_of_files(self.sources, self.home.parent)
