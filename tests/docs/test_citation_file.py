"""CITATION.cff is valid, and says of samplebench what its BibTeX entry says."""

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import samplebench
from samplebench.citing import benchmark

FILE = Path(__file__).parents[2] / "CITATION.cff"


def check(file):
    """Check a file by the published schema of the format, as check-jsonschema has it."""
    schema = ("--builtin-schema", "vendor.citation-file-format")
    command = [sys.executable, "-m", "check_jsonschema", *schema, "--output-format", "json", file]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def content():
    return YAML(typ="safe").load(FILE)


def test_the_file_is_valid(tmp_path):
    assert check(FILE).returncode == 0
    broken = tmp_path / "CITATION.cff"
    broken.write_text(re.sub("(?m)^title: .*$", "", FILE.read_text()))
    assert "'title' is a required property" in json.dumps(json.loads(check(broken).stdout))


def test_it_names_this_version_and_a_date(content):
    assert content["version"] == samplebench.__version__
    assert isinstance(content["date-released"], date)


def test_the_bibtex_entry_says_the_same(content):
    assert content["title"] == benchmark.TITLE
    assert [author["name"] for author in content["authors"]] == [benchmark.AUTHOR]
    assert content["date-released"].year == benchmark.YEAR
