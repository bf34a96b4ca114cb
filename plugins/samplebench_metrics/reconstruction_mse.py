"""The error that an autoencoder makes on held-out images."""

import torch

from samplebench import Evidence, Metric

_IMAGES_AT_ONCE = 1024


class ReconstructionMSE(Metric):
    """The mean squared error of reconstructed held-out images.

    Per pixel and channel, of images in [0, 1].
    """

    title = "recon. MSE"
    better = "lower"
    subject = "autoencoder"

    def measure(self, evidence: Evidence) -> float:
        pairs = zip(
            torch.split(evidence.test, _IMAGES_AT_ONCE),
            torch.split(evidence.reconstructed, _IMAGES_AT_ONCE),
            strict=True,
        )
        errors = [(image.double() - ours.double()).square().sum() for image, ours in pairs]
        return float(torch.stack(errors).sum() / evidence.test.numel())
