"""The autoencoder with a dictionary between encoder and decoder."""

from samplebench.networks import BottleneckAutoencoder, ImageShape, Likelihood
from samplebench_dictionary.dictionary_bottleneck import DictionaryBottleneck, Update


def dl_vae(
    image_shape: ImageShape,
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
    site keeps S reals beside its S atoms, so as many atoms as a VQ-VAE has codewords is not the
    same rate.

    The paper's text could not be had; the objective is read from its authors' code, where atoms
    follow the gradient. Whether the tables were made so or by the online rule, and which of the
    code's two perplexities they show, is not known; only the one of how often atoms are used tells
    a collapse. That code mixes the images of a batch in its signals; here a site is one signal.
    It scales what it learns to length 1 at every step; here the length of what is learned is free
    and only its direction used. Starting from data and moving dead atoms are not in it; its
    perceptual loss is left out.

    Args:
        image_shape: channels, height, width.
        atoms: directions in the dictionary.
        active: S, atoms and coefficients that code a site.
        channels: reals in a site and in an atom.
        commitment: β, how strongly sites are drawn to what their atoms span.
        dictionary: δ, how strongly the atoms are drawn to the sites; only where gradients do it.
        update: atoms follow the gradient, or the online rule of dictionary learning.
        decay: the most that the online rule keeps of its sums at a step.
        revive: an atom unused for so many steps moves to a site that is coded badly; 0: none does.
        width: channels of the widest layers.
        halvings: how often the image is halved on its way to the sites.
        likelihood: what the reconstruction error is.

    Raises:
        ValueError: a number is out of its range.

    Reference: LASERS: LAtent Space Encoding for Representations with Sparsity for Generative
    Modeling (Li & Sarwate, 2024), arXiv:2409.11184
    """
    bottleneck = DictionaryBottleneck(
        atoms, channels, active, commitment, dictionary, update, decay, revive
    )
    return BottleneckAutoencoder(image_shape, bottleneck, width, halvings, likelihood)
