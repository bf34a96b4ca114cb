"""The structural similarity of images and their reconstructions."""

import torch
from jaxtyping import Float64
from torch import Tensor

from samplebench import Evidence, Images, Metric, Need, NoNumber

_WINDOW = 11
_IMAGES_AT_ONCE = 16  # faster than larger batches on a CPU


class SSIM(Metric):
    """The mean structural similarity of held-out images and their reconstructions, at most 1.

    ``(2 μx μy + c1)(2 σxy + c2) / ((μx² + μy² + c1)(σx² + σy² + c2))`` in each 11 × 11 Gaussian
    window (σ = 1.5), with ``c1 = 0.01²`` and ``c2 = 0.03²`` for images in [0, 1], by
    torchmetrics. The mean is taken over the windows that lie inside the image, as in the paper,
    and over channels and images; the mean that torchmetrics itself gives counts windows over a
    mirrored border too in some of its versions.

    Raises:
        NoNumber: in ``measure``: the images are smaller than a window.

    Reference: Image Quality Assessment: From Error Visibility to Structural Similarity (Wang et
    al., 2004), doi:10.1109/TIP.2003.819861.
    """

    title = "SSIM"
    better = "higher"
    subject = "autoencoder"
    needs = frozenset({Need.IMAGES, Need.TEST, Need.RECONSTRUCTED})

    def measure(self, evidence: Evidence) -> float:
        height, width = evidence.test.shape[-2:]
        if min(height, width) < _WINDOW:
            raise NoNumber(
                f"SSIM is computed in windows of {_WINDOW} × {_WINDOW} pixels, "
                f"and these images have {height} × {width}"
            )
        pairs = zip(
            torch.split(evidence.test, _IMAGES_AT_ONCE),
            torch.split(evidence.reconstructed, _IMAGES_AT_ONCE),
            strict=True,
        )
        return float(torch.cat([_similarities(images, ours) for images, ours in pairs]).mean())


def _similarities(images: Images, ours: Images) -> Float64[Tensor, " samples"]:
    """The mean similarity of each image to its reconstruction."""
    from torchmetrics.functional.image import (  # three seconds to import
        structural_similarity_index_measure,
    )

    everywhere: Tensor
    _, everywhere = structural_similarity_index_measure(
        ours, images, data_range=1.0, reduction="none", return_full_image=True
    )  # (samples, channels, height, width), a window around each pixel
    border = _WINDOW // 2
    inside = everywhere[..., border:-border, border:-border]
    return inside.mean(dim=(1, 2, 3), dtype=torch.float64)
