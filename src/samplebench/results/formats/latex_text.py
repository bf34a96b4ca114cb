"""Text as LaTeX: whatever it holds, it is shown as it is and is no command.

It takes no package, and any of LaTeX's engines and font encodings.
"""

import re
import unicodedata
from typing import Final, assert_never

from samplebench.results.blocks import Code, Link, Run, Strong, Text

_COMMANDS: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\symbol{34}",  # German and other languages make a command of it
    "`": r"\textasciigrave{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "÷": r"$\div$",
    "−": r"$-$",
    "√": r"$\surd$",
    "∞": r"$\infty$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≠": r"$\neq$",
    "≈": r"$\approx$",
    "∈": r"$\in$",
    "∥": r"$\|$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "→": r"$\rightarrow$",
    "←": r"$\leftarrow$",
    "‡": r"\textdaggerdbl{}",
    "†": r"\textdagger{}",
    "°": r"\textdegree{}",
    "§": r"\textsection{}",
    "…": r"\ldots{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "•": r"\textbullet{}",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "å": r"\aa{}",
    "Å": r"\AA{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "ı": r"\i{}",
}

_ACCENTS: Final = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}

_SMALL_GREEK: Final = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi mathit{o} pi rho "
    "varsigma sigma tau upsilon phi chi psi omega"
)
_CAPITAL_GREEK: Final = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
_GREEK: Final = dict(
    zip(
        "αβγδεζηθικλμνξοπρςστυφχψω" + "ΓΔΘΛΞΠΣΥΦΨΩ",
        f"{_SMALL_GREEK} {_CAPITAL_GREEK}".split(),
        strict=True,
    )
)


_CODE: Final = {sign: f"\\symbol{{{ord(sign)}}}" for sign in "\\{}<>|"} | {
    "'": r"\textquotesingle{}"
}


def line(text: Text) -> str:
    """A text on one line."""
    return "".join(map(run, text)).strip()


def line_of_row(text: Text) -> str:
    """A text that may begin a row, where a bracket or star would belong to the end of the last."""
    shown = line(text)
    return f"{{}}{shown}" if shown.startswith(("[", "*")) else shown


def run(piece: Run) -> str:
    """A piece of a text. Links are left out: they lead to files of a board's folder."""
    match piece:
        case str():
            return escape(piece)
        case Code(text):
            return f"\\texttt{{{escape_code(text)}}}"
        case Strong(text):
            return f"\\textbf{{{escape(text)}}}"
        case Link(text, _):
            return escape(text)
    assert_never(piece)


def escape(text: str) -> str:
    """A text on one line. What LaTeX has no sign for is shown by its number: ``[U+4E2D]``."""
    plain = unicodedata.normalize("NFC", one_line(text))
    # Two of these in a row would become a dash or a quotation mark.
    return re.sub(r"([-,'])(?=\1)", r"\1{}", "".join(map(_escape_sign, plain)))


def escape_code(text: str) -> str:
    """The same for text in a typewriter's font, which has every sign of ASCII in its place."""
    pieces = re.split(r"([\\{}<>|'])", text)
    return "".join(_CODE.get(piece) or escape(piece) for piece in pieces)


def one_line(text: str) -> str:
    """Text without line breaks, and with a sign in place of control characters."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", re.sub(r"\s+", " ", text))


def _escape_sign(sign: str) -> str:
    if sign in _COMMANDS:
        return _COMMANDS[sign]
    if sign.isascii():
        return sign
    if sign in _GREEK:
        return f"$\\{_GREEK[sign]}$"
    return _raised(sign) or _accented(sign) or f"[U+{ord(sign):04X}]"


def _raised(sign: str) -> str | None:
    """A raised or lowered digit: ² and ₂."""
    kind, _, digit = unicodedata.decomposition(sign).partition(" ")
    commands = {"<super>": "textsuperscript", "<sub>": "textsubscript"}
    if kind not in commands or not re.fullmatch("003[0-9]", digit):
        return None
    return f"\\{commands[kind]}{{{chr(int(digit, 16))}}}"


def _accented(sign: str) -> str | None:
    """A letter of ASCII with an accent that every font has."""
    letter, *accents = list(unicodedata.normalize("NFD", sign))
    if len(accents) != 1 or accents[0] not in _ACCENTS or not re.fullmatch("[A-Za-z]", letter):
        return None
    dotless = f"\\{letter}" if letter in "ij" and accents[0] != "\u0327" else letter
    return f"\\{_ACCENTS[accents[0]]}{{{dotless}}}"
