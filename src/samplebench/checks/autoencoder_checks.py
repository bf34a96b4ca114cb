"""The rules for encoding and decoding. Those for learning are in ``learning_checks.py``."""

import torch
from torch import Tensor

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
from samplebench.contracts.dataset import Samples
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
        latents = encode(some, make_samples(case, count))
        check_encoded(latents, count=count, space=autoencoder.latent_space)


def encoding_draws_nothing_in_evaluation(case: Case) -> None:
    """In evaluation mode, ``encode`` gives the same latents whatever the seed, unless
    ``draws_latents`` says that it draws.
    """
    autoencoder = build_ready(case)
    if autoencoder.draws_latents:
        raise CannotApply("it says that it draws its latents")
    with seeded(1, "encode"):
        first = encode(autoencoder, make_samples(case))
    with seeded(2, "encode"):
        again = encode(autoencoder, make_samples(case))
    require(same_latents(first, again), "two seeds give other latents of the same samples")


def decoding_draws_nothing_in_evaluation(case: Case) -> None:
    """In evaluation mode, ``decode`` gives the same samples whatever the seed."""
    autoencoder = build_ready(case)
    latents = encode(autoencoder, make_samples(case))
    with seeded(1, "decode"):
        first = decode(autoencoder, latents)
    with seeded(2, "decode"):
        again = decode(autoencoder, latents)
    require(same(first, again), "two seeds give other samples of the same latents")


def encoding_ignores_the_rest_of_the_batch(case: Case) -> None:
    """In evaluation mode, a sample has the same latent alone and in a batch."""
    samples = make_samples(case, 6)
    for autoencoder in (build_ready(case), _enlarge_weights(build_ready(case))):
        alone = Latents.join([encode(autoencoder, sample[None]) for sample in samples])
        together = encode(autoencoder, samples)
        require(same_latents(alone, together, 1e-3), "a sample alone has another latent")


def decoding_ignores_the_rest_of_the_batch(case: Case) -> None:
    """In evaluation mode, a latent gives the same sample alone and in a batch."""
    autoencoder = build_ready(case)
    latents = encode(autoencoder, make_samples(case, 6))
    alone = [decode(autoencoder, latents[i : i + 1]) for i in range(len(latents))]
    require(
        same(torch.cat(alone), decode(autoencoder, latents), 1e-3),
        "a latent alone gives another sample",
    )


def decoded_samples_are_of_the_stated_kind(case: Case) -> None:
    """``decode`` gives images in [0, 1], or finite arrays, of the stated shape.

    For latents that are far away too.
    """
    autoencoder = build_ready(case)
    latents = encode(autoencoder, make_samples(case))
    far = latents.space.pack(values=100 * latents.values, codes=latents.codes)
    for name, asked in (("encoded latents", latents), ("latents 100 times as large", far)):
        try:
            check_decoded(decode(autoencoder, asked), latents=asked, shape=case.given[0])
        except BadAnswer as broken:
            raise CheckFailed(f"of {name}: {broken}") from broken


def decoding_takes_the_whole_space(case: Case) -> None:
    """The first and the last codes, and values about them, decode to samples that differ."""
    autoencoder = build_ready(case)
    one, other = decode(autoencoder, toys.ends(autoencoder.latent_space))
    require(not same(one, other), "latents from both ends of its space give the same sample")


def it_leaves_the_samples_as_they_were(case: Case) -> None:
    """Neither ``encode`` nor a loss changes the samples that it is given."""
    samples, autoencoder = make_samples(case), build_ready(case)
    critics = isinstance(autoencoder, AdversarialAutoencoder)
    losses = ["loss_terms", *(["critic_loss"] if critics else [])]
    for method in ("encode", *([] if autoencoder.training_objection() else losses)):
        with torch.no_grad():
            getattr(autoencoder.train(method != "encode"), method)(samples)
        require(same(samples, make_samples(case)), f"the samples are changed after {method}")


