"""The codebook's averages and gradients against plain float64 loops, and that it learns."""

import pytest
import torch
from sklearn.datasets import load_digits
from torch.nn import functional

from samplebench import Discrete, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.training import Budget
from samplebench_quantized.vector_quantiser import VectorQuantiser
from samplebench_quantized.vq_vae import vq_vae

SMALL = {"width": 16, "halvings": 1, "likelihood": "bernoulli"}


def draws(*shape, seed=0):
    with seeded(seed, "draws"):
        return torch.randn(*shape)


def quantiser(codes=5, channels=3, **settings):
    with seeded(0, "quantiser"):
        return VectorQuantiser(codes=codes, channels=channels, **settings)


def digits():
    images = torch.tensor(load_digits().images[:, None] / 16, dtype=torch.float32)
    return images[:1400], images[1400:]


def error(model, images):
    with torch.no_grad():
        return float((model.decode(model.encode(images)) - images).square().mean())


def used_codes(model, images):
    with torch.no_grad():
        return len(model.encode(images).codes.unique())


def test_the_codebook_follows_the_papers_moving_averages():
    ours = quantiser(decay=0.8, epsilon=0.1)
    words = ours.codebook.double()
    counts, sums = torch.ones(5).double(), words.clone()
    for step in range(3):
        sites = draws(4, 6, 3, seed=step)
        ours(sites)
        points = sites.flatten(0, 1).double()
        codes = (points[:, None] - words).square().sum(-1).argmin(1)
        for code in range(5):
            members = points[codes == code]
            counts[code] = 0.8 * counts[code] + 0.2 * len(members)
            sums[code] = 0.8 * sums[code] + 0.2 * members.sum(0)
        total = counts.sum()
        words = sums / ((counts + 0.1) / (total + 5 * 0.1) * total)[:, None]
        torch.testing.assert_close(ours.codebook.double(), words, rtol=1e-5, atol=1e-6)


def test_the_decoder_sees_the_nearest_codewords_and_the_gradient_passes_straight_through():
    ours = quantiser().eval()
    sites = draws(2, 6, 3).requires_grad_()
    shown, _ = ours(sites)
    nearest = torch.cdist(sites.detach(), ours.codebook).argmin(-1)
    torch.testing.assert_close(shown.detach(), ours.codebook[nearest])
    weights = draws(2, 6, 3, seed=1)
    (shown * weights).sum().backward()
    torch.testing.assert_close(sites.grad, weights)


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_the_terms_and_their_gradients_are_the_papers(update):
    ours = quantiser(update=update, commitment=0.5).eval()
    sites = draws(2, 6, 3).requires_grad_()
    _, terms = ours(sites)
    words = ours.codebook.detach()[torch.cdist(sites.detach(), ours.codebook.detach()).argmin(-1)]
    squared = functional.mse_loss(sites.detach(), words)
    values = {name: term.detach() for name, term in terms.items()}
    torch.testing.assert_close(values["commitment"], 0.5 * squared)
    (pull,) = torch.autograd.grad(terms["commitment"], sites, retain_graph=True)
    torch.testing.assert_close(pull, 0.5 * 2 * (sites.detach() - words) / sites.numel())
    assert set(values) == ({"commitment"} if update == "ema" else {"commitment", "codebook"})
    if update == "gradient":
        torch.testing.assert_close(values["codebook"], squared)
        moved, still = torch.autograd.grad(
            terms["codebook"], [ours.codebook, sites], allow_unused=True
        )
        assert still is None
        expected = torch.zeros(5, 3)
        for site, word in zip(sites.detach().view(-1, 3), words.view(-1, 3), strict=True):
            code = (ours.codebook.detach() == word).all(1).nonzero()[0]
            expected[code] += 2 * (word - site) / sites.numel()
        torch.testing.assert_close(moved, expected)


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_dead_codes_move_to_sites_of_the_batch(update):
    ours = quantiser(codes=6, update=update, replace_dead=1.0)
    with torch.no_grad():
        ours.codebook[3:] = 1e6
        ours.counts.copy_(torch.tensor([4.0, 4.0, 4.0, 0.5, 0.5, 0.5]))
    kept = ours.codebook[:3].clone()
    sites = draws(4, 6, 3)
    ours.replace_dead_codes(sites.flatten(0, 1))
    assert torch.equal(ours.codebook[:3], kept)
    assert (torch.cdist(ours.codebook.detach()[3:], sites.flatten(0, 1)).amin(1) < 1e-6).all()
    assert ours.counts.tolist() == [4.0, 4.0, 4.0, 2.25, 2.25, 2.25]
    torch.testing.assert_close(ours.sums[3:], 2.25 * ours.codebook.detach()[3:])


