"""Montages: pictures of rows put together, an autoencoder a picture, with each row's name."""

import hashlib
import io
import json
import re
import struct
import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from samplebench.regular_files import read_bytes
from samplebench.results.legend import has_samplers
from samplebench.results.ranking import Ranking, Row

TILES_A_LINE: Final = 16
LINES_A_STRIP: Final = 2
"""The picture of a row has strips of so many lines of so many tiles, at their native size."""

_LAYOUT: Final = 1
"""Raised when a montage of the same pictures shall look different."""
_WIDTH: Final = 880
"""About as wide as a line of tiles shall be, in pixels; images are enlarged by a whole factor."""
_GAP, _LABEL, _FONT_SIZE, _TITLE, _TITLE_SIZE = 2, 22, 15, 32, 20
_DIGEST: Final = "samplebench inputs"
_TALLEST: Final = 20
"""The largest height of a tile in its widths: narrower ones would be enlarged without end."""

_UNREADABLE: Final = (
    # the errors of Pillow for bytes that are no picture, half of one, or one that fills the memory
    *(OSError, SyntaxError, ValueError, EOFError, struct.error),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)

Read = Callable[[str], bytes]
"""Reads a file of the folder of samples, by its name."""


@dataclass(frozen=True)
class Strip:
    """One line of a montage: the first tiles of a strip in the picture of a row.

    ``picture`` is the name of its file, absent where there is none; ``place`` is the strip's
    place among the ``strips`` in it.
    """

    name: str
    picture: str | None
    place: int = 0
    strips: int = 1


@dataclass(frozen=True)
class Montage:
    """The strips of one picture of a board, from top to bottom."""

    file_name: str
    title: str
    strips: tuple[Strip, ...]

    def digest(self, read: Read) -> str:
        """The digest of all that it shows: names, pictures, and the layout."""
        inputs: list[object] = [self.title]
        inputs += [
            [
                strip.name,
                strip.place,
                strip.strips,
                strip.picture and _digest_of(read, strip.picture),
            ]
            for strip in self.strips
        ]
        return hashlib.sha256(json.dumps([_LAYOUT, inputs]).encode()).hexdigest()[:16]

    def is_current(self, folder: Path) -> bool:
        """Say whether the file in ``folder`` is made of the pictures there."""
        return self.is_made_of(_reader(folder))

    def is_made_of(self, read: Read) -> bool:
        """Say whether the file is made of these pictures, by the digest in it."""
        image = _open_picture(read, self.file_name)
        return image is not None and image.info.get(_DIGEST) == self.digest(read)

    def draw(self, folder: Path) -> bytes:
        """Compose the picture, a PNG, from the pictures of rows in ``folder``."""
        lines = [_first_line(strip, folder) for strip in self.strips]
        width = max((line.width for line in lines if line), default=_WIDTH)
        height = max((line.height for line in lines if line), default=0)
        step = _LABEL + height + _GAP
        page = Image.new("RGB", (width, _TITLE + len(lines) * step), color="white")
        draw = ImageDraw.Draw(page)
        draw.text((_GAP, 2), self.title, fill="black", font=ImageFont.load_default(_TITLE_SIZE))
        font = ImageFont.load_default(_FONT_SIZE)
        for number, (strip, line) in enumerate(zip(self.strips, lines, strict=True)):
            top = _TITLE + number * step
            name = strip.name if line else f"{strip.name}: no picture"
            draw.text((_GAP, top + 2), name, fill="black", font=font)
            if line:
                page.paste(line, (0, top + _LABEL))
        about = PngInfo()
        about.add_text(_DIGEST, self.digest(_reader(folder)))
        file = io.BytesIO()
        _without_colour(page).save(file, "PNG", optimize=True, pnginfo=about)
        return file.getvalue()


