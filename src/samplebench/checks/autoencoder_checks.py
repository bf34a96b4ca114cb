"""The rules for encoding and decoding. Those for learning are in ``learning_checks.py``."""

import torch

from samplebench.checks import toys
from samplebench.checks.case import (
    CannotApply,
    Case,
    CheckFailed,
    find_another_device,
    require,
    require_no_seeding,
    same,
    same_latents,
)
from samplebench.contracts.answers import check_decoded, check_encoded
from samplebench.contracts.autoencoder import AdversarialAutoencoder, Autoencoder
from samplebench.contracts.dataset import Images
from samplebench.contracts.latents import Latents, LatentSpace
from samplebench.errors import BadAnswer
from samplebench.randomness import seeded

_OWN = "give each in memory of its own"
_ENLARGEMENT = 3.0  # times as large, in each of a handful of layers


def the_latent_space_is_known_before_training(case: Case) -> None:
    """``latent_space`` is there once it is built, and ``encode`` gives latents of that space."""
    autoencoder = build_ready(case)
    stated = getattr(autoencoder, "latent_space", None)
    require(isinstance(stated, LatentSpace), f"latent_space is {stated!r}")
    for some, count in (
        (autoencoder, 1),
        (autoencoder, 5),
        (_enlarge_weights(build_ready(case)), 32),
    ):
        latents = encode(some, make_images(case, count))
        check_encoded(latents, count=count, space=autoencoder.latent_space)


def encoding_draws_nothing_in_evaluation(case: Case) -> None:
    """In evaluation mode, ``encode`` gives the same latents whatever the seed, unless
    ``draws_latents`` says that it draws.
    """
    autoencoder = build_ready(case)
    if autoencoder.draws_latents:
        raise CannotApply("it says that it draws its latents")
    with seeded(1, "encode"):
        first = encode(autoencoder, make_images(case))
    with seeded(2, "encode"):
        again = encode(autoencoder, make_images(case))
    require(same_latents(first, again), "two seeds give other latents of the same images")


def decoding_draws_nothing_in_evaluation(case: Case) -> None:
    """In evaluation mode, ``decode`` gives the same images whatever the seed."""
    autoencoder = build_ready(case)
    latents = encode(autoencoder, make_images(case))
    with seeded(1, "decode"):
        first = decode(autoencoder, latents)
    with seeded(2, "decode"):
        again = decode(autoencoder, latents)
    require(same(first, again), "two seeds give other images of the same latents")


def encoding_ignores_the_rest_of_the_batch(case: Case) -> None:
    """In evaluation mode, an image has the same latent alone and in a batch."""
    images = make_images(case, 6)
    for autoencoder in (build_ready(case), _enlarge_weights(build_ready(case))):
        alone = Latents.join([encode(autoencoder, image[None]) for image in images])
        together = encode(autoencoder, images)
        require(same_latents(alone, together, 1e-3), "an image alone has another latent")


def decoding_ignores_the_rest_of_the_batch(case: Case) -> None:
    """In evaluation mode, a latent gives the same image alone and in a batch."""
    autoencoder = build_ready(case)
    latents = encode(autoencoder, make_images(case, 6))
    alone = [decode(autoencoder, latents[i : i + 1]) for i in range(len(latents))]
    require(
        same(torch.cat(alone), decode(autoencoder, latents), 1e-3),
        "a latent alone gives another image",
    )


def decoded_images_lie_between_0_and_1(case: Case) -> None:
    """``decode`` gives finite images in [0, 1] of the stated shape, for far latents too."""
    autoencoder = build_ready(case)
    latents = encode(autoencoder, make_images(case))
    far = latents.space.pack(values=100 * latents.values, codes=latents.codes)
    for name, asked in (("encoded latents", latents), ("latents 100 times as large", far)):
        try:
            check_decoded(decode(autoencoder, asked), latents=asked, image_shape=case.given[0])
        except BadAnswer as broken:
            raise CheckFailed(f"of {name}: {broken}") from broken


def decoding_takes_the_whole_space(case: Case) -> None:
    """The first and the last codes, and values about them, decode to images that differ."""
    autoencoder = build_ready(case)
    one, other = decode(autoencoder, toys.ends(autoencoder.latent_space))
    require(not same(one, other), "latents from both ends of its space give the same image")


