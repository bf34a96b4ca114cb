"""Clocks: pictures against Pillow's, labels against the time, and draws without end."""

import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from scipy import stats

from samplebench_datasets.clock_faces import Clocks, paint
from samplebench_datasets.clocks import AnalogueClocks

SCALE = 16
"""Pillow draws without smooth edges: it does so this much larger, and averages."""


def some_clocks(**factors) -> Clocks:
    """Clocks of all hours and styles, with some factors in place of theirs."""
    rng = np.random.default_rng(0)
    count = 24
    whole = {
        "minutes": rng.uniform(0, 720, count),
        "hands": rng.uniform(0.03, 0.06, count),
        "tilt": rng.uniform(-0.17, 0.17, count),
        "dark": rng.random(count) < 0.5,
        "twelve": rng.random(count) < 0.5,
    }
    return Clocks(**{name: torch.as_tensor(values) for name, values in (whole | factors).items()})


def by_pillow(clocks: Clocks, index: int, size: int) -> np.ndarray:
    """One clock by polygons and circles of Pillow."""
    side = size * SCALE
    dark = bool(clocks.dark[index])
    ink, face = (255, 0) if dark else (0, 255)
    image = Image.new("L", (side, side), 128)
    draw = ImageDraw.Draw(image)

    def place(angle, radius):
        turned = angle + float(clocks.tilt[index])
        return (
            side / 2 * (1 + radius * math.sin(turned)),
            side / 2 * (1 - radius * math.cos(turned)),
        )

    def circle(centre, radius, fill):
        (x, y), r = centre, radius * side / 2
        draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)

    def line(angle, start, end, width):
        ends = place(angle, start), place(angle, end)
        for end_point in ends:
            circle(end_point, width, ink)
        draw.line(ends, fill=ink, width=round(width * side))

    middle = (side / 2, side / 2)
    circle(middle, 0.95, ink)
    circle(middle, 0.89, face)
    number = 12 if clocks.twelve[index] else 4
    for mark in range(number):
        line(2 * math.pi * mark / number, 0.74, 0.86, 0.025)
    line(0, 0.6, 0.84, 0.045)
    hands, minutes = float(clocks.hands[index]), float(clocks.minutes[index])
    line(2 * math.pi * minutes / 60, 0, 0.72, hands)
    line(2 * math.pi * minutes / 720, 0, 0.42, 1.6 * hands)
    return np.asarray(image, float).reshape(size, SCALE, size, SCALE).mean((1, 3))


@pytest.mark.parametrize("size", [16, 32, 65])
def test_pictures_are_those_of_pillow(size):
    clocks = some_clocks()
    found = paint(clocks, size)[:, 0].numpy().astype(float)
    for index in range(len(clocks)):
        expected = by_pillow(clocks, index, size)
        # Shares are to first order: at edges pixels may differ, the fewer the larger the picture.
        assert np.abs(found[index] - expected).mean() < 120 / size
        assert np.corrcoef(found[index].ravel(), expected.ravel())[0, 1] > 1 - 0.5 / size


def test_the_time_can_be_read_back():
    """The picture of a clock is more like that of its own time than like any other's."""
    every_minute = torch.arange(0.0, 720.0, 2.0, dtype=torch.float64)
    same = {"hands": 0.045, "tilt": 0.0, "dark": False, "twelve": True}
    style = {name: torch.full((len(every_minute),), value) for name, value in same.items()}
    style = {name: v.double() if v.dtype == torch.float32 else v for name, v in style.items()}
    pictures = paint(Clocks(minutes=every_minute, **style), 32).flatten(1).float()
    shown = paint(Clocks(minutes=every_minute + 0.5, **style), 32).flatten(1).float()
    nearest = torch.cdist(shown, pictures).argmin(1)
    assert torch.equal(nearest, torch.arange(len(every_minute)))


@pytest.mark.parametrize("every", [1, 10, 60])
def test_a_label_is_the_nearest_of_the_times(tmp_path, every):
    dataset = AnalogueClocks(tmp_path, train_images=500, every=every)
    minutes, labels = dataset.factors("train").minutes.numpy(), dataset.train().labels.numpy()
    times = np.arange(0, 720, every)
    apart = np.abs(minutes[:, None] - times)
    assert np.array_equal(labels, np.minimum(apart, 720 - apart).argmin(1))


def test_ten_past_ten_is_label_61(tmp_path):
    dataset = AnalogueClocks(tmp_path)
    of_label = dataset.factors("train").minutes[dataset.train().labels == 61]
    assert len(of_label) > 50
    assert ((of_label - (10 * 60 + 10)).abs() <= 5).all()


def test_times_are_uniform_and_each_seed_gives_others(tmp_path):
    splits = [
        AnalogueClocks(tmp_path, train_images=4000, test_images=500, seed=seed) for seed in (0, 1)
    ]
    factors = [dataset.factors(name) for dataset in splits for name in ("train", "test")]
    for one in factors:
        assert stats.kstest(one.minutes.numpy() / 720, "uniform").pvalue > 1e-3
    assert len(torch.cat([one.minutes for one in factors]).unique()) == 9000
    shown = [dataset.test().samples.flatten(1) for dataset in splits]
    assert len(torch.cat(shown).unique(dim=0)) == 1000


@pytest.mark.parametrize("settings", [{"every": 7}, {"size": 8}, {"train_images": 0}])
def test_settings_without_a_meaning_are_refused(tmp_path, settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        AnalogueClocks(tmp_path, **settings)
