"""Verification: records that replays confirm are stamped, those that they refute are stale."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import samplebench
from samplebench.cli import main
from samplebench.display import QuietDisplay
from samplebench.errors import UsageError
from samplebench.pipeline.running.inline import InlineExecutor
from samplebench.pipeline.verification.verify import verify, verify_since

TOYS = "toy_parts.py"
SUITE = Path(__file__).parents[3] / "helpers" / "toy.toml"
ROOT = Path(samplebench.__file__).parents[2]


@pytest.fixture(scope="module")
def measured_once(make_bench, tmp_path_factory):
    """A bench with a plugin of its own, on which the cells of one seed are measured."""
    bench = make_bench(tmp_path_factory.mktemp("measured"))
    bench.plugin = Path(shutil.copy2(bench.plugin, bench.folder / TOYS))
    bench.run(executor="inline", seeds=[0])
    return bench


@pytest.fixture
def measured(bench, measured_once):
    """A copy of that bench, to work with."""
    shutil.copytree(measured_once.folder, bench.folder, dirs_exist_ok=True)
    bench.plugin = bench.folder / TOYS
    return bench


def edit(bench, before, after):
    text = bench.plugin.read_text()
    assert before in text
    bench.plugin.write_text(text.replace(before, after, 1))


def verified(bench, display=None, rows=None):
    plan = bench.plan(seeds=[0])
    cells = [planned for planned in plan.cells if rows is None or planned.cell.row in rows]
    return verify(plan, cells, bench.site, InlineExecutor(), display or QuietDisplay())


def statuses(bench):
    return {planned.cell.row: planned.status for planned in bench.plan(seeds=[0]).cells}


SAME_BITS = ("self.spread * self.std", "self.std * self.spread")
OTHER_BITS = ("self.mean + self.spread", "self.mean + 1 + self.spread")


def test_unchanged_code_gives_the_same_bits_and_leaves_all_as_it_is(measured):
    before = measured.records()
    verdict = verified(measured)
    assert len(verdict.comparisons) == 3
    assert all(comparison.is_equal for comparison in verdict.comparisons)
    assert verdict.same_platform
    assert (verdict.stamped, verdict.stale) == ((), ())
    assert measured.records() == before
    assert not list((measured.site.workspace / "replays").iterdir())


def test_an_edit_that_keeps_the_bits_is_stamped(measured):
    edit(measured, *SAME_BITS)
    before = measured.records()
    assert set(statuses(measured).values()) == {"unverified"}
    verdict = verified(measured)
    assert all(comparison.is_equal for comparison in verdict.comparisons)
    assert len(verdict.stamped) == 3
    assert set(statuses(measured).values()) == {"measured"}
    for label, record in measured.records().items():
        assert record.verification.finished
        assert [s.value for s in record.scores] == [s.value for s in before[label].scores]
    assert measured.run(executor="inline", seeds=[0]).measured == 0


def test_a_cell_whose_parts_were_not_all_replayed_is_not_confirmed(measured):
    edit(measured, *SAME_BITS)
    verified(measured, rows=["reconstruction", "normal"])
    expected = {"reconstruction": "measured", "normal": "measured", "again": "unverified"}
    assert statuses(measured) == expected


def test_an_edit_that_moves_scores_makes_its_records_stale_and_no_others(measured):
    edit(measured, *OTHER_BITS)
    verdict = verified(measured)
    assert verdict.same_platform
    assert [record.row for record in verdict.stale] == ["normal"]
    expected = {"reconstruction": "measured", "normal": "stale", "again": "measured"}
    assert statuses(measured) == expected
    [stale] = [p for p in measured.plan(seeds=[0]).cells if p.cell.row == "normal"]
    assert "compared with its record, a replay moved distance" in stale.reason
    assert measured.run(executor="inline", seeds=[0]).measured == 1
    assert set(statuses(measured).values()) == {"measured"}


def test_where_several_parts_may_be_to_blame_no_other_record_is_stale(measured):
    edit(measured, *OTHER_BITS)
    verdict = verified(measured, rows=["normal"])
    assert [record.row for record in verdict.stale] == ["normal"]
    expected = {"reconstruction": "unverified", "normal": "stale", "again": "unverified"}
    assert statuses(measured) == expected


def test_a_replay_that_fails_is_a_problem_and_neither_confirms_nor_refutes(measured):
    edit(measured, "self.mean, self.std = ", 'raise RuntimeError("no fit")\n        ')
    before = measured.records()
    [comparison] = verified(measured, rows=["normal"]).comparisons
    assert "no fit" in comparison.problem
    assert measured.records() == before


@pytest.mark.parametrize(
    "change",
    [
        {"processor": "Another 9000"},
        *(
            pytest.param(change, marks=pytest.mark.slow)
            for change in ({"threads": 64}, {"system": "Other"}, {"blas": "another"})
        ),
    ],
)
@pytest.mark.parametrize("code", [SAME_BITS, OTHER_BITS])
def test_records_of_another_platform_are_compared_and_not_touched(measured, change, code):
    edit(measured, *code)
    for record in measured.records().values():
        origin = record.provenance.model_copy(update=change)
        measured.store.update(record.model_copy(update={"provenance": origin}))
    before = measured.records()
    verdict = verified(measured)
    assert not verdict.same_platform
    assert (verdict.stamped, verdict.stale) == ((), ())
    equal = {c.planned.cell.row for c in verdict.comparisons if c.is_equal}
    assert ("normal" in equal) == (code == SAME_BITS)
    assert measured.records() == before


class Interrupting(QuietDisplay):
    """Interrupts after so many cells."""

    def __init__(self, after: int):
        self.left, self.finished_cells = after, 0

    def finished(self, record):
        self.finished_cells += 1
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def test_an_interrupted_replay_is_taken_up_again(measured):
    with pytest.raises(KeyboardInterrupt):
        verified(measured, Interrupting(after=2))
    [left] = (measured.site.workspace / "replays").iterdir()
    assert len(list((left / "records").rglob("*.json"))) == 2
    display = Interrupting(after=100)
    verdict = verified(measured, display)
    assert display.finished_cells == 1
    assert len(verdict.comparisons) == 3
    assert all(comparison.is_equal for comparison in verdict.comparisons)
    assert not left.exists()


in_checkout = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="there is no checkout")


def since(bench, commit):
    plan = bench.plan(seeds=[0])
    return verify_since(plan, plan.cells, commit, bench.site, InlineExecutor(), QuietDisplay())


@in_checkout
@pytest.mark.slow
def test_what_an_earlier_commit_and_todays_code_agree_on_is_stamped_with_the_commit(measured):
    asked = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    for record in measured.records().values():
        parts = {
            # As if measured on another machine, with whose bits nothing here agrees.
            "scores": [
                s.model_copy(update={"value": s.value and s.value + 1}) for s in record.scores
            ],
            "provenance": record.provenance.model_copy(
                update={"processor": "Another 9000", "core": "earlier", "commit": commit[:12]}
            ),
        }
        measured.store.update(record.model_copy(update=parts))
    assert set(statuses(measured).values()) == {"unverified"}
    verdict = since(measured, "HEAD")
    assert [c.problem or c.differences for c in verdict.comparisons] == [()] * 3
    assert len(verdict.stamped) == 3
    assert {r.verification.since for r in measured.records().values()} == {commit}
    assert set(statuses(measured).values()) == {"measured"}
    listed = ["git", "-C", str(ROOT), "worktree", "list"]
    trees = subprocess.run(listed, capture_output=True, text=True, check=True).stdout
    assert str(measured.folder) not in trees


@in_checkout
def test_a_commit_that_is_not_there_is_an_error_of_usage(measured):
    with pytest.raises(UsageError, match="there is no such commit"):
        since(measured, "0" * 40)


@in_checkout
def test_a_commit_that_no_chosen_record_is_from_is_an_error_of_usage(measured):
    for record in measured.records().values():
        origin = record.provenance.model_copy(update={"commit": "0" * 12})
        measured.store.update(record.model_copy(update={"provenance": origin}))
    with pytest.raises(UsageError, match="no record of 'toy' that was chosen is from"):
        since(measured, "HEAD")


@pytest.fixture
def typed(measured, monkeypatch, capsys, tmp_path):
    """Runs ``samplebench verify`` on the suite; its exit code and what it printed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("samplebench.registry.loading.entry_points", lambda group: [])
    site = measured.site
    folders = {"results": site.results, "workspace": site.workspace, "data-dir": site.data_dir}
    places = [word for name, path in folders.items() for word in (f"--{name}", str(path))]

    def typed(*words: str) -> tuple[int, str, str]:
        plugin = ("--plugin", str(measured.plugin))
        code = main(["verify", str(SUITE), *plugin, "--device", "cpu", *places, *words])
        return code, *capsys.readouterr()

    return typed


