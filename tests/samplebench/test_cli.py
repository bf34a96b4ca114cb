"""Commands, as they are typed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from samplebench.cli import main

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
    _, _, err = typed("run", "--dataset", "absent", "--quiet")
    told = [line for line in err.splitlines() if "stripes.bin" in line]
    assert told == [
        "samplebench: absent / linear / reconstruction / seed 0 and 5 more have no full record: "
        "put stripes.bin into the data folder"
    ]


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
    assert (code, "asks for 'linear(latent=4)', and the checkpoint holds" in err) == (1, True)
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
    assert (code, told in err) == (1, True)


def test_places_without_a_checkpoint_end_with_one_line(typed, tmp_path):
    (tmp_path / "empty").mkdir()
    for place, exit_code, told in [
        ("nowhere", 2, "there is no such file or folder"),
        ("empty", 1, "is no checkpoint: it has no autoencoder.json"),
        ("hf://owner", 2, "is no repository of the hub"),
    ]:
        code, _, err = typed("run", "--checkpoint", place)
        assert (code, told in err, len(err.splitlines())) == (exit_code, True, 1)
    code, _, err = typed("push", "empty", "owner/name")
    assert (code, "is no checkpoint" in err) == (1, True)


def test_list_shows_every_part_with_what_it_takes_and_its_paper(typed):
    rows = json.loads(typed("list", "--json")[1])
    found = {(row["kind"], row["name"]): row for row in rows}
    assert found["sampler", "normal"]["accepts"] == ["continuous"]
    assert found["autoencoder", "coded"]["latents"] == "discrete"
    assert found["autoencoder", "linear"]["reference"].startswith("A paper of the tests (Nobody")
    assert found["metric", "spread"]["plugin"] == "the file toy_parts.py"
    assert all({"name", "kind"} <= row.keys() for row in rows)
    out = typed("list", "samplers")[1]
    assert "A normal distribution with the data's mean and std." in out
    assert max(map(len, typed("list", "suites")[1].splitlines())) < 200


def test_show_finds_a_record_by_identity_file_or_label(typed, tmp_path):
    typed("run", "--seeds", "0")
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


def test_leaderboard_rebuilds_boards_byte_for_byte_and_check_sees_a_difference(typed, tmp_path):
    typed("run", "--seeds", "0")
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


def test_a_truncated_record_is_set_aside_with_one_line_and_its_cell_runs_again(typed, tmp_path):
    typed("run", "--seeds", "0")
    folder = tmp_path / "leaderboards" / "records" / "toy"
    file = next(iter(sorted(folder.rglob("*.json"))))
    file.write_text(file.read_text()[:100])
    assert "is left out" in typed("leaderboard")[2]
    code, out, err = typed("run", "--seeds", "0")
    assert (code, "Cells: 1 measured" in out) == (0, True)
    assert len([line for line in err.splitlines() if "is left out: it is not JSON" in line]) == 1
    assert (tmp_path / "leaderboards" / "damaged" / file.name).exists()


def test_a_record_of_another_format_is_named_and_left_alone_and_the_rest_goes_on(typed, tmp_path):
    typed("run", "--seeds", "0")
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


def test_a_board_that_is_no_text_differs_and_a_commentary_that_is_none_is_named(typed, tmp_path):
    typed("run", "--seeds", "0")
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
        assert "commentary/toy.md is appended to the board, and is no text in UTF-8" in line
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
def test_commands_that_only_read_records_do_not_import_torch(typed, tmp_path, arguments):
    typed("run", "--seeds", "0")  # so that there is a board to make
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
