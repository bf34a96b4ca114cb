"""The published weights of torch-fidelity's InceptionV3."""

from samplebench_metrics.published_weights import PublishedWeights

OFFICIAL_SHA256 = "6726825d"
"""The start of the official file's SHA-256, which torch-fidelity does not check."""


def inception_weights() -> PublishedWeights:
    """Describe the file with which a Fréchet distance is called FID."""
    from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

    return PublishedWeights(
        features="inception",
        url=URL_INCEPTION_V3,
        sha256=OFFICIAL_SHA256,
        instead="use features 'classifier' or 'random-conv'",
    )
