"""A plugin that cannot be used is reported, and the rest goes on without it."""

import sys
from textwrap import dedent

import jaxtyping
import pytest

from samplebench.errors import PluginError, UsageError
from samplebench.registry import loading
from samplebench.registry.loading import BrokenPlugin, Choice, Parts, load_parts

GOOD = """
from samplebench import hookimpl

def factory(size: int = 3):
    "A sampler."

@hookimpl
def register_samplers(register):
    register("good-one", factory)
"""

BROKEN = {
    "raises on import": ("1 / 0", "ZeroDivisionError: division by zero"),
    "leaves the program": ("raise SystemExit(3)", "SystemExit: 3"),
    "is no Python": ("def (", "SyntaxError: invalid syntax"),
    "needs what is not there": ("import no_such_module", "No module named 'no_such_module'"),
    "has another API": (
        GOOD + "samplebench_api = 2",
        "it is written for plugin API 2, and this samplebench has 1",
    ),
    "misspells a hook": (
        GOOD.replace("register_samplers", "register_sampler"),
        "unknown hook 'register_sampler'",
    ),
    "misspells what a hook takes": (
        GOOD.replace("(register)", "(registry)"),
        "Argument(s) {'registry'} are declared in the hookimpl but can not be found",
    ),
    "misspells both": (
        GOOD.replace("(register)", "(registry)")
        + "@hookimpl\ndef register_sampler(register):\n    pass\n",
        "registry",
    ),
    "registers nothing": ("x = 1", "it registers nothing; mark its hooks with @samplebench.hook"),
    "forgets the mark": (GOOD.replace("@hookimpl", ""), "it registers nothing"),
    "raises in its hook": (GOOD.replace('register("', 'register(1 / 0, "'), "ZeroDivisionError"),
    "offers one name twice": (
        GOOD + '    register("good-one", factory)\n',
        "it registers the sampler 'good-one', a name that plugin 'bad' of bad has taken",
    ),
    "writes a name in capitals": (GOOD.replace("good-one", "Good_One"), "a sampler as 'Good_One'"),
    "names a part by number": (GOOD.replace('"good-one"', "7"), "it registers a sampler as 7"),
    "offers what cannot be called": (GOOD.replace("factory)", "3)"), "cannot be called"),
    "takes settings of any name": (
        GOOD.replace("size: int = 3", "**settings"),
        "sampler 'good-one' takes **settings; settings are given by name",
    ),
    "takes settings by place": (
        GOOD.replace("size: int = 3", "*settings"),
        "sampler 'good-one' takes *settings; settings are given by name",
    ),
    "takes settings by place alone": (
        GOOD.replace("size: int = 3", "size: int = 3, /"),
        "takes size: int = 3; settings are given by name",
    ),
    "has a setting without a default": (
        GOOD.replace("size: int = 3", "size: int"),
        "sampler 'good-one': the setting 'size' needs a default",
    ),
    "names a later setting that it lacks": (
        GOOD.replace("factory)", 'factory, later=("width",))'),
        "sampler 'good-one' has no setting 'width', which `later` names",
    ),
    "has a type that does not exist": (
        GOOD.replace("size: int", "size: 'Missing'"),
        "NameError: name 'Missing' is not defined",
    ),
    "does not take what its kind is given": (
        GOOD.replace("register_samplers", "register_autoencoders"),
        "autoencoder 'good-one' does not take shape first",
    ),
}


def the_problem(parts: Parts) -> BrokenPlugin:
    (problem,) = (broken for broken in parts.broken if broken.name == "bad")
    return problem