def it_leaves_the_images_as_they_were(case: Case) -> None:
    """Neither ``encode`` nor a loss changes the images that it is given."""
    images, autoencoder = make_images(case), build_ready(case)
    critics = isinstance(autoencoder, AdversarialAutoencoder)
    for method in ("encode", "loss_terms", *(["critic_loss"] if critics else [])):
        with torch.no_grad():
            getattr(autoencoder.train(method != "encode"), method)(images)
        require(same(images, make_images(case)), f"the images are changed after {method}")


def decoding_leaves_the_latents_as_they_were(case: Case) -> None:
    """``decode`` does not change the latents that it is given."""
    autoencoder = build_ready(case)
    latents, copy = (encode(autoencoder, make_images(case)) for _ in range(2))
    decode(autoencoder, latents)
    require(same_latents(latents, copy), "the latents are changed after decode")


def earlier_answers_stay_as_they_were(case: Case) -> None:
    """Encoding and decoding again do not change what was given before."""
    autoencoder, first = build_ready(case), make_images(case, 9)
    latents = encode(autoencoder, first)
    images = decode(autoencoder, latents)
    given, shown = latents.copy(), images.clone()
    decode(autoencoder, encode(autoencoder, first.flip(0)))
    require(same_latents(latents, given), f"encoding again changes earlier latents: {_OWN}")
    require(same(images, shown), f"decoding again changes earlier images: {_OWN}")


def it_never_seeds(case: Case) -> None:
    """Building, training and encoding draw from the global generators, and never seed them."""

    def work() -> None:
        autoencoder: Autoencoder = case.chosen.build(*case.given)
        with torch.no_grad():
            autoencoder.begin_training(make_images(case))
        autoencoder.before_step(0.5)
        autoencoder.loss_terms(make_images(case, 4))
        if isinstance(autoencoder, AdversarialAutoencoder):
            autoencoder.critic_loss(make_images(case, 4))
        autoencoder.eval()
        decode(autoencoder, encode(autoencoder, make_images(case, 4)))

    require_no_seeding(work)


def it_works_on_the_device_of_its_weights(case: Case) -> None:
    """Moved to a device, it starts, computes its losses, encodes and decodes there."""
    device = find_another_device()
    autoencoder, images = case.build().to(device), make_images(case).to(device)
    with torch.no_grad():
        autoencoder.begin_training(images)
    autoencoder.before_step(0.5)
    places = {name: term.device for name, term in autoencoder.loss_terms(images).items()}
    if isinstance(autoencoder, AdversarialAutoencoder):
        places["critic_loss"] = autoencoder.critic_loss(images).device
    autoencoder.eval()
    latents = encode(autoencoder, images)
    places |= {"latents": latents.device, "images": decode(autoencoder, latents).device}
    for name, place in places.items():
        require(place.type == device.type, f"its {name} are on {place}, not on {device}")


CHECKS = (
    the_latent_space_is_known_before_training,
    encoding_draws_nothing_in_evaluation,
    decoding_draws_nothing_in_evaluation,
    encoding_ignores_the_rest_of_the_batch,
    decoding_ignores_the_rest_of_the_batch,
    decoded_images_lie_between_0_and_1,
    decoding_takes_the_whole_space,
    it_leaves_the_images_as_they_were,
    decoding_leaves_the_latents_as_they_were,
    earlier_answers_stay_as_they_were,
    it_never_seeds,
    it_works_on_the_device_of_its_weights,
)


def build_ready(case: Case) -> Autoencoder:
    """Build an autoencoder in evaluation mode."""
    autoencoder: Autoencoder = case.build()
    return autoencoder.eval()


def _enlarge_weights(autoencoder: Autoencoder) -> Autoencoder:
    """Enlarge the weights: to fresh ones images look alike, and bottlenecks give one code."""
    with torch.no_grad():
        for weight in autoencoder.parameters():
            if weight.dim() > 1:
                weight.mul_(_ENLARGEMENT)
    return autoencoder


def make_images(case: Case, count: int = 8) -> Images:
    """Make images of the case's shape."""
    return toys.images(case.given[0], count=count)


def encode(autoencoder: Autoencoder, images: Images) -> Latents:
    """Encode without gradients."""
    with torch.no_grad():
        return autoencoder.encode(images)


def decode(autoencoder: Autoencoder, latents: Latents) -> Images:
    """Decode without gradients."""
    with torch.no_grad():
        return autoencoder.decode(latents)
