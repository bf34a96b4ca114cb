"""The vector-quantised variational autoencoder."""

from samplebench import Shape
from samplebench.networks import BottleneckAutoencoder, Likelihood
from samplebench_quantized.vector_quantiser import Start, Update, VectorQuantiser


def vq_vae(
    shape: Shape,
    codes: int = 512,
    channels: int = 64,
    update: Update = "ema",
    decay: float = 0.99,
    epsilon: float = 1e-5,
    commitment: float = 0.25,
    start: Start = "k-means",
    replace_dead: float = 0.0,
    width: int = 128,
    halvings: int = 2,
    likelihood: Likelihood = "mse",
) -> BottleneckAutoencoder:
    """VQ-VAE: the decoder sees the nearest of the learned codewords at every site.

    ``L = R(x, D(e)) + β ‖z − sg e‖²``, ``e = argmin_{e_k} ‖z − e_k‖`` for every site z of E(x),
    and ``+ ‖sg z − e‖²`` where gradients move the codebook. Norms are means over sites and
    channels, as in the authors' published code; the paper sums. The start by k-means and the
    replacement of dead codes are not from the paper.

    Args:
        shape: channels, height, width.
        codes: codewords in the codebook.
        channels: reals in a codeword.
        update: the rule by which the codebook moves: moving averages of sites, or the gradient.
        decay: the share that the moving averages keep at a step.
        epsilon: the Laplace smoothing of the moving averages.
        commitment: β, the weight of the term that draws sites to their codewords.
        start: the codebook starts from k-means on the first sites, or from normal draws.
        replace_dead: a code with fewer sites a batch than this moves to a random site; 0
            replaces none.
        width: channels of the widest layers.
        halvings: downsamplings by a factor of 2 between the image and the sites.
        likelihood: the likelihood behind the reconstruction error.

    Reference: Neural Discrete Representation Learning (van den Oord et al., 2017),
    arXiv:1711.00937
    """
    quantiser = VectorQuantiser(
        codes=codes,
        channels=channels,
        update=update,
        decay=decay,
        epsilon=epsilon,
        commitment=commitment,
        start=start,
        replace_dead=replace_dead,
    )
    return BottleneckAutoencoder(
        shape, quantiser, width=width, halvings=halvings, likelihood=likelihood
    )
