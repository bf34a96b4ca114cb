"""The kit itself: every rule is in it, targets are found, and outcomes are reported."""

import inspect
import json
import sys
from pathlib import Path

import pytest

from samplebench import DataMissing
from samplebench.checks import (
    Outcome,
    autoencoder_checks,
    check_target,
    dataset_checks,
    density_checks,
    features_checks,
    learning_checks,
    metric_checks,
    packing_checks,
    part_checks,
    render,
    sampler_checks,
)
from samplebench.checks.case import CannotApply, Case, CheckFailed
from samplebench.checks.kit import KITS
from samplebench.checks.outcome import attempt
from samplebench.errors import BadSetting, PluginError, UsageError
from samplebench.registry.loading import Choice
from samplebench.registry.plugin import Plugin
from samplebench.registry.registry import Part
from samplebench.registry.spec import Spec

MODULES = (
    autoencoder_checks,
    dataset_checks,
    density_checks,
    features_checks,
    learning_checks,
    metric_checks,
    packing_checks,
    part_checks,
    sampler_checks,
)
ALONE = Choice(installed=False)

PLUGIN = '''
import torch
from samplebench import Continuous, Metric, Need, Sampler, hookimpl

class Origin(Sampler):
    """Draws near the origin."""

    accepts = (Continuous,)

    def __init__(self, scale: float = 1.0):
        self.scale = scale

    def fit(self, latents):
        self.latents = latents[:1]

    def sample(self, count):
        values = torch.randn(count, *self.latents.values.shape[1:])
        return self.latents.space.pack(values=self.scale * values)

class Draws(Metric):
    """Latents drawn."""

    title, better, subject = "draws", "higher", "cost"
    needs = frozenset({Need.COSTS})

    def measure(self, evidence):
        return float(evidence.costs["sample"].count)

@hookimpl
def register_samplers(register):
    register("origin", Origin)

@hookimpl
def register_metrics(register):
    register("draws", Draws)
'''


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "origin_plugin.py"
    path.write_text(PLUGIN)
    return str(path)


def case_of(factory: object) -> Case:
    plugin = Plugin("toys", "the tests", "of this moment", inspect.getmodule(case_of))
    return Case(Part("sampler", "toy", factory, plugin).chosen(Spec("toy")))


def test_every_public_function_that_takes_a_case_first_is_in_the_kit():
    in_the_kit = {
        part_checks.the_factory_builds_what_it_was_registered_as,
        part_checks.it_takes_this_space_or_says_why_not,
        *part_checks.CHECKS,
    }
    for kit in KITS.values():
        in_the_kit |= {*kit.on_the_part, *kit.on_each_space}
    written = {
        function
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and inspect.signature(function).return_annotation is None
    }
    assert written == in_the_kit


def test_every_rule_is_stated():
    for kit in KITS.values():
        for check in (*kit.on_the_part, *kit.on_each_space):
            assert check.__doc__
            assert "_" in check.__name__


def test_a_file_stands_for_all_of_its_parts(file):
    outcomes = check_target(file, ALONE)
    assert {o.part for o in outcomes} == {"sampler 'origin'", "metric 'draws'"}
    assert not [o for o in outcomes if o.status == "failed"], render(outcomes)


def test_a_file_stands_for_its_own_parts_beside_one_of_the_same_name(file, tmp_path):
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / Path(file).name
    other.write_text("1 / 0")
    outcomes = check_target(file, Choice(installed=False, files=(str(other), file)))
    assert {o.part for o in outcomes} == {"sampler 'origin'", "metric 'draws'"}
    with pytest.raises(PluginError, match="ZeroDivisionError"):
        check_target(str(other), Choice(installed=False, files=(str(other), file)))


def test_a_spec_stands_for_one_part_with_its_settings(file):
    outcomes = check_target("origin(scale=2.0)", Choice(installed=False, files=(file,)))
    assert {o.part for o in outcomes} == {"sampler 'origin(scale=2.0)'"}
    assert any(o.status == "passed" for o in outcomes)


