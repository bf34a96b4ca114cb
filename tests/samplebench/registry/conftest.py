"""Distributions that are installed for the duration of a test."""

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from textwrap import dedent

import pytest

from samplebench.registry import loading


@pytest.fixture(autouse=True)
def without_bundled_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundled plugins are hidden: other tests cover them, and they may be absent."""

    def others(group: str) -> list[EntryPoint]:
        points = entry_points(group=group)
        return [point for point in points if point.dist and point.dist.name != "samplebench"]

    monkeypatch.setattr(loading, "entry_points", others)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``install(name, source)``: a distribution with one module, found through an entry point.

    ``inside`` is what the entry point names in the module: ":plugin".
    """
    monkeypatch.syspath_prepend(tmp_path)

    def install(
        name: str,
        source: str,
        *,
        point: str | None = None,
        version: str = "1.0",
        inside: str = "",
    ) -> None:
        module = f"{name.replace('-', '_')}_{tmp_path.name}"  # no two tests share a module
        (tmp_path / f"{module}.py").write_text(dedent(source))
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        (folder / "METADATA").write_text(metadata)
        line = f"{point or name} = {module}{inside}"
        (folder / "entry_points.txt").write_text(f"[samplebench]\n{line}\n")

    return install
