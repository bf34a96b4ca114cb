"""Decoded training latents: few enough, of all parts of the training set, decoded once."""

import pytest
import torch

from samplebench import Autoencoder, Continuous, Need, Split
from samplebench.pipeline.stages.core import training
from samplebench.pipeline.stages.core.data import Data
from samplebench.pipeline.stages.core.evidence import gather_evidence
from samplebench.pipeline.stages.core.training import Trained, reconstruct_training_samples


class Shows(Autoencoder):
    """Decodes a number to an image of it, and counts what it decodes."""

    def __init__(self):
        super().__init__()
        self.decoded = 0

    @property
    def latent_space(self):
        return Continuous(1)

    def encode(self, images):
        return self.latent_space.pack(values=images.flatten(1)[:, :1])

    def decode(self, latents):
        self.decoded += len(latents)
        return latents.values[..., None, None]

    def loss_terms(self, images):
        raise NotImplementedError


@pytest.mark.parametrize(("count", "expected"), [(7, 7), (100, 10), (25, 10)])
def test_at_most_so_many_are_decoded_evenly_spaced(monkeypatch, count, expected):
    monkeypatch.setattr(training, "_MOST_RECONSTRUCTED", 10)
    autoencoder = Shows()
    latents = autoencoder.latent_space.pack(values=torch.linspace(0, 1, count)[:, None])
    images = reconstruct_training_samples(Trained(autoencoder, (1, 1, 1), latents, latents, {}))
    assert len(images) == autoencoder.decoded == expected
    values = images.flatten()
    assert values[0] == 0
    assert (values.diff() > 0).all()
    assert values.diff().max() <= 2 / expected
    assert values[-1] >= 1 - 2 / expected


def test_they_are_decoded_once_for_all_metrics_and_never_unasked():
    autoencoder = Shows()
    images = torch.arange(8, dtype=torch.uint8)[:, None, None, None]
    latents = autoencoder.encode(images / 7)
    trained = Trained(autoencoder, (1, 1, 1), latents, latents, {})
    data = Data("", Split(images, None), Split(images, None), lambda: images)
    evidence = gather_evidence(data, trained, None, latents, images.float(), {})
    before = autoencoder.decoded
    assert before == 8  # the held-out ones
    for _ in range(2):
        one = evidence.restricted_to({Need.TRAIN_RECONSTRUCTED})
        assert torch.equal(one.train_reconstructed.flatten(), torch.arange(8) / 7)
    assert autoencoder.decoded == before + 8
