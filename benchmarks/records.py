"""Reading a folder of 10,000 records, and making the board from them.

The records are those of a committed suite, copied under autoencoders of other widths, so that
their sizes, columns and scores are those of a real board.
"""

import argparse
import gc
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from samplebench.boards import render_pages
from samplebench.results.board import make_board
from samplebench.results.identity import identify
from samplebench.results.record import Record
from samplebench.results.store import Store

LEADERBOARDS: Final = Path(__file__).parent.parent / "leaderboards"

Made = TypeVar("Made")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default="digits", help="the suite whose records are copied")
    parser.add_argument("--count", type=int, default=10_000, help="how many records, at least")
    parser.add_argument("--keep", type=Path, help="make the folder here, and leave it there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        results = options.keep or Path(temporary)
        count = make_records(results, options.suite, options.count)
        print(f"{count:,} records of {options.suite}, {_mean_size(results):.1f} KB each")
        measure(Store(results), options.suite)


def make_records(results: Path, suite: str, count: int) -> int:
    """Fill a folder with copies of a committed suite's records; return their number."""
    store = Store(results)
    originals, _ = Store(LEADERBOARDS).read(suite)
    copies = math.ceil(count / len(originals))
    for record in (copy for each in originals for copy in _copy(each, copies)):
        path = store.record_path(record)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(record.to_json(), "utf-8")  # without the wait for the disk
    return copies * len(originals)


def measure(store: Store, suite: str) -> None:
    """Print the seconds of this process that each step takes."""
    gc.collect()
    records, damaged = _track("read", lambda: store.read(suite))
    assert not damaged
    board = _track("make the board", lambda: make_board(suite, records))
    pages = _track("render markdown", lambda: render_pages(store, board))
    print(f"  {sum(map(len, pages.values())) / 1e6:.1f} MB of markdown")


def _copy(record: Record, copies: int) -> Iterator[Record]:
    autoencoder = record.autoencoder
    for number in range(copies):
        width = 10_000 + number
        spec = f"{autoencoder.spec.removesuffix(')')}, width={width})".replace("(, ", "(")
        settings = autoencoder.settings | {"width": width}
        changed = autoencoder.model_copy(
            update={
                "spec": spec if "(" in spec else f"{autoencoder.name}(width={width})",
                "settings": settings,
            }
        )
        copied = record.model_copy(update={"autoencoder": changed, "picture": None})
        yield copied.model_copy(update={"identity": identify(copied)})


def _track(title: str, work: Callable[[], Made]) -> Made:
    start = time.process_time()
    made = work()
    print(f"  {title}: {time.process_time() - start:.2f} CPU-s")
    return made


def _mean_size(results: Path) -> float:
    sizes = [path.stat().st_size for path in results.rglob("*.json")]
    return sum(sizes) / len(sizes) / 1000


if __name__ == "__main__":
    main()
