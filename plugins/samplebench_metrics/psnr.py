"""The peak signal-to-noise ratio of reconstructed images."""

from samplebench import Evidence, Metric, Need
from samplebench_metrics.reconstruction_errors import compute_squared_errors

_LEAST_ERROR = 1e-10
"""Below the error of one pixel that is off by 1/255 in a grey image of 256 × 256."""


class PSNR(Metric):
    """The peak signal-to-noise ratio of reconstructed held-out images, in decibels.

    The mean over images of ``10 log10(1 / MSE)``, each with its own mean squared error over
    pixels and channels: at least the ratio of the mean error, by Jensen's inequality. The peak is
    1, the range of the images; errors are not divided by the variance of the data. An image that
    comes back with an error below 1e-10, such as none at all, counts 100 dB.
    """

    title = "PSNR"
    unit = "dB"
    better = "higher"
    subject = "autoencoder"
    needs = frozenset({Need.IMAGES, Need.TEST, Need.RECONSTRUCTED})

    def measure(self, evidence: Evidence) -> float:
        errors = compute_squared_errors(evidence).clamp(min=_LEAST_ERROR)
        return float(-10 * errors.log10().mean())
