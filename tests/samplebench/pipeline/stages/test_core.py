"""The measuring core: small, and all that decides a score."""

import sys
from pathlib import Path

from samplebench.pipeline.stages.code import core_code
from samplebench.registry.syntax import PART_FACING, Scope, code_of, find_installed

PLUMBING = {
    "samplebench": "the package itself, which only passes names on",
    "samplebench.errors": "messages",
    "samplebench.missing": "the reason why there is no value",
    "samplebench.vocabulary": "words and plain values",
    "samplebench.pipeline.request.grid": "which parts a cell has",
    "samplebench.pipeline.request.measures": "which metrics a cell has",
    "samplebench.pipeline.request.suite": "how many samples, draws and fits a cell has",
}
"""The modules that the core may import though no digest covers them, and what they bring."""


def test_the_core_imports_nothing_but_the_rooms_of_parts_and_plumbing_that_is_named():
    core = core_code()
    everything = Scope(frozenset({"samplebench"}))
    direct = {
        imported
        for module in core.modules
        for imported in code_of([module], everything, find_installed).modules
        if imported.startswith("samplebench") and _imports_directly(module, imported)
    }
    assert direct - core.modules <= PLUMBING.keys()
    assert PLUMBING.keys() - {"samplebench"} <= direct  # an excuse that nothing needs fails


def _imports_directly(module: str, imported: str) -> bool:
    source = Path(sys.modules[module].__file__).read_text(encoding="utf-8")
    return f"from {imported} import" in source or f"import {imported}\n" in source


def test_all_that_measuring_a_cell_runs_is_in_the_core(bench):
    """What is on the stack while a cell is measured is in the core, a plugin, or plumbing."""
    seen: set[str] = set()

    def trace(frame, event, argument):
        name = frame.f_globals.get("__name__", "")
        if name.startswith("samplebench."):
            seen.add(name)

    from samplebench.pipeline.stages import cell

    measure = cell.measure_cell

    def traced(*arguments):
        sys.setprofile(trace)
        try:
            return measure(*arguments)
        finally:
            sys.setprofile(None)

    cell.measure_cell = traced
    try:
        bench.run(executor="inline", seeds=[0])
    finally:
        cell.measure_cell = measure
    own = core_code().modules
    assert "samplebench.pipeline.stages.core.cell" in seen
    outside = {
        name
        for name in seen - own
        if not any(name == room or name.startswith(f"{room}.") for room in PART_FACING)
    }
    registry = {"samplebench.registry.registry", "samplebench.registry.spec"}
    disk = {"samplebench.pipeline.stages.data", "samplebench.pipeline.stages.files"}
    assert outside <= PLUMBING.keys() | registry | disk


def test_the_core_is_small():
    modules = {name for name in core_code().modules if ".pipeline." in name}
    files = [Path(find_installed(name)) for name in modules]
    assert sum(len(file.read_text().splitlines()) for file in files) < 900
