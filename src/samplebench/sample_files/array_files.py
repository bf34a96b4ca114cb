"""Files of arrays, .npy, .npz and .safetensors: headers, which are read alone, and numbers.

Pickles are never loaded, and no more is unpacked than a header announces and memory holds.
"""

import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import torch
from numpy.lib import format as npy
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from samplebench.errors import DataMissing
from samplebench.sample_files.memory import require_memory

Numbers = NDArray[Any]

SUFFIXES = (".npy", ".npz", ".safetensors")
KEYED = (".npz", ".safetensors")
"""Files that hold several arrays, each under a key."""

_TYPES = {
    **{"F64": "f8", "F32": "f4", "F16": "f2", "BF16": "f4", "U8": "u1", "U16": "u2", "U32": "u4"},
    **{"U64": "u8", "I8": "i1", "I16": "i2", "I32": "i4", "I64": "i8", "BOOL": "?"},
}
"""The types of safetensors and those of numpy in which they are read."""

_FAILURES = (
    # the errors of numpy, zipfile and safetensors for files that are damaged or of other formats
    *(OSError, ValueError, EOFError, KeyError, SyntaxError, NotImplementedError, RuntimeError),
    *(BadZipFile, zlib.error, SafetensorError),
)


@dataclass(frozen=True)
class Header:
    """The axes of an array, samples first, and its type: known before its numbers are read."""

    axes: tuple[int, ...]
    type: np.dtype[Any]


@dataclass(frozen=True)
class ArrayFile:
    """One array in a file.

    Attributes:
        key: the name of the array in a file of several; without it, the only one, or ``usual``.
        usual: the name that is looked for where none is given.
    """

    path: Path
    key: str | None
    usual: str

    def __str__(self) -> str:
        return f"{self.path}:{self.key}" if self.key else str(self.path)

    def header(self) -> Header:
        """Read the axes and the type.

        Raises:
            DataMissing: the file is damaged, lacks the key, or its array is empty or not of
                numbers.
        """
        with _explain(self):
            header = self._header()
        if header.type.kind not in "biuf":
            raise DataMissing(
                f"{self} holds values of the type {header.type}, which are no real numbers and "
                "are never loaded: save an array of numbers."
            )
        if not header.axes or 0 in header.axes:
            raise DataMissing(f"{self} has the axes {header.axes} and so holds no samples.")
        return header

    def read(self) -> Numbers:
        """Read the numbers, in the byte order of this machine; of .npy, map them into memory.

        Raises:
            DataMissing: as ``header``, or the numbers are not all there.
        """
        header = self.header()
        with _explain(self):
            numbers = self._read(header)
        return numbers.astype(header.type.newbyteorder("="), copy=False)

    def _header(self) -> Header:
        match self.path.suffix.lower():
            case ".npy":
                with self.path.open("rb") as file:
                    return _parse_header(file)
            case ".npz":
                with ZipFile(self.path) as archive:
                    return _unpacked_header(archive, _member(self, archive))
            case _:
                with safe_open(self.path, framework="pt") as file:
                    part = file.get_slice(_choose(self, list(file.keys())))
                    kind = _TYPES.get(part.get_dtype(), "V1")  # V1: bytes without a meaning
                    return Header(tuple(part.get_shape()), np.dtype(kind))

    def _read(self, header: Header) -> Numbers:
        match self.path.suffix.lower():
            case ".npy":
                # "c" for copy on write: torch wants writable memory, and the file must not change.
                return npy.open_memmap(self.path, mode="c")
            case ".npz":
                with ZipFile(self.path) as archive, archive.open(_member(self, archive)) as file:
                    unpacked: Numbers = npy.read_array(file, allow_pickle=False)
                    return unpacked
            case _:
                with safe_open(self.path, framework="pt") as file:
                    tensor = file.get_tensor(_choose(self, list(file.keys())))
                whole = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
                numbers: Numbers = whole.numpy()
                return numbers


@contextmanager
def _explain(file: ArrayFile) -> Iterator[None]:
    """Name the file in whatever reading it raises."""
    try:
        yield
    except _FAILURES as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataMissing(
            f"{file} cannot be read as {file.path.suffix.lower()}: {reason}. Put a whole file in "
            "its place."
        ) from error


def _parse_header(file: IO[bytes] | BufferedIOBase) -> Header:
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the format, which is for records with names")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    try:
        shape, _, kind = read(file)
    except (TypeError, LookupError, MemoryError, TokenError) as error:
        # numpy evaluates the header as a literal of Python, and lets through what that raises
        raise ValueError(f"its header is no description of an array ({error})") from error
    return Header(shape, kind)


def _unpacked_header(archive: ZipFile, member: str) -> Header:
    """Read a header in an archive, and compare it with the size that the archive states.

    zipfile unpacks no more than the stated size; so what passes here takes the memory it says.
    """
    with archive.open(member) as file:
        header = _parse_header(file)
        stated = archive.getinfo(member).file_size - file.tell()
    needed = math.prod(header.axes) * header.type.itemsize
    if not header.type.hasobject and needed != stated:
        raise ValueError(f"{header.axes} of {header.type} take {needed:,} bytes, not {stated:,}")
    require_memory(needed, ".npy files are mapped and not unpacked")
    return header


def _member(file: ArrayFile, archive: ZipFile) -> str:
    members = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    return f"{_choose(file, members)}.npy"


def _choose(file: ArrayFile, keys: list[str]) -> str:
    """Choose the array of the key; without one, the only array or the usual one."""
    if file.key in keys:
        return file.key
    if file.key is None and (len(keys) == 1 or file.usual in keys):
        return keys[0] if len(keys) == 1 else file.usual
    shown = ", ".join(sorted(keys)[:10]) + (", …" if len(keys) > 10 else "")
    asked = f"no array '{file.key}'" if file.key else f"several arrays, none called '{file.usual}'"
    raise DataMissing(
        f"{file.path} has {asked}; it has: {shown or 'none'}. Name one as '{file.path.name}:KEY'."
    )
