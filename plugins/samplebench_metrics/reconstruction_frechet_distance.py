"""The Fréchet distance between held-out images and their reconstructions."""

from samplebench import Evidence, Metric, Need
from samplebench_metrics.frechet_distance import compute_frechet_distance


class ReconstructionFrechetDistance(Metric):
    """The Fréchet distance between Gaussians fitted to features of held-out images and of their
    reconstructions.

    The formula of ``frechet-distance``, here for what a distribution of images loses in the
    autoencoder. It is called rFID in Inception's features only. It has no floor: both sides are
    the same images, so a perfect autoencoder is at zero but for rounding, however few they are.

    Reference: GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium
    (Heusel et al., 2017), arXiv:1706.08500.
    """

    title = "rFD"
    better = "lower"
    subject = "autoencoder"
    needs = frozenset({Need.TEST, Need.RECONSTRUCTED, Need.FEATURES})

    def measure(self, evidence: Evidence) -> float:
        return compute_frechet_distance(
            evidence.features("reconstructed"), evidence.features("test")
        )