@pytest.mark.parametrize(("source", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_reported_with_its_home_and_the_others_go_on(
    install, source, reason, monkeypatch
):
    # The tests check annotations too, and would raise before the code under test does.
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    install("bad", source, version="2.1")
    install("zebra", GOOD.replace("good-one", "late-one"))
    parts = load_parts()
    problem = the_problem(parts)
    assert problem.distribution == "bad 2.1"
    assert reason in problem.reason
    raised = problem.reason.split(":")[0].isidentifier()
    assert ("Traceback" in problem.trace) == raised  # our own messages have none
    assert str(problem).startswith("plugin 'bad' of bad 2.1 is not used: ")
    assert "late-one" in parts.samplers
    assert [broken.name for broken in parts.broken] == ["bad"]
    assert "bad" not in {plugin.name for plugin in parts.plugins}


def test_a_broken_plugin_offers_none_of_its_parts(install):
    install("bad", GOOD + '    register("Second", factory)\n')
    parts = load_parts()
    assert "a sampler as 'Second'" in the_problem(parts).reason
    assert "good-one" not in parts.samplers


def test_a_strict_choice_makes_it_an_error_with_every_traceback(install):
    install("bad", "1 / 0")
    install("worse", "[][0]")
    with pytest.raises(PluginError, match=r"(?s)bad 1\.0.*ZeroDivisionError.*worse.*IndexError"):
        load_parts(Choice(strict=True))


def test_a_strict_choice_changes_nothing_where_all_is_well(install):
    install("alpha", GOOD)
    assert "good-one" in load_parts(Choice(strict=True)).samplers


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "MemoryError"])
def test_errors_of_the_whole_program_are_passed_on(install, error):
    install("bad", f"raise {error}")
    with pytest.raises(BaseException, match=r"^$") as raised:
        load_parts()
    assert raised.type.__name__ == error


def test_a_name_offered_twice_names_both_homes_and_the_first_keeps_it(install):
    install("alpha", GOOD)
    install("beta", GOOD)
    parts = load_parts()
    (problem,) = parts.broken
    assert problem.distribution == "beta 1.0"
    assert problem.reason == (
        "it registers the sampler 'good-one', a name that plugin 'alpha' of alpha has taken"
    )
    assert parts.samplers["good-one"].plugin.distribution == "alpha"


def test_one_name_may_stand_for_parts_of_different_kinds(install):
    install("alpha", GOOD)
    install("beta", GOOD.replace("register_samplers", "register_metrics"))
    parts = load_parts()
    assert not parts.broken
    assert "good-one" in parts.samplers
    assert "good-one" in parts.metrics


def test_two_distributions_may_give_their_plugins_one_name(install):
    install("alpha", GOOD, point="mine")
    install("beta", GOOD.replace("good-one", "other-one"), point="mine")
    parts = load_parts()
    assert not parts.broken
    assert {"good-one", "other-one"} <= set(parts.samplers)


def test_a_disabled_plugin_is_not_even_imported(install):
    install("alpha", GOOD)
    install("bad", "1 / 0")
    parts = load_parts(Choice(disabled=("bad",)))
    assert not parts.broken
    assert "good-one" in parts.samplers


def test_disabling_what_is_not_installed_is_an_error_that_says_what_is(install):
    install("alpha", GOOD)
    with pytest.raises(UsageError, match=r"No plugin is called 'alhpa'\. Installed: .*alpha"):
        load_parts(Choice(disabled=("alhpa",)))


def test_a_file_is_a_plugin(tmp_path):
    path = tmp_path / "my-sampler.py"
    path.write_text(GOOD)
    parts = load_parts(Choice(installed=False, files=(str(path),)))
    plugin = parts.samplers["good-one"].plugin
    assert (plugin.name, plugin.distribution) == ("my-sampler", "the file my-sampler.py")
    assert plugin.sources == (path,)
    assert [part for registry in parts.registries for part in registry] == ["good-one"]


def test_classes_of_a_file_know_their_module(tmp_path):
    path = tmp_path / "typed.py"
    path.write_text(
        dedent(
            """
            from __future__ import annotations
            from dataclasses import dataclass
            from samplebench import hookimpl

            @dataclass
            class Typed:
                size: int = 3

            @hookimpl
            def register_metrics(register):
                register("typed", Typed)
            """
        )
    )
    parts = load_parts(Choice(installed=False, files=(str(path),)))
    assert not parts.broken
    factory = parts.metrics["typed"].factory
    assert getattr(sys.modules[factory.__module__], "Typed") is factory  # noqa: B009 - by name


OBJECT = """
from samplebench import hookimpl

def factory(size: int = 3):
    "A sampler."

class Offers:
    @hookimpl
    def register_samplers(self, register):
        register("good-one", factory)

class namespace:
    plugin = Offers()

plugin = namespace.plugin
"""


