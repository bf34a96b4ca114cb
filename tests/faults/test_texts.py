"""Names, titles and reasons that would do harm on a terminal, on a board or in a file."""

import json
import re
import sys
from pathlib import Path

import pytest

from samplebench.results.record_file import write
from samplebench.results.store import Store

sys.path.insert(0, str(Path(__file__).parent))
from shouting import SHOUTS

HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture(scope="module")
def shouted(_measured, faults_place):
    """A run in which parts give such texts for reasons, diagnostics, titles and units."""
    place = faults_place
    toys, own = place.helpers / "toy_parts.py", place.here / "shouting.py"
    kinds = repr(list(SHOUTS))
    asked = (
        *("--sampler", f"shouting(kind={kinds})", "--sampler", f"naming(kind={kinds})"),
        *("--sampler", "normal", "--metric", f"titled(kind={kinds})", "--metric", "distance"),
    )
    place.code = place.run("--plugin", own, "--seeds", "0", *asked, plugin=toys)
    return place


@pytest.mark.parametrize("kind", SHOUTS)
def test_a_text_of_a_part_costs_its_cell_alone_and_is_kept_harmless(shouted, kind, measured):
    assert shouted.code == 1
    records = {record.row: record for record in Store(shouted.results).read("toy")[0]}
    failed, named = records[f"shouting(kind='{kind}')"], records[f"naming(kind='{kind}')"]
    assert failed.status == "failed"
    assert failed.reason.startswith("RuntimeError: ")
    assert len(failed.reason) < 30_000
    assert [name for name in named.diagnostics if not HARMFUL.search(name) and "\n" not in name]
    [titled] = [s for s in named.scores if s.metric.settings == {"kind": kind}]
    for text in (failed.reason, titled.title, titled.unit):
        assert not HARMFUL.search(text)
    assert "\n" not in titled.title
    truth = measured.truth["stripes / linear / normal / seed 0"]
    honest = {score.title: score.values or score.value for score in records["normal"].scores}
    assert honest.items() & truth.items()


@pytest.mark.parametrize(
    "command", ["leaderboard", "leaderboard --check", "show *", "plan", "compare naming* normal"]
)
def test_no_command_passes_control_characters_on(shouted, command):
    name, *words = command.split()
    name, words = (name, [*words, "--suite", "toy"]) if name == "compare" else (name, words)
    if name == "plan":
        toys = (
            "--suite",
            shouted.helpers / "toy.toml",
            "--plugin",
            shouted.helpers / "toy_parts.py",
        )
        words = [*toys, "--all"]
    shouted.read(name, *words)
    assert shouted.out + shouted.err
    assert not HARMFUL.search(shouted.out + shouted.err)
    assert "\nsamplebench: forged" not in shouted.out + shouted.err


def test_boards_hold_no_control_characters_and_no_markup_of_others(shouted):
    shouted.read("leaderboard")
    for page in shouted.results.glob("*.md"):
        text = page.read_text()
        assert not HARMFUL.search(text)
        assert not re.search(r"(?<!\\)<(script|img)", re.sub(r"`[^`]*`", "", text))
        assert len(text) < 1_000_000


@pytest.mark.parametrize(
    "field", ["title", "unit", "spec", "reason", "problem", "plugin", "commit"]
)
@pytest.mark.parametrize("kind", [kind for kind in SHOUTS if kind != "surrogate"])
def test_texts_in_records_of_others_are_shown_harmless(measured, field, kind):
    path = measured.record()
    content = json.loads(path.read_text())
    del content["content_digest"]
    text = SHOUTS[kind][:300]
    score = next(score for score in content["scores"] if score["subject"] != "cost")
    if field in ("title", "unit"):
        score[field] = text
    elif field == "problem":
        score |= {"value": None, "values": [], "problem": text}
        content["status"] = "incomplete"
    elif field == "reason":
        content |= {"status": "failed", "reason": text}
    elif field == "commit":
        content["provenance"]["commit"] = text
    else:
        content["sampler"][field] = text
    path.write_text(raw(content))
    assert measured.read("leaderboard") in (0, 5)
    shown = measured.out + measured.err + (measured.results / "toy.md").read_text()
    assert measured.read("show", path.name) in (0, 5)
    shown += measured.out + measured.err
    assert not HARMFUL.search(shown)
    assert "\nsamplebench: forged" not in shown


def raw(content):
    """A record as others may write it: digest and all, and no text written out."""
    clean = json.loads(write(content))
    from samplebench.results import record_file

    return json.dumps({**content, "content_digest": record_file._digest(content)}) if clean else ""


def test_escape_sequences_reach_no_terminal_that_takes_colours(measured, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    path = measured.record()
    content = json.loads(path.read_text())
    del content["content_digest"]
    content["scores"][0]["title"] = "\x1b]0;owned\x07"
    path.write_text(raw(content))
    assert measured.read("leaderboard") == 0
    assert "\x1b[1" in measured.out  # of our own headings
    assert "\x1b]" not in measured.out
    assert "\x07" not in measured.out
