"""Parts are looked up by name, and settings are checked before anything is built."""

import functools
import sys
from pathlib import Path
from typing import Literal

import pytest

from samplebench.errors import BadSetting, BadSpec, UnknownPart
from samplebench.registry.plugin import Plugin
from samplebench.registry.registry import Part, Registry
from samplebench.registry.spec import parse

HERE = Plugin("tests", "the tests", "1.0", sys.modules[__name__])


class Mixer:
    """Mixes normals, e.g. ten of them. Fast.

    A second paragraph.

    Reference: On mixing (A. Author and
    B. Author, 2020), arXiv:2001.00001.
    """

    def __init__(
        self,
        components: int = 10,
        law: Literal["full", "diagonal"] = "full",
        width: float = 1.0,
        seed: int | None = None,
        sizes: tuple[int, ...] = (1, 2),
        loose=None,
    ) -> None:
        if components < 1:
            raise ValueError(f"components must be positive, not {components}")
        self.components = components
        self.width = width


def autoencoder(shape: tuple[int, int, int], latent: int = 8) -> tuple[object, int]:
    return shape, latent


@pytest.fixture
def samplers() -> Registry:
    return Registry(
        "sampler",
        [
            Part("sampler", "gmm", Mixer, HERE),
            Part("sampler", "gaussian", lambda: "gaussian", HERE),
            Part("sampler", "wide", functools.partial(Mixer, width=9.0), HERE),
        ],
    )


def test_parts_are_listed_by_name(samplers):
    assert list(samplers) == ["gaussian", "gmm", "wide"]
    assert len(samplers) == 3


def test_a_registry_is_a_mapping(samplers):
    assert "gmm" in samplers
    assert "absent" not in samplers
    assert samplers.get("absent") is None


def test_an_unknown_name_is_an_error_with_a_suggestion_and_all_names(samplers):
    with pytest.raises(UnknownPart) as raised:
        samplers["gausian"]
    assert str(raised.value) == (
        "No sampler is called 'gausian'. Did you mean 'gaussian'? Installed: gaussian, gmm, wide."
    )


def test_an_empty_registry_says_so():
    with pytest.raises(UnknownPart, match=r"No metric is called 'x'\. Installed: none\."):
        Registry("metric", [])["x"]


def test_defaults_fill_what_was_not_asked_for(samplers):
    (chosen,) = samplers.choose("gmm(components=3)")
    assert chosen.spec.settings == {"components": 3}
    assert list(chosen.settings.items()) == [
        ("components", 3),
        ("law", "full"),
        ("loose", None),
        ("seed", None),
        ("sizes", (1, 2)),
        ("width", 1.0),
    ]
    assert str(chosen) == "gmm(components=3)"
    assert chosen.build().components == 3


def test_a_later_setting_is_in_no_identity_at_its_default_and_in_any_other():
    before = Registry("sampler", [Part("sampler", "gmm", lambda old=1: old, HERE)])
    part = Part("sampler", "gmm", lambda old=1, new=2: (old, new), HERE, frozenset({"new"}))
    after = Registry("sampler", [part])
    for spec in ("gmm", "gmm(old=3)"):
        [then], [now] = before.choose(spec), after.choose(spec)
        assert (now.key, now.settings) == (then.key, then.settings)
    [default], [stated], [other] = (after.choose(s) for s in ("gmm", "gmm(new=2)", "gmm(new=5)"))
    assert (default.key, default.build()) == (stated.key, (1, 2))
    assert (other.settings, other.build()) == ({"new": 5, "old": 1}, (1, 5))


