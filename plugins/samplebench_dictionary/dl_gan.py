"""The autoencoder with a dictionary and a critic."""

from samplebench.networks import AdversarialBottleneckAutoencoder, ImageShape, Likelihood
from samplebench_dictionary.dictionary_bottleneck import Update
from samplebench_dictionary.dl_vae import dl_vae


def dl_gan(
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
    adversary: float = 0.8,
    adversary_start: float = 0.3,
    critic_width: int = 64,
    perceptual: float = 0.0,
) -> AdversarialBottleneckAutoencoder:
    """DL-GAN: a DL-VAE whose reconstructions should also look like images to a critic.

    ``L = R(x, x̂) + ρ P(x, x̂) − ω λ E C(x̂) + β ‖z − sg ẑ‖² + δ ‖sg z − ẑ‖²`` with the DL-VAE's
    terms, a critic C of patches, which learns by the hinge loss and is heard after a share of
    training, and the adaptive weight ω, which makes gradients of R and C equally long at the
    decoder's last layer.

    In the authors' code half of the reconstruction loss is perceptual, and no critic is ever heard
    in the default schedule; here the perceptual term is an option, because it needs the weights of
    a network trained on other images, and the critic is heard.

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
        adversary: λ, the weight of the critic's verdict.
        adversary_start: the share of training after which the critic is heard.
        critic_width: channels of the critic after its first convolution.
        perceptual: ρ, the weight of LPIPS, which needs VGG-16's weights; 0: none.

    Raises:
        ValueError: a number is out of its range.

    Reference: LASERS: LAtent Space Encoding for Representations with Sparsity for Generative
    Modeling (Li & Sarwate, 2024), arXiv:2409.11184
    """
    inner = dl_vae(
        image_shape,
        atoms,
        active,
        channels,
        commitment,
        dictionary,
        update,
        decay,
        revive,
        width,
        halvings,
        likelihood,
    )
    return AdversarialBottleneckAutoencoder(
        inner, critic_width, adversary, adversary_start, perceptual
    )
