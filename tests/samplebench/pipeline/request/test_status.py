"""The status of a cell: which edits make its record doubtful, and which do not."""

import shutil
from pathlib import Path

import pytest

from samplebench.results.record import Record, Verification


@pytest.fixture
def edited(bench):
    """``edited(before, after)`` changes the toy plugin; the rows of each status that results."""
    bench.plugin = Path(shutil.copy(bench.plugin, bench.folder / "toy_parts.py"))
    bench.run(seeds=[0])

    def edit(before: str = "", after: str = "") -> dict[str, set[str]]:
        text = bench.plugin.read_text()
        assert before in text
        bench.plugin.write_text(text.replace(before, after, 1))
        return statuses(bench)

    return edit


def statuses(bench, **changes) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for planned in bench.plan(seeds=[0], **changes).cells:
        found.setdefault(planned.status, set()).add(planned.cell.row)
    return found


ALL = {"reconstruction", "normal", "again"}


def test_a_record_holds_for_the_code_that_measured_it(edited):
    assert edited() == {"measured": ALL}


def test_an_edited_docstring_or_comment_marks_nothing(edited):
    docstring = '"""A normal distribution with the data\'s mean and std."""'
    remark = '"""Another sentence."""  # and a comment'
    assert edited(docstring, remark) == {"measured": ALL}


def test_edited_arithmetic_marks_the_cells_as_unverified_with_the_part(bench, edited):
    assert edited("self.spread * self.std", "self.std * self.spread") == {"unverified": ALL}
    # The toys share one file, so that each part's code is that of all.
    [cell, *_] = bench.plan(seeds=[0]).of_status("unverified")
    assert "since then, dataset 'stripes', autoencoder 'linear'" in cell.reason


def test_what_is_unverified_is_not_measured_again_unasked_and_its_record_says_so(bench, edited):
    edited("self.spread * self.std", "self.std * self.spread")
    assert bench.run(seeds=[0]).measured == 0
    for record in bench.records().values():
        assert record.verification.state == "unverified"
        assert "sampler" in record.verification.reason or record.sampler is None
    assert bench.run(seeds=[0], again=True).measured == 3
    assert {r.verification.state for r in bench.records().values()} == {"measured"}
    assert len(list((bench.site.results / "superseded" / "toy").glob("*.json"))) == 3


def test_code_that_is_as_it_was_again_is_measured_again(bench, edited):
    edited("self.spread * self.std", "self.std * self.spread")
    bench.run(seeds=[0])
    assert edited("self.std * self.spread", "self.spread * self.std") == {"measured": ALL}
    bench.run(seeds=[0])
    assert {r.verification.state for r in bench.records().values()} == {"measured"}


@pytest.mark.parametrize(
    ("version", "status"), [("3.0.0", "unverified"), ("{minor}.99+cpu", "measured")]
)
def test_another_minor_version_of_torch_marks_all_and_another_patch_none(
    bench, edited, monkeypatch, version, status
):
    import torch

    minor = ".".join(torch.__version__.split(".")[:2])
    now = {"torch": version.format(minor=minor)}
    monkeypatch.setattr("samplebench.pipeline.request.status.relevant_versions", lambda codes: now)
    assert edited() == {status: ALL}
    if status == "unverified":
        assert "torch" in bench.plan(seeds=[0]).cells[0].reason


def test_a_record_that_a_replay_refuted_is_stale_and_measured_again(bench, edited):
    record = bench.records()["stripes / linear / normal / seed 0"]
    refuted = Verification(state="stale", reason="a replay moved spread")
    bench.store.update(record.model_copy(update={"verification": refuted}))
    assert edited() == {"measured": {"reconstruction", "again"}, "stale": {"normal"}}
    assert bench.run(seeds=[0]).measured == 1
    assert statuses(bench) == {"measured": ALL}


def test_a_record_of_format_1_is_unverified(bench, edited):
    for record in bench.records().values():
        parts = {"dataset": record.dataset, "autoencoder": record.autoencoder}
        old = {name: part.model_copy(update={"code": None}) for name, part in parts.items()}
        assert isinstance(record, Record)
        bench.store.update(record.model_copy(update=old))
    assert edited() == {"unverified": ALL}
