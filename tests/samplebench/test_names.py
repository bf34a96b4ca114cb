"""The names that the package passes on."""

import ast
from pathlib import Path

import samplebench
from samplebench import errors


def test_every_name_is_there_and_named_once_to_each_reader():
    module = ast.parse(Path(str(samplebench.__file__)).read_text(encoding="utf-8"))
    hints = next(node for node in module.body if isinstance(node, ast.If))
    hinted = {
        alias.name
        for node in ast.walk(hints)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if node.module != "typing"
    }
    assert set(samplebench.__all__) == set(samplebench._HOMES) == hinted
    for name in samplebench.__all__:
        assert getattr(samplebench, name) is not None


def test_every_error_can_be_caught_by_name():
    classes = {
        name
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, Exception)
    }
    assert classes <= set(samplebench.__all__)
