"""Suites: read, checked, and told what is wrong with the line that is wrong."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplebench.errors import BadSuite
from samplebench.pipeline.request.suite import load_suite, override
from samplebench.pipeline.request.suite_file import bundled_suites, parse_seeds

GOOD = """about = "a test"
datasets = ["stripes"]
autoencoders = [
    "linear",
]
samplers = ["normal"]
metrics = ["spread"]
seeds = "0-2"

[training]
epochs = 2
batch = 8

[counts]
generated = 5
"""


def written(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


def test_a_suite_is_named_after_its_file_and_knows_its_seeds(tmp_path):
    suite = load_suite(written(tmp_path, GOOD))
    assert (suite.name, suite.seeds, suite.training.epochs) == ("mine", [0, 1, 2], 2)


@pytest.mark.parametrize("name", bundled_suites())
def test_every_bundled_suite_is_valid_and_says_how_long_it_takes(name):
    suite = load_suite(name)
    assert suite.name == name
    assert suite.minutes
    assert suite.about


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("batch = 8", "batch = 0", ":12: training.batch: input should be greater than or equal"),
        ("batch = 8", 'optimiser = "adma"', ":12: training.optimiser: input should be 'adam', "),
        ("batch = 8", 'batch = "8"', ":12: training.batch: input should be a valid integer"),
        ("epochs = 2", "epoch = 2", ":11: training.epoch: there is no such key; allowed: epochs"),
        ("epochs = 2", "epochs = 2\nsteps = 3", ":10: training: give either epochs or steps"),
        ("epochs = 2", "", ":10: training: give either epochs or steps"),
        ("generated = 5", "generatd = 5", ":15: counts.generatd: there is no such key; allowed"),
        ('seeds = "0-2"', 'seeds = "2-0"', ':8: seeds: seeds are written like "0-4"'),
        ('seeds = "0-2"', "seeds = [-1]", ":8: seeds.0: input should be greater than"),
        ('metrics = ["spread"]', "metrics = []", ":7: metrics: list should have at least 1"),
        ("generated = 5", "generated = 100_000_000_000", "counts.generated: input should be less"),
        ('seeds = "0-2"', 'seeds = "0-1000000"', ":8: seeds: these are 1,000,001 seeds; give at"),
        ("generated = 5", "train = 1", ":15: counts.train: input should be greater than"),
        ('    "linear",', "    3,", ":3: autoencoders.0: input should be a valid string, not 3"),
        ('metrics = ["spread"]', "", "metrics: this key is missing"),
        ('metrics = ["spread"]', "metrics = [", "mine.toml: "),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_is_allowed(tmp_path, before, after, told):
    with pytest.raises(BadSuite) as error:
        load_suite(written(tmp_path, GOOD.replace(before, after)))
    assert told in str(error.value)


def test_an_unknown_suite_is_told_with_the_bundled_ones():
    with pytest.raises(BadSuite, match=r"No suite is called 'digit'.*Bundled: .*digits, mnist"):
        load_suite("digit")


def test_an_override_replaces_only_what_is_given(tmp_path):
    suite = load_suite(written(tmp_path, GOOD))
    changed = override(suite, seeds="4", samplers=None)
    assert (changed.seeds, changed.samplers) == ([4], ["normal"])
    assert changed.digest != suite.digest
    with pytest.raises(BadSuite, match='--seeds: seeds are written like "0-4" or "0,2,5"'):
        override(suite, seeds="a-b")


@given(st.lists(st.integers(0, 99), min_size=1, max_size=9))
def test_lists_and_ranges_of_seeds_are_read_as_written(seeds):
    assert parse_seeds(",".join(map(str, seeds))) == seeds
    low, high = min(seeds), max(seeds)
    assert parse_seeds(f"{low}-{high}") == list(range(low, high + 1))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0-1000000", "1,000,001"),
        ("0-9223372036854775806", "9,223,372,036,854,775,807"),
        ("5,0-9999", "10,001"),
        (",".join(["0-999"] * 11), "11,000"),
    ],
)
def test_a_range_of_too_many_seeds_is_refused_before_it_is_written_out(text, count):
    tracemalloc.start()
    with pytest.raises(ValueError, match=f"these are {count} seeds; give at most 10,000"):
        parse_seeds(text)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    assert len(parse_seeds("1-10000")) == 10_000


def test_a_suite_file_may_begin_with_a_mark_of_its_encoding(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert load_suite(str(path)) == load_suite(written(tmp_path, GOOD))
    path.write_text(GOOD.replace("batch = 8", "batch = 0"), encoding="utf-8-sig")
    with pytest.raises(BadSuite, match=r"mine\.toml:12: training\.batch"):
        load_suite(str(path))
