"""Training of an autoencoder: the training loop, called as the contract of autoencoders says."""

from collections.abc import Callable

from torch import Tensor

from samplebench.contracts.autoencoder import AdversarialAutoencoder, Autoencoder
from samplebench.training import Budget, Critic, Progress, train


def train_autoencoder(
    autoencoder: Autoencoder,
    data: Tensor,
    budget: Budget,
    *,
    prepare: Callable[[Tensor], Tensor] = lambda batch: batch,
    report: Callable[[Progress], None] = lambda progress: None,
) -> None:
    """Train on samples (samples, *shape); leave the model in evaluation mode.

    Args:
        data: the samples, on the autoencoder's device.
        prepare: converts a batch of ``data`` into what the autoencoder sees.
        report: gets the progress from time to time.

    Raises:
        TrainingDiverged: a loss was not finite.
    """
    critic = (
        Critic(autoencoder.critic_parameters(), autoencoder.critic_loss)
        if isinstance(autoencoder, AdversarialAutoencoder)
        else None
    )
    train(
        autoencoder,
        autoencoder.loss_terms,
        data,
        budget,
        prepare=prepare,
        begin=autoencoder.begin_training,
        before_step=autoencoder.before_step,
        critic=critic,
        report=report,
    )
