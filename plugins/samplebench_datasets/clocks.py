"""Clocks: pictures without end, whose factors are known."""

from pathlib import Path

from samplebench import Dataset, Split, seeded
from samplebench.settings import at_least
from samplebench_datasets.clock_faces import HALF_DAY, Clocks, draw_clocks, paint


class AnalogueClocks(Dataset):
    """Analogue clocks, drawn anti-aliased: the time is uniform over half a day, the style varies.

    The hour and the minute hand are continuous angles of one time. Besides it vary the width of
    the hands, the tilt of the clock (up to 10° to either side, which a thick mark at twelve
    shows), dark hands on light or light on dark, and four or twelve marks. A label is the time
    that is nearest among those ``every`` so many minutes, counted from twelve: with ``every=10``,
    label 61 is 10:10.

    As many are drawn as are asked for; another ``seed`` gives others of the same distribution, so
    that real data never run out. ``factors`` gives the numbers from which they were drawn.

    Args:
        size: height and width in pixels, at least 16.
        train_images: training pictures.
        test_images: held-out pictures.
        every: minutes between labels; a divisor of 720.
        seed: of all draws.
    """

    def __init__(
        self,
        data_dir: Path,
        size: int = 32,
        train_images: int = 10_000,
        test_images: int = 2_000,
        every: int = 10,
        seed: int = 0,
    ) -> None:
        at_least("size", size, 16)
        at_least("train_images", train_images, 1)
        at_least("test_images", test_images, 1)
        at_least("every", every, 1)
        if HALF_DAY % every:
            raise ValueError(f"every must divide the {HALF_DAY} minutes of a dial, not be {every}")
        self.size = size
        self.train_images = train_images
        self.test_images = test_images
        self.every = every
        self.seed = seed
        self.shape = (1, size, size)

    def train(self) -> Split:
        return self._draw(self.factors("train"))

    def test(self) -> Split:
        return self._draw(self.factors("test"))

    def factors(self, split: str) -> Clocks:
        """The factors of the pictures of the split "train" or "test", in their order."""
        with seeded(self.seed, "clocks", split):
            return draw_clocks({"train": self.train_images, "test": self.test_images}[split])

    def _draw(self, clocks: Clocks) -> Split:
        labels = (clocks.minutes / self.every).round().long() % (HALF_DAY // self.every)
        return Split(paint(clocks, self.size), labels)
