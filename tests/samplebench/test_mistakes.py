"""Mistakes are told before torch is imported, and what is installed is known without it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from quick_process import run_python

# A fresh process asks every entry point, and those of bundled parts lead nowhere without them.
pytest.importorskip("samplebench_datasets")

ROOT = Path(__file__).parents[2]
HELPERS = ROOT / "tests" / "helpers"
PLUGIN = """
from samplebench import Continuous, Sampler, hookimpl

class Fixed(Sampler):
    '''Draws the mean.'''

    accepts = (Continuous,)

    def __init__(self, spread: float = 1.0):
        self.spread = spread

    def fit(self, latents):
        self.latents = latents

    def sample(self, count):
        return self.latents[:1]

@hookimpl
def register_samplers(register):
    register("fixed", Fixed)
"""


PROGRAM = """
import sys
from samplebench.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as error:
    code = error.code
print("imported torch", "torch" in sys.modules, file=sys.stderr)
sys.exit(code)
"""


def typing(run_program, folder):
    """Runs a command in a process of its own, in a folder: its exit code, output, messages, and
    True if it imported torch.
    """

    def typed(*words, **environment):
        kept = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), **environment}
        done = run_program(PROGRAM, *words, cwd=folder, env=kept)
        *messages, last = done.stderr.splitlines()
        assert last.startswith("imported torch"), done.stderr
        return done.returncode, done.stdout, messages, last.endswith("True")

    return typed


def start_python(program, *words, **options):
    command = [sys.executable, "-c", program, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def typed(tmp_path):
    """Commands in an empty folder; those that import torch need not wait for it."""
    return typing(run_python, tmp_path)


@pytest.fixture
def started(tmp_path):
    """Commands in an empty folder, with all that a start takes."""
    return typing(start_python, tmp_path)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "--suite", "digitz"), "No suite is called 'digitz'"),
        (("plan", "--suite", "bad.toml"), "bad.toml: "),
        (("plan", "--suite", "short.toml"), "metrics: this key is missing"),
        (("run", "--seeds", "0-1000000"), "these are 1,000,001 seeds; give at most 10,000"),
        (("run", "--seeds", "a"), 'seeds are written like "0-4"'),
        (("run", "--sampler", "gmm(components="), "cannot be read"),
        (("run", "--jobs", "0"), "--jobs is 1 or more"),
        (("run", "--jobs", "2", "--executor", "inline"), "leave --jobs out"),
        (("run", "--gpus", "0,1", "--jobs", "1"), "leave --jobs out, or name fewer"),
        (("run", "--gpus", "0", "--device", "cpu"), "--device asks for 'cpu'"),
        (("run", "--gpus", "0", "--executor", "inline"), "of the executor forked"),
        (("run", "--executor", "dask"), "--executor dask needs one cluster: --dask-address"),
        (("run", "--dask-address", "tcp://a:1"), "add --executor dask"),
        (
            ("run", "--executor", "dask", "--dask-config", "short.toml"),
            "key 'datasets', which means nothing; allowed: cluster",
        ),
        (("run", "--executor", "dask", "--dask-config", "no.toml"), "there is no such file"),
        (("run", "--plugin", "absent.py"), "there is no such Python file"),
        (("run", "--disable-plugin", "absent"), "No plugin is called 'absent'"),
        (("score", "absent", "--dataset", "digits"), "There is no file or folder "),
        (("score", ".", "--against", "digitz"), "No suite is called 'digitz'"),
        (("verify", "digitz"), "No suite is called 'digitz'"),
        (("verify", "--sample", "0"), "--sample is 1 or more"),
        (("train", "--dataset", "(", "--autoencoder", "a", "--output", "o"), "is not a name"),
        (("list", "suites", "--markdown"), "list suites without it"),
    ],
)
def test_what_was_mistyped_is_told_in_one_message_without_torch(started, tmp_path, words, told):
    (tmp_path / "bad.toml").write_text("datasets = [\n")
    (tmp_path / "short.toml").write_text('datasets = ["digits"]\n')
    code, out, messages, imported = started(*words)
    assert (code, out, imported) == (2, "", False)
    assert told in "\n".join(messages)


@pytest.fixture
def mine(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN)
    an_hour_ago = time.time() - 3600
    os.utime(file, (an_hour_ago, an_hour_ago))
    return file


def names(out):
    return [row["name"] for row in json.loads(out)]


def test_list_plan_and_names_of_parts_are_known_from_the_second_command_on(typed, mine):
    listed = ("list", "samplers", "--json", "--plugin", mine)
    planned = ("plan", "--suite", HELPERS / "toy.toml", "--plugin", HELPERS / "toy_parts.py")
    for command in (listed, planned):
        first, again = typed(*command), typed(*command)
        assert first[3] and not again[3]  # noqa: PT018 - torch, and then none
        assert first[:3] == again[:3]
    for spec, told in (
        ("fixt", "No sampler is called 'fixt'. Did you mean 'fixed'?"),
        ("fixed(spred=2.0)", "no setting 'spred'. Did you mean 'spread'? It takes spread=1.0."),
    ):
        code, _, messages, imported = typed("run", "--sampler", spec, "--plugin", mine)
        assert (code, imported) == (2, False)
        assert told in messages[0]


def test_a_value_of_another_type_is_told_in_the_same_words_with_torch_and_without(typed, mine):
    asked = ("run", "--suite", HELPERS / "toy.toml", "--plugin", HELPERS / "toy_parts.py")
    asked += ("--plugin", mine, "--sampler", "fixed(spread='wide')")
    first, again = typed(*asked), typed(*asked)
    told = "samplebench: sampler 'fixed': spread='wide' does not fit; it takes float"
    assert first == (2, "", [told], True)
    assert again == (2, "", [told], False)


def test_a_plan_is_made_anew_when_records_or_what_is_asked_for_change(typed, tmp_path):
    toys = ("--suite", HELPERS / "toy.toml", "--plugin", HELPERS / "toy_parts.py")
    assert "6 cells: 6 to do." in typed("plan", *toys)[1]
    assert typed("run", *toys, "--seeds", "0", "--device", "cpu", "--quiet")[0] == 0
    code, out, _, imported = typed("plan", *toys)
    assert (code, imported) == (0, True)
    assert "6 cells: 3 to do, 3 measured" in out
    assert not typed("plan", *toys)[3]
    assert "3 cells: 3 measured" in typed("plan", *toys, "--seeds", "0")[1]
    next((tmp_path / "leaderboards" / "records").rglob("*.json")).unlink()
    assert "6 cells: 4 to do, 2 measured" in typed("plan", *toys)[1]


def test_a_plugin_that_changed_is_asked_again(typed, mine):
    listed = ("list", "samplers", "--json", "--plugin", mine)
    assert "fixed" in names(typed(*listed)[1])
    before = mine.stat()
    mine.write_text(PLUGIN.replace('"fixed"', '"fikst"'))  # as long as before
    os.utime(mine, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    _, out, _, imported = typed(*listed)
    assert imported
    assert "fikst" in names(out)
    assert "fixed" not in names(out)


def test_what_changed_while_it_was_read_is_not_kept(monkeypatch, tmp_path):
    from samplebench import known

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "changes.py"
    file.write_text("")
    now = time.time_ns()
    os.utime(file, ns=(now, now + 1))
    known.keep("question", 1, since=now, files=[str(file)])
    assert known.recall("question") is None
    os.utime(file, ns=(now, now - 1))
    known.keep("question", 1, since=now, files=[str(file)])
    assert known.recall("question") == 1


def test_a_distribution_that_comes_or_goes_is_noticed(typed, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    path = os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(site)])
    listed = ("list", "samplers", "--json")
    assert "added" not in names(typed(*listed, PYTHONPATH=path)[1])
    (site / "added.py").write_text(PLUGIN.replace('"fixed"', '"added"'))
    about = site / "added-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: added\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[samplebench]\nadded = added\n")
    assert "added" in names(typed(*listed, PYTHONPATH=path)[1])


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"digest": "0", "content": {}}', "\x00", "changed"]
)
def test_a_broken_answer_is_as_good_as_none(monkeypatch, tmp_path, content):
    from samplebench import known

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    known.keep("question", ["fixed"], since=time.time_ns())
    assert known.recall("question") == ["fixed"]
    [kept] = (tmp_path / "samplebench" / "catalogue").glob("*.json")
    whole = kept.read_text()
    kept.write_text(whole.replace('"fixed"', '"other"') if content == "changed" else content)
    assert known.recall("question") is None


def test_a_broken_cache_is_made_anew(typed, mine, tmp_path):
    listed = ("list", "samplers", "--json", "--plugin", mine)
    first = typed(*listed)
    [kept] = (tmp_path / "cache" / "samplebench" / "catalogue").glob("*.json")
    kept.write_text(kept.read_text().replace('"fixed"', '"other"'))
    assert typed(*listed) == first
    assert not typed(*listed)[3]


def test_a_cache_that_cannot_be_written_and_a_user_without_a_home_lose_nothing(
    typed, mine, tmp_path
):
    (tmp_path / "file").write_text("")
    for _ in range(2):
        code, out, messages, imported = typed(
            "list", "samplers", "--json", "--plugin", mine, XDG_CACHE_HOME=str(tmp_path / "file")
        )
        assert (code, messages, imported) == (0, [], True)
        assert "fixed" in names(out)


def test_a_broken_plugin_is_told_each_time(typed, tmp_path):
    (tmp_path / "bad.py").write_text("raise RuntimeError('not today')\n")
    for _ in range(2):
        assert "not today" in typed("list", "samplers", "--plugin", "bad.py")[2][0]


def test_few_answers_are_kept(monkeypatch, tmp_path):
    from samplebench import known

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    now = time.time_ns()
    for number in range(40):
        known.keep(f"question {number}", number, since=now)
    assert len(list((tmp_path / "samplebench" / "catalogue").iterdir())) == 32
    assert known.recall("question 39") == 39
    assert known.recall("question 0") is None


@pytest.mark.slow
def test_a_mistake_takes_less_than_half_a_second_and_a_list_less_than_one(started):
    assert started("list")[3]
    assert not started("list")[3]

    def fastest(*words):
        return min(_seconds(started, *words) for _ in range(3))

    assert fastest("run", "--suite", "digitz") < 0.5
    assert fastest("run", "--sampler", "gausian") < 0.5
    assert fastest("list") < 1


def _seconds(started, *words):
    """The processor's seconds: those of the clock, on a machine with nothing else to do."""
    before = os.times()
    started(*words)
    after = os.times()
    return sum(
        getattr(after, kind) - getattr(before, kind)
        for kind in ("children_user", "children_system")
    )
