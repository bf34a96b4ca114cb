"""Training calls the methods of the autoencoder's contract in order."""

import pytest
import torch
from toy_parts import Adversarial, Linear

from samplebench.autoencoder_training import train_autoencoder
from samplebench.training import Budget, Progress


class Diary(Linear):
    """An autoencoder that records the calls of its methods."""

    def __init__(self, shape) -> None:
        super().__init__(shape)
        self.pages: list[str] = []

    def begin_training(self, images) -> None:
        self.pages.append(f"begin with {len(images)}")

    def before_step(self, done: float) -> None:
        self.pages.append(f"{done:.2f}")

    def loss_terms(self, images):
        self.pages.append(f"learn from {len(images)}")
        return super().loss_terms(images)


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(6, 1, 4, 4)


def test_training_begins_once_and_calls_the_schedule_before_each_step(images):
    diary = Diary((1, 4, 4))
    train_autoencoder(diary, images, Budget(steps=2, batch=4))
    expected = ["begin with 6", "0.00", "learn from 4", "0.50", "learn from 2"]
    assert diary.pages == expected
    assert not diary.training


def test_an_adversarial_autoencoder_trains_its_critic(images):
    pair, reports = Adversarial((1, 4, 4)), list[Progress]()
    before = pair.critic.weight.clone()
    train_autoencoder(pair, images, Budget(steps=3, batch=4), report=reports.append)
    assert not torch.equal(before, pair.critic.weight)
    assert "critic" in reports[-1].terms


def test_images_of_eight_bits_are_prepared(images):
    bytes_ = images.mul(255).to(torch.uint8)
    seen = []
    diary = Diary((1, 4, 4))
    diary.loss_terms = lambda batch: seen.append(batch.dtype) or Linear.loss_terms(diary, batch)
    train_autoencoder(diary, bytes_, Budget(steps=1), prepare=lambda batch: batch / 255)
    assert seen == [torch.float32]