def decoding_leaves_the_latents_as_they_were(case: Case) -> None:
    """``decode`` does not change the latents that it is given."""
    autoencoder = build_ready(case)
    latents, copy = (encode(autoencoder, make_samples(case)) for _ in range(2))
    decode(autoencoder, latents)
    require(same_latents(latents, copy), "the latents are changed after decode")


def earlier_answers_stay_as_they_were(case: Case) -> None:
    """Encoding and decoding again do not change what was given before."""
    autoencoder, first = build_ready(case), make_samples(case, 9)
    latents = encode(autoencoder, first)
    samples = decode(autoencoder, latents)
    given, shown = latents.copy(), samples.clone()
    decode(autoencoder, encode(autoencoder, first.flip(0)))
    require(same_latents(latents, given), f"encoding again changes earlier latents: {_OWN}")
    require(same(samples, shown), f"decoding again changes earlier samples: {_OWN}")


def it_never_seeds(case: Case) -> None:
    """Building, training and encoding draw from the global generators, and never seed them."""

    def work() -> None:
        autoencoder: Autoencoder = case.chosen.build(*case.given)
        if autoencoder.training_objection() is None:
            _find_losses(autoencoder, make_samples(case, 4))
        autoencoder.eval()
        decode(autoencoder, encode(autoencoder, make_samples(case, 4)))

    require_no_seeding(work)


def it_works_on_the_device_of_its_weights(case: Case) -> None:
    """Moved to a device, it starts, computes its losses, encodes and decodes there."""
    device = find_another_device()
    autoencoder, samples = case.build().to(device), make_samples(case).to(device)
    places: dict[str, torch.device] = {}
    if autoencoder.training_objection() is None:
        losses = _find_losses(autoencoder, samples)
        places = {name: loss.device for name, loss in losses.items()}
    autoencoder.eval()
    latents = encode(autoencoder, samples)
    places |= {"latents": latents.device, "samples": decode(autoencoder, latents).device}
    for name, place in places.items():
        require(place.type == device.type, f"its {name} are on {place}, not on {device}")


CHECKS = (
    the_latent_space_is_known_before_training,
    encoding_draws_nothing_in_evaluation,
    decoding_draws_nothing_in_evaluation,
    encoding_ignores_the_rest_of_the_batch,
    decoding_ignores_the_rest_of_the_batch,
    decoded_samples_are_of_the_stated_kind,
    decoding_takes_the_whole_space,
    it_leaves_the_samples_as_they_were,
    decoding_leaves_the_latents_as_they_were,
    earlier_answers_stay_as_they_were,
    it_never_seeds,
    it_works_on_the_device_of_its_weights,
)


def build_ready(case: Case) -> Autoencoder:
    """Build an autoencoder in evaluation mode."""
    autoencoder: Autoencoder = case.build()
    return autoencoder.eval()


def _find_losses(autoencoder: Autoencoder, samples: Samples) -> dict[str, Tensor]:
    """Take the losses of a step in the middle of training."""
    with torch.no_grad():
        autoencoder.begin_training(samples)
    autoencoder.before_step(0.5)
    losses = dict(autoencoder.loss_terms(samples))
    if isinstance(autoencoder, AdversarialAutoencoder):
        losses["critic_loss"] = autoencoder.critic_loss(samples)
    return losses


def _enlarge_weights(autoencoder: Autoencoder) -> Autoencoder:
    """Enlarge the weights: to fresh ones samples look alike, and bottlenecks give one code."""
    with torch.no_grad():
        for weight in autoencoder.parameters():
            if weight.dim() > 1:
                weight.mul_(_ENLARGEMENT)
    return autoencoder


def make_samples(case: Case, count: int = 8) -> Samples:
    """Make samples of the case's shape."""
    return toys.samples(case.given[0], count=count)


def encode(autoencoder: Autoencoder, samples: Samples) -> Latents:
    """Encode without gradients."""
    with torch.no_grad():
        return autoencoder.encode(samples)


def decode(autoencoder: Autoencoder, latents: Latents) -> Samples:
    """Decode without gradients."""
    with torch.no_grad():
        return autoencoder.decode(latents)
