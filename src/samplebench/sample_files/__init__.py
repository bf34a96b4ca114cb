"""Samples, latents and labels in files: arrays, tables and images. Nothing that they hold runs."""

from samplebench.sample_files.array_samples import (
    Channels,
    convert,
    convert_labels,
    find_shape,
)
from samplebench.sample_files.image_files import Pixels, decode_into
from samplebench.sample_files.places import list_places
from samplebench.sample_files.reading import (
    digest_samples,
    find_largest,
    read_axes,
    read_samples,
)
from samplebench.sample_files.split_files import (
    SampleFiles,
    is_file,
    is_table,
    require_file,
)

__all__ = [
    "Channels",
    "Pixels",
    "SampleFiles",
    "convert",
    "convert_labels",
    "decode_into",
    "digest_samples",
    "find_largest",
    "find_shape",
    "is_file",
    "is_table",
    "list_places",
    "read_axes",
    "read_samples",
    "require_file",
]
