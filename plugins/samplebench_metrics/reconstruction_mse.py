"""The error that an autoencoder makes on held-out images."""

from samplebench import Evidence, Metric, Need
from samplebench_metrics.reconstruction_errors import compute_squared_errors


class ReconstructionMSE(Metric):
    """The mean squared error of reconstructed held-out images.

    Per pixel and channel, of images in [0, 1].
    """

    title = "recon. MSE"
    better = "lower"
    subject = "autoencoder"
    needs = frozenset({Need.TEST, Need.RECONSTRUCTED})

    def measure(self, evidence: Evidence) -> float:
        return float(compute_squared_errors(evidence).mean())
