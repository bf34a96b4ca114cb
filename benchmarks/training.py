"""Time per training step of every autoencoder: harness, plain loop and pythae's trainer.

    python benchmarks/training.py [--device cuda] [--only vae --only vq-vae]

All run in turn: milliseconds per step and median ratios over interleaved rounds. The plain loop
is handwritten around the same network and loss, so the ratio to it shows the overhead of the
harness: sums of loss terms, detection of losses that are not finite, reports. pythae's trainer
(`pip install pythae`) runs its own model of that name with the same encoder and decoder.
"""

import argparse
import functools
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pythae_peers
import torch

from samplebench import AdversarialAutoencoder, Autoencoder, seeded
from samplebench.autoencoder_training import train_autoencoder
from samplebench.registry.loading import load_parts
from samplebench.training import Budget

SHAPE, BATCH, STEPS, ROUNDS = (1, 28, 28), 128, 30, 5
NARROW = {"width": 32, "critic_width": 16}

Loop = Callable[[Autoencoder, torch.Tensor], None]


def train_plainly(model: Autoencoder, images: torch.Tensor) -> None:
    """Train by a handwritten loop: shuffled batches, Adam, nothing else."""
    critic = list(model.critic_parameters()) if isinstance(model, AdversarialAutoencoder) else []
    excluded = {id(parameter) for parameter in critic}
    weights = [p for p in model.parameters() if p.requires_grad and id(p) not in excluded]
    optimiser = torch.optim.Adam(weights, lr=1e-3)
    critic_optimiser = torch.optim.Adam(critic, lr=1e-3) if critic else None
    model.train()
    order = torch.randperm(len(images), device=images.device)
    with torch.no_grad():
        model.begin_training(images[order[: 8 * BATCH]].float() / 255)
    for step, index in enumerate(order.split(BATCH)):
        model.before_step(step / STEPS)
        batch = images[index].float() / 255
        loss = sum(model.loss_terms(batch).values())
        optimiser.zero_grad(set_to_none=True)
        loss.backward(inputs=weights)
        optimiser.step()
        if critic_optimiser:
            critic_optimiser.zero_grad(set_to_none=True)
            model.critic_loss(batch).backward(inputs=critic)
            critic_optimiser.step()


def train_in_harness(model: Autoencoder, images: torch.Tensor) -> None:
    budget = Budget(steps=STEPS, batch=BATCH)
    train_autoencoder(model, images, budget, prepare=lambda batch: batch.float() / 255)


def time_step(loop: Loop, build: Callable[[], Autoencoder], images: torch.Tensor) -> float:
    with seeded(0, "benchmark"):
        model = build().to(images.device)
        began = time.perf_counter()
        loop(model, images)
        if images.is_cuda:
            torch.cuda.synchronize()
        return (time.perf_counter() - began) / STEPS * 1e3


def compare(name: str, build: Callable[[], Autoencoder], images: torch.Tensor) -> str:
    """Time one autoencoder and format a line of the table."""
    rounds = []
    for _ in range(ROUNDS + 1):
        harness = time_step(train_in_harness, build, images)
        plain = time_step(train_plainly, build, images)
        pythae = pythae_peers.time_step(name, images, batch=BATCH, width=NARROW["width"])
        rounds.append((harness, plain, pythae))
    rounds = rounds[1:]  # the first warms up
    ours, theirs = (statistics.median(times[which] for times in rounds) for which in (0, 1))
    ratio = statistics.median(times[0] / times[1] for times in rounds)
    line = f"{name:20} {ours:8.2f} ms  plain loop {theirs:8.2f} ms  ratio {ratio:.3f}"
    if rounds[0][2] is None:
        return line
    peer = statistics.median(times[2] for times in rounds)
    factor = statistics.median(times[2] / times[0] for times in rounds)
    return f"{line}  pythae {peer:8.2f} ms, {factor:.2f} times ours"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", action="append", help="an autoencoder; can be repeated")
    options = parser.parse_args()
    images = torch.randint(256, (BATCH * STEPS, *SHAPE), dtype=torch.uint8, device=options.device)
    print(f"torch {torch.__version__}, {options.device}, {torch.get_num_threads()} threads")
    for name, part in load_parts().autoencoders.items():
        if not options.only or name in options.only:
            settings = {key: value for key, value in NARROW.items() if key in part.parameters}
            build = functools.partial(part.factory, SHAPE, **settings)
            print(compare(name, build, images), flush=True)


if __name__ == "__main__":
    main()
