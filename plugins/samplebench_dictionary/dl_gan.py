"""The autoencoder with a dictionary and a critic."""

from samplebench import Shape
from samplebench.networks import AdversarialBottleneckAutoencoder, Likelihood
from samplebench_dictionary.dictionary_bottleneck import Update
from samplebench_dictionary.dl_vae import dl_vae


def dl_gan(
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
    adversary: float = 0.8,
    adversary_start: float = 0.3,
    critic_width: int = 64,
    perceptual: float = 0.0,
) -> AdversarialBottleneckAutoencoder:
    """DL-GAN: a DL-VAE whose reconstructions also have to look like images to a critic.

    ``L = R(x, x̂) + ρ P(x, x̂) − ω λ E C(x̂) + β ‖z − sg ẑ‖² + δ ‖sg z − ẑ‖²`` with the DL-VAE's
    terms, a critic C of patches, which learns by the hinge loss and takes part after a share of
    training, and the adaptive weight ω, which makes gradients of R and C equally long at the
    decoder's last layer.

    In the authors' code half of the reconstruction loss is perceptual, and the critic never takes
    part in the default schedule; here the perceptual term is optional, because it needs the
    weights of a network trained on other images, and the critic takes part.

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
        adversary: λ, the weight of the critic's loss.
        adversary_start: the share of training after which the critic takes part in the loss.
        critic_width: channels of the critic after its first convolution.
        perceptual: ρ, the weight of LPIPS, which needs VGG-16's weights; 0 leaves it out.

    Raises:
        ValueError: a number is out of its range.

    Reference: LASERS: LAtent Space Encoding for Representations with Sparsity for Generative
    Modeling (Li & Sarwate, 2024), arXiv:2409.11184
    """
    inner = dl_vae(
        shape,
        atoms=atoms,
        active=active,
        channels=channels,
        commitment=commitment,
        dictionary=dictionary,
        update=update,
        decay=decay,
        revive=revive,
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
