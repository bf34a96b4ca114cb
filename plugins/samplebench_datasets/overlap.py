"""The removal of training samples that are also test samples."""

from hashlib import blake2b

import torch

from samplebench import DataMissing, Split


def remove_overlap(train: Split, test: Split) -> Split:
    """Remove from ``train`` the samples that ``test`` has too, byte for byte.

    Raises:
        DataMissing: nothing is left to train on.
    """
    held_out = set(_digests(test))
    keep = torch.tensor([digest not in held_out for digest in _digests(train)])
    if keep.all():
        return train
    if not keep.any():
        raise DataMissing("every training sample is a test sample too: train and test must differ")
    return Split(train.samples[keep], None if train.labels is None else train.labels[keep])


def _digests(split: Split) -> list[bytes]:
    return [blake2b(row, digest_size=16).digest() for row in split.samples.contiguous().numpy()]
