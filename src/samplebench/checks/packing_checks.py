"""The rule for the order in which autoencoders pack the numbers of a grid."""

import torch
from jaxtyping import Int64
from torch import Tensor

from samplebench.checks.autoencoder_checks import build_ready, encode, make_samples
from samplebench.checks.case import CannotApply, Case, require
from samplebench.contracts.dataset import is_image
from samplebench.contracts.latents import LatentSpace

_PROBES = 16
_FEWEST = 9
_IMAGES = 4
_CLEAR = 2.0
"""Times as much change elsewhere as at the site itself: an autoencoder whose sites see all of the
image has 1, and by chance at most 1.6."""


def a_site_holds_what_it_sees(case: Case) -> None:
    """A changed part of the image changes the values of the site in its place, and not more those
    of the sites where they lie if channels are packed before sites.

    Asked of maps with several values a site. Where every site sees all of the image, this finds
    no wrong order.
    """
    autoencoder = build_ready(case)
    space, width = autoencoder.latent_space, autoencoder.latent_space.value_width
    if not is_image(case.given[0]) or len(space.grid) != 2 or space.sites < _FEWEST or width < 2:
        raise CannotApply(f"its latents are no map of {_FEWEST} sites with several values each")
    images = make_samples(case, _IMAGES)
    _, rows, columns = case.given[0]
    if rows < space.grid[0] or columns < space.grid[1]:
        raise CannotApply("its grid is finer than the image")
    before = encode(autoencoder, images)
    at_site, elsewhere = 0.0, 0.0
    for site in _choose_sites(space).tolist():
        row, column = divmod(site, space.grid[1])
        changed = images.clone()
        part = changed[
            ...,
            row * rows // space.grid[0] : (row + 1) * rows // space.grid[0],
            column * columns // space.grid[1] : (column + 1) * columns // space.grid[1],
        ]
        part.copy_(1 - part)
        after = encode(autoencoder, changed)
        change = (after.values - before.values).abs().sum(-1).mean(0).flatten()  # (sites,)
        scattered = (torch.arange(width) * space.sites + site) // width
        at_site += float(change[site])
        elsewhere += float(change[scattered].mean())
    require(
        elsewhere <= _CLEAR * at_site,
        f"its values change {elsewhere / max(at_site, 1e-12):.1f} times as much where they lie if "
        "channels are packed before sites: move them last, values.movedim(1, -1), and then pack",
    )


CHECKS = (a_site_holds_what_it_sees,)


def _choose_sites(space: LatentSpace) -> Int64[Tensor, " probes"]:
    """Some sites, evenly spaced."""
    probes = min(_PROBES, space.sites)
    return torch.arange(probes) * space.sites // probes
