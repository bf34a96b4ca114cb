"""The Fréchet distance between generated and held-out images, in the features of an extractor."""

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from samplebench import Evidence, Metric, Need, NoNumber


class FrechetDistance(Metric):
    """The Fréchet distance between Gaussians fitted to features of generated and held-out images.

    ``FD = |μ1 − μ2|² + tr Σ1 + tr Σ2 − 2 tr (Σ1 Σ2)^½``, computed by torch-fidelity's own code
    from features in float64. It is called FID in Inception's features only. Its value for
    identical sets is zero but for rounding, which may be negative.

    Reference: GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium
    (Heusel et al., 2017), arXiv:1706.08500.
    """

    title = "FD"
    better = "lower"
    subject = "images"
    has_floor = True
    needs = frozenset({Need.TEST, Need.GENERATED, Need.FEATURES})

    def measure(self, evidence: Evidence) -> float:
        return compute_frechet_distance(evidence.features("generated"), evidence.features("test"))

    def bias(self, evidence: Evidence) -> float:
        """The expected distance of two samples of one Gaussian, to first order in 1/N.

        ``c/2 (1/N1 + 1/N2)`` with ``c = 3 tr Σ + Σ_{i≠j} λi λj / (λi + λj)``. Σ is the covariance
        of the held-out images' features and λ are its eigenvalues; N1 and N2 are the numbers of
        generated and of held-out images.

        Right to 5 % for Gaussian features of which both sets have ten times as many images as
        dimensions d. With fewer it is too low, because the eigenvalues of a sample lie farther
        apart than those of its distribution, and where N1 and N2 differ also by the next order:
        with equal variances by a tenth at N1 = N2 = 5 d, a fifth at 2 d, two fifths at d, half at
        d/2; by less where variances fall off. Real images are no sample of one Gaussian, and
        training and held-out images not always of one distribution: a measured floor can lie on
        either side (of the bundled datasets, above for MNIST, below for digits by the classifier).
        """
        reference = evidence.features("test").detach().double()
        constant = _compute_bias_constant(torch.cov(reference.T))
        return constant / 2 * (1 / len(evidence.generated) + 1 / len(reference))


def compute_frechet_distance(
    one: Float[Tensor, "samples width"], other: Float[Tensor, "others width"]
) -> float:
    """Compute the Fréchet distance between Gaussians fitted to two sets of features.

    Raises:
        NoNumber: one of them has no covariance.
    """
    if min(len(one), len(other)) < 2:
        raise NoNumber(
            "a covariance takes two images or more on each side, and there are "
            f"{len(one)} and {len(other)}"
        )
    from torch_fidelity.metric_fid import (  # a second to import
        KEY_METRIC_FID,
        fid_features_to_statistics,
        fid_statistics_to_metric,
    )

    statistics = (
        fid_features_to_statistics(features.detach().double().cpu()) for features in (one, other)
    )
    found = float(fid_statistics_to_metric(*statistics, verbose=False)[KEY_METRIC_FID])
    return max(found, 0.0)  # of equal sets, rounding leaves either sign


def _compute_bias_constant(covariance: Float64[Tensor, "width width"]) -> float:
    """Compute the constant ``c`` of ``FrechetDistance.bias``."""
    spectrum = torch.linalg.eigvalsh(covariance).clamp(min=0)
    pairs = spectrum.outer(spectrum) / (spectrum[:, None] + spectrum)  # (width, width)
    pairs = pairs.nan_to_num(nan=0.0)  # two directions without variance: 0 / 0
    return float(3 * spectrum.sum() + pairs.sum() - pairs.diagonal().sum())
