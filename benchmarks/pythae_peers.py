"""pythae's trainer on its own models, with the same encoders and decoders as ours."""

import contextlib
import io
import logging
import tempfile
import time
from typing import Any

import torch
from torch import nn

from samplebench import seeded
from samplebench.networks import (
    map_decoder,
    map_encoder,
    map_sizes,
    vector_decoder,
    vector_encoder,
)

try:
    import pythae.models as peers
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.pipelines import TrainingPipeline
    from pythae.trainers import AdversarialTrainerConfig, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback
except ImportError:  # pythae is optional
    peers = None

LATENT, CHANNELS, HALVINGS = 16, 64, 2
MODELS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "ae": ("AE", "AEConfig", {}),
    "vae": ("VAE", "VAEConfig", {}),
    "beta-vae": ("BetaVAE", "BetaVAEConfig", {}),
    "wae-mmd": ("WAE_MMD", "WAE_MMD_Config", {}),
    "info-vae": ("INFOVAE_MMD", "INFOVAE_MMD_Config", {}),
    "rae": ("RAE_GP", "RAE_GP_Config", {}),
    "vamp-vae": ("VAMP", "VAMPConfig", {"number_components": 50}),
    "aae": ("Adversarial_AE", "Adversarial_AE_Config", {}),
    "vq-vae": ("VQVAE", "VQVAEConfig", {"num_embeddings": 512, "use_ema": True, "decay": 0.99}),
}
"""pythae's model, its configuration and its settings, by our name."""
WITH_LOG_VARIANCE = ("vae", "beta-vae", "info-vae", "vamp-vae", "aae")


def time_step(name: str, images: torch.Tensor, *, batch: int, width: int) -> float | None:
    """Time one epoch of pythae's trainer; ``None`` if it has no such model or is not installed."""
    if peers is None or name not in MODELS:
        return None
    logging.disable(logging.WARNING)
    timer = _make_timer()
    adversarial = {
        "autoencoder_learning_rate": 1e-3,
        "discriminator_learning_rate": 1e-3,
    }
    config_of = AdversarialTrainerConfig if name == "aae" else BaseTrainerConfig
    silence = io.StringIO()
    with (
        seeded(0, "benchmark"),
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stderr(silence),
        contextlib.redirect_stdout(silence),
    ):
        config = config_of(
            output_dir=folder,
            num_epochs=1,
            per_device_train_batch_size=batch,
            **(adversarial if name == "aae" else {"learning_rate": 1e-3}),
        )
        pipeline = TrainingPipeline(
            model=_build_model(name, images, width), training_config=config
        )
        pipeline(images.float().div(255), callbacks=[timer])
    return timer.seconds / (len(images) / batch) * 1e3


def _make_timer() -> Any:
    class Timer(TrainingCallback):
        """The seconds of the epoch, without checks of data and without saving."""

        def on_epoch_begin(self, training_config: Any, **kwargs: Any) -> None:
            self.began = time.perf_counter()

        def on_epoch_end(self, training_config: Any, **kwargs: Any) -> None:
            self.seconds = time.perf_counter() - self.began

    return Timer()


def _build_model(name: str, images: torch.Tensor, width: int) -> nn.Module:
    """Build pythae's model with the same encoder and decoder as ours."""
    shape = tuple(images.shape[1:])
    model, config, settings = MODELS[name]
    if name == "vq-vae":
        sizes = {"channels": CHANNELS, "width": width, "halvings": HALVINGS}
        encoder, decoder = map_encoder(shape, **sizes), map_decoder(shape, **sizes)
        latent = CHANNELS * torch.Size(map_sizes(shape, HALVINGS)[-1]).numel()
    else:
        outputs = 2 * LATENT if name in WITH_LOG_VARIANCE else LATENT
        encoder = vector_encoder("conv", shape, outputs, width)
        decoder = vector_decoder("conv", shape, LATENT, width)
        latent = LATENT
    encoder = _wrap_encoder(encoder, with_log_variance=name in WITH_LOG_VARIANCE)
    decoder = _wrap_decoder(decoder)
    configuration = getattr(peers, config)(input_dim=shape, latent_dim=latent, **settings)
    return getattr(peers, model)(configuration, encoder=encoder, decoder=decoder)


def _wrap_encoder(network: nn.Module, *, with_log_variance: bool) -> nn.Module:
    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: torch.Tensor) -> ModelOutput:
            outputs = self.network(images)
            if not with_log_variance:
                return ModelOutput(embedding=outputs)
            mean, log_variance = outputs.chunk(2, dim=1)
            return ModelOutput(embedding=mean, log_covariance=log_variance)

    return Encoder()


def _wrap_decoder(network: nn.Module) -> nn.Module:
    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, latents: torch.Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=torch.sigmoid(self.network(latents)))

    return Decoder()