def plan_montages(ranking: Ranking, pictures: Collection[str]) -> list[Montage]:
    """The montages of a ranking: one an autoencoder, or one of all where none has samplers.

    Args:
        pictures: the names of the files that there are.
    """
    if has_samplers(ranking):
        groups = {name: ranking.rows_of(name) for name in ranking.places_of}
    else:
        groups = {"": list(ranking.rows)}
    planned = []
    for name, rows in groups.items():
        strips = _strips(rows, pictures, by_autoencoder=not has_samplers(ranking))
        if any(strip.picture for strip in strips):
            title = f"{ranking.title}, {name}" if name else ranking.title
            planned.append(Montage(_file_name(ranking, name), title, strips))
    return planned


def picture_of_row(row: Row, pictures: Collection[str]) -> str | None:
    """The file with the picture of a row: of the first seed that has one."""
    names = (record.picture for record in row.measured)
    return next((name for name in names if name in pictures), None)


def _strips(
    rows: Sequence[Row], pictures: Collection[str], *, by_autoencoder: bool
) -> tuple[Strip, ...]:
    """Real data once, then each row that was measured."""
    strips = []
    for row in rows:
        if row.kind == "floor" or row.n == 0:
            continue
        picture = picture_of_row(row, pictures)
        name = row.autoencoder if by_autoencoder else row.name
        if row.kind != "reconstruction":
            control = " (control)" if row.kind == "control" else ""
            strips.append(Strip(name + control, picture))
            continue
        if picture and not any(strip.name == "real data" for strip in strips):
            strips.insert(0, Strip("real data", picture, place=0, strips=2))
        strips.append(Strip(name, picture, place=1, strips=2))
    return tuple(strips)


def _file_name(ranking: Ranking, autoencoder: str) -> str:
    """Readable, and unique by what the montage is of."""
    about = json.dumps([ranking.dataset, ranking.conditions, autoencoder], sort_keys=True)
    names = (re.match(r"[\w-]*", text) for text in (ranking.dataset, autoencoder or "all"))
    readable = "_".join(match[0] for match in names if match)
    return f"{readable}_{hashlib.sha256(about.encode()).hexdigest()[:8]}.montage.png"


def _reader(folder: Path) -> Read:
    return lambda name: read_bytes(folder / name, links=False)


def _digest_of(read: Read, name: str) -> str:
    """The digest of a picture; empty where there is none that can be read."""
    try:
        return hashlib.sha256(read(name)).hexdigest()
    except OSError:
        return ""


def _open_picture(read: Read, name: str) -> Image.Image | None:
    """Open a PNG; ``None`` where there is none, or it is damaged or would fill the memory."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(read(name)), formats=["PNG"])
    except _UNREADABLE:
        return None


def _first_line(strip: Strip, folder: Path) -> Image.Image | None:
    """The first tiles of a strip side by side, enlarged by a whole factor; none if unreadable."""
    if strip.picture is None:
        return None
    opened = _open_picture(_reader(folder), strip.picture)
    if opened is None:
        return None
    width = opened.width // TILES_A_LINE
    height = opened.height // (LINES_A_STRIP * strip.strips)
    if not 0 < height <= _TALLEST * width:
        return None
    try:
        picture = opened.convert("RGB")
    except _UNREADABLE:
        return None
    scale = max(1, round(_WIDTH / (TILES_A_LINE * width)))
    top = strip.place * LINES_A_STRIP * height
    line = Image.new(
        "RGB", (TILES_A_LINE * (width * scale + _GAP) + _GAP, height * scale), "white"
    )
    for number in range(TILES_A_LINE):
        tile = picture.crop((number * width, top, (number + 1) * width, top + height))
        large = tile.resize((width * scale, height * scale), Image.Resampling.NEAREST)
        line.paste(large, (_GAP + number * (width * scale + _GAP), 0))
    return line


def _without_colour(page: Image.Image) -> Image.Image:
    """Grey where all of it is grey, which makes the file smaller."""
    red, green, blue = page.split()
    return page.convert("L") if red == green == blue else page
