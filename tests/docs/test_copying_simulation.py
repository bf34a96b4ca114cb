"""The simulation behind docs/copying.md, at a small size, and the page that it wrote."""

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def copying():
    place = importlib.util.spec_from_file_location("copying", DOCS / "simulations" / "copying.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def rows(table: str) -> dict[tuple[str, str], list[int]]:
    """The percentages by dimensions and case."""
    lines = [line.strip("| ").split(" | ") for line in table.splitlines() if "|" in line]
    return {(d, case): list(map(int, shares)) for d, case, *shares in lines[2:]}


def test_the_simulation_of_copying_gives_a_row_for_each_case_and_the_same_each_time(copying):
    table = copying.make_table(runs=1, train=200, others=100)
    assert len(rows(table)) == 3 * len(copying.CASES) + 2
    assert table == copying.make_table(runs=1, train=200, others=100)
    page = "<!-- simulation: a -->\nold\n<!-- /simulation -->"
    assert copying.put(table, page) == page.replace("old", f"\n{table}\n")


def test_the_page_has_what_the_simulation_gives_now(copying):
    """One of its cells, with all its runs; on other processors few of them may differ."""
    found = rows(re.search(r"<!-- simulation.*?<!-- /simul", _page(), re.S)[0])
    case = "copies + noise of 1.0 spacings"
    shares = copying.simulate(case, 2, 100, copying.TRAIN, copying.OTHERS)
    assert found["2", case] == pytest.approx([100 * share for share in shares], abs=2)


def test_the_page_says_that_marks_are_rare_where_nothing_is_copied_and_sure_where_much_is():
    found = rows(re.search(r"<!-- simulation.*?<!-- /simul", _page(), re.S)[0])
    innocent = ("true", "fitted", "shrunk", "stretched")
    for (_, case), (*_, mark) in found.items():
        if any(word in case for word in innocent) and "copies" not in case:
            assert mark <= 5, case
        if case.startswith("40 %") or case.endswith(("0.1 spacings", "0.5 spacings", ": decoded")):
            assert mark >= 95, case


def _page() -> str:
    return (DOCS / "copying.md").read_text(encoding="utf-8")
