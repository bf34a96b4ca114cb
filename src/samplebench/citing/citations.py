"""The works to cite for the parts of a board, and what cannot be cited."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from samplebench.citing.bibliography import Bibliography, Entry
from samplebench.citing.parts import Installed, Used
from samplebench.citing.works import find_works, split_reference

ADAM = "arXiv:1412.6980"
ADAMW = "arXiv:1711.05101"
GAMES_HOWELL = "doi:10.3102/10769986001002113"
SATTERTHWAITE = "doi:10.2307/3002019"


@dataclass(frozen=True)
class Citations:
    """The entries to cite, by the part that they describe.

    Attributes:
        of_parts: the keys for each kind and name of part.
        remarks: for each part without an entry, why it has none.
    """

    bibliography: Bibliography
    of_parts: Mapping[tuple[str, str], tuple[str, ...]]
    remarks: tuple[str, ...]

    def cite_part(self, kind: str, name: str) -> str:
        """The command that cites a part, after a space that does not break; maybe nothing."""
        return _command(self.of_parts.get((kind, name), ()))

    def cite_work(self, number: str) -> str:
        """The command that cites a work of the harness itself."""
        entry = self.bibliography.find(find_works(number))
        return _command([entry.key] if entry else [])


def cite_parts(
    parts: Sequence[Used], installed: Installed, bibliography: Bibliography
) -> Citations:
    """Find the entries of parts by the works that their docstrings name."""
    keys: dict[tuple[str, str], dict[str, None]] = {}
    remarks: dict[str, None] = {}
    for used in parts:
        entries, missing = _find_entries(used, installed, bibliography)
        keys.setdefault((used.kind, used.name), {}).update(dict.fromkeys(e.key for e in entries))
        remarks |= dict.fromkeys(missing)
    of_parts = {part: tuple(found) for part, found in keys.items()}
    return Citations(bibliography, of_parts, tuple(remarks))


def cited_entries(citations: Citations, text: str) -> list[Entry]:
    """The entries of all parts and of the works that a text cites, in alphabetical order."""
    keys = {key for found in citations.of_parts.values() for key in found}
    shown = [
        entry
        for entry in citations.bibliography.entries
        if entry.key in keys or _is_cited(entry.key, text)
    ]
    return sorted(shown, key=lambda entry: entry.key)


def _find_entries(
    used: Used, installed: Installed, bibliography: Bibliography
) -> tuple[list[Entry], list[str]]:
    row = installed.get((used.kind, used.name))
    label = f"{used.kind} {used.name}"
    if row is None or used.plugin not in (None, row["plugin"]):
        return [], [f"The {label} of {used.plugin or 'some plugin'} is not installed here."]
    if not row["reference"]:
        return [], [f"No reference is stated by the {label}."]
    entries, missing = [], []
    for source in split_reference(row["reference"], used.settings):
        if entry := bibliography.find(source.works):
            entries.append(entry)
        else:
            missing.append(f"The {label} has no BibTeX entry for its reference: {source.text}")
    return entries, missing


def _command(keys: Iterable[str]) -> str:
    listed = ",".join(keys)
    return f"~\\cite{{{listed}}}" if listed else ""


def _is_cited(key: str, text: str) -> bool:
    pieces = text.split("\\cite{")[1:]
    return any(key in piece.partition("}")[0].split(",") for piece in pieces)