def test_the_command_says_that_scores_are_the_same(typed, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    code, out, err = typed()
    assert (code, "have the same scores as the records, to the last bit" in out) == (0, True)
    assert "toy: replaying 3 of 6 cells, on cpu" in err


def test_the_command_names_scores_that_moved_and_exits_with_1(typed, measured, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    edit(measured, *OTHER_BITS)
    code, out, _ = typed("--all", "--quiet")
    assert code == 1
    assert "stripes / linear / normal / seed 0, distance" in out
    assert "2 of 3 cells have the same scores" in out
    assert "Stale: 1 record;" in out


def test_the_command_states_the_interval_by_which_another_platform_is_judged(typed, measured):
    measured.run(executor="inline", seeds=[1, 2])
    for record in measured.records().values():
        origin = record.provenance.model_copy(update={"processor": "Another 9000"})
        scores = [
            s.model_copy(update={"value": s.value + 1e-12}) if s.value and not s.values else s
            for s in record.scores
        ]
        changes = {"provenance": origin, "scores": scores}
        measured.store.update(record.model_copy(update=changes))
    code, out, _ = typed("--only", "*/seed 0", "--all", "--quiet")
    assert code == 0
    line = r"distance\S*: \S+ in both, which agree to 1e-1\d of it, within the spread over seeds"
    assert re.search(line, out)
    assert re.search(r"\(±\S+ for two of 3 seeds at 9[5-9]\.?\d* %\)", out)
    assert "by Student's t over 3 seeds at 9" in out
    assert "with so few seeds it is wide" in out


def test_the_command_has_nothing_to_do_where_nothing_is_measured(typed, measured):
    shutil.rmtree(measured.site.results)
    code, _, err = typed()
    assert (code, "no cell of 'toy' that was asked for is measured" in err) == (3, True)


def test_a_sample_of_no_cells_is_an_error_of_usage(typed):
    code, _, err = typed("--sample", "0")
    assert (code, "--sample is 1 or more" in err) == (2, True)
