"""Every bundled autoencoder trains where matrix products are taken in bfloat16."""

import pytest
import torch

from samplebench import seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.registry.loading import load_parts
from samplebench.training import Budget

PARTS = load_parts().autoencoders
BUNDLED = [
    name
    for name, part in PARTS.items()
    if part.plugin.distribution == "samplebench" and not getattr(part.factory, "trained", False)
]
SMALL = {"width": 8, "critic_width": 4}


@pytest.mark.parametrize("name", BUNDLED)
def test_an_autoencoder_trains_in_half_precision_and_stays_in_single(name):
    settings = {key: value for key, value in SMALL.items() if key in PARTS[name].parameters}
    with seeded(0, "half"):
        images = torch.rand(48, 1, 16, 16)
        autoencoder = PARTS[name].factory((1, 16, 16), **settings)
        before = {key: weight.clone() for key, weight in autoencoder.state_dict().items()}
        train_autoencoder(autoencoder, images, Budget(steps=4, batch=24, precision="bf16"))
        with torch.no_grad():
            decoded = autoencoder.decode(autoencoder.encode(images))
    after = autoencoder.state_dict()
    assert {key: weight.dtype for key, weight in after.items()} == {
        key: weight.dtype for key, weight in before.items()
    }
    assert any(not torch.equal(weight, before[key]) for key, weight in after.items())
    assert decoded.isfinite().all()
