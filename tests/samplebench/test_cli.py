"""Commands, as they are typed."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from quick_process import run_python

from samplebench import errors
from samplebench.arguments import parser
from samplebench.cli import COMMANDS, main
from samplebench.results.formats.choice import FORMATS

HELPERS = Path(__file__).parents[1] / "helpers"
TOYS = HELPERS / "toy_parts.py"


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """Runs a command in an empty folder; its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # Bundled plugins are another test's matter, and may be absent.
    monkeypatch.setattr("samplebench.registry.loading.entry_points", lambda group: [])

    def typed(command, *arguments):
        takes_plugins = command in ("run", "plan", "verify", "train", "list", "check")
        options = ["--plugin", TOYS] if takes_plugins else []
        suite = ["--suite", HELPERS / "toy.toml"] if command in ("run", "plan") else []
        code = main([str(word) for word in (command, *suite, *options, *arguments)])
        out, err = capsys.readouterr()
        return code, out, err

    return typed


@pytest.fixture(scope="module")
def run_once(tmp_path_factory):
    """A folder in which the toys were measured with one seed, once for all tests."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setattr("samplebench.registry.loading.entry_points", lambda group: [])
        grid = ("--suite", HELPERS / "toy.toml", "--plugin", TOYS, "--seeds", "0")
        assert main(["run", *map(str, grid), "--quiet"]) == 0
    return folder


@pytest.fixture
def measured(run_once, typed, tmp_path):
    """As if ``run --seeds 0`` had been typed."""
    shutil.copytree(run_once, tmp_path, dirs_exist_ok=True)


def test_run_writes_the_board_and_a_second_run_says_that_all_is_measured(typed, tmp_path):
    code, out, err = typed("run", "--seeds", "0", "--device", "cpu")
    assert (code, "Cells: 3 measured" in out) == (0, True)
    assert "[3/3] stripes / linear / again / seed 0" in err
    board = (tmp_path / "leaderboards" / "toy.md").read_text()
    assert "| `linear`" in board
    code, out, err = typed("run", "--seeds", "0", "--quiet")
    assert (code, err) == (0, "")
    assert "All 3 cells were measured before; `samplebench run --again`" in out
    assert (tmp_path / "leaderboards" / "toy.md").read_text() == board


def test_a_run_shows_the_rows_that_it_asked_for_and_the_page_has_all_of_the_folder(typed):
    one = ("--seeds", "0", "--results", "mine")
    first = typed("run", *one, "--sampler", "normal")[1]
    second = typed("run", *one, "--sampler", "again")[1]
    page = Path("mine/toy.md").read_text()
    assert ("normal" in first, "more row" in first) == (True, False)
    assert ("again" in second, "normal" in second) == (True, False)
    assert "and 1 more row, which this command did not ask for: mine/toy.md" in " ".join(
        second.split()
    )
    assert "`normal`" in page
    assert "`again`" in page
    assert "normal" in typed("leaderboard", "toy", "--results", "mine")[1]


def test_exit_codes_tell_what_happened(typed, tmp_path):
    assert typed("run", "--sampler", "raising", "--seeds", "0")[0] == 1
    assert typed("run", "--sampler", "nothing")[0] == 2
    assert typed("run", "--only", "nothing")[0] == 3
    refused = ("--autoencoder", "coded", "--sampler", "normal", "--only", "*normal*")
    code, _, err = typed("run", *refused)
    assert (code, "2 refused" in err) == (3, True)
    (tmp_path / "file").write_text("")
    code, _, err = typed("run", "--results", tmp_path / "file", "--seeds", "0")
    assert (code, "could not be written" in err) == (5, True)
    code, _, err = typed("run", "--workspace", tmp_path / "file", "--seeds", "0")
    assert (code, "the workspace cannot be written" in err) == (5, True)


def test_what_failed_and_why_is_told_once_for_all_its_cells(typed):
    code, _, err = typed("run", "--sampler", "raising", "--quiet")
    told = [line for line in err.splitlines() if "no fit today" in line]
    assert code == 1
    assert len(told) == 1
    start = "samplebench: stripes / linear / raising / seed 0 and 1 more have no full record: "
    assert told[0].startswith(f"{start}RuntimeError: no fit today")


def test_missing_data_end_a_run_before_anything_is_written_or_measured(typed, tmp_path):
    asked = ("--dataset", "stripes", "--dataset", "absent", "--dataset", "absent(images=100)")
    code, out, err = typed("run", *asked, "--quiet")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "samplebench: 'absent' cannot be used: put stripes.bin into the data folder",
        "'absent(images=100)' cannot be used: put stripes.bin into the data folder",
        "Nothing was measured.",
    ]
    assert not (tmp_path / "leaderboards").exists()
    assert not (tmp_path / "cache" / "samplebench" / "autoencoders").exists()


def test_missing_data_end_a_training_as_they_end_a_run(typed, tmp_path):
    toy = ("--dataset", "absent", "--autoencoder", "linear(latent=3)", "--epochs", "1")
    code, out, err = typed("train", *toy, "--output", "kept", "--quiet")
    assert (code, out) == (2, "")
    assert err == "samplebench: put stripes.bin into the data folder\n"
    assert not (tmp_path / "kept").exists()


def test_missing_data_end_a_verification_with_one_message(typed, tmp_path, capsys):
    plugin = tmp_path / "own.py"
    plugin.write_text(TOYS.read_text())
    suite = tmp_path / "toy.toml"
    suite.write_text((HELPERS / "toy.toml").read_text())
    assert main(["run", "--suite", str(suite), "--plugin", str(plugin), "--quiet"]) == 0
    lost = 'raise DataMissing("put stripes.bin into the data folder")'
    plugin.write_text(TOYS.read_text().replace("return self._split(0, self.samples)", lost))
    capsys.readouterr()
    code = main(["verify", str(suite), "--plugin", str(plugin), "--quiet", "--all"])
    out, err = capsys.readouterr()
    assert (code, err.count("stripes.bin")) == (2, 1)
    assert "scores" not in out


def test_weights_that_do_not_fit_or_cannot_be_read_end_a_run_before_it_begins(typed, tmp_path):
    toy = ("--dataset", "stripes", "--autoencoder", "linear(latent=3)", "--epochs", "1")
    assert typed("train", *toy, "--output", "kept", "--quiet")[0] == 0
    (tmp_path / "bad.safetensors").write_text("no weights")
    for place, told in (
        ("kept/weights.safetensors", "encoder.weight is (3, 64) instead of (2, 64)"),
        ("bad.safetensors", "is not a readable safetensors file"),
    ):
        code, out, err = typed("run", "--checkpoint", place, "--autoencoder", "linear")
        assert (code, out) == (2, "")
        assert told in err
        assert len(err.splitlines()) == 1
    assert not (tmp_path / "leaderboards").exists()


def test_plan_prints_each_cell_with_its_status(typed):
    typed("run", "--only", "*/normal/seed 0")
    code, out, _ = typed("plan", "--json")
    rows = json.loads(out)
    assert code == 0
    assert {
        "dataset",
        "autoencoder",
        "sampler",
        "seed",
        "status",
        "reason",
        "refused metrics",
    } <= rows[0].keys()
    assert [r["status"] for r in rows].count("measured") == 1
    code, out, _ = typed("plan")
    assert "6 cells: 5 to do, 1 measured. Time to measure: about" in out


def test_train_writes_a_checkpoint_that_run_takes_by_itself(typed):
    toy = ("--dataset", "stripes", "--autoencoder", "linear(latent=3)", "--output", "kept")
    code, out, err = typed("train", *toy, "--epochs", "2", "--seed", "1")
    assert (code, "linear(latent=3) on stripes, seed 1: reconstruction MSE" in out) == (0, True)
    assert "Checkpoint: kept, for `samplebench run --checkpoint kept`" in out
    assert "autoencoder: linear(latent=3) on stripes, seed 1" in err
    code, out, _ = typed("run", "--checkpoint", "kept", "--seeds", "0")
    assert (code, "Cells: 3 measured" in out) == (0, True)
    rows = json.loads(typed("plan", "--checkpoint", "kept", "--seeds", "0", "--json")[1])
    assert {(row["autoencoder"], row["status"]) for row in rows} == {
        ("linear(latent=3)", "measured")
    }
    bare = ("--checkpoint", "kept/weights.safetensors", "--autoencoder", "linear(latent=3)")
    assert rows == json.loads(typed("plan", *bare, "--seeds", "0", "--json")[1])
    assert "will be replaced" not in err
    assert "the checkpoint in kept will be replaced" in typed("train", *toy, "--epochs", "2")[2]


def test_a_second_checkpoint_is_refused_and_not_taken_for_the_first(typed, capsys):
    with pytest.raises(SystemExit, match="2"):
        typed("plan", "--checkpoint", "one", "--checkpoint", "two")
    assert "--checkpoint is given twice; run once for each" in capsys.readouterr().err


def test_an_autoencoder_that_is_not_the_checkpoints_is_told(typed, tmp_path):
    toy = ("--dataset", "stripes", "--autoencoder", "linear", "--epochs", "1", "--output", "k")
    assert typed("train", *toy)[0] == 0
    same, other = "linear(latent=2)", "linear(latent=[2, 4])"  # two is what linear has unless told
    assert typed("plan", "--checkpoint", "k", "--autoencoder", same)[0] == 0
    code, _, err = typed("plan", "--checkpoint", "k", "--autoencoder", other)
    assert (code, "asks for 'linear(latent=4)', and the checkpoint holds" in err) == (2, True)
    file = tmp_path / "k" / "autoencoder.json"
    code_then = json.loads(file.read_text())["autoencoder"]["code"]
    assert "is not the same: results may differ" not in typed("plan", "--checkpoint", "k")[2]
    file.write_text(file.read_text().replace(code_then, "0" * 16))
    code, _, err = typed("plan", "--checkpoint", "k")
    assert (code, "is not the same: results may differ" in err) == (0, True)


def test_a_checkpoint_for_other_images_is_told_before_any_are_read(typed, tmp_path):
    toy = ("--dataset", "stripes", "--autoencoder", "linear", "--epochs", "1", "--output", "k")
    assert typed("train", *toy)[0] == 0
    file = tmp_path / "k" / "autoencoder.json"
    record = json.loads(file.read_text())
    channels, height, width = record["shape"]
    file.write_text(json.dumps(record | {"shape": [channels, height, width + 1]}))
    code, _, err = typed("plan", "--checkpoint", "k")
    told = f"was trained on images {channels}×{height}×{width + 1}, and the samples of"
    assert (code, told in err) == (2, True)


def test_places_without_a_checkpoint_end_with_one_line(typed, tmp_path):
    (tmp_path / "empty").mkdir()
    for place, exit_code, told in [
        ("nowhere", 2, "there is no such file or folder"),
        ("empty", 2, "is no checkpoint: it has no autoencoder.json"),
        ("hf://owner", 2, "is no repository of the hub"),
    ]:
        code, _, err = typed("run", "--checkpoint", place)
        assert (code, told in err, len(err.splitlines())) == (exit_code, True, 1)
    code, _, err = typed("push", "empty", "owner/name")
    assert (code, "is no checkpoint" in err) == (2, True)


def test_list_shows_every_part_with_what_it_takes_and_its_paper(typed, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    rows = json.loads(typed("list", "--json")[1])
    found = {(row["kind"], row["name"]): row for row in rows}
    assert found["sampler", "normal"]["accepts"] == ["continuous"]
    assert found["autoencoder", "coded"]["latents"] == "discrete"
    assert found["autoencoder", "linear"]["reference"].startswith("A paper of the tests (Nobody")
    assert found["metric", "spread"]["plugin"] == "the file toy_parts.py"
    assert all({"name", "kind"} <= row.keys() for row in rows)
    out = typed("list", "samplers")[1]
    assert "A normal distribution with the data's mean and std." in out
    assert typed("list", "sampler")[1] == out


def test_show_finds_a_record_by_identity_file_or_label(measured, typed, tmp_path):
    [row] = json.loads(typed("show", "*/normal/seed 0", "--json")[1])
    [file] = (tmp_path / "leaderboards" / "records" / "toy" / "linear").glob("*_normal_0_*.json")
    content = json.loads(file.read_text())
    assert content.pop("content_digest")
    assert row == content
    for wanted in (row["identity"][:10], file.name, str(file)):
        code, out, _ = typed("show", wanted)
        assert (code, row["identity"] in out) == (0, True)
        assert "mean of std" in out  # the sampler's diagnostics
        assert re.search("^packages +numpy [0-9.]+, torch [0-9.]+", out, re.M)
    code, _, err = typed("show", "zzzz")
    assert (code, "no record of 3" in err) == (2, True)


def test_leaderboard_rebuilds_boards_byte_for_byte_and_check_sees_a_difference(
    measured, typed, tmp_path
):
    board = tmp_path / "leaderboards" / "toy.md"
    made = board.read_bytes()
    board.unlink()
    assert typed("leaderboard", "--check")[0] == 1
    assert typed("leaderboard")[0] == 0
    assert board.read_bytes() == made
    assert typed("leaderboard", "--check")[0] == 0
    code, _, err = typed("leaderboard", "nothing")
    assert (code, "there are: toy" in err) == (2, True)
    board.write_bytes(made.replace(b"0", b"1", 1))
    code, _, err = typed("leaderboard", "--check")
    assert (code, "is not what its records say" in err) == (1, True)


def test_leaderboard_prints_tables_in_every_format_and_writes_nothing(measured, typed, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    printed = {}
    for name in FORMATS:
        code, printed[name], err = typed("leaderboard", "toy", "--format", name)
        assert (code, err) == (0, "")
        assert "normal" in printed[name]
        assert typed("leaderboard", "toy", "--format", name)[1] == printed[name]
    assert sorted(tmp_path.rglob("*")) == before
    file = tmp_path / "papers" / "toy.tex"
    code, out, _ = typed("leaderboard", "toy", "--format", "latex", "--output", str(file))
    assert (code, out) == (0, "")
    assert file.read_text() == printed["latex"]
    chosen = ["--sampler", "norm*", "--autoencoder", "linear", "--transpose"]
    code, out, _ = typed("leaderboard", "--format", "markdown", *chosen)
    assert (code, "| score " in out, "| reconstruction" in out) == (0, True, False)


def test_leaderboard_tells_in_one_line_what_cannot_be_printed(measured, typed):
    for arguments, told in [
        (["--columns", "FD*"], "--columns is for tables that are printed"),
        (["--transpose"], "--transpose is for tables that are printed"),
        (["--output", "x"], "--output is for tables that are printed"),
        (["--format", "csv", "--check"], "--check compares boards and prints none"),
        (["--format", "csv", "--transpose"], "leave --transpose out"),
        (["--format", "csv", "--sampler", "normale"], "did you mean 'normal'?"),
    ]:
        code, out, err = typed("leaderboard", *arguments)
        assert (code, out, told in err, len(err.splitlines())) == (2, "", True, 1)


def test_a_truncated_record_is_set_aside_with_one_line_and_its_cell_runs_again(
    measured, typed, tmp_path
):
    folder = tmp_path / "leaderboards" / "records" / "toy"
    file = next(iter(sorted(folder.rglob("*.json"))))
    file.write_text(file.read_text()[:100])
    code, out, err = typed("leaderboard")
    assert (code, len(err.splitlines())) == (5, 1)
    assert f"{file.name} is left out: it is not JSON" in err
    assert "| `linear`" in (tmp_path / "leaderboards" / "toy.md").read_text()
    assert typed("leaderboard", "--check")[0] == 5
    identity = file.stem.rpartition("_")[2]
    for wanted in (file.name, str(file), identity, f"{identity}0123", identity[:6]):
        code, out, err = typed("show", wanted)
        assert (code, out, f"{file.name} cannot be shown: it is not JSON" in err) == (5, "", True)
    code, _, err = typed("show", "*/nothing/seed 7")
    assert (code, "none of 2 readable records matches" in err, file.name in err) == (5, True, True)
    assert typed("show", "*/seed 0")[0] == 0
    code, out, err = typed("run", "--seeds", "0")
    assert (code, "Cells: 1 measured" in out) == (0, True)
    assert len([line for line in err.splitlines() if "is left out: it is not JSON" in line]) == 1
    assert (tmp_path / "leaderboards" / "damaged" / file.name).exists()


def test_a_record_of_another_format_is_named_and_left_alone_and_the_rest_goes_on(
    measured, typed, tmp_path
):
    file = next((tmp_path / "leaderboards" / "records" / "toy").rglob("*again*.json"))
    later = file.read_text().replace('"format": 2', '"format": 3')
    file.write_text(later)
    told = f"{file.name} is left out: it has format 3, and this samplebench reads formats 1 to 2"
    for command in (["leaderboard"], ["plan"], ["verify", str(HELPERS / "toy.toml"), "--quiet"]):
        code, _, err = typed(*command)
        assert (code, told in err) == (0, True), command
    assert typed("show", "*/normal/seed 0")[0] == 0
    code, _, err = typed("run", "--seeds", "0")
    assert (code, f"{file} is not replaced: it has format 3" in err) == (2, True)
    assert file.read_text() == later


def test_a_folder_without_records_is_no_folder_whose_boards_agree(typed, tmp_path):
    (tmp_path / "file").write_text("")
    for folder in ("file", "absent", "."):
        code, out, err = typed("leaderboard", "--check", "--results", folder)
        assert (code, out) == (2, "")
        assert f"no records are in {folder}; name the folder with --results" in err


def test_a_board_that_is_no_text_differs_and_a_commentary_that_is_none_is_named(
    measured, typed, tmp_path
):
    results = tmp_path / "leaderboards"
    (results / "toy.md").write_bytes(b"\xff\xfe\x00")
    code, _, err = typed("leaderboard", "--check")
    assert (code, "toy.md is not what its records say" in err) == (1, True)
    assert typed("leaderboard")[0] == 0
    (results / "commentary").mkdir()
    (results / "commentary" / "toy.md").write_bytes(b"\xff\xfe\x00")
    for command in (["leaderboard"], ["leaderboard", "--check"]):
        code, _, err = typed(*command)
        assert code == 2
        (line,) = err.splitlines()
        assert "commentary/toy.md is appended to the board, and it is no text in UTF-8" in line
    (results / "commentary" / "toy.md").write_text("Well.", encoding="utf-8-sig")
    assert typed("leaderboard")[0] == 0
    assert "\ufeff" not in (results / "toy.md").read_text()


def test_a_broken_plugin_is_reported_and_the_rest_goes_on(typed, tmp_path):
    (tmp_path / "bad.py").write_text("import nothing_of_that_name\n")
    code, out, err = typed("list", "samplers", "--plugin", "bad.py")
    assert (code, "normal" in out) == (0, True)
    assert "plugin 'bad' of the file bad.py" in err
    assert "ModuleNotFoundError: No module named 'nothing_of_that_name'" in err
    code, _, err = typed("list", "--plugin", "bad.py", "--strict-plugins")
    assert (code, "line 1, in <module>" in err, "loading.py" in err) == (2, True, False)


def test_check_runs_the_kit_over_a_part_and_fails_when_nothing_was_checked(typed, tmp_path):
    code, out, _ = typed("check", "normal")
    assert code == 0
    assert " passed, 0 failed" in out
    code, out, _ = typed("check", "not-finite")
    assert (code, "0 failed" in out) == (1, False)
    (tmp_path / "empty.py").write_text("")
    assert typed("check", "empty.py")[0] != 0


def test_compare_prints_paired_differences_of_two_rows(typed, tmp_path):
    typed("run")
    rows = ("normal", "again", "--suite", "toy")
    code, out, _ = typed("compare", *rows, "--json")
    (first, *_) = json.loads(out)
    assert code == 0
    assert first["table"] == "stripes"
    assert len(first["differences"]) == 2
    code, out, _ = typed("compare", *rows, "--score", first["score"], "--markdown")
    assert len(out.splitlines()) == 3
    assert first["score"] in out
    code, _, err = typed("compare", "normal", "gmm", "--suite", "toy")
    assert (code, "no row 'gmm'" in err) == (2, True)
    code, _, err = typed("compare", *rows[:2])
    assert (code, "no records of 'digits'" in err) == (2, True)


def test_forgotten_records_are_set_aside_with_their_pictures_and_leave_the_board(
    measured, typed, tmp_path
):
    results = tmp_path / "leaderboards"
    board = (results / "toy.md").read_text()
    before = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}
    [record] = (results / "records" / "toy" / "linear").glob("*_normal_0_*.json")
    picture = results / "samples" / "toy" / f"{record.stem}.png"
    content, pixels = record.read_bytes(), picture.read_bytes()

    code, out, _ = typed("forget", "*/normal/*", "--dry-run")
    assert (code, out.splitlines()[0]) == (0, "stripes / linear / normal / seed 0")
    assert "1 record would be set aside; nothing was changed." in out
    assert {path: path.read_bytes() for path in before} == before

    code, out, _ = typed("forget", "*/normal/*")
    assert (code, out.splitlines()[0]) == (0, "stripes / linear / normal / seed 0")
    assert not record.exists()
    assert not picture.exists()
    kept = {path.suffix: path for path in (results / "superseded" / "toy").iterdir()}
    assert kept[".json"].read_bytes() == content
    assert kept[".png"].read_bytes() == pixels
    assert "`normal`" in board
    assert "`normal`" not in (results / "toy.md").read_text()
    assert typed("leaderboard", "--check")[0] == 0
    assert "to do" in [row["status"] for row in json.loads(typed("plan", "--json")[1])]

    code, _, err = typed("forget", "*/normal/*")
    assert (code, "no label of 2 records in leaderboards matches" in err) == (2, True)
    assert len(err.splitlines()) == 1
    assert typed("forget", "*", "--suite", "other")[0] == 2
    assert typed("forget", "*", "--suite", "toy")[0] == 0
    assert not (results / "toy.md").exists()
    assert not list((results / "samples" / "toy").iterdir())


def test_a_plan_of_many_cells_is_counted_by_autoencoder_unless_all_are_asked_for(typed):
    many = ("--seeds", "0-29", "--autoencoder", "linear(latent=[2, 3])", "--sampler", "normal")
    code, out, _ = typed("plan", *many)
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["stripes", "linear(latent=2)", "60"] in lines
    assert ["stripes", "linear(latent=3)", "60"] in lines
    assert "120 cells: 120 to do." in out
    assert len(lines) < 10
    assert len(typed("plan", *many, "--all")[1].splitlines()) > 120
    assert len(json.loads(typed("plan", *many, "--json")[1])) == 120


@pytest.mark.parametrize("width", [60, 100])
def test_tables_are_as_wide_as_columns_says_and_cut_no_name(typed, monkeypatch, width):
    typed("run", "--seeds", "0", "--autoencoder", "linear(latent=[2, 3])")
    monkeypatch.setenv("COLUMNS", str(width))
    for command, names in (
        (("list", "samplers"), {"not-finite", "meddling"}),
        (
            ("plan", "--autoencoder", "linear(latent=[2, 3])"),
            {"linear(latent=2)", "reconstruction"},
        ),
        (("show", "*/normal/seed 0"), {"distance[pixels]", "deterministic"}),
        (
            ("compare", "normal", "again", "--suite", "toy"),
            {"linear(latent=2)", "normal", "again"},
        ),
        (("leaderboard",), {"linear(latent=3)", "reconstruction"}),
    ):
        code, out, _ = typed(*command)
        assert code == 0
        assert longest_line(out) <= width, (command, out)
        assert all(name in out for name in names), (command, out)


def longest_line(text: str) -> int:
    """The length of the longest line of several words; a digest is one word and is not cut."""
    return max(len(line) for line in text.splitlines() if " " in line.strip())


def test_contradictions_and_unknown_flags_are_told_with_the_usage_of_their_command(typed, capsys):
    for words, told in (
        (("list", "--json", "--markdown"), "not allowed with argument"),
        (("compare", "a", "b", "--json", "--markdown"), "not allowed with argument"),
        (("verify", "--sample", "2", "--all"), "not allowed with argument"),
        (("plan", "--samper", "x"), "unrecognized arguments: --samper x; did you mean --sampler?"),
        (("list", "things"), "invalid choice: 'things'"),
    ):
        with pytest.raises(SystemExit, match="2"):
            main(list(words))
        err = capsys.readouterr().err
        assert err.startswith(f"usage: samplebench {words[0]} ")
        assert told in err


def test_help_states_every_default_and_an_example_that_can_be_typed(capsys):
    for name in COMMANDS:
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        text = " ".join(capsys.readouterr().out.split())
        [example] = re.findall(r"Example: samplebench (.*)$", text)
        words = shlex.split(re.split(" >>? ", example)[0], comments=True)
        options = parser(COMMANDS).parse_args(words)
        assert options.command is COMMANDS[name]
    for command, defaults in {
        "run": {"digits", "auto", "leaderboards", "1, or one for each GPU", "forked"},
        "verify": {"digits", "auto", "leaderboards", "1"},
        "train": {"0", "auto"},
        "compare": {"digits", "leaderboards"},
    }.items():
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        text = " ".join(capsys.readouterr().out.split())
        assert defaults <= set(re.findall(r"\(default: ([^)]*?)\)", text)), command


def test_the_exit_codes_of_the_readme_those_of_help_and_those_of_errors_are_the_same(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    [listed] = re.findall(r"Exit codes: .*?\.", told)
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert listed in " ".join(readme.split())
    codes = {int(code) for code in re.findall(r"(?:: |, )(\d+) ", listed)}
    raised = {kind.exit_code for kind in vars(errors).values() if hasattr(kind, "exit_code")}
    assert codes == raised | {0, 1, 129, 130, 143}


def test_the_package_is_a_command_too(typed, tmp_path):
    for words in (["leaderboard", "--help"], ["--version"]):
        done = subprocess.run(
            [sys.executable, "-m", "samplebench", *words],
            cwd=tmp_path,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout


@pytest.mark.parametrize(
    "words", ["list samplers", "plan --data-dir d --workspace w", "show */seed?0", "leaderboard"]
)
def test_commands_work_without_a_home_in_ascii_and_in_60_columns(measured, tmp_path, words):
    pytest.importorskip("samplebench_datasets")
    program = (
        "import pwd\n"
        "def absent(user): raise KeyError(user)\n"
        "pwd.getpwuid = absent\n"
        "from samplebench.cli import main\n"
        f"raise SystemExit(main({words.split()}))"
    )
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    poor = {**kept, "LANG": "C", "PYTHONIOENCODING": "ascii", "COLUMNS": "60"}
    done = run_python(program, cwd=tmp_path, env=poor)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert longest_line(done.stdout) <= 60


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_every_command(capsys, shell):
    pytest.importorskip("shtab")
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in COMMANDS)
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_completion_without_its_package_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert "pip install '.[completion]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        "--help",
        "leaderboard",
        "leaderboard --check",
        "compare normal again --suite toy",
        "show */seed?0",
        "--version",
    ],
)
def test_commands_that_only_read_records_do_not_import_torch(measured, tmp_path, arguments):
    program = (
        "import sys\n"
        "from samplebench.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments.split()],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_check_takes_the_shape_of_a_dataset(typed, tmp_path):
    """For an autoencoder of one shape, which has nothing to be tried on otherwise."""
    plugin = tmp_path / "fixed.py"
    source = (
        "import toy_parts, samplebench\n"
        "class Fixed(toy_parts.Linear):\n"
        "    def __init__(self, shape):\n"
        "        if shape != (1, 8, 8):\n"
        "            raise ValueError('was made for 1×8×8')\n"
        "        super().__init__(shape)\n"
        "@samplebench.hookimpl\n"
        "def register_autoencoders(register):\n"
        "    register('fixed', Fixed)\n"
    )
    plugin.write_text(source)
    code, out, _ = typed("check", plugin)
    assert (code, "was made for 1×8×8" in out) == (1, True)
    code, out, _ = typed("check", plugin, "--dataset", "stripes")
    assert (code, " 0 failed" in out, "was made for" in out) == (0, True, False)
    assert typed("check", plugin, "--dataset", "stripe")[0] == 2
