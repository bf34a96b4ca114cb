"""What a uniform draw in a box does to a latent that is alone there: it adds noise."""

from collections.abc import Mapping

from samplebench_density.spread import Dimensions

NOISE = {"cell": 1 / 6, "member": 1 / 12}
"""The mean square of a point's distance from its latent in one dimension, by law, in squared
widths of a cell.

A latent that lies uniformly in its cell and a point drawn there are both 1/12 from the middle; in
a box about the latent, it is in the middle itself. Of the law "box" it depends on the members.
"""


def jitter_diagnostics(
    widths: Dimensions, deviations: Dimensions, law: str
) -> Mapping[str, float]:
    """How wide cells are, and how far points are from their latents, beside the latents' spread:

    means over the dimensions that vary.
    """
    varies = deviations > 0
    shares = widths.double()[varies] / deviations[varies]
    found = {"cell_width": float(shares.mean()) if len(shares) else 0.0}
    if law in NOISE:
        noise = NOISE[law] * shares.square()
        found["displacement"] = float(noise.mean()) if len(shares) else 0.0
    return found
