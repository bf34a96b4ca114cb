"""The autoencoders of a plan: what is known of one once it is built, before any work."""

from dataclasses import dataclass

from samplebench.contracts.autoencoder import Autoencoder
from samplebench.contracts.dataset import Shape
from samplebench.contracts.latents import LatentSpace
from samplebench.error_text import cut, describe
from samplebench.errors import BadAnswer, BadSetting, WeightsMissing
from samplebench.missing import Missing
from samplebench.pipeline.provenance import digest_of_tensors
from samplebench.randomness import seeded
from samplebench.registry.registry import Chosen


@dataclass(frozen=True)
class Built:
    """An autoencoder for samples of one shape: its latent space, and where its weights come from.

    Attributes:
        loaded: the digest of weights that are not trained here, empty where there are none; None
            if it is trained.
    """

    space: LatentSpace
    loaded: str | None


def build_once(chosen: Chosen, shape: Shape, checkpoint: str | None) -> Built | Missing:
    """Build an autoencoder to learn about it, or give the reason why it cannot be used.

    Args:
        checkpoint: the digest of the weights that were given for it.
    """
    try:
        with seeded(0, "plan"):
            autoencoder: Autoencoder = chosen.build(shape)
    except (BadSetting, WeightsMissing) as error:
        return Missing(cut(describe(error)))
    if autoencoder.trained:
        if checkpoint is not None:
            return Missing("brings its own weights: leave --checkpoint out")
        return Built(_space_of(autoencoder), digest_of_weights(autoencoder))
    objection = autoencoder.training_objection()
    if checkpoint is None and objection is not None:
        return Missing(cut(str(objection)))
    return Built(_space_of(autoencoder), checkpoint)


def _space_of(autoencoder: Autoencoder) -> LatentSpace:
    space = autoencoder.latent_space
    if not isinstance(space, LatentSpace):
        raise BadAnswer(f"latent_space must be a latent space, not a {type(space).__name__}")
    hash(space)  # plans look answers up by it
    return space


def digest_of_weights(autoencoder: Autoencoder) -> str:
    """The digest of all weights, empty where there are none."""
    weights = autoencoder.state_dict()
    return digest_of_tensors(weights) if weights else ""
