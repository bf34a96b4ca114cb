"""Digests of code by its syntax: equal for two sources that do the same in the same words.

Docstrings, comments, formatting and blank lines are in no digest. A digest covers a module and the
modules that it imports, as far as they can decide a number.
"""

import ast
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

from samplebench.digests import digest_of

Find = Callable[[str], Path | None]
"""Gives the source file of a module by its name, or nothing if there is none."""

PART_FACING = frozenset(
    f"samplebench.{room}"
    for room in (
        "autoencoder_training",
        "clusters",
        "contracts",
        "inner_sampler",
        "networks",
        "randomness",
        "sample_files",
        "settings",
        "training",
    )
)
"""Our rooms that plugins import, and on which their numbers depend."""

_IGNORED = {"ctx", "kind", "type_comment", "type_ignores", "type_params"}
"""Fields of syntax nodes that change no number, or that some versions of Python lack."""


@dataclass(frozen=True)
class Code:
    """The code behind a part: a digest of its syntax, and the packages of others that it uses."""

    digest: str
    packages: frozenset[str]
    """Names of top-level modules that are neither Python's nor followed."""
    modules: frozenset[str]
    """The modules that the digest covers."""


@dataclass(frozen=True)
class Scope:
    """The modules that count as the code of a part: those of its distribution, and our rooms that
    face parts.

    Attributes:
        own: the top-level modules of the distribution.
        rooms: modules and packages of samplebench.
    """

    own: frozenset[str]
    rooms: frozenset[str] = PART_FACING

    def covers(self, module: str) -> bool:
        """Say if the content of a module belongs in the digest."""
        names = module.split(".")
        above = {".".join(names[:depth]) for depth in range(1, len(names) + 1)}
        return names[0] in self.own or not above.isdisjoint(self.rooms)

    def looks_into(self, module: str) -> bool:
        """Say if imports of a module are followed to where it has its names from."""
        top = module.partition(".")[0]
        return top in self.own or top == "samplebench"


def code_of(modules: Iterable[str], scope: Scope, find: Find) -> Code:
    """The code of some modules and of all in ``scope`` that they import, directly or not.

    An ``__init__`` that only passes a name on is seen through: the module that has it counts.

    Raises:
        ValueError: a module to begin with has no source that can be read.
    """
    trees: dict[str, str] = {}
    packages: set[str] = set()
    waiting = list(modules)
    if missing := next((name for name in waiting if find(name) is None), None):
        raise ValueError(f"the module {missing} has no Python source")
    while waiting:
        module = waiting.pop()
        file = find(module)
        if module in trees or file is None:
            continue
        source = _Source.of(file)
        trees[module] = _syntax(source)
        for imported in _imports(source, module):
            home = _home(imported, scope, find)
            if scope.covers(home):
                waiting.append(home)
            elif not scope.looks_into(home):
                packages.add(home.partition(".")[0])
    content = "\0".join(f"{name}\0{trees[name]}" for name in sorted(trees))
    return Code(
        digest_of(content), frozenset(packages - sys.stdlib_module_names), frozenset(trees)
    )


def joined(codes: Sequence[Code]) -> Code:
    """The code of a part that holds others: the first is its own."""
    own, *others = codes
    digests = sorted({code.digest for code in others} - {own.digest})
    return Code(
        digest_of(" ".join([own.digest, *digests])) if digests else own.digest,
        frozenset().union(*(code.packages for code in codes)),
        frozenset().union(*(code.modules for code in codes)),
    )


def find_under(*folders: Path) -> Find:
    """Find modules below some folders, as Python would with these on its path."""

    def find(module: str) -> Path | None:
        stem = Path(*module.split("."))
        places = (
            folder / place
            for folder in folders
            for place in (stem / "__init__.py", stem.with_suffix(".py"))
        )
        return next((place for place in places if place.is_file()), None)

    return find


def find_installed(module: str) -> Path | None:
    """Find the source of a module that this process has imported or could import."""
    loaded = getattr(sys.modules.get(module), "__file__", None)
    if loaded is None:
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError, AttributeError):
            return None
        loaded = spec.origin if spec else None
    return Path(loaded) if loaded and loaded.endswith(".py") else None


@cache
def list_distributions() -> Mapping[str, Sequence[str]]:
    """The installed distributions by the top-level modules that they have. Takes a while once."""
    return packages_distributions()


@cache
def versions(packages: frozenset[str]) -> Mapping[str, str]:
    """The installed version of each distribution that has one of these top-level modules."""
    homes = list_distributions()
    names = {name for package in packages for name in homes.get(package, ())}
    return {name: version(name) for name in sorted(names)}


@dataclass(frozen=True)
class _Source:
    """A file as it is now: another time or size, another source."""

    file: Path
    modified: int
    size: int

    @staticmethod
    def of(file: Path) -> "_Source":
        status = file.stat()
        return _Source(file, status.st_mtime_ns, status.st_size)

    @property
    def is_package(self) -> bool:
        return self.file.name == "__init__.py"

    def parse(self) -> ast.Module:
        return ast.parse(self.file.read_bytes())


@cache
def _syntax(source: _Source) -> str:
    return _text(source.parse())


def _text(node: Any) -> str:
    """A syntax tree as text, the same in every version of Python that can read the source."""
    if isinstance(node, list):
        return f"[{','.join(_text(member) for member in node if not _is_remark(member))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = (
        f"{name}={_text(value)}"
        for name, value in ast.iter_fields(node)
        if name not in _IGNORED and value is not None and value != []
    )
    return f"{type(node).__name__}({','.join(fields)})"


def _is_remark(node: object) -> bool:
    """Recognise docstrings: texts that stand alone as a statement."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@dataclass(frozen=True)
class _Import:
    """A module, and the name that is taken from it, if there is one, as ``bound``."""

    module: str
    name: str | None
    bound: str | None


@cache
def _imports(source: _Source, module: str) -> tuple[_Import, ...]:
    """Every import anywhere in a module."""
    found: list[_Import] = []
    for node in ast.walk(source.parse()):
        if isinstance(node, ast.Import):
            found += [_Import(alias.name, None, alias.asname) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            target = _absolute(node, module, is_package=source.is_package)
            found += [_Import(target, a.name, a.asname or a.name) for a in node.names]
    return tuple(found)


def _absolute(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    """The full name of the module that an import is from."""
    if not node.level:
        return node.module or ""
    package = module.split(".") if is_package else module.split(".")[:-1]
    above = package[: len(package) - (node.level - 1)]
    return ".".join([*above, *([node.module] if node.module else [])])


def _home(imported: _Import, scope: Scope, find: Find) -> str:
    """The module that has what is imported: a submodule, or the one from which an ``__init__``
    passes it on.
    """
    module, name = imported.module, imported.name
    if name is None or not scope.looks_into(module):
        return module
    if find(f"{module}.{name}"):
        return f"{module}.{name}"
    file = find(module)
    if file is not None and (source := _Source.of(file)).is_package:
        for passed_on in _imports(source, module):
            if passed_on.bound == name and passed_on.module != module:
                return _home(passed_on, scope, find)
    return module
