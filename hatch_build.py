"""Writes into wheels and source archives the commit that they are built from."""

import hashlib
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = "samplebench/source-commit.txt"


class CommitHook(BuildHookInterface):
    """Puts ``source-commit.txt`` next to the code; an installation reads it for its records."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        inherited = root / "src" / PLACE  # a source archive has it from its own build
        if version == "editable" or inherited.is_file():
            return
        file = self._file()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_commit(root) or _digest(root), encoding="utf-8")
        place = PLACE if self.target_name == "wheel" else f"src/{PLACE}"
        build_data["force_include"][str(file)] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        self._file().unlink(missing_ok=True)

    def _file(self) -> Path:
        return Path(self.directory) / "source-commit.txt"


def _commit(root: Path) -> str | None:
    """The commit of the checkout, marked if files differ from it."""
    command = ["git", "-C", str(root), "describe", "--always", "--abbrev=12", "--dirty"]
    try:
        asked = subprocess.run(
            [*command, "--exclude=*"], capture_output=True, text=True, check=False
        )
    except OSError:  # there is no git here
        return None
    return asked.stdout.strip() if (root / ".git").exists() and asked.returncode == 0 else None


def _digest(root: Path) -> str:
    """A digest of the sources, where no commit is known."""
    digest = hashlib.sha256()
    for folder in ("src", "plugins"):
        for file in sorted((root / folder).rglob("*.py")):
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return f"sources-{digest.hexdigest()[:12]}"
