"""Specs are parsed and never executed; a written spec is parsed to the same spec."""

import math
import string
import tracemalloc

import jaxtyping
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench.errors import BadSpec
from samplebench.registry.spec import Spec, is_name, parse, parse_grid

words = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=6)
names = st.lists(words, min_size=1, max_size=3).map("-".join)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**64, 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=5,
)
settings_by_name = st.dictionaries(
    st.text(string.ascii_lowercase + "_", min_size=1).map(lambda name: f"x{name}"), values
)


@pytest.fixture(autouse=True, scope="module")
def without_checks_of_annotations():
    """The type checker of the tests cannot resolve a recursive type, such as that of settings."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@given(names, settings_by_name)
@settings(deadline=None)
def test_a_written_spec_is_parsed_to_the_same_spec(name, chosen):
    spec = Spec(name, chosen)
    assert parse(str(spec)) == spec
    assert str(parse(str(spec))) == str(spec)


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_text_is_a_spec_or_a_bad_spec(text):
    try:
        specs = parse_grid(text)
    except BadSpec:
        return
    assert all(is_name(spec.name) for spec in specs)


@given(st.text("[](){},=:'\"1e9_-+*x \\#j", max_size=20))
@settings(deadline=None)
def test_any_text_for_settings_is_values_or_a_bad_spec(text):
    try:
        specs = parse_grid(f"gmm(x={text})")
    except BadSpec:
        return
    for spec in specs:
        assert parse(str(spec)) == spec


def test_settings_are_sorted_so_that_one_choice_has_one_text():
    assert str(parse("gmm(covariance='full', components=50)")) == (
        "gmm(components=50, covariance='full')"
    )
    assert str(Spec("gmm", {"b": 1, "a": 2})) == "gmm(a=2, b=1)"


def test_a_spec_without_settings_is_the_name():
    assert [str(parse(text)) for text in ("gmm", " gmm ", "gmm()")] == ["gmm"] * 3


def test_a_list_is_a_grid_and_a_tuple_is_one_value():
    grid = parse_grid("gmm(components=[10, 20], law=['a', 'b'], sizes=(1, 2))")
    assert list(map(str, grid)) == [
        "gmm(components=10, law='a', sizes=(1, 2))",
        "gmm(components=10, law='b', sizes=(1, 2))",
        "gmm(components=20, law='a', sizes=(1, 2))",
        "gmm(components=20, law='b', sizes=(1, 2))",
    ]


def test_a_grid_where_one_spec_is_needed_is_an_error():
    with pytest.raises(BadSpec, match="grid of 2 specs"):
        parse("gmm(components=[10, 20])")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not a name"),
        ("GMM", "is not a name"),
        ("gmm_2", "is not a name"),
        ("-gmm", "is not a name"),
        ("gmm (x=1)", "is not a name"),
        ("gmm(", "cannot be read"),
        ("gmm(x=1", "cannot be read"),
        ("gmm(x=1))", "cannot be read"),
        ("gmm(50)", "settings are given by name"),
        ("gmm(x=1)(y=2)", "settings are given by name"),
        ("gmm(x=1).real", "settings are given by name"),
        ("gmm(**{'x': 1})", "each setting is given once"),
        ("gmm(x=1, x=2)", "cannot be read|each setting is given once"),
        ("gmm(x=y)", "must be a number"),
        ("gmm(x=print(1))", "must be a number"),
        ("gmm(x=__import__('os').getcwd())", "must be a number"),
        ("gmm(x={[1]: 2})", "must be a number"),
        ("gmm(x={'a': 1})", "is not a value"),
        ("gmm(x=b'a')", "is not a value"),
        ("gmm(x=1j)", "is not a value"),
        ("gmm(x=[])", "is not a value"),
        ("gmm(x=[[1]])", "is not a value"),
        ("gmm(x=(1, [2]))", "is not a value"),
        ("gmm(x=1e999)", "is not a value"),
        (f"gmm(x={'-' * 50_000}1)", "has [0-9,]+ characters|at most"),
        (f"gmm(x={'(' * 500}1{')' * 500})", "cannot be read"),
    ],
    ids=lambda text: text[:20],
)
def test_an_invalid_spec_is_an_error_with_a_reason(text, reason):
    with pytest.raises(BadSpec, match=reason):
        parse_grid(text)


def test_numbers_keep_their_type():
    spec = parse("x(a=1, b=1.0, c=True, d=-2, e=None)")
    assert {name: type(value) for name, value in spec.settings.items()} == {
        "a": int,
        "b": float,
        "c": bool,
        "d": int,
        "e": type(None),
    }
    assert math.isclose(parse("x(a=1e-3)").settings["a"], 0.001)


def test_a_grid_of_too_many_specs_is_refused_before_it_is_written_out():
    choices = ", ".join(f"{name}={list(range(100))}" for name in "abcd")
    tracemalloc.start()
    with pytest.raises(BadSpec, match="is a grid of 100,000,000 specs, and 10,000 are the most"):
        parse_grid(f"gmm({choices})")
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    assert len(parse_grid(f"gmm(a={list(range(100))}, b={list(range(100))})")) == 10_000
