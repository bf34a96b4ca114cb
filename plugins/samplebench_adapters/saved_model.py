"""Folders in which libraries save models: where they are, and what their configuration says."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

SCHEME: Final = "hf://"


def find_folder(path: str, files: Sequence[str], *, example: str) -> Path:
    """Find the folder of a saved model, downloaded to the hub's cache if it is on the hub.

    What is in the cache is taken without asking the hub, so that it stays the same in a run.

    Args:
        path: a folder, or ``hf://owner/name[@revision]``.
        files: patterns of the files that are needed of a repository.
        example: the spec of a part with a path, for people.

    Raises:
        ValueError: there is no such folder, or the hub did not give it.
    """
    if not path:
        raise ValueError(f"say where the model is that was saved: {example}")
    if path.startswith(SCHEME):
        return _download(path, files)
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise ValueError(
            f"no folder is at {path!r}; give the one in which the model was saved, or "
            f"{SCHEME}owner/name of one on the Hugging Face hub"
        )
    return folder


def read_config(file: Path) -> dict[str, Any]:
    """Read the configuration of a model, a JSON object.

    Raises:
        ValueError: it is absent or damaged.
    """
    if not file.is_file():
        raise ValueError(f"{file.parent} holds no saved model: it has no {file.name}")
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file} is damaged: it is not JSON ({error})") from error
    if not isinstance(config, dict):
        raise ValueError(f"{file} is damaged: it is no JSON object")
    return config


def name_missing_library(library: str) -> str:
    """The sentence for a library that is not installed."""
    return f"needs the library {library}: pip install 'samplebench[{library}]'"


def _download(place: str, files: Sequence[str]) -> Path:
    repository, _, revision = place.removeprefix(SCHEME).partition("@")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import LocalEntryNotFoundError
    except ModuleNotFoundError as error:
        raise ValueError(
            "models on the Hugging Face hub need huggingface_hub: pip install 'samplebench[hub]'"
        ) from error
    download = partial(
        snapshot_download, repository, revision=revision or None, allow_patterns=list(files)
    )
    try:
        try:
            return Path(download(local_files_only=True))
        except LocalEntryNotFoundError:
            return Path(download())
    except Exception as error:  # each HTTP library that the hub has used has errors of its own
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(f"the hub did not give {repository}: {reason}") from error
