"""Lists of parts in markdown show texts of plugins as they are."""

from markdown_it import MarkdownIt

from samplebench import catalogue

ROW = {
    "name": "odd",
    "kind": "sampler",
    "about": "Takes |x| < 3 of ``a|b`` and `c`, *not* a <b>.",
    "reference": "On [links](x) | and *stars*",
    "settings": {"bars": "a|b`c"},
    "meanings": {"bars": "``|x|`` or |x|, a <script>\nin two lines."},
}


def cells(table: str) -> list[tuple[str, list[str]]]:
    """The text of each cell, and the code in it; there is no other markup."""
    tokens = MarkdownIt("commonmark").enable("table").parse(table)
    found = []
    for token in tokens:
        if token.type == "inline":
            kinds = {child.type for child in token.children}
            assert kinds <= {"text", "code_inline", "text_special"}, kinds
            codes = [child.content for child in token.children if child.type == "code_inline"]
            found.append(("".join(child.content for child in token.children), codes))
    return found


def test_descriptions_and_papers_are_texts_with_code_in_them():
    *_, name, about, paper = cells(catalogue.as_markdown([ROW]))
    assert name == ("odd", ["odd"])
    assert about == ("Takes |x| < 3 of a|b and c, *not* a <b>.", ["a|b", "c"])
    assert paper == ("On [links](x) | and *stars*", [])


def test_defaults_and_meanings_of_settings_are_too():
    *_, default, meaning = cells(catalogue.settings_as_markdown([ROW]))
    assert default == ("'a|b`c'", ["'a|b`c'"])
    assert meaning == ("|x| or |x|, a <script> in two lines.", ["|x|"])