def test_a_grid_stands_for_each_of_its_members(file):
    outcomes = check_target("origin(scale=[1.0, 2.0])", Choice(installed=False, files=(file,)))
    assert len({o.part for o in outcomes}) == 2


def test_an_installed_plugin_is_found_by_its_name_and_by_its_distribution(tmp_path, monkeypatch):
    (tmp_path / "origin_package.py").write_text(PLUGIN)
    folder = tmp_path / "origin_package-1.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: Origin-Package\nVersion: 1.2\n")
    (folder / "entry_points.txt").write_text("[samplebench]\nsources = origin_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    for target in ("sources", "Origin-Package"):
        parts = {outcome.part for outcome in check_target(target)}
        assert parts == {"sampler 'origin'", "metric 'draws'"}


def test_an_unknown_target_is_an_error_with_a_suggestion(file):
    with pytest.raises(UsageError, match=r"called 'orgin'\. Did you mean 'origin'\?"):
        check_target("orgin", Choice(installed=False, files=(file,)))


def test_a_file_that_does_not_exist_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="no such Python file"):
        check_target(str(tmp_path / "absent.py"), ALONE)


def test_a_broken_target_is_an_error_with_its_traceback(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("1 / 0\n")
    with pytest.raises(PluginError, match=r"(?s)ZeroDivisionError.*line 1"):
        check_target(str(path), ALONE)


def test_a_setting_that_the_target_does_not_take_is_an_error(file):
    with pytest.raises(BadSetting, match="no setting 'scales'"):
        check_target("origin(scales=2.0)", Choice(installed=False, files=(file,)))


def test_whatever_a_part_raises_is_a_failure_that_says_where():
    def a_rule(case: Case) -> None:
        """The rule."""
        case.build()

    def explodes() -> object:
        return json.loads("boom")

    outcome = attempt(a_rule, case_of(explodes))
    assert (outcome.check, outcome.rule, outcome.status) == ("a_rule", "The rule.", "failed")
    line = explodes.__code__.co_firstlineno + 1
    assert outcome.detail.startswith("BadSetting: sampler 'toy' cannot be built: Expecting value")
    assert outcome.detail.endswith(f"(test_kit.py, line {line})")


def test_a_part_that_leaves_the_program_fails_and_the_kit_goes_on():
    def a_rule(case: Case) -> None:
        sys.exit(3)

    outcome = attempt(a_rule, case_of(object))
    assert (outcome.status, outcome.detail.partition(" (")[0]) == ("failed", "SystemExit: 3")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CheckFailed("so"), "failed"),
        (CannotApply("so"), "skipped"),
        (DataMissing("so"), "skipped"),
    ],
)
def test_an_outcome_keeps_the_reason(error, status):
    def a_rule(case: Case) -> None:
        raise error

    outcome = attempt(a_rule, case_of(object))
    assert (outcome.status, outcome.detail) == (status, "so")


def test_an_interruption_is_no_outcome():
    def a_rule(case: Case) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt(a_rule, case_of(object))


def test_the_text_lists_failures_with_their_cases_and_counts_everything():
    outcomes = [
        Outcome("a_rule", "The rule.", "sampler 'toy'", "here", "failed", "it is 3"),
        Outcome("a_rule", "The rule.", "sampler 'toy'", "there", "failed", "it is 4"),
        Outcome("a_rule", "The rule.", "sampler 'toy'", "else", "passed"),
        Outcome("b_rule", "Rule B.", "sampler 'toy'", "", "skipped", "no reals"),
        Outcome("c_rule", "Rule C.", "sampler 'toy'", "", "skipped", "no reals"),
    ]
    assert render(outcomes).splitlines() == [
        "FAILED sampler 'toy': a_rule",
        "  rule: The rule.",
        "  but on here: it is 3",
        "  but on there: it is 4",
        "skipped sampler 'toy': no reals (2 checks)",
        "1 passed, 2 failed, 2 skipped",
    ]


def test_checking_nothing_is_reported_as_nothing():
    assert render([]) == "0 passed, 0 failed, 0 skipped"
