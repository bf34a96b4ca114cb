"""Rules that hold for every autoencoder of the package, whatever it minimises."""

import inspect
import subprocess
import sys

import pytest
import torch
from sklearn.datasets import load_digits

import samplebench_autoencoders
from samplebench import seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.settings import one_of
from samplebench.training import Budget

FACTORIES = {}
samplebench_autoencoders.register_autoencoders(
    lambda name, factory, later=(): FACTORIES.update({name: factory})
)
VARIANTS = [
    *((name, {}) for name in FACTORIES),
    ("denoising", {"noise": "gaussian"}),
    ("info-vae", {"kernel": "imq"}),
    ("rae", {"regulariser": "l2"}),
    ("rae", {"regulariser": "none"}),
    ("rae", {"regulariser": "spectral-norm", "backbone": "conv"}),
    ("wae-mmd", {"kernel": "rbf"}),
]
LEARNERS = [
    pytest.param(name, settings, marks=[pytest.mark.slow] if settings else [])
    for name, settings in VARIANTS
]
QUICKER = {"aae": {"critic_width": 64}, "info-vae": {"scale": 10.0}}
"""Settings with which a part that learns slowly does not: λ = 1000 is mostly noise at first."""
SHARED = {"latent": 16, "backbone": "conv", "width": 32}
REFUSED = [
    ("aae", {"critic_width": 0}, "critic_width must be at least 1"),
    ("aae", {"weight": -1.0}, "weight must be at least 0"),
    ("ae", {"latent": 0}, "sizes are at least 1"),
    ("ae", {"width": 0}, "width must be at least 1"),
    ("beta-vae", {"beta": -1.0}, "beta must be at least 0"),
    ("contractive", {"probes": 0}, "probes must be at least 1"),
    ("contractive", {"weight": -1.0}, "weight must be at least 0"),
    ("denoising", {"amount": 1.0}, "masking needs an amount below 1"),
    ("denoising", {"amount": float("nan")}, "amount must be at least 0"),
    ("info-vae", {"alpha": 2.0}, "alpha ≤ 1"),
    ("info-vae", {"alpha": 0.5, "scale": 0.1}, "alpha \\+ scale ≥ 1"),
    ("info-vae", {"bandwidth": 0.0}, "bandwidth must be positive"),
    ("rae", {"beta": -1.0}, "beta must be at least 0"),
    ("rae", {"weight": -1.0}, "weight must be at least 0"),
    ("vamp-vae", {"pseudo_inputs": 0}, "pseudo_inputs must be at least 1"),
    ("wae-mmd", {"bandwidth": -1.0}, "bandwidth must be positive"),
    ("wae-mmd", {"weight": -1.0}, "weight must be at least 0"),
]
COMPILED = """
import torch, samplebench_autoencoders
from samplebench import seeded

def gradients(model, loss, images):
    model.zero_grad()
    with seeded(0, "loss"):
        torch.stack(list(loss(images).values())).sum().backward()
    return torch.cat([weight.grad.flatten() for weight in model.encoder.parameters()])

def compare(name, factory, later=()):
    model, images = factory((1, 8, 8), width=2), torch.rand(8, 1, 8, 8)
    compiled = torch.compile(model.loss_terms, backend="aot_eager")
    plain, other = (gradients(model, loss, images) for loss in (model.loss_terms, compiled))
    assert torch.allclose(plain, other, rtol=1e-3, atol=1e-4), name
    print(name)

samplebench_autoencoders.register_autoencoders(compare)
"""


def built(name, shape=(1, 8, 8), **settings):
    with seeded(0, "build"):
        return FACTORIES[name](shape, **settings)


def digits(scale=1):
    """Handwritten digits of 8x8 pixels, or each pixel repeated."""
    small = torch.tensor(load_digits().images[:, None] / 16, dtype=torch.float32)
    return small.repeat_interleave(scale, dim=2).repeat_interleave(scale, dim=3)


def total(terms):
    return torch.stack([term.float() for term in terms.values()]).sum()


@pytest.mark.parametrize(("name", "settings", "reported"), REFUSED)
def test_a_setting_that_makes_no_sense_is_refused_with_the_reason(name, settings, reported):
    with pytest.raises(ValueError, match=reported):
        FACTORIES[name]((1, 8, 8), **settings)


def test_a_value_that_is_no_choice_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="kernel is one of imq, rbf, not 'cubic'"):
        one_of("kernel", "cubic", ("imq", "rbf"))


@pytest.mark.parametrize("name", FACTORIES)
def test_all_share_the_same_first_settings_and_defaults(name):
    parameters = inspect.signature(FACTORIES[name]).parameters
    assert list(parameters)[:5] == ["shape", *SHARED, "likelihood"]
    assert {key: parameters[key].default for key in SHARED} == SHARED


@pytest.mark.parametrize(("name", "settings"), VARIANTS, ids=str)
def test_the_last_batch_of_an_epoch_may_be_a_single_image(name, settings):
    model = built(name, **settings)
    terms = model.loss_terms(digits()[:1])
    total(terms).backward()
    assert all(bool(term.isfinite()) for term in terms.values())
    assert all(bool(p.grad.isfinite().all()) for p in model.encoder.parameters())


@pytest.mark.parametrize(("name", "settings"), VARIANTS, ids=str)
def test_sixteen_bits_give_nearly_the_same_loss(name, settings):
    model, images = built(name, **settings).eval(), digits()[:64]
    with seeded(0, "full"), torch.no_grad():
        full = total(model.loss_terms(images))
    with seeded(0, "full"), torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        half = total(model.loss_terms(images))
    assert float(half) == pytest.approx(float(full), rel=0.02)


@pytest.mark.slow
def test_every_loss_can_be_compiled():
    """In a process of its own: the tests' checks of types at run time cannot be compiled."""
    reported = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True)
    assert reported.returncode == 0, reported.stderr
    assert reported.stdout.split() == list(FACTORIES)


@pytest.mark.parametrize(("name", "settings"), LEARNERS)
def test_each_reconstructs_held_out_digits_better_than_their_mean_does(name, settings):
    learned, held_out = digits(scale=4)[:1400], digits(scale=4)[1400:]
    quick = {"latent": 8, "backbone": "mlp", "width": 8} | settings | QUICKER.get(name, {})
    model = built(name, tuple(learned.shape[1:]), **quick)
    with seeded(0, "train"):
        train_autoencoder(model, learned, Budget(epochs=12, batch=64, learning_rate=2e-3))
    with torch.no_grad():
        ours = (model.decode(model.encode(held_out)) - held_out).square().mean()
    assert float(ours) < 0.75 * float((learned.mean(0) - held_out).square().mean())
