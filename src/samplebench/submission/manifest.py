"""The manifest of a bundle: the suite, and the size and SHA-256 of every other file in it."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from samplebench import __version__
from samplebench.errors import BadRecord
from samplebench.results import record_file
from samplebench.submission.findings import Finding
from samplebench.submission.held_files import MANIFEST, HeldFiles, Unreadable

FORMAT: Final = 1
"""The version of the manifest's schema. Raised when a field changes its meaning."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FileDigest(_Strict):
    """A file's size in bytes, and its SHA-256."""

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(_Strict):
    """The content of ``manifest.json``, to which a digest of the rest is added on writing."""

    format: Literal[1] = FORMAT
    samplebench: str
    """The version that made the bundle."""
    suite: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    files: dict[str, FileDigest]
    """By path; the manifest itself is left out."""


def make_manifest(suite: str, files: Mapping[str, bytes]) -> bytes:
    """Write the manifest of files; equal files give equal bytes."""
    manifest = Manifest(
        samplebench=__version__,
        suite=suite,
        files={path: _digest(data) for path, data in sorted(files.items())},
    )
    return record_file.write(manifest.model_dump()).encode()


def read_manifest(files: HeldFiles) -> Manifest | Finding:
    """Read the manifest of a bundle, or say what is wrong with it."""
    try:
        text = files.text(MANIFEST)
        content = record_file.parse(text)
        if content.get("format") != FORMAT:
            reason = (
                f"it has format {content.get('format')!r}, and this samplebench reads format "
                f"{FORMAT}; install a version of samplebench that fits"
            )
            return Finding("manifest", MANIFEST, reason)
        content.pop("content_digest", None)
        manifest = Manifest.model_validate(content)
        if text != record_file.write(manifest.model_dump()):
            return Finding("manifest", MANIFEST, "it was changed after it was written")
        return manifest
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        return Finding("manifest", MANIFEST, f"{where}: {first['msg']}")
    except (Unreadable, BadRecord, ValueError) as error:
        return Finding("manifest", MANIFEST, str(error))


def find_changed(files: HeldFiles) -> list[Finding]:
    """Find what in a bundle is not as its manifest states; nothing in a results folder."""
    if not files.is_bundle:
        return []
    manifest = read_manifest(files)
    return [manifest] if isinstance(manifest, Finding) else list(compare_with(manifest, files))


def compare_with(manifest: Manifest, files: HeldFiles) -> Iterator[Finding]:
    """Find the files that are not those of the manifest: absent, changed, or not in it."""
    for path, stated in manifest.files.items():
        if path not in files.sizes:
            yield Finding("manifest", path, "the manifest names it, and it is not there")
            continue
        try:
            found = _digest(files.read(path))
        except Unreadable as error:
            yield Finding("file", path, str(error))
            continue
        if found != stated:
            yield Finding(
                "manifest",
                path,
                f"its SHA-256 is {found.sha256[:12]}… ({found.bytes:,} bytes), and the manifest "
                f"states {stated.sha256[:12]}… ({stated.bytes:,} bytes)",
            )
    for path in files.sizes:
        if path != MANIFEST and path not in manifest.files:
            yield Finding("manifest", path, "it is not in the manifest")


def _digest(data: bytes) -> FileDigest:
    return FileDigest(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
