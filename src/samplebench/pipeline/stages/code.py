"""The digest of the measuring core."""

from functools import cache
from pathlib import Path

from samplebench.pipeline.stages import core
from samplebench.registry.syntax import PART_FACING, Code, Scope, code_of, find_installed


@cache
def core_code() -> Code:
    """The measuring code that all cells share: ``core``, and the rooms that it uses."""
    folder = Path(str(core.__file__)).parent
    modules = [f"{core.__name__}.{file.stem}" for file in sorted(folder.glob("[!_]*.py"))]
    return code_of(modules, Scope(frozenset(), PART_FACING | {core.__name__}), find_installed)
