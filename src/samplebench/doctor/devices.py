"""Devices, and the precisions that work there: each is tried on the device."""

from collections.abc import Iterator
from typing import Final

import torch
from torch.nn import functional

from samplebench.doctor.answer import Answer

_TOLERANCES: Final = {
    torch.float32: 1e-3,
    torch.bfloat16: 0.1,
    torch.float16: 0.02,
    torch.float64: 1e-9,
}
"""The largest error of a convolution of numbers near 1 that is no fault. That of float32 is large
enough for TF32.
"""


def list_devices() -> list[str]:
    """The devices of this machine: the processor, then GPUs."""
    cuda = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return ["cpu", *cuda, *mps]


def examine_device(name: str) -> Iterator[Answer]:
    """Name a device and what computes right on it."""
    device = torch.device(name)
    errors = {dtype: find_error(device, dtype) for dtype in _TOLERANCES}
    working = [_short(dtype) for dtype, error in errors.items() if error is None]
    failing = [f"{_short(dtype)} ({error})" for dtype, error in errors.items() if error]
    found = f"{_describe(device)}: {', '.join(working) or 'no precision'} work"
    if failing:
        found += f"; not: {', '.join(failing)}"
    # Samplers and metrics add up in float64.
    is_usable = errors[torch.float32] is None and errors[torch.float64] is None
    yield Answer("devices", name, "ok" if is_usable else "problem", found)


def find_error(device: torch.device, dtype: torch.dtype) -> str | None:
    """Convolve, and compute a gradient, on a device; the reason why that is wrong, or ``None``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        images = torch.randn(2, 3, 8, 8, dtype=torch.float64)
        kernel = torch.randn(4, 3, 3, 3, dtype=torch.float64) / 5
    expected = _convolve(images, kernel)
    try:
        found = _convolve(images.to(device, dtype), kernel.to(device, dtype))
        error = max(
            float((one.detach().cpu().double() - other).abs().max() / other.abs().max())
            for one, other in zip(found, expected, strict=True)
        )
    except (RuntimeError, TypeError, AssertionError) as problem:
        return str(problem).partition("\n")[0][:120]
    return None if error < _TOLERANCES[dtype] else f"an error of {error:.2g}"


def _convolve(images: torch.Tensor, kernel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A convolution, and the gradient of the sum of its squares for the kernel."""
    kernel = kernel.clone().requires_grad_()
    convolved = functional.conv2d(images, kernel)
    (gradient,) = torch.autograd.grad(convolved.square().mean(), kernel)
    return convolved.detach(), gradient


def _describe(device: torch.device) -> str:
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        memory = f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB free"
        return f"{torch.cuda.get_device_name(device)}, {memory}"
    if device.type == "cpu":
        from samplebench.pipeline.provenance import name_processor

        return name_processor()
    return device.type


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
