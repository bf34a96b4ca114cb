"""Digests of code: blind to remarks, sharp for arithmetic, and as wide as the imports."""

import textwrap
from pathlib import Path

import pytest

from samplebench.registry import syntax
from samplebench.registry.syntax import (
    Code,
    Scope,
    code_of,
    find_installed,
    find_under,
    joined,
    versions,
)

SCOPE = Scope(frozenset({"mine"}))

FILES = {
    "mine/__init__.py": "from mine.public import offered\n",
    "mine/part.py": """
        import math, numpy as np
        from mine import offered
        from mine.helper import double
        from samplebench import Latents

        class Part:
            def size(self, count):
                from .late import rounded
                return rounded(double(count)) + math.pi + offered
        """,
    "mine/helper.py": "def double(number):\n    return 2 * number\n",
    "mine/late.py": "import torch.nn as nn\n\ndef rounded(number):\n    return round(number)\n",
    "mine/public.py": "offered = 3\n",
    "mine/stranger.py": "unused = 1\n",
    "samplebench/__init__.py": """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from samplebench.contracts.latents import Latents
            from samplebench.display import Display
        """,
    "samplebench/contracts/latents.py": "from samplebench.errors import Oops\nLatents = 1\n",
    "samplebench/errors.py": "Oops = 1\n",
    "samplebench/display.py": "Display = 1\n",
}


@pytest.fixture
def tree(tmp_path):
    """``tree(file, text)`` writes a file; the code of ``mine.part`` in the tree that results."""

    def write(file: str, text: str) -> None:
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    for file, text in FILES.items():
        write(file, text)

    def edit(file: str | None = None, text: str = "") -> Code:
        if file:
            write(file, text)
        return code_of(["mine.part"], SCOPE, find_under(tmp_path))

    return edit


def test_code_is_what_a_module_imports_of_its_own_and_of_our_rooms(tree):
    code = tree()
    assert code.modules == {
        "mine.part",
        "mine.helper",
        "mine.late",
        "mine.public",  # through the `__init__` that passes it on
        "samplebench.contracts.latents",  # the same, of ours
    }
    assert code.packages == {"numpy", "torch"}


@pytest.mark.parametrize(
    "text",
    [
        'def double(number):\n    """Two times."""\n    return 2 * number  # twice\n',
        '"""A module."""\ndef double(number):\n\n    return (2\n            * number)\n',
    ],
)
def test_remarks_and_layout_change_no_digest(tree, text):
    assert tree("mine/helper.py", text) == tree("mine/helper.py", FILES["mine/helper.py"])


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("mine/helper.py", "def double(number):\n    return number * 2\n"),
        ("mine/late.py", "def rounded(number):\n    return int(number)\n"),
        ("mine/public.py", "offered = 4\n"),
        ("samplebench/contracts/latents.py", "Latents = 2\n"),
    ],
)
def test_another_expression_anywhere_in_the_closure_is_another_digest(tree, file, text):
    before = tree()
    assert tree(file, text).digest != before.digest


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("mine/stranger.py", "unused = 2\n"),
        ("mine/__init__.py", "from mine.public import offered\nmore = 1\n"),
        ("samplebench/errors.py", "Oops = 2\n"),
        ("samplebench/display.py", "Display = 2\n"),
    ],
)
def test_what_cannot_decide_a_number_is_in_no_digest(tree, file, text):
    before = tree()
    assert tree(file, text).digest == before.digest


def test_a_module_without_source_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"mine\.nothing has no Python source"):
        code_of(["mine.nothing"], SCOPE, find_under(tmp_path))


def test_installed_sources_are_those_that_were_imported():
    assert find_installed("samplebench.registry.syntax") == Path(syntax.__file__)
    assert find_installed("nothing.of.that.name") is None
    assert find_installed("math") is None


def test_a_part_that_holds_others_has_their_code_too():
    own, other = (
        Code(name, frozenset({name}), frozenset({f"module of {name}"})) for name in ("a", "b")
    )
    assert joined([own]) == joined([own, own]) == own
    whole = joined([own, other])
    assert whole.digest not in (own.digest, other.digest)
    assert whole.packages == {"a", "b"}
    assert joined([own, other, other]) == whole


def test_versions_are_those_of_the_distributions_that_have_the_modules():
    assert set(versions(frozenset({"sklearn", "torch"}))) == {"scikit-learn", "torch"}
    assert not versions(frozenset({"nothing_of_that_name"}))
