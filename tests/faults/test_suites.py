"""Suites and command lines that ask for what no number, name or memory can hold."""

import os

import pytest

DEEP = "[" * 20_000 + "]" * 20_000
SUITES = {
    "an array 20,000 deep": f"about = {DEEP}",
    "samplers 20,000 deep": f"samplers = {DEEP}",
    "tables 20,000 deep": "[" + ".".join(["a"] * 20_000) + "]",
    "a number of 5,000 digits": f"seeds = [{'9' * 5000}]",
    "a number of 4,000 digits": f"seeds = [{'9' * 4000}]",
    "a hexadecimal number of 5,000 digits": f"seeds = [0x{'f' * 5000}]",
    "epochs of 4,000 digits": f"training = {{epochs = {'9' * 4000}}}",
    "epochs of 5,000 hexadecimal digits": f"training = {{epochs = 0x{'f' * 5000}}}",
    "a count of 20 digits": f"counts = {{reference = {'9' * 20}}}",
    "a range of seeds of 5,000 digits": f"seeds = '0-{'9' * 5000}'",
    "10^12 seeds": "seeds = '0-999999999999'",
    "minutes without end": "minutes = inf",
    "weight decay without end": "training = {steps = 5, weight_decay = inf}",
    "learning rate without end": "training = {steps = 5, learning_rate = inf}",
    "NaN": "training = {steps = 5, learning_rate = nan}",
    "epochs of NaN": "training = {epochs = nan}",
    "a key of 10,000 letters": f"{'k' * 10_000} = 1",
    "a name of 10,000 letters": f"name = '{'n' * 10_000}'",
    "a name above": "name = '../../outside'",
    "a name with a NUL": 'name = "toy\\u0000"',
    "a spec of 10,000 letters": f"samplers = ['{'s' * 10_000}']",
    "a spec of 20,000 letters": f"samplers = ['{'s' * 20_000}']",
    "a spec 5,000 deep": f"samplers = ['normal(spread={'(' * 4000}1{')' * 4000})']",
    "a spec with 4,000 digits": f"samplers = ['normal(spread={'9' * 4000})']",
    "a spec with 4,000 hexadecimal digits": f"samplers = ['normal(spread=0x{'f' * 4000})']",
    "a spec that calls": 'samplers = [\'normal(spread=__import__("os").system("true"))\']',
    "a spec that is infinite": "samplers = ['normal(spread=1e999)']",
    "a grid of 10^8": f"samplers = ['normal(spread={list(range(999))}, a={list(range(999))})']",
    "a grid of 10^7 cells": f"seeds = '0-9999'\nappendix = ['normal(spread={list(range(999))})']",
    "a setting of 9,000 letters": f"samplers = ['normal({'k' * 9000}=1)']",
    "half a character": "samplers = ['normal(spread=\"\\\\ud800\")']",
    "a key with an escape": '"\\u001b[31m" = 1',
    "no TOML": "\0\1\2",
}


def write_suite(folder, line):
    """The toy suite with one line in place of its own."""
    key = line.partition(" =")[0]
    own = {
        "datasets": "['stripes']",
        "autoencoders": "['linear']",
        "samplers": "['normal']",
        "metrics": "['error']",
        "seeds": "[0]",
        "training": "{steps = 2}",
    }
    lines = [f"{name} = {value}" for name, value in own.items() if name != key]
    path = folder / "toy.toml"
    path.write_text("\n".join([*lines, line]))
    return path


@pytest.mark.parametrize("line", SUITES.values(), ids=SUITES)
@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_suite_that_nothing_can_hold_is_refused_in_a_line(place, command, line):
    suite = write_suite(place.folder, line)
    if command == "run":
        assert place.run(suite=suite) == 2
    else:
        assert (
            place.read("plan", "--suite", suite, "--plugin", place.helpers / "toy_parts.py") == 2
        )
    assert_refused(place)


def assert_refused(place):
    assert place.out == ""
    assert 0 < len(place.err) < 3000
    said = place.err.partition("samplebench run: error: ")[2] or place.err  # without the usage
    assert len(said.splitlines()) <= 3
    assert "Traceback" not in place.err
    assert "\x1b" not in place.err
    assert not place.results.exists()
    assert not place.workspace.exists()


WORDS = {
    "a suite of 10,000 letters": ("--suite", "s" * 10_000),
    "a suite with a NUL": ("--suite", "a\0b"),
    "a folder for a suite": ("--suite", "/"),
    "an endless suite": ("--suite", "/dev/zero"),
    "a suite with an escape": ("--suite", "\x1b[31m"),
    "a sampler of 10,000 letters": ("--sampler", "s" * 10_000),
    "a sampler with half a character": ("--sampler", "\udcff"),
    "a sampler with an escape": ("--sampler", "\x1b]0;owned\x07"),
    "seeds of 5,000 digits": ("--seeds", "9" * 5000),
    "seeds of 25 digits": ("--seeds", "9" * 25),
    "5,000 digits to generate": ("--generated", "9" * 5000),
    "4,000 digits to generate": ("--generated", "9" * 4000),
    "5,000 digits of jobs": ("--jobs", "9" * 5000),
    "a checkpoint of 10,000 letters": ("--checkpoint", "c" * 10_000, "--autoencoder", "linear"),
    "an endless checkpoint": ("--checkpoint", "/dev/zero", "--autoencoder", "linear"),
    "a checkpoint with a NUL": ("--checkpoint", "a\0b", "--autoencoder", "linear"),
    "a revision above": ("--checkpoint", "hf://a/b@../../x"),
    "a plugin of 10,000 letters": ("--plugin", "p" * 10_000, "--strict-plugins"),
    "an endless plugin": ("--plugin", "/dev/zero", "--strict-plugins"),
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_a_command_line_that_nothing_can_hold_is_refused_in_a_line(place, words):
    assert place.run(*words) == 2
    assert_refused(place)


def test_a_suite_that_is_a_fifo_is_refused(place):
    os.mkfifo(place.folder / "toy.toml")
    assert place.run(suite=place.folder / "toy.toml") == 2
    assert_refused(place)
