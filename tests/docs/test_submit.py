"""Contributing results: the page's commands are run, and the workflow does what the page says."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from small_results import make_small_results

from samplebench.arguments import parser
from samplebench.cli import COMMANDS, main
from samplebench.submission.findings import Finding
from samplebench.submission.preference import RULE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "submit.md").read_text(encoding="utf-8")
REPOSITORY = ROOT / "examples" / "results-repository"
WORKFLOW = REPOSITORY / ".github" / "workflows" / "validate.yml"


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_small_results(tmp_path / "mine")


def test_the_steps_of_the_page_end_with_results_that_are_valid(mine, capsys):
    lines = re.findall(r"^samplebench ((?:merge|validate|export) .*)$", PAGE, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        assert main(shlex.split(line, comments=True)) == 0, capsys.readouterr()
    assert main(["merge", "digits.zip", "--results", "results"]) == 0
    assert "Merged: 9 equal" in capsys.readouterr().out


def test_the_page_says_the_rule_and_names_every_kind_of_finding():
    assert RULE in " ".join(PAGE.split())
    kinds = Finding.__dataclass_fields__["kind"].type.__args__
    for kind in kinds:
        assert f"**{kind}**" in PAGE


def test_the_workflow_is_valid_and_its_commands_accept_good_results_and_no_others(mine):
    content = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert set(content[True]) == {"pull_request", "push"}  # YAML reads `on` as true
    assert content["permissions"] == {"contents": "read"}
    (job,) = content["jobs"].values()
    assert all(("uses" in step) != ("run" in step) for step in job["steps"])
    runs = [shlex.split(step["run"]) for step in job["steps"] if "run" in step]
    assert runs[0] == ["pip", "install", "-c", "samplebench/constraints.txt", "./samplebench"]
    assert not any("${{" in word for words in runs for word in words)  # nothing is pasted in
    commands = [words[1:] for words in runs if words[0] == "samplebench"]
    assert commands
    mine.rename("results")
    for words in commands:
        assert parser(COMMANDS).parse_args(words).command is COMMANDS[words[0]]
        assert main(words) == 0
    board = Path("results") / "digits.md"
    board.write_text(board.read_text() + "Better than all others.\n")
    assert [main(words) for words in commands] == [1] * len(commands)


def test_the_links_of_the_example_lead_somewhere():
    page = REPOSITORY / "README.md"
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
