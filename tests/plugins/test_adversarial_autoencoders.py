"""The autoencoders with a critic: what they share with those without, and how both sides learn."""

import pytest
import torch
from sklearn.datasets import load_digits

from samplebench import AdversarialAutoencoder, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.registry.loading import load_parts
from samplebench.training import Budget

PARTS = load_parts().autoencoders
PAIRS = [
    ("vq-gan(codes=32,channels=8,replace_dead=0.5", "vq-vae(codes=32,channels=8,replace_dead=0.5"),
    ("dl-gan(atoms=32,channels=8", "dl-vae(atoms=32,channels=8"),
]
SMALL = "width=16,halvings=1"


def built(spec):
    with seeded(0, "network"):
        return PARTS.choose(spec)[0].build((1, 8, 8))


def digits():
    images = torch.tensor(load_digits().images[:, None] / 16, dtype=torch.float32)
    return images[:1400], images[1400:]


@pytest.mark.parametrize(("adversarial", "plain"), PAIRS)
def test_without_a_weight_for_the_critic_it_is_the_autoencoder_without_one(adversarial, plain):
    learned, held_out = digits()
    models = [
        built(f"{adversarial},{SMALL},adversary=0.0,critic_width=8)"), built(f"{plain},{SMALL})")
    ]  # fmt: skip
    models[1].load_state_dict(models[0].inner.state_dict())
    for model in models:
        with seeded(0, "train"):
            train_autoencoder(model, learned, Budget(steps=20, batch=64))
    with torch.no_grad():
        first, second = (model.decode(model.encode(held_out)) for model in models)
    torch.testing.assert_close(first, second, atol=1e-4, rtol=0)


@pytest.mark.parametrize("spec", [pair[0] for pair in PAIRS])
def test_it_learns_digits_with_a_critic_that_enters_the_loss_by_default(spec):
    learned, held_out = digits()
    model = built(f"{spec},{SMALL},critic_width=8)")
    assert isinstance(model, AdversarialAutoencoder)
    reports = []
    with seeded(0, "train"):
        train_autoencoder(
            model,
            learned,
            Budget(epochs=10, batch=64, learning_rate=2e-3),
            report=lambda progress: reports.append(progress.terms),
        )
    assert "verdict" in reports[-1]
    with torch.no_grad():
        error = (model.decode(model.encode(held_out)) - held_out).square().mean()
    assert error < 0.6 * (learned.mean(0) - held_out).square().mean()


@pytest.mark.parametrize("spec", [pair[0] for pair in PAIRS])
def test_a_critic_learns_before_its_verdict_enters_the_loss(spec):
    learned, held_out = digits()
    model = built(f"{spec},{SMALL},critic_width=8,adversary_start=0.99)")
    with seeded(0, "train"):
        train_autoencoder(model, learned, Budget(steps=60, batch=64, learning_rate=2e-3))
    with torch.no_grad():
        shown = model.decode(model.encode(held_out))
        assert model.critic(held_out).mean() > model.critic(shown).mean() + 0.2