def test_a_grid_is_one_choice_for_each_member(samplers):
    assert [c.settings["components"] for c in samplers.choose("gmm(components=[2, 4])")] == [2, 4]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("component=3", "no setting 'component'. Did you mean 'components'? It takes components="),
        ("components=3.5", "components=3.5 does not fit; it takes int"),
        ("components='3'", "components='3' does not fit; it takes int"),
        ("components=True", "components=True does not fit; it takes int"),
        ("law='round'", "law='round' does not fit; it takes 'full' or 'diagonal'"),
        ("width='wide'", "width='wide' does not fit; it takes float"),
        ("seed=1.5", "seed=1.5 does not fit; it takes int or None"),
        ("sizes=(1, 'a')", "sizes=(1, 'a') does not fit; it takes a tuple of int"),
        ("sizes=3", "sizes=3 does not fit; it takes a tuple of int"),
    ],
)
def test_a_setting_that_does_not_fit_is_an_error_that_says_what_does(samplers, settings, message):
    with pytest.raises(BadSetting) as raised:
        samplers.choose(f"gmm({settings})")
    assert message in str(raised.value)
    assert "sampler 'gmm'" in str(raised.value)


def test_a_whole_number_fits_where_a_real_is_wanted(samplers):
    (chosen,) = samplers.choose("gmm(width=2)")
    assert chosen.build().width == 2.0


def test_a_setting_without_a_type_takes_any_value(samplers):
    (chosen,) = samplers.choose("gmm(loose=(1, 'a'))")
    assert chosen.settings["loose"] == (1, "a")


def test_a_part_without_settings_says_so(samplers):
    with pytest.raises(BadSetting, match=r"no setting 'x'\. It takes none\."):
        samplers.choose("gaussian(x=1)")


def test_a_factory_with_a_setting_filled_in_is_a_factory(samplers):
    (chosen,) = samplers.choose("wide(components=3)")
    assert (chosen.build().components, chosen.build().width) == (3, 9.0)
    with pytest.raises(BadSetting, match="it takes int"):
        samplers.choose("wide(components='3')")


def test_a_value_that_the_factory_refuses_is_an_error_that_names_the_part(samplers):
    (chosen,) = samplers.choose("gmm(components=0)")
    with pytest.raises(BadSetting) as raised:
        chosen.build()
    assert str(raised.value) == (
        "sampler 'gmm(components=0)' cannot be built: components must be positive, not 0"
    )


def test_the_argument_that_every_part_of_a_kind_gets_is_no_setting():
    part = Part("autoencoder", "ae", autoencoder, HERE)
    assert list(part.parameters) == ["latent"]
    with pytest.raises(BadSetting, match="no setting 'shape'"):
        part.chosen(parse("ae(shape=(1, 2, 3))"))
    assert part.chosen(parse("ae(latent=4)")).build((1, 8, 8)) == ((1, 8, 8), 4)


def test_text_that_cannot_be_parsed_is_an_error(samplers):
    with pytest.raises(BadSpec):
        samplers.choose("gmm(components=)")


def test_the_summary_is_the_first_sentence_and_the_reference_the_named_source(samplers):
    assert samplers["gmm"].summary == "Mixes normals, e.g. ten of them."
    assert samplers["gmm"].reference == (
        "On mixing (A. Author and B. Author, 2020), arXiv:2001.00001"
    )


def test_the_meaning_of_a_setting_is_what_the_documentation_says_under_args():
    class Documented:
        """Mixes.

        Note: this is no setting.

        Args:
            components: how many: one
                or more.
            width, depth: of a layer.
            gone: a setting no longer.

        Raises:
            law: never.
        """

        def __init__(self, components=3, width=1.0, depth=1, law="full"): ...

    assert Part("sampler", "mix", Documented, HERE).meanings == {
        "components": "how many: one or more.",
        "width": "of a layer.",
        "depth": "of a layer.",
    }
    assert Part("autoencoder", "ae", autoencoder, HERE).meanings == {}


def test_a_part_without_documentation_of_its_own_has_no_summary():
    class Undocumented(Mixer): ...

    part = Part("sampler", "bare", Undocumented, HERE)
    assert (part.summary, part.reference) == ("", None)


def test_the_sources_of_a_package_are_all_of_its_files(tmp_path, monkeypatch):
    package = tmp_path / "package_of_two"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__.py", "part.py", "inner/more.py"):
        (package / name).write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    module = __import__("package_of_two")
    assert Plugin("two", "two", "1.0", module).sources == tuple(
        sorted(package / name for name in ("__init__.py", "part.py", "inner/more.py"))
    )
    assert HERE.sources == (Path(__file__),)
