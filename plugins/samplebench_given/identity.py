"""The identity, for latents that exist."""

import math

from samplebench import (
    Autoencoder,
    Continuous,
    Discrete,
    Latents,
    Samples,
    Shape,
    describe_shape,
    is_image,
)


class Identity(Autoencoder):
    """The samples of the dataset are the latents: nothing is learned, encoded or decoded.

    For samplers of latents that exist, and for samplers in the space of the data themselves. Where
    samples are images, latents are their pixels in [0, 1], and what a sampler draws outside is
    clipped.

    Args:
        grid: the grid of sites, where a latent is a map.
        channels_first: True if a sample is read as (channels, *grid), False as (*grid, channels).
        codebooks: the sizes of codebooks, where latents are codes: a sample has an integer for
            each site and codebook. None for real values.

    Raises:
        ValueError: the numbers of a sample are not the same at each site, or not one for each
            codebook.
    """

    trained = True

    def __init__(
        self,
        shape: Shape,
        grid: tuple[int, ...] = (),
        channels_first: bool = False,
        codebooks: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        self.shape, self.grid, self.codebooks = shape, grid, codebooks
        self.channels_first = channels_first
        numbers, sites = math.prod(shape), math.prod(grid)
        width, rest = divmod(numbers, sites)
        if rest or (codebooks and width != len(codebooks)):
            wanted = f"{len(codebooks)} codes" if codebooks else "an equal number of values"
            raise ValueError(
                f"a grid {grid} has {sites} sites with {wanted} each, and these samples are "
                f"{describe_shape(shape)}: {numbers} numbers"
            )
        self.latent_space = Discrete(codebooks, grid) if codebooks else Continuous(width, grid)

    def encode(self, samples: Samples) -> Latents:
        numbers = samples.flatten(1)
        if self.channels_first:
            numbers = numbers.reshape(len(samples), -1, *self.grid)
        part = {"codes": numbers.round().long()} if self.codebooks else {"values": numbers}
        return self.latent_space.pack(**part, channels_first=self.channels_first)

    def decode(self, latents: Latents) -> Samples:
        numbers = latents.codes.float() if self.codebooks else latents.values
        if self.channels_first:
            numbers = numbers.movedim(-1, 1)
        samples = numbers.reshape(len(latents), *self.shape)
        return samples.clamp(0, 1) if is_image(self.shape) else samples
