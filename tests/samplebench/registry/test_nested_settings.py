"""A setting can be a sampler itself, given as the text of its spec."""

import importlib
import sys
import tempfile
from pathlib import Path

import pytest

from samplebench import Sampler
from samplebench.errors import BadSetting, UnknownPart
from samplebench.registry.plugin import Plugin
from samplebench.registry.registry import Part, Registry
from samplebench.registry.spec import Spec, parse

HERE = Plugin("tests", "the tests", "1.0", sys.modules[__name__])


class Prior(Sampler):
    def __init__(self, order: int = 1, smoothing: float = 0.5) -> None:
        if order > 9:
            raise ValueError(f"order goes up to 9, not {order}")
        self.order, self.smoothing = order, smoothing

    def fit(self, latents) -> None: ...

    def sample(self, count): ...


class Whole(Prior):
    def __init__(self, components: int = 4, prior: Sampler | str = "markov") -> None:
        self.components, self.prior = components, prior


class Bare(Prior):
    def __init__(self, inner: Sampler = "markov(order=2)") -> None:  # type: ignore[assignment]
        self.inner = inner


class Wordy(Prior):
    def __init__(self, label: str = "markov") -> None:
        self.label = label


MARKOV = Part("sampler", "markov", Prior, HERE)


def registry(markov: Part = MARKOV) -> Registry:
    return Registry(
        "sampler",
        [
            markov,
            Part("sampler", "whole", Whole, HERE),
            Part("sampler", "bare", Bare, HERE),
            Part("sampler", "wordy", Wordy, HERE),
        ],
    )


@pytest.fixture
def samplers() -> Registry:
    return registry()


def test_a_setting_annotated_as_a_sampler_is_nested_and_no_other_is(samplers):
    assert {name: part.nested for name, part in samplers.items()} == {
        "markov": frozenset(),
        "whole": {"prior"},
        "bare": {"inner"},
        "wordy": frozenset(),
    }


def test_the_factory_gets_a_sampler_that_is_built_with_the_settings_in_the_text(samplers):
    (chosen,) = samplers.choose("whole(components=7, prior='markov(order=3)')")
    whole = chosen.build()
    assert (type(whole.prior), whole.prior.order, whole.prior.smoothing) == (Prior, 3, 0.5)
    assert whole.components == 7


@pytest.mark.parametrize(
    ("spec", "setting", "order"), [("whole", "prior", 1), ("bare", "inner", 2)]
)
def test_a_default_is_the_text_of_a_spec_too(samplers, spec, setting, order):
    (chosen,) = samplers.choose(spec)
    assert getattr(chosen.build(), setting).order == order


def test_a_text_that_is_not_for_a_sampler_stays_a_text(samplers):
    (chosen,) = samplers.choose("wordy")
    assert chosen.build().label == "markov"


def test_every_build_has_an_inner_sampler_of_its_own(samplers):
    (chosen,) = samplers.choose("whole")
    assert chosen.build().prior is not chosen.build().prior


def test_settings_hold_the_full_spec_of_the_inner_sampler_and_the_spec_what_was_asked_for(
    samplers,
):
    (chosen,) = samplers.choose("whole(prior='markov(order=3)')")
    assert chosen.settings == {"components": 4, "prior": "markov(order=3, smoothing=0.5)"}
    assert str(chosen) == "whole(prior='markov(order=3)')"


def test_samplers_nest_to_any_depth():
    class Deeper(Prior):
        def __init__(self, around: Sampler | str = "whole(prior='markov(order=5)')") -> None:
            self.around = around

    samplers = Registry("sampler", [*registry().values(), Part("sampler", "deeper", Deeper, HERE)])
    (chosen,) = samplers.choose("deeper")
    assert chosen.build().around.prior.order == 5
    assert chosen.settings["around"] == (
        "whole(components=4, prior='markov(order=5, smoothing=0.5)')"
    )


@pytest.mark.parametrize(
    "asked",
    [
        "whole(prior='markov')",
        "whole(prior='markov()')",
        "whole(prior=' markov( order = 1 ) ')",
        "whole(prior='markov(smoothing=0.5, order=1)')",
        "whole(components=4)",
    ],
)
def test_ways_of_asking_for_the_same_inner_sampler_have_one_key(samplers, asked):
    (plain,), (chosen,) = samplers.choose("whole"), samplers.choose(asked)
    assert chosen.key == plain.key


