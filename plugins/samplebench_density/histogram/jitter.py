"""The noise that a uniform draw in a box adds to a latent that is alone in its cell."""

from collections.abc import Mapping

from samplebench_density.vectors.statistics import PerDimension

NOISE = {"cell": 1 / 6, "member": 1 / 12}
"""The mean square of a point's distance from its latent in one dimension, in squared widths of a
bin, for each value of PMFS's setting ``law``.

A latent that lies uniformly in its cell and a point drawn there are both 1/12 from the middle; in
a box around the latent, it is in the middle itself. For "box" it depends on the members.
"""


def jitter_diagnostics(
    *, widths: PerDimension, std: PerDimension, law: str
) -> Mapping[str, float]:
    """Compare the width of bins, and the distance of points from their latents, with the std of
    the latents: means over the dimensions that vary.
    """
    varies = std > 0
    shares = widths.double()[varies] / std[varies]
    diagnostics = {"cell_width": float(shares.mean()) if len(shares) else 0.0}
    if law in NOISE:
        noise = NOISE[law] * shares.square()
        diagnostics["displacement"] = float(noise.mean()) if len(shares) else 0.0
    return diagnostics
