"""Edits of the sources: those that can move a score are noticed, where they can, and no others."""

import json
import os
import shutil
from pathlib import Path

import pytest
from quick_process import PROGRAM, run_python

import samplebench
from samplebench.pipeline.request.plan import make_plan
from samplebench.pipeline.request.suite import load_suite
from samplebench.pipeline.stages.code import core_code
from samplebench.pipeline.verification.stamps import stamp
from samplebench.registry.loading import load_parts
from samplebench.registry.syntax import PART_FACING, Scope, code_of, find_under
from samplebench.results.store import Store

ROOT = Path(samplebench.__file__).parents[2]
CORE = "samplebench.pipeline.stages.core"
ANOTHER_LINE = ('"""\n\n', '"""\n\nEDITED = 1\n')

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / "plugins").is_dir(), reason="the sources are not there"),
]


@pytest.fixture(scope="module")
def parts():
    """Every bundled part by kind and name."""
    loaded = load_parts()
    return {
        (part.kind, part.name): part
        for registry in loaded.registries
        for part in registry.values()
        if part.plugin.distribution == "samplebench"
    }


@pytest.fixture
def tree(tmp_path):
    """A copy of the sources, to edit."""
    for folder in ("src", "plugins"):
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / "tree" / folder, ignore=leave)
    return tmp_path / "tree"


def digests(tree, parts) -> dict[tuple[str, str], str]:
    """The digest of each part's code, and of the measuring code, as they are under a folder."""
    find = find_under(tree / "src", tree / "plugins")
    own = Scope(frozenset(folder.name for folder in (tree / "plugins").iterdir()))
    found = {
        key: code_of([part.factory.__module__], own, find).digest for key, part in parts.items()
    }
    core = (tree / "src" / Path(*CORE.split("."))).glob("[!_]*.py")
    scope = Scope(frozenset(), PART_FACING | {CORE})
    found["core", "core"] = code_of([f"{CORE}.{f.stem}" for f in core], scope, find).digest
    return found


@pytest.fixture(scope="module")
def original(parts):
    """The digests of the sources, which are those of any copy of them."""
    return digests(ROOT, parts)


@pytest.fixture
def changed(tree, parts, original):
    """``changed(file, before, after)`` edits a file; the parts whose code changes by that."""

    def changed(file: str, before: str, after: str) -> set[tuple[str, str]]:
        edit(tree / file, before, after)
        edited = digests(tree, parts)
        return {key for key in original if original[key] != edited[key]}

    return changed


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_a_copy_of_the_sources_has_the_digests_of_the_sources(tree, parts, original):
    assert parts
    expected = {key: part.code.digest for key, part in parts.items()}
    assert digests(tree, parts) == {**expected, ("core", "core"): core_code().digest} == original


@pytest.mark.parametrize(
    "file",
    [
        "plugins/samplebench_density/gmm.py",
        "plugins/samplebench_density/mixture/maximum_likelihood.py",
        "src/samplebench/contracts/latents.py",
        "src/samplebench/training/loop.py",
        "src/samplebench/pipeline/stages/core/cell.py",
    ],
)
def test_a_docstring_or_comment_changes_nothing(changed, file):
    assert changed(file, '"""', '# A comment.\n\n\n"""Another word. ') == set()


@pytest.mark.parametrize(
    "file",
    [
        "src/samplebench/display.py",
        "src/samplebench/cli.py",
        "src/samplebench/results/page.py",
        "src/samplebench/pipeline/running/graph.py",
    ],
)
def test_code_that_only_shows_or_orders_changes_nothing(changed, file):
    assert changed(file, *ANOTHER_LINE) == set()


@pytest.mark.parametrize(
    ("name", "edit"),
    [("copula", ("SORTED = 2**22", "SORTED = 2**21")), ("gmm", ("- 2 * fit.", "- 3 * fit."))],
)
def test_the_code_of_a_sampler_changes_that_sampler_alone(changed, name, edit):
    assert changed(f"plugins/samplebench_density/{name}.py", *edit) == {("sampler", name)}


def test_a_sampler_with_another_as_a_setting_has_the_code_of_both(parts):
    samplers = load_parts().samplers
    holders = [part for part in samplers.values() if part.nested]
    assert holders
    for part in holders:
        [chosen] = samplers.choose(part.name)
        for name, inner in chosen.inner.items():
            assert inner.code.modules <= chosen.code.modules, (part.name, name)
            assert chosen.code.digest != part.code.digest


def test_the_loop_of_training_changes_the_measuring_code_and_the_samplers_that_train(changed):
    found = changed("src/samplebench/training/loop.py", *ANOTHER_LINE)
    assert {("core", "core"), ("sampler", "flow-matching")} <= found
    assert not found & {("dataset", "digits"), ("sampler", "copula"), ("metric", "psnr")}


def test_arithmetic_of_the_measuring_code_changes_it_and_no_part(changed):
    file = "src/samplebench/pipeline/stages/core/costs.py"
    assert changed(file, "* 1024", "* 1000") == {("core", "core")}


def plan_of(tree: Path, results: Path) -> dict[str, tuple[str, str]]:
    """The sampler and status of each cell by identity, as planned with the code under a tree."""
    words = ("plan", "--suite", "mnist", "--json", "--results", results)
    path = os.pathsep.join([str(tree / "src"), str(tree / "plugins")])
    ended = run_python(PROGRAM, *words, env=os.environ | {"PYTHONPATH": path})
    assert ended.returncode == 0, ended.stderr
    return {row["identity"]: (row["sampler"], row["status"]) for row in json.loads(ended.stdout)}


@pytest.fixture
def results(tmp_path):
    """The published records of the suite, as if today's code had measured them."""
    suite, store = load_suite("mnist"), Store(tmp_path / "results")
    published = Store(ROOT / "leaderboards").read(suite.name)[0]
    plan = make_plan(suite, load_parts(), published, data_dir=tmp_path, core=core_code())
    kept = plan.of_status("measured", "unverified", "stale")
    if not kept:
        pytest.skip("no records are there")
    for planned in kept:
        store.update(stamp(planned, since=None))
    return store.folder


def test_the_plan_of_an_edited_checkout_doubts_the_cells_of_the_edited_sampler(tree, results):
    before = plan_of(tree, results)
    edit(tree / "plugins/samplebench_density/copula.py", "SORTED = 2**22", "SORTED = 2**21")
    after = plan_of(tree, results)
    moved = {identity for identity in before if before[identity] != after[identity]}
    assert moved
    assert {before[identity] for identity in moved} == {("copula", "measured")}
    assert {after[identity] for identity in moved} == {("copula", "unverified")}
    assert "measured" in {after[identity][1] for identity in after.keys() - moved}
    assert not [row for row in after.values() if row == ("copula", "measured")]
