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
        grid: the grid of sites, where a latent is a map: a sample is read as (*grid, channels).
        codebooks: the sizes of codebooks, where latents are codes: a sample has an integer for
            each site and codebook. None for real values.

    Raises:
        ValueError: the numbers of a sample are not the same at each site, or not one for each
            codebook.
    """

    trained = True

    def __init__(
        self, shape: Shape, grid: tuple[int, ...] = (), codebooks: tuple[int, ...] = ()
    ) -> None:
        super().__init__()
        self.shape, self.grid, self.codebooks = shape, grid, codebooks
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
        if self.codebooks:
            return self.latent_space.pack(codes=samples.flatten(1).round().long())
        return self.latent_space.pack(values=samples.flatten(1))

    def decode(self, latents: Latents) -> Samples:
        numbers = latents.codes.float() if self.codebooks else latents.values
        samples = numbers.reshape(len(latents), *self.shape)
        return samples.clamp(0, 1) if is_image(self.shape) else samples