@pytest.mark.parametrize("threshold", [0.5, 1.0, 5.0, 20.0])
def test_codes_in_good_use_are_never_replaced(threshold):
    ours = quantiser(codes=4, replace_dead=threshold).train()
    sites = draws(8, 25, 3)  # about 50 a code
    ours.begin(sites)
    for _ in range(100):
        before = ours.codebook.clone()
        ours(sites)
        assert float((ours.codebook - before).abs().max()) < 0.1


def test_a_start_by_k_means_puts_codewords_among_the_sites_and_a_normal_one_does_not():
    sites = draws(8, 50, 3) + 20
    for start, near in {"k-means": True, "normal": False}.items():
        ours = quantiser(start=start)
        ours.begin(sites)
        assert ((ours.codebook - 20).abs() < 4).all() == near
        assert torch.equal(ours.sums, ours.codebook)


def test_latents_are_one_code_a_site_and_decode_to_the_reconstruction():
    with seeded(0, "network"):
        model = vq_vae((1, 16, 12), codes=7, channels=3, width=8).eval()
    assert model.latent_space == Discrete((7,), (4, 3))
    images = draws(5, 1, 16, 12).sigmoid()
    with torch.no_grad():
        means, _ = model.reconstruct(images)
        torch.testing.assert_close(model.decode(model.encode(images)), means.clamp(0, 1))


@pytest.mark.parametrize("update", ["ema", "gradient"])
def test_training_reconstructs_held_out_digits_far_better(update):
    learned, held_out = digits()
    with seeded(0, "test"):
        model = vq_vae((1, 8, 8), 64, 8, update, **SMALL)
        untrained = error(model.eval(), held_out)
        train_autoencoder(model, learned, Budget(epochs=4, batch=64, learning_rate=3e-3))
    assert error(model, held_out) < 0.25 * untrained
    assert used_codes(model, held_out) > 10


@pytest.mark.slow
def test_replacement_revives_a_codebook_that_died():
    learned, held_out = digits()
    used = {}
    for threshold in (0.0, 2.0):
        with seeded(0, "test"):
            model = vq_vae((1, 8, 8), 64, 8, start="normal", replace_dead=threshold, **SMALL)
            model.bottleneck.codebook[1:] += 1e3
            model.bottleneck.sums.copy_(
                model.bottleneck.counts[:, None] * model.bottleneck.codebook
            )
            train_autoencoder(model, learned, Budget(epochs=8, batch=64, learning_rate=3e-3))
        used[threshold] = used_codes(model, held_out)
    assert used[0.0] <= 2
    assert used[2.0] > 20


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"codes": 0}, "at least 1"),
        ({"channels": 0}, "at least 1"),
        ({"decay": 1.0}, "decay"),
        ({"epsilon": 0.0}, "epsilon is above 0"),
        ({"commitment": -1.0}, "not negative"),
        ({"replace_dead": -1.0}, "not negative"),
    ],
    ids=str,
)
def test_a_setting_out_of_range_is_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        vq_vae((1, 8, 8), **settings)
