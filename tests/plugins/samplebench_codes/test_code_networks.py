"""The transformer and the PixelCNN: the view of each place, its cost, and learning."""

import numpy as np
import pytest
import torch
from scipy import special
from torch.utils.flop_counter import FlopCounterMode

from samplebench import Discrete, Latents, seeded
from samplebench.errors import TrainingDiverged
from samplebench_codes import CodeMarkov, CodeTransformer, PixelCNN, autoregressive_sampler
from samplebench_codes.code_network import CodeNetwork, RecomputedSteps
from samplebench_codes.pixelcnn_network import PixelCNNNetwork
from samplebench_codes.sharpening import Sharpening
from samplebench_codes.transformer_network import TransformerNetwork

SPACE = Discrete((5, 4, 3), (3, 4))
SMALL = {"width": 16, "layers": 2, "epochs": 1}


def transformer(space: Discrete) -> CodeNetwork:
    """A transformer with initial weights large enough for every place to have an effect."""
    network = TransformerNetwork(space, width=16, layers=2, heads=4, dropout=0.3)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(10).add_(torch.randn_like(parameter).mul_(0.05))
    return network.double().eval()


def pixelcnn(space: Discrete, layers: int = 3, kernel: int = 3) -> CodeNetwork:
    return PixelCNNNetwork(space, width=16, layers=layers, kernel=kernel).double().eval()


every_network = pytest.mark.parametrize("network", [transformer, pixelcnn])


def codes_of(space: Discrete, samples: int) -> torch.Tensor:
    columns = [torch.randint(size, (samples, space.sites)) for size in space.codebooks]
    return torch.stack(columns, 2)


@torch.no_grad()
def seen(network: CodeNetwork, space: Discrete) -> np.ndarray:
    """A mask of the logits at a place (row) that change with the code at another (column)."""
    codes = codes_of(space, 4)
    depths = space.code_width
    places = space.sites * depths
    before = network(codes)
    felt = np.zeros((places, places), dtype=bool)
    for other in range(places):
        site, depth = divmod(other, depths)
        changed = codes.clone()
        changed[:, site, depth] = (changed[:, site, depth] + 1) % space.codebooks[depth]
        after = network(changed)
        moved = [(a - b).abs().amax((0, 2)) for a, b in zip(after, before, strict=True)]
        felt[:, other] = torch.stack(moved, 1).flatten().numpy() > 1e-12
    return felt


@every_network
def test_a_place_sees_all_places_before_it_and_no_other(network):
    felt = seen(network(SPACE), SPACE)
    expected = np.tril(np.ones_like(felt), -1)
    np.testing.assert_array_equal(felt, expected)


@pytest.mark.parametrize(("layers", "kernel"), [(1, 3), (2, 3), (1, 5)])
def test_a_pixelcnn_sees_as_far_as_it_states(layers, kernel):
    space = Discrete((3,), (7, 7))
    felt = seen(pixelcnn(space, layers, kernel), space).reshape(7, 7, 7, 7)
    reach = layers * (kernel // 2)
    for row, column, above, aside in np.ndindex(7, 7, 7, 7):
        before = (above, aside) < (row, column)
        if above == row:
            expected = before and column - aside <= reach + 1
            assert felt[row, column, above, aside] == expected
        elif not before or row - above > reach + 1 or aside - column > reach:
            assert not felt[row, column, above, aside]
        elif column - aside <= reach:
            assert felt[row, column, above, aside]


@every_network
@torch.no_grad()
def test_logits_step_by_step_are_those_of_one_pass(network):
    model, codes = network(SPACE), codes_of(SPACE, 6)
    whole, steps, anew = model(codes), model.step_through(6), RecomputedSteps(model)
    for site in range(12):
        for depth in range(3):
            future = codes.clone()  # codes that are not yet drawn must not matter
            future[:, site, depth:] = 0
            future[:, site + 1 :] = 0
            for way in (steps, anew):
                found = way.logits(future, site=site, depth=depth)
                torch.testing.assert_close(found, whole[depth][:, site], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("factory", [CodeTransformer, PixelCNN])
def test_draws_are_the_same_without_the_cache_and_in_any_chunks(factory, monkeypatch):
    sampler = factory(**SMALL)
    with seeded(0):
        sampler.fit(SPACE.pack(codes=codes_of(SPACE, 100)))
    draws = []
    for draw in (sampler.sample, sampler.sample_without_cache):
        with seeded(1):
            draws.append(draw(50).codes)
    log_probs = sampler.log_prob(SPACE.pack(codes=draws[0]))
    numbers = sampler.build_network(SPACE).numbers_a_sample
    monkeypatch.setattr(autoregressive_sampler, "_NUMBERS_AT_A_TIME", 7 * numbers)
    with seeded(1):
        draws.append(sampler.sample(50).codes)
    assert torch.equal(draws[0], draws[1])
    assert torch.equal(draws[0], draws[2])
    torch.testing.assert_close(sampler.log_prob(SPACE.pack(codes=draws[0])), log_probs)


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, None), (0.3, None), (3.0, 2), (1.0, 9)])
def test_a_sharpened_distribution_is_a_softmax_of_the_greatest_logits(temperature, top_k):
    logits = np.random.default_rng(0).normal(size=(20, 5))
    expected = logits / temperature
    if top_k:
        ranks = (-expected).argsort(1).argsort(1)
        expected[ranks >= top_k] = -np.inf
    expected -= special.logsumexp(expected, axis=1, keepdims=True)
    found = Sharpening(temperature, top_k).log_probabilities(torch.from_numpy(logits))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


