"""The vector-quantised autoencoder with a critic."""

from samplebench import Shape
from samplebench.networks import AdversarialBottleneckAutoencoder, Likelihood
from samplebench_quantized.vector_quantiser import Start, Update
from samplebench_quantized.vq_vae import vq_vae


def vq_gan(
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
    adversary: float = 0.8,
    adversary_start: float = 0.3,
    critic_width: int = 64,
    perceptual: float = 0.0,
) -> AdversarialBottleneckAutoencoder:
    """VQ-GAN: a VQ-VAE whose reconstructions also have to look like images to a critic.

    ``L = R(x, x̂) + ρ P(x, x̂) − ω λ E C(x̂) + β ‖z − sg e‖²`` with the VQ-VAE's terms, a critic C
    of patches, which learns by the hinge loss and takes part after a share of training, and the
    adaptive weight ω, which makes gradients of R and C equally long at the decoder's last layer.

    The paper's network is larger and has attention; here it is the VQ-VAE's, so that the two can
    be compared. Its perceptual term P is always on; here it is optional, because it needs the
    weights of a network trained on other images. Its critic starts to learn and takes part after
    a number of steps that short trainings never reach; here it learns from the first step, and
    takes part after a share of them.

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
        adversary: λ, the weight of the critic's loss.
        adversary_start: the share of training after which the critic takes part in the loss.
        critic_width: channels of the critic after its first convolution.
        perceptual: ρ, the weight of LPIPS, which needs VGG-16's weights; 0 leaves it out.

    Reference: Taming Transformers for High-Resolution Image Synthesis (Esser et al., 2021),
    arXiv:2012.09841
    """
    inner = vq_vae(
        shape,
        codes=codes,
        channels=channels,
        update=update,
        decay=decay,
        epsilon=epsilon,
        commitment=commitment,
        start=start,
        replace_dead=replace_dead,
        width=width,
        halvings=halvings,
        likelihood=likelihood,
    )
    return AdversarialBottleneckAutoencoder(
        inner,
        critic_width=critic_width,
        adversary=adversary,
        start=adversary_start,
        perceptual=perceptual,
    )
