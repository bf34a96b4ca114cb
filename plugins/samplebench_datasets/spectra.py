"""Power spectra of sound, and their energy in mel bands, in float64."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def power_frames(signal: Floats, *, window: int, hop: int, length: int) -> Floats:
    """Take the power spectra of frames: ``|Σ_n w_n x_n exp(−2πi kn / length)|² / (½ Σ_n w_n)²``.

    A sine of amplitude 1 in the middle of a bin has power 1 there. ``w`` is the periodic Hann
    window, ``w_n = ½ − ½ cos(2πn / window)``. Frames begin at multiples of ``hop``, as many as
    lie within the signal.

    Args:
        signal: (samples,), at least ``window`` long.
        length: of the discrete Fourier transform, at least ``window``.

    Returns:
        (frames, length // 2 + 1).
    """
    weights = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    frames = np.lib.stride_tricks.sliding_window_view(signal, window)[::hop]  # (frames, window)
    spectra = np.fft.rfft(frames * weights, length)
    power: Floats = np.abs(spectra) ** 2 / (weights.sum() / 2) ** 2
    return power


def mel_filters(bands: int, *, length: int, rate: int) -> Floats:
    """Weights of mel bands: triangles of height 1, equally spaced and half overlapping in mel.

    ``mel(f) = 2595 log10(1 + f / 700)``. The edges of the bands are ``bands + 2`` points from 0 to
    ``rate / 2``; a triangle is linear in f between them.

    Returns:
        (bands, length // 2 + 1), from low to high.

    Reference: Speech Communications: Human and Machine (O'Shaughnessy, 1987), for the scale
    """
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)  # in Hz
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    frequencies = np.fft.rfftfreq(length, 1 / rate)
    rising, falling = (frequencies - low) / (middle - low), (high - frequencies) / (high - middle)
    return np.maximum(0, np.minimum(rising, falling))


def decibels(power: Floats, floor: float) -> Floats:
    """Convert power to decibels, ``10 log10(power)``, not below ``floor`` [dB]."""
    return 10 * np.log10(np.maximum(power, 10 ** (floor / 10)))
