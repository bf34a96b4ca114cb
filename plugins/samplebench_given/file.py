"""Samples and latents that exist, drawn from a file."""

import os
from pathlib import Path

import torch
from torch import Tensor

from samplebench import Continuous, DataMissing, Discrete, Latents, Sampler
from samplebench.sample_files import digest_samples, read_samples


class FromFile(Sampler):
    """Draws from latents that exist, or from samples where the autoencoder is ``identity``.

    Without replacement: as many draws as the file holds are all of it, in its order; fewer are
    chosen at random. Images count in [0, 1], arrays as they are. Nothing is learned.

    Args:
        path: a folder of images, or a file .npy, .npz, .safetensors, .csv or .parquet.
        name: the name of whoever made them, for boards.
        digest: the digest of the samples, by which a changed file is noticed; empty for any.

    Raises:
        DataMissing: in ``fit``: there is no such file, it is damaged, its samples are not of the
            size of the latents, or not those of the digest. In ``sample``: it holds fewer than
            are asked for.
    """

    accepts = (Continuous, Discrete)

    def __init__(self, path: str = "", name: str = "", digest: str = "") -> None:
        self.path, self.name, self.digest = path, name, digest

    def fit(self, latents: Latents) -> None:
        if not self.path:
            raise DataMissing("file(path='…') needs the path of samples or latents that exist")
        place = Path(os.path.expanduser(self.path)).absolute()
        stored = read_samples(place)
        if self.digest and (found := digest_samples(stored)) != self.digest:
            raise DataMissing(
                f"{place} is not what it was: its samples have the digest {found}, and "
                f"{self.digest} was asked for; score it again"
            )
        self.space, self.like = latents.space, latents[:0]
        self.numbers = self._fitting(stored, place)

    def sample(self, count: int) -> Latents:
        held = len(self.numbers)
        if count > held:
            raise DataMissing(
                f"{self.path} holds {held:,} samples, and {count:,} are asked for: make more, or "
                f"measure with --generated {held}"
            )
        order = torch.arange(held) if count == held else torch.randperm(held)[:count]
        chosen = self.numbers[order].to(self.like.device)
        if isinstance(self.space, Discrete):
            return self.space.pack(
                values=self.like.values.new_empty(count, 0), codes=chosen.round().long()
            )
        return self.space.pack(values=chosen.to(self.like.values.dtype))

    def _fitting(self, stored: Tensor, place: Path) -> Tensor:
        """The numbers of each sample as the latents have them."""
        space = self.space
        width = space.sites * (space.code_width or space.value_width)
        floats = stored.float() / 255 if stored.dtype == torch.uint8 else stored
        numbers = floats.flatten(1)
        if numbers.shape[1] == 3 * width and stored.dtype == torch.uint8:
            grey = numbers.reshape(len(numbers), 3, width)
            if bool((grey == grey[:, :1]).all()):  # grey images that were saved in colour
                return grey[:, 0]
        if numbers.shape[1] != width:
            raise DataMissing(
                f"{place} has samples {tuple(stored.shape[1:])} of {numbers.shape[1]} numbers, "
                f"and these latents have {width}: bring them to the size of the dataset's samples"
            )
        return numbers
