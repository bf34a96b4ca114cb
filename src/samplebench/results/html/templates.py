"""The templates, the style and the scripts of pages; a page holds all that it needs of them."""

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_ROOM = files("samplebench.results.html")


def fill(template: str, scripts: Sequence[str] = (), **content: Any) -> str:
    """Fill a template, with scripts by the names of their files.

    Its policy lets nothing run and nothing load but what the page holds itself.
    """
    environment = Environment(
        loader=PackageLoader("samplebench.results", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style = _resource("style.css")
    contents = [_resource(script) for script in scripts]
    return environment.get_template(template).render(
        style=style,
        scripts=contents,
        style_digest=_digest(style),
        script_digests=[_digest(script) for script in contents],
        **content,
    )


def _resource(name: str) -> Markup:
    return Markup((_ROOM / name).read_text(encoding="utf-8"))


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
