"""Training steps of the harness beside a plain loop of the same network, in one run.

    python benchmarks/training.py [--device cuda]

Prints seconds a step of both and the median ratio over interleaved rounds. What the ratio holds is
what the harness adds: summing loss terms, looking for a loss that is not finite, reporting.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

from samplebench import seeded
from samplebench.training import Budget, train
from samplebench_autoencoders.vae import VariationalAutoencoder

BATCH, STEPS, ROUNDS = 128, 60, 7


def plain_loop(model: VariationalAutoencoder, images: torch.Tensor) -> None:
    """What one writes by hand: shuffled batches, Adam, nothing else."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    model.train()
    order = torch.randperm(len(images), device=images.device)
    for index in order.split(BATCH)[:STEPS]:
        batch = images[index].float() / 255
        loss = sum(model.loss_terms(batch).values())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()


def harness_loop(model: VariationalAutoencoder, images: torch.Tensor) -> None:
    budget = Budget(steps=STEPS, batch=BATCH)
    train(model, model.loss_terms, images, budget, prepare=lambda batch: batch.float() / 255)


def seconds_a_step(
    loop: Callable[[VariationalAutoencoder, torch.Tensor], None],
    backbone: str,
    images: torch.Tensor,
) -> float:
    with seeded(0, "benchmark"):
        model = VariationalAutoencoder(tuple(images.shape[1:]), backbone=backbone)
        model.to(images.device)
        began = time.perf_counter()
        loop(model, images)
        if images.is_cuda:
            torch.cuda.synchronize()
        return (time.perf_counter() - began) / STEPS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    device = parser.parse_args().device
    images = torch.randint(256, (BATCH * STEPS, 1, 28, 28), dtype=torch.uint8, device=device)
    print(f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads")
    for backbone in ("mlp", "conv"):
        pairs = [
            (
                seconds_a_step(harness_loop, backbone, images),
                seconds_a_step(plain_loop, backbone, images),
            )
            for _ in range(ROUNDS + 1)
        ][1:]  # the first warms up
        ours, theirs = (statistics.median(times) * 1e3 for times in zip(*pairs, strict=True))
        ratio = statistics.median(mine / plain for mine, plain in pairs)
        print(f"{backbone}: harness {ours:.2f} ms, plain loop {theirs:.2f} ms, ratio {ratio:.3f}")


if __name__ == "__main__":
    main()
