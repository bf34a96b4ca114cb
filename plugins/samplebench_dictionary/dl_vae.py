"""The autoencoder with a dictionary between encoder and decoder."""

from samplebench import Shape
from samplebench.networks import BottleneckAutoencoder, Likelihood
from samplebench_dictionary.dictionary_bottleneck import DictionaryBottleneck, Update


def dl_vae(
    shape: Shape,
    atoms: int = 512,
    active: int = 4,
    channels: int = 16,
    commitment: float = 0.25,
    dictionary: float = 1.0,
    update: Update = "gradient",
    decay: float = 0.99,
    revive: int = 100,
    width: int = 128,
    halvings: int = 2,
    likelihood: Likelihood = "mse",
) -> BottleneckAutoencoder:
    """DL-VAE: the decoder sees, at every site, a combination of a few atoms of a dictionary.

    ``L = R(x, D(ẑ)) + β ‖z − sg ẑ‖² + δ ‖sg z − ẑ‖²`` with ``ẑ = Σ_j a_j d_{k_j}`` for every site
    z of E(x). Batch-OMP finds S atoms k of length 1 and their coefficients a, greedily, to make
    ``‖z − ẑ‖²`` small; no gradient passes through a. Norms are means over sites and channels. A
    site keeps S reals in addition to its S atoms, so with as many atoms as a VQ-VAE has codewords
    the rate is not the same.

    The paper's text was not available; the objective is from its authors' code, where atoms follow
    the gradient. It is not known if the paper's tables come from this or from the online rule, and
    which of the code's two perplexities they show; only that of the usage of atoms reveals a
    collapse. That code mixes the images of a batch in its signals; here a site is one signal. It
    scales atoms to length 1 at every step; here the length of what is learned is free, and only
    its direction is used. The start from data and the moves of dead atoms are not in it; its
    perceptual loss is left out.

    Args:
        shape: channels, height, width.
        atoms: the number of directions in the dictionary.
        active: S, the number of atoms, each with a coefficient, that code a site.
        channels: reals in a site and in an atom.
        commitment: β, the weight of the term that draws sites to the span of their atoms.
        dictionary: δ, the weight of the term that draws atoms to the sites; for "gradient" only.
        update: the rule by which atoms move: the gradient, or online dictionary learning.
        decay: the greatest share of its sums that the online rule keeps at a step.
        revive: the number of unused steps after which an atom moves to a site that is coded badly;
            0 moves none.
        width: channels of the widest layers.
        halvings: downsamplings by a factor of 2 between the image and the sites.
        likelihood: the likelihood behind the reconstruction error.

    Raises:
        ValueError: a number is out of its range.

    Reference: LASERS: LAtent Space Encoding for Representations with Sparsity for Generative
    Modeling (Li & Sarwate, 2024), arXiv:2409.11184
    """
    bottleneck = DictionaryBottleneck(
        atoms=atoms,
        channels=channels,
        active=active,
        commitment=commitment,
        dictionary=dictionary,
        update=update,
        decay=decay,
        revive=revive,
    )
    return BottleneckAutoencoder(
        shape, bottleneck, width=width, halvings=halvings, likelihood=likelihood
    )