def test_a_smaller_temperature_draws_likelier_codes():
    means = {}
    for temperature in (0.5, 1.0, 2.0):
        space = Discrete((6,), (3, 3))
        sampler = CodeTransformer(**SMALL, temperature=temperature, learning_rate=1e-2)
        with seeded(0):
            sampler.fit(space.pack(codes=torch.randint(6, (200, 9)).square() // 6))
            means[temperature] = -float(sampler.log_prob(sampler.sample(500)).mean())
    assert means[0.5] < means[1.0] < means[2.0]


def source(samples: int) -> tuple[Latents, float]:
    """Codes c = left + above + noise (mod 4) and c' = c + noise (mod 3), and their nats a code.

    No neighbour alone is informative about c, but both together are.
    """
    rng = np.random.default_rng(0)
    distributions = np.array([0.8, 0.15, 0.05, 0.0]), np.array([0.1, 0.1, 0.8])
    first, second = (
        rng.choice(len(distribution), (samples, 4, 4), p=distribution)
        for distribution in distributions
    )
    padded = np.zeros((samples, 5, 5), dtype=np.int64)
    for row, column in np.ndindex(4, 4):
        neighbours = padded[:, row, column + 1] + padded[:, row + 1, column]
        padded[:, row + 1, column + 1] = (neighbours + first[:, row, column]) % 4
    codes = np.stack([padded[:, 1:, 1:], (padded[:, 1:, 1:] + second) % 3], 3)
    nats = np.mean([special.entr(distribution).sum() for distribution in distributions])
    return Discrete((4, 3), (4, 4)).pack(codes=torch.from_numpy(codes)), float(nats)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("factory", "settings"),
    [
        (CodeTransformer, {"width": 32, "layers": 1, "heads": 2, "learning_rate": 1e-2}),
        (PixelCNN, {"width": 16, "layers": 2, "kernel": 3, "learning_rate": 5e-3}),
    ],
    ids=["transformer", "pixelcnn"],
)
def test_a_source_is_learned_to_its_entropy(factory, settings):
    """Within 4 % on unseen latents; a Markov chain of first order costs far more."""
    latents, entropy = source(2000)
    sampler, chain = factory(**settings, epochs=15, batch=64), CodeMarkov()
    with seeded(0):
        sampler.fit(latents[:1500])
    chain.fit(latents[:1500])
    nats, chain_nats = (
        -float(fitted.log_prob(latents[1500:]).mean()) / 32 for fitted in (sampler, chain)
    )
    assert abs(nats - entropy) < 0.04 * entropy
    assert chain_nats > 1.3 * entropy


def test_training_stops_when_held_out_latents_gain_no_more():
    noise = SPACE.pack(codes=codes_of(SPACE, 60))  # noise can only be memorised
    sampler = CodeTransformer(
        width=32, layers=2, learning_rate=1e-2, epochs=200, batch=30, patience=2
    )
    with seeded(0):
        sampler.fit(noise)
    assert sampler.diagnostics()["steps"] < 200


@pytest.mark.parametrize("factory", [CodeTransformer, PixelCNN])
def test_training_that_diverges_raises(factory):
    sampler = factory(**SMALL, learning_rate=1e30)
    with pytest.raises(TrainingDiverged, match="not finite"):
        sampler.fit(SPACE.pack(codes=codes_of(SPACE, 300)))


@pytest.mark.slow
@pytest.mark.parametrize("factory", [CodeTransformer, PixelCNN])
def test_the_cache_saves_at_least_four_fifths_of_the_operations(factory):
    space = Discrete((512,), (8, 8))
    sampler = factory(epochs=1)
    with seeded(0):
        sampler.fit(space.pack(codes=torch.randint(512, (8, 64))))
    operations = []
    for draw in (sampler.sample, sampler.sample_without_cache):
        with FlopCounterMode(display=False) as counter:
            draw(16)
        operations.append(counter.get_total_flops())
    assert operations[1] > 5 * operations[0] > 0
