"""Training latents and draws from samplers in the plane in which training latents vary most."""

from collections.abc import Mapping, Sequence
from typing import Final

from samplebench.results.plots.chart import Axis, Chart, Estimate, Look, Panel, Point, Series
from samplebench.results.plots.names import shorten_names
from samplebench.results.plots.words import count

PANELS_A_LINE: Final = 3
MOST_PANELS: Final = 6

Points = Sequence[tuple[float, float]]
"""Coordinates along the first and the second principal component."""


def plan_latents(
    title: str,
    training: Points,
    draws: Mapping[str, Points],
    shares: tuple[float, float],
    note: str,
) -> Chart:
    """Plot the same training latents in every panel, and the draws of one sampler in front.

    Args:
        title: what was trained on what.
        draws: by the name of the sampler, at most ``MOST_PANELS``.
        shares: the parts of the variance of training latents along both components, in [0, 1].
        note: a sentence on how a latent became a point.
    """
    names = ("first", "second")
    x, y = (
        Axis(f"{name} principal component ({share:.0%} of the variance)")
        for name, share in zip(names, shares, strict=True)
    )
    short = shorten_names(draws, longest=36)
    panels = tuple(
        Panel(
            (number // PANELS_A_LINE, number % PANELS_A_LINE),
            short[name],
            x,
            y,
            (_cloud("training latents", "latents", training), _cloud("draws", "draws", drawn)),
            equal=True,
        )
        for number, (name, drawn) in enumerate(draws.items())
    )
    heading = f"{title}: training latents and draws"
    drawn = ", ".join(f"{len(those):,} of {name}" for name, those in draws.items())
    return Chart(
        kind="latents",
        title=heading,
        caption=f"Principal components are those of the training latents. {note}",
        description=(
            f"{heading}. Scatter plots in {count(len(panels), 'panel')}, one for each sampler: "
            f"{count(len(training), 'training latent')} in grey, and in front of them draws "
            f"({drawn}), along the first two principal components of the training latents, with "
            f"{shares[0]:.0%} and {shares[1]:.0%} of their variance. Both axes have one scale."
        ),
        panels=panels,
    )


def _cloud(name: str, look: Look, points: Points) -> Series:
    return Series(name, look, 0, tuple(Point("", Estimate(x), Estimate(y)) for x, y in points))
