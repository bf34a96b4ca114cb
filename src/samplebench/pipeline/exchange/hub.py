"""Checkpoints on the Hugging Face hub. Needs the extra: ``pip install 'samplebench[hub]'``."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from samplebench.errors import HubError, UsageError
from samplebench.pipeline.exchange.checkpoint_folder import RECORD, WEIGHTS, read_checkpoint
from samplebench.pipeline.exchange.eval_results import EvalResults
from samplebench.pipeline.exchange.model_card import model_card

SCHEME: Final = "hf://"

_WORD: Final = r"\w(?:[\w+-]|\.(?!\.))*"
"""A part of a revision: it does not begin with a dot, and no two dots follow each other."""


def download(place: str) -> Path:
    """Download the checkpoint ``hf://owner/name[@revision]`` to the hub's own cache; its folder.

    Raises:
        UsageError: ``place`` is not written so.
        HubError: the hub did not give it.
    """
    repository, _, revision = place.removeprefix(SCHEME).partition("@")
    _require_name(repository)
    _require_revision(revision)
    with _explaining(repository, revision):
        from huggingface_hub import snapshot_download

        return Path(
            snapshot_download(
                repository, revision=revision or None, allow_patterns=[RECORD, WEIGHTS]
            )
        )


def upload(
    folder: Path,
    repository: str,
    *,
    private: bool = False,
    scores: EvalResults | None = None,
) -> str:
    """Put a checkpoint on the hub in one commit, with a model card; the address of the commit.

    Args:
        private: of a repository that has to be made for it.
        scores: those that go along, if any do.

    Raises:
        UsageError: ``repository`` or the benchmark is not written as owner/name, or no record has
            a score of this checkpoint.
        BadCheckpoint: the folder is no whole checkpoint.
        HubError: the hub did not take it.
    """
    _require_name(repository)
    record = read_checkpoint(folder)
    with _explaining(repository):
        from huggingface_hub import CommitOperationAdd, HfApi
    if scores:
        _require_name(scores.benchmark)
    files = scores.make_files(record.weights) if scores else {}
    with _explaining(repository):
        contents: dict[str, Path | bytes] = {
            "README.md": model_card(record, repository).encode(),
            RECORD: folder / RECORD,
            WEIGHTS: folder / WEIGHTS,
            **files,
        }
        api = HfApi()
        api.create_repo(repository, private=private, exist_ok=True)
        commit = api.create_commit(
            repository,
            [CommitOperationAdd(name, content) for name, content in contents.items()],
            commit_message=f"Add weights of {record.autoencoder.spec}",
        )
        return str(commit.commit_url)


def _require_name(repository: str) -> None:
    owner, _, name = repository.partition("/")
    if not owner or not name or "/" in name:
        raise UsageError(
            f"{repository!r} is no repository of the hub; they are written owner/name, and as "
            f"checkpoints {SCHEME}owner/name or {SCHEME}owner/name@revision"
        )


def _require_revision(revision: str) -> None:
    """Refuse what is no branch, tag or commit: the hub's cache has folders of these names."""
    if revision and not re.fullmatch(f"{_WORD}(/{_WORD})*", revision):
        raise UsageError(
            f"{revision!r} is no revision of a repository; give a branch, a tag or a commit: "
            f"{SCHEME}owner/name@main"
        )


@contextmanager
def _explaining(repository: str, revision: str = "") -> Iterator[None]:
    """Report what goes wrong with the hub in the block in one message."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise HubError(
            "checkpoints on the Hugging Face hub need the package huggingface_hub: "
            "pip install 'samplebench[hub]'"
        ) from error
    except Exception as error:  # each HTTP library that the hub has used has errors of its own
        raise HubError(_explain(error, repository, revision)) from error


def _explain(error: Exception, repository: str, revision: str) -> str:
    from huggingface_hub import errors

    status = getattr(getattr(error, "response", None), "status_code", None)
    log_in = "log in with `hf auth login`, or set HF_TOKEN"
    if isinstance(error, errors.HFValidationError):
        return f"the hub takes no such name as {repository!r}: {_first_line(error)}"
    if isinstance(error, errors.GatedRepoError):
        return f"the owner of {repository} lets in only whom they know: ask on its page; {log_in}"
    if isinstance(error, errors.RevisionNotFoundError):
        return (
            f"{repository} has no revision {revision!r} on the hub; see its page for those it has"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"the hub has no {repository}, or hides it: see how it is written; {log_in}"
    if isinstance(error, errors.LocalTokenNotFoundError) or status in (401, 403):
        return f"the hub does not let you write to {repository}, or read it: {log_in}"
    if isinstance(error, errors.LocalEntryNotFoundError | errors.OfflineModeIsEnabled):
        return (
            f"the hub cannot be reached, and {repository} is not in its cache on this machine; "
            "see whether there is a network and HF_HUB_OFFLINE is unset"
        )
    return (
        f"the hub could not be asked for {repository} ({type(error).__name__}: "
        f"{_first_line(error)}); see whether there is a network, and try again"
    )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")
