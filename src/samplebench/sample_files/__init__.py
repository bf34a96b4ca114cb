"""Samples, latents and labels in files: arrays, tables and images. Nothing that they hold runs."""

from samplebench.sample_files.reading import (
    digest_samples,
    find_largest,
    read_axes,
    read_samples,
)

__all__ = ["digest_samples", "find_largest", "read_axes", "read_samples"]
