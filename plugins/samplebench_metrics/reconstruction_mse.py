"""The error that an autoencoder makes on held-out images."""

from samplebench import Evidence, Metric
from samplebench_metrics.reconstruction_errors import squared_errors


class ReconstructionMSE(Metric):
    """The mean squared error of reconstructed held-out images.

    Per pixel and channel, of images in [0, 1].
    """

    title = "recon. MSE"
    better = "lower"
    subject = "autoencoder"

    def measure(self, evidence: Evidence) -> float:
        return float(squared_errors(evidence).mean())
