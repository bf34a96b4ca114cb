"""Each rule for autoencoders catches the autoencoder that breaks it, and no honest one."""

import jaxtyping
import numpy as np
import pytest
import torch
from torch import nn

from samplebench import AdversarialAutoencoder, Autoencoder, Continuous, Discrete, Latents
from samplebench.checks import autoencoder_checks, learning_checks, packing_checks, render
from samplebench.checks.kit import KITS
from samplebench.networks import Bottleneck, BottleneckAutoencoder, Coded


def seed_of_the_moment() -> float:
    """A number that changes with the outer seed and with nothing else."""
    return torch.initial_seed() % 1000 / 1000


class Honest(Autoencoder):
    """One linear layer to four numbers, and one back."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.shape = shape
        self.latent_space = Continuous(4)
        self.down = nn.Linear(torch.Size(shape).numel(), 4)
        self.up = nn.Linear(4, torch.Size(shape).numel())

    def encode(self, images: torch.Tensor) -> Latents:
        return self.latent_space.pack(values=self.down(images.flatten(1)))

    def decode(self, latents: Latents) -> torch.Tensor:
        return self.up(latents.values).sigmoid().unflatten(1, self.shape)

    def loss_terms(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"mse": (self.decode(self.encode(images)) - images).square().mean()}


class HonestPair(Honest, AdversarialAutoencoder):
    """The same with a critic that distinguishes images from their reconstructions."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape)
        self.critic = nn.Linear(torch.Size(shape).numel(), 1)

    def _judged(self, images: torch.Tensor) -> torch.Tensor:
        return self.critic(images.flatten(1)).mean()

    def loss_terms(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        reconstructed = self.decode(self.encode(images))
        mse = (reconstructed - images).square().mean()
        return {"mse": mse, "adversarial": -0.01 * self._judged(reconstructed)}

    def critic_parameters(self) -> list[nn.Parameter]:
        return list(self.critic.parameters())

    def critic_loss(self, images: torch.Tensor) -> torch.Tensor:
        reconstructed = self.decode(self.encode(images)).detach()
        return (self._judged(reconstructed) - self._judged(images) - 1).square()


class Loaded(Autoencoder):
    """The weights of a file, which this file here stands for."""

    trained = True

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.latent_space = Continuous(4)
        self.network = Honest(shape)
        source = torch.Generator().manual_seed(0)
        for weight in self.network.parameters():
            weight.data = torch.randn(weight.shape, generator=source) / 8

    def encode(self, images: torch.Tensor) -> Latents:
        return self.network.encode(images)

    def decode(self, latents: Latents) -> torch.Tensor:
        return self.network.decode(latents)


class Untrainable(Loaded):
    """The same, whose weights are still to be given."""

    trained = False

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape)
        self.network = Honest(shape)


class DrawsTheWeightsItBrings(Untrainable):
    trained = True


class TakesColourAlone(Honest):
    def __init__(self, shape: tuple[int, int, int]) -> None:
        if shape[0] != 3:
            raise ValueError(f"takes colour images, not {shape[0]} channel")
        super().__init__(shape)


class StatesAnotherSpace(Honest):
    def encode(self, images: torch.Tensor) -> Latents:
        values = self.down(images.flatten(1))
        return Continuous(2, (2,)).pack(values=values)

    def decode(self, latents: Latents) -> torch.Tensor:
        return super().decode(self.latent_space.pack(values=latents.values.flatten(1)))


class EncodesWithNoise(Honest):
    def encode(self, images: torch.Tensor) -> Latents:
        return self.latent_space.pack(values=super().encode(images).values + seed_of_the_moment())


class DecodesWithNoise(Honest):
    def decode(self, latents: Latents) -> torch.Tensor:
        return super().decode(latents) * (1 - 0.01 * seed_of_the_moment())


class EncodesByTheBatch(Honest):
    def encode(self, images: torch.Tensor) -> Latents:
        values = super().encode(images).values
        return self.latent_space.pack(values=values - 0.5 * values.mean(0))


class DecodesByTheBatch(Honest):
    def decode(self, latents: Latents) -> torch.Tensor:
        centred = latents.values - latents.values.mean(0)
        return super().decode(latents.space.pack(values=centred))


class DecodesWithoutBounds(Honest):
    def decode(self, latents: Latents) -> torch.Tensor:
        return self.up(latents.values).unflatten(1, self.shape)


class ShowsTheSameOnceTrained(Honest):
    def decode(self, latents: Latents) -> torch.Tensor:
        images = super().decode(latents)
        return images if self.training else torch.zeros_like(images)


class DarkensWhatItIsGiven(Honest):
    def encode(self, images: torch.Tensor) -> Latents:
        return super().encode(images.clamp_(max=0.5))


