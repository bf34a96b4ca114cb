"""Progress of a stage, handed from one process to another through a file."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from samplebench.training import Progress


@dataclass(frozen=True)
class ProgressFile:
    """A place to which the process of a stage writes its progress, and from which a run reads."""

    path: Path

    def __call__(self, progress: Progress) -> None:
        """Write the progress in place of any earlier one; a full disk loses no more than that."""
        unfinished = self.path.with_suffix(".unfinished")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps(asdict(progress)), encoding="utf-8")
            os.replace(unfinished, self.path)
        except OSError:
            return

    def read(self) -> Progress | None:
        """The last progress, if there is one yet."""
        try:
            return Progress(**json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
