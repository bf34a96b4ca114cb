"""Commentary as HTML: markdown that a person wrote, of which no tag and no script is passed on."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)

_LOWEST_HEADING: Final = 3
"""Headings of a commentary stand below that of its section."""


class _Renderer(RendererHTML):
    """Shows tags as text, leaves comments out, and links to pictures, which would be fetched."""

    def html_block(self, tokens: Sequence[Token], place: int, *_: Any) -> str:
        text = _COMMENT.sub("", tokens[place].content).strip()
        return f"<p>{escape(text)}</p>\n" if text else ""

    def html_inline(self, tokens: Sequence[Token], place: int, *_: Any) -> str:
        return str(escape(_COMMENT.sub("", tokens[place].content)))

    def image(self, tokens: Sequence[Token], place: int, *_: Any) -> str:
        token = tokens[place]
        return str(
            Markup('<a href="{}">{}</a>').format(token.attrs["src"], token.content or "picture")
        )


def render_written(markdown: str, link: Callable[[str], str]) -> Markup:
    """Render the dialect of GitHub, with tables; ``link`` gives the address of a path.

    Links to scripts and to files of the reader's machine stay text.
    """
    parser = MarkdownIt("commonmark", renderer_cls=_Renderer).enable(["table", "strikethrough"])
    tokens = parser.parse(markdown)
    for token in (each for outer in tokens for each in (outer, *(outer.children or ()))):
        name = {"link_open": "href", "image": "src"}.get(token.type)
        if name:
            token.attrs[name] = _address(str(token.attrs[name]), link)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + _LOWEST_HEADING - 1)}"
        if token.type in ("th_open", "td_open"):
            style = str(token.attrs.pop("style", ""))
            token.attrs |= {"class": "number"} if "right" in style else {}
    return Markup(parser.renderer.render(tokens, parser.options, {}))


def _address(address: str, link: Callable[[str], str]) -> str:
    """The address of a path, or the same address where it has a scheme or is an anchor."""
    return address if re.match(r"[a-zA-Z][\w+.-]*:|#|//", address) else link(address)