@pytest.mark.parametrize(
    "inside", [":plugin", ":namespace.plugin", " : plugin", ":plugin [extra]"]
)
def test_an_entry_point_may_name_an_object_that_has_the_hooks(install, inside):
    install("alpha", OBJECT, inside=inside)
    parts = load_parts(Choice(strict=True))
    part = parts.samplers["good-one"]
    assert part.plugin.home.read_text().endswith(OBJECT)
    assert part.code.modules == {part.factory.__module__}


@pytest.mark.parametrize("place", [":plugin", ""])
def test_the_api_of_a_plugin_is_asked_of_its_object_and_of_its_module(install, place):
    stated = "plugin.samplebench_api = 2" if place else "samplebench_api = 2"
    install("bad", f"{OBJECT}\n{stated}\n", inside=":plugin")
    assert "it is written for plugin API 2" in the_problem(load_parts()).reason


def test_an_object_that_is_not_in_its_module_is_reported(install):
    install("bad", OBJECT, inside=":nothing")
    assert "has no attribute 'nothing'" in the_problem(load_parts()).reason


def test_files_of_one_name_are_two_plugins_each_with_its_own_code(tmp_path):
    files = []
    for folder, name, size in (("a", "one", 3), ("b", "two", 4)):
        (tmp_path / folder).mkdir()
        files.append(tmp_path / folder / "mine.py")
        source = GOOD.replace("good-one", name).replace("= 3", f"= {size}")
        files[-1].write_text(source)
    both = load_parts(Choice(installed=False, files=tuple(map(str, files)))).samplers
    alone = load_parts(Choice(installed=False, files=(str(files[0]),))).samplers
    assert both["one"].factory.__module__ != both["two"].factory.__module__
    assert both["one"].plugin.sources == (files[0],)
    assert both["one"].code.digest == alone["one"].code.digest != both["two"].code.digest


def test_a_file_has_the_same_code_wherever_it_lies(tmp_path):
    digests = set()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(GOOD)
        choice = Choice(installed=False, files=(str(tmp_path / folder / "mine.py"),))
        digests.add(load_parts(choice).samplers["good-one"].code.digest)
    assert len(digests) == 1


def test_a_file_that_is_named_twice_is_loaded_once(tmp_path):
    (tmp_path / "mine.py").write_text(GOOD)
    (tmp_path / "link.py").symlink_to("mine.py")
    names = (str(tmp_path / "mine.py"), str(tmp_path / "link.py"))
    parts = load_parts(Choice(installed=False, files=names, strict=True))
    assert [plugin.name for plugin in parts.plugins] == ["mine"]


def test_a_broken_file_is_reported_by_its_name(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("1 / 0")
    (problem,) = load_parts(Choice(installed=False, files=(str(path),))).broken
    assert str(problem) == (
        "plugin 'mine' of the file mine.py is not used: ZeroDivisionError: division by zero"
    )


@pytest.mark.parametrize("name", ["absent.py", "notes.txt", "."])
def test_a_file_that_is_no_python_file_is_an_error(tmp_path, name):
    (tmp_path / "notes.txt").write_text(GOOD)
    with pytest.raises(UsageError, match="there is no such Python file"):
        load_parts(Choice(installed=False, files=(str(tmp_path / name),)))


def test_nothing_installed_is_nothing_loaded():
    parts = load_parts(Choice(installed=False))
    assert (parts.plugins, parts.broken) == ((), ())
    assert [len(registry) for registry in parts.registries] == [0] * 5


def test_loading_twice_gives_registries_of_their_own(install):
    install("alpha", GOOD)
    first, second = load_parts(), load_parts()
    assert first.samplers is not second.samplers
    assert list(first.samplers) == list(second.samplers)


def test_where_nothing_can_be_forked_plugins_are_loaded_once(install, monkeypatch):
    monkeypatch.setattr(loading, "CAN_FORK", False)
    install("alpha", GOOD)
    install("beta", "1 / 0")
    parts = loading.load_tried_parts()
    assert [plugin.name for plugin in parts.plugins] == ["alpha"]
    assert [problem.name for problem in parts.broken] == ["beta"]