def test_another_inner_setting_is_another_key(samplers):
    (plain,), (other,) = (
        samplers.choose("whole"),
        samplers.choose("whole(prior='markov(order=2)')"),
    )
    assert other.key != plain.key


@pytest.mark.parametrize("asked", ["whole", "whole(components=2, prior='markov(order=3)')"])
def test_the_full_spec_asks_for_the_same_again(samplers, asked):
    (chosen,) = samplers.choose(asked)
    (again,) = samplers.choose(chosen.full)
    assert (again.key, again.full) == (chosen.key, chosen.full)
    assert str(parse(chosen.full)) == chosen.full


def test_a_list_of_texts_is_a_grid_over_inner_samplers(samplers):
    found = samplers.choose("whole(components=[2, 3], prior=['markov', 'markov(order=2)'])")
    built = [chosen.build() for chosen in found]
    assert [(whole.components, whole.prior.order) for whole in built] == [
        (2, 1),
        (2, 2),
        (3, 1),
        (3, 2),
    ]
    assert len({chosen.key for chosen in found}) == 4


def test_a_grid_inside_the_text_is_refused_with_the_way_to_write_it(samplers):
    with pytest.raises(BadSetting) as raised:
        samplers.choose("whole(prior='markov(order=[1, 2])')")
    assert str(raised.value) == (
        "sampler 'whole': prior='markov(order=[1, 2])' is a grid of 2 samplers; "
        "write a list of texts instead: prior=['…', '…']"
    )


def test_an_inner_sampler_that_is_not_installed_is_an_error_with_a_suggestion(samplers):
    with pytest.raises(
        UnknownPart, match=r"No sampler is called 'markow'\. Did you mean 'markov'"
    ):
        samplers.choose("whole(prior='markow')")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("markov(ordre=3)", "sampler 'markov' has no setting 'ordre'. Did you mean 'order'"),
        ("markov(order='3')", "sampler 'markov': order='3' does not fit; it takes int"),
    ],
)
def test_settings_of_the_inner_sampler_are_checked(samplers, text, message):
    with pytest.raises(BadSetting) as raised:
        samplers.choose(str(Spec("whole", {"prior": text})))
    assert message in str(raised.value)


def test_a_value_that_the_inner_sampler_refuses_is_an_error_when_it_is_built(samplers):
    (chosen,) = samplers.choose("whole(prior='markov(order=12)')")
    with pytest.raises(BadSetting, match=r"'markov\(order=12\)' cannot be built: order goes up"):
        chosen.build()


@pytest.mark.parametrize("value", ["3", "None", "('markov',)"])
def test_a_value_that_is_no_text_names_no_sampler(samplers, value):
    with pytest.raises(BadSetting, match="sampler 'whole': prior="):
        samplers.choose(f"whole(prior={value})")


@pytest.mark.parametrize("text", ["", "Markov!", "markov(", "markov(3)"])
def test_a_text_that_cannot_be_read_is_an_error_that_names_the_setting(samplers, text):
    with pytest.raises(BadSetting, match="sampler 'whole': prior: "):
        samplers.choose(str(Spec("whole", {"prior": text})))


@pytest.fixture
def markov_of(tmp_path, monkeypatch):
    """``markov_of(text)``: a sampler of another plugin, whose module ends with ``text``."""

    def load(text: str) -> Part:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        monkeypatch.syspath_prepend(folder)
        (folder / "elsewhere.py").write_text(f"class Markov: ...\n\n\n{text}\n")
        monkeypatch.delitem(sys.modules, "elsewhere", raising=False)
        module = importlib.import_module("elsewhere")
        return Part(
            "sampler", "markov", module.Markov, Plugin("elsewhere", "elsewhere", "1.0", module)
        )

    return load


def test_the_code_digest_changes_with_the_plugin_of_the_inner_sampler(markov_of):
    def digests(text: str) -> tuple[str, str]:
        markov = markov_of(text)
        (whole,) = registry(markov).choose("whole")
        assert whole.code.modules == {*MARKOV.code.modules, "elsewhere"}
        return whole.code.digest, markov.code.digest

    first, second = digests("x = 1"), digests("x = 2")
    assert first[1] != second[1]
    assert first[0] != second[0]
    assert first == digests("x = 1")
    assert first[0] not in (MARKOV.code.digest, first[1])


def test_an_inner_sampler_of_the_same_plugin_leaves_its_code_digest_as_it_is(samplers):
    (whole,) = samplers.choose("whole")
    assert whole.code == samplers["whole"].code