class DarkensWhatItsCriticIsGiven(HonestPair):
    def critic_loss(self, images: torch.Tensor) -> torch.Tensor:
        return super().critic_loss(images.clamp_(max=0.5))


class ClampsLatents(Honest):
    def decode(self, latents: Latents) -> torch.Tensor:
        latents.values.clamp_(max=0)
        return super().decode(latents)


class FillsOneBuffer(Honest):
    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape)
        self.buffer = torch.zeros(9, *shape)

    def decode(self, latents: Latents) -> torch.Tensor:
        images = super().decode(latents)
        return images if self.training or len(images) != 9 else self.buffer.copy_(images)


class EncodesIntoOneBuffer(Honest):
    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape)
        self.buffer = torch.zeros(9, 4)

    def encode(self, images: torch.Tensor) -> Latents:
        values = super().encode(images).values
        if not self.training and len(values) == 9:
            values = self.buffer.copy_(values)
        return self.latent_space.pack(values=values)


class DrawsLatentsAndSaysSo(EncodesWithNoise):
    draws_latents = True


class DecodesToBytes(Honest):
    def decode(self, latents: Latents) -> torch.Tensor:
        images = super().decode(latents)
        return images if torch.is_grad_enabled() else images.mul(255).byte()


class Mapped(Honest):
    """Convolutions to a map with as many channels as it has rows and columns, and back."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape)
        channels, rows, columns = shape
        self.latent_space = Continuous(4, (rows // 2, columns // 2))
        self.down = nn.Conv2d(channels, 4, 2, stride=2)
        self.up = nn.ConvTranspose2d(4, channels, 2, stride=2)

    def encode(self, images: torch.Tensor) -> Latents:
        return self.latent_space.pack(values=self.down(images).movedim(1, -1))

    def decode(self, latents: Latents) -> torch.Tensor:
        return self.up(latents.values.movedim(-1, 1)).sigmoid()


class PacksChannelsFirst(Mapped):
    def encode(self, images: torch.Tensor) -> Latents:
        return self.latent_space.pack(values=self.down(images).flatten(1))

    def decode(self, latents: Latents) -> torch.Tensor:
        return self.up(latents.values.reshape(-1, 4, *self.latent_space.grid)).sigmoid()


class TermsAreLists(Honest):
    def loss_terms(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return {name: term[None] for name, term in super().loss_terms(images).items()}


class ForgetsALayer(Honest):
    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape)
        self.never_used = nn.Linear(2, 2)


class ClimbsUp(Honest):
    def loss_terms(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        mse = super().loss_terms(images)["mse"]
        return {"mse": 2 * mse.detach() - mse}


class HidesAWeight(Honest):
    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape)
        self.hidden = torch.rand(4)

    def decode(self, latents: Latents) -> torch.Tensor:
        return super().decode(latents.space.pack(values=latents.values * self.hidden))


class StartsOutsideItsWeights(Honest):
    mean = torch.zeros(())

    def begin_training(self, images: torch.Tensor) -> None:
        self.mean = images.mean()

    def encode(self, images: torch.Tensor) -> Latents:
        return super().encode(images - self.mean)


class AveragesInEvaluation(Honest):
    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape)
        self.register_buffer("seen", torch.zeros(()))

    def loss_terms(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        self.seen += images.mean()
        return super().loss_terms(images)


class NeedsTwoImages(Honest):
    def loss_terms(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        if len(images) < 2:
            raise ValueError("a single image has no std")
        return super().loss_terms(images)


class SeedsAsItsCriticLearns(HonestPair):
    def critic_loss(self, images: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(0)
        return super().critic_loss(images)


class SeedsAsItStarts(Honest):
    def begin_training(self, images: torch.Tensor) -> None:
        torch.manual_seed(0)


class DrawsWeightsFromTheClock(Honest):
    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape)
        self.down.bias.data += float(np.random.default_rng().normal())


class SeedsTorch(Honest):
    def __init__(self, shape: tuple[int, int, int]) -> None:
        torch.manual_seed(0)
        super().__init__(shape)


class StaysOnTheHost(Honest):
    def decode(self, latents: Latents) -> torch.Tensor:
        return super().decode(latents).cpu()

    def loss_terms(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"mse": (super().decode(self.encode(images)) - images).square().mean()}


class HasAnIdleCritic(HonestPair):
    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape)
        self.idle = nn.Linear(2, 2)

    def critic_parameters(self) -> list[nn.Parameter]:
        return [*self.critic.parameters(), *self.idle.parameters()]


class KeepsItsCriticApart(HonestPair):
    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__(shape)
        self.unseen = [self.critic]
        del self.critic

    def _judged(self, images: torch.Tensor) -> torch.Tensor:
        return self.unseen[0](images.flatten(1)).mean()

    def critic_parameters(self) -> list[nn.Parameter]:
        return list(self.unseen[0].parameters())


class RandomCodebook(Bottleneck):
    """The nearest of some codewords that never learn: to a fresh network, always the same one."""

    def __init__(self, codes: int = 32, centred: bool = False, shift: int = 0) -> None:
        super().__init__()
        self.channels, self.codes, self.centred, self.shift = 4, codes, centred, shift
        self.register_buffer("codewords", torch.randn(32, 4))

    def space(self, grid: tuple[int, ...]) -> Discrete:
        return Discrete((self.codes,), grid)

    def encode(self, sites: torch.Tensor) -> Coded:
        if self.centred:
            sites = sites - sites.mean((0, 1))
        return Coded(codes=torch.cdist(sites, self.codewords).argmin(-1)[..., None])

    def decode(self, latents: Latents) -> torch.Tensor:
        return self.codewords[latents.codes.flatten(1) + self.shift]

    def forward(self, sites: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        chosen = self.codewords[torch.cdist(sites, self.codewords).argmin(-1)]
        gap = (sites - chosen).square().mean()
        return sites + (chosen - sites).detach(), {"commitment": gap}


SABOTEURS = {
    learning_checks.the_weights_it_brings_depend_on_no_seed: DrawsTheWeightsItBrings,
    autoencoder_checks.the_latent_space_is_known_before_training: StatesAnotherSpace,
    autoencoder_checks.encoding_draws_nothing_in_evaluation: EncodesWithNoise,
    autoencoder_checks.decoding_draws_nothing_in_evaluation: DecodesWithNoise,
    autoencoder_checks.encoding_ignores_the_rest_of_the_batch: EncodesByTheBatch,
    autoencoder_checks.decoding_ignores_the_rest_of_the_batch: DecodesByTheBatch,
    autoencoder_checks.decoded_samples_are_of_the_stated_kind: DecodesWithoutBounds,
    autoencoder_checks.decoding_takes_the_whole_space: ShowsTheSameOnceTrained,
    autoencoder_checks.it_leaves_the_samples_as_they_were: DarkensWhatItIsGiven,
    autoencoder_checks.decoding_leaves_the_latents_as_they_were: ClampsLatents,
    autoencoder_checks.earlier_answers_stay_as_they_were: FillsOneBuffer,
    autoencoder_checks.it_never_seeds: SeedsTorch,
    autoencoder_checks.it_works_on_the_device_of_its_weights: StaysOnTheHost,
    packing_checks.a_site_holds_what_it_sees: PacksChannelsFirst,
    learning_checks.loss_terms_are_finite_scalars: TermsAreLists,
    learning_checks.every_trainable_parameter_gets_a_gradient: ForgetsALayer,
    learning_checks.training_lowers_the_loss: ClimbsUp,
    learning_checks.the_last_batch_may_be_a_single_sample: NeedsTwoImages,
    learning_checks.weights_make_the_round_trip: HidesAWeight,
    learning_checks.nothing_changes_it_in_evaluation_mode: AveragesInEvaluation,
    learning_checks.the_same_seed_gives_the_same_weights: DrawsWeightsFromTheClock,
    learning_checks.the_critic_learns_from_its_own_loss: HasAnIdleCritic,
}


def test_every_rule_for_autoencoders_has_a_saboteur():
    assert set(SABOTEURS) == set(KITS["autoencoder"].on_the_part)


@pytest.mark.parametrize("check", SABOTEURS, ids=lambda check: check.__name__)
def test_a_saboteur_is_caught_by_the_rule_it_breaks_and_no_other(check, outcomes_of):
    if "device" in check.__name__ and not torch.cuda.is_available():
        pytest.skip("needs a second device")
    outcomes = outcomes_of("autoencoder", SABOTEURS[check])
    caught = {outcome.check for outcome in outcomes if outcome.status == "failed"}
    assert caught == {check.__name__}, render(outcomes)


@pytest.mark.parametrize(
    ("saboteur", "check"),
    [
        (StartsOutsideItsWeights, learning_checks.weights_make_the_round_trip),
        (SeedsAsItStarts, autoencoder_checks.it_never_seeds),
        (SeedsAsItsCriticLearns, autoencoder_checks.it_never_seeds),
        (DarkensWhatItsCriticIsGiven, autoencoder_checks.it_leaves_the_samples_as_they_were),
        (EncodesIntoOneBuffer, autoencoder_checks.earlier_answers_stay_as_they_were),
        (KeepsItsCriticApart, learning_checks.the_critic_learns_from_its_own_loss),
    ],
)
def test_another_saboteur_of_the_same_rule_is_caught_too(saboteur, check, outcomes_of):
    outcomes = outcomes_of("autoencoder", saboteur)
    assert {o.check for o in outcomes if o.status == "failed"} == {check.__name__}


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        ({"centred": True}, autoencoder_checks.encoding_ignores_the_rest_of_the_batch),
        ({"codes": 2}, autoencoder_checks.the_latent_space_is_known_before_training),
        ({"shift": 1}, autoencoder_checks.decoding_takes_the_whole_space),
    ],
)
def test_codes_that_a_fresh_network_never_gives_are_seen_too(wrong, check, outcomes_of):
    def factory(shape: tuple[int, int, int]) -> Autoencoder:
        return BottleneckAutoencoder(shape, RandomCodebook(**wrong), 8, halvings=1)

    outcomes = outcomes_of("autoencoder", factory)
    assert check.__name__ in {o.check for o in outcomes if o.status == "failed"}, render(outcomes)


def test_an_honest_codebook_passes(outcomes_of):
    def factory(shape: tuple[int, int, int]) -> Autoencoder:
        return BottleneckAutoencoder(shape, RandomCodebook(), 8, halvings=1)

    outcomes = outcomes_of("autoencoder", factory)
    assert not [o for o in outcomes if o.status == "failed"], render(outcomes)


def test_images_in_8_bits_are_caught(outcomes_of, monkeypatch):
    # The checks of annotations that the tests add would raise first.
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    failed = [o for o in outcomes_of("autoencoder", DecodesToBytes) if o.status == "failed"]
    told = {o.detail for o in failed if o.check == "decoded_samples_are_of_the_stated_kind"}
    assert any("and gave torch.uint8 (8, 1, 8, 8)" in detail for detail in told)


def test_an_autoencoder_may_draw_if_it_says_so(outcomes_of):
    rule = "encoding_draws_nothing_in_evaluation"
    outcomes = [o for o in outcomes_of("autoencoder", DrawsLatentsAndSaysSo) if o.check == rule]
    assert {(o.status, o.detail) for o in outcomes} == {
        ("skipped", "it says that it draws its latents")
    }


@pytest.mark.parametrize("channels", [2, 8])
def test_a_dense_map_is_never_said_to_be_packed_wrongly(channels, outcomes_of):
    class Dense(Honest):
        def __init__(self, shape: tuple[int, int, int]) -> None:
            super().__init__(shape)
            pixels = torch.Size(shape).numel()
            self.latent_space = Continuous(channels, (3, 3))
            self.down, self.up = nn.Linear(pixels, 9 * channels), nn.Linear(9 * channels, pixels)

        def decode(self, latents: Latents) -> torch.Tensor:
            return self.up(latents.values.flatten(1)).sigmoid().unflatten(1, self.shape)

    outcomes = outcomes_of("autoencoder", Dense)
    judged = {o.status for o in outcomes if o.check == "a_site_holds_what_it_sees"}
    assert judged == {"passed"}, render(outcomes)


@pytest.mark.parametrize("honest", [Honest, HonestPair, Mapped, Loaded, Untrainable])
def test_an_honest_autoencoder_passes(honest, outcomes_of):
    outcomes = outcomes_of("autoencoder", honest)
    assert not [o for o in outcomes if o.status == "failed"], render(outcomes)
    assert {o.case for o in outcomes} == {"images 1×8×8", "images 3×6×4"}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Untrainable, "it cannot be trained here: give its weights with --checkpoint"),
        (Loaded, "it is not trained here: it is complete once it is built"),
    ],
)
def test_learning_is_not_checked_where_there_is_none(kind, reason, outcomes_of):
    outcomes = outcomes_of("autoencoder", kind)
    skipped = {o.check for o in outcomes if o.detail == reason}
    assert skipped == {
        "loss_terms_are_finite_scalars",
        "every_trainable_parameter_gets_a_gradient",
        "training_lowers_the_loss",
        "the_last_batch_may_be_a_single_sample",
        "nothing_changes_it_in_evaluation_mode",
        "the_critic_learns_from_its_own_loss",
    }
    judged = {o.status for o in outcomes if o.check == "weights_make_the_round_trip"}
    assert judged == {"passed"}


def test_a_critic_is_checked_where_there_is_one(outcomes_of):
    rule = "the_critic_learns_from_its_own_loss"
    of_a_pair = [o.status for o in outcomes_of("autoencoder", HonestPair) if o.check == rule]
    of_one = [o.status for o in outcomes_of("autoencoder", Honest) if o.check == rule]
    assert (set(of_a_pair), set(of_one)) == ({"passed"}, {"skipped"})


def test_an_image_shape_that_is_refused_is_skipped_with_the_reason(outcomes_of):
    outcomes = outcomes_of("autoencoder", TakesColourAlone)
    grey = [o for o in outcomes if o.case == "images 1×8×8"]
    assert [o.status for o in grey] == ["skipped"]
    assert "takes colour images" in grey[0].detail
    assert any(o.status == "passed" for o in outcomes if o.case == "images 3×6×4")
