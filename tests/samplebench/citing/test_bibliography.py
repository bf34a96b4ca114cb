"""BibTeX that plugins bring along is found without importing them, and printed as it is."""

import sys
from importlib.metadata import EntryPoint

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pybtex.database import BibliographyData, Person, parse_string
from pybtex.database import Entry as Written

from samplebench.citing.bibliography import read_bibliography, read_entries
from samplebench.citing.works import find_works
from samplebench.errors import UsageError
from samplebench.registry.loading import Choice

MINE = """Notes may stand before an entry.

@Article{mine, author = {{A {Nested} Name}}, title = "On \\{ braces", year = 2001,
  eprint = {2001.00001}}
@comment{ not this one }
@string{x = "y"}
@misc{other2002,
  author = {Other},
  title = {Two},
  doi = "10.1000/TWO",
}
"""


@pytest.fixture
def plugin(tmp_path):
    """A plugin of one file; importing it fails."""
    file = tmp_path / "my_part.py"
    file.write_text("raise RuntimeError")
    return file


def read(*files):
    chosen = Choice(files=tuple(map(str, files)), installed=False)
    own = {entry.key for entry in read_bibliography(Choice(installed=False)).entries}
    return [entry for entry in read_bibliography(chosen).entries if entry.key not in own]


def test_entries_next_to_a_plugins_file_are_read_as_they_are(plugin):
    assert read(plugin) == []
    plugin.with_suffix(".bib").write_text(MINE)
    mine, other = read(plugin)
    assert (mine.key, mine.works) == ("mine", {"arxiv:2001.00001"})
    assert mine.text == MINE[MINE.index("@Article") : MINE.index("@comment")].strip()
    assert (other.key, other.works) == ("other2002", {"doi:10.1000/two"})


def test_entries_of_an_installed_package_or_module_are_found_without_an_import(
    tmp_path, monkeypatch
):
    (tmp_path / "cited_package").mkdir()
    (tmp_path / "cited_package" / "__init__.py").write_text("raise RuntimeError")
    (tmp_path / "cited_package" / "references.bib").write_text(MINE)
    (tmp_path / "cited_module.py").write_text("raise RuntimeError")
    (tmp_path / "cited_module.bib").write_text("@misc{three, doi = {10.1000/3}}")
    monkeypatch.syspath_prepend(tmp_path)
    names = ("cited_package", "cited_module", "not_there_at_all")
    points = [EntryPoint(name, name, "samplebench") for name in names]
    monkeypatch.setattr("samplebench.registry.loading.entry_points", lambda group: points)
    bibliography = read_bibliography(Choice())
    assert {"mine", "other2002", "three"} <= {entry.key for entry in bibliography.entries}
    assert not {"cited_package", "cited_module"} & set(sys.modules)


def test_of_two_entries_of_one_work_the_first_counts_and_keys_stay_unique(tmp_path):
    files = [tmp_path / "a.py", tmp_path / "b.py"]
    for file in files:
        file.write_text("")
    files[0].with_suffix(".bib").write_text("@misc{key, eprint = {2001.00001}, title = {One}}")
    files[1].with_suffix(".bib").write_text(
        "@misc{again, url = {https://arxiv.org/abs/2001.00001}}\n"
        "@misc{key, doi = {10.1000/key}}\n@misc{key, doi = {10.1000/third}}"
    )
    one, two, three = read(*files)
    assert [one.key, two.key, three.key] == ["key", "key-2", "key-3"]
    assert two.text == "@misc{key-2, doi = {10.1000/key}}"


@pytest.mark.parametrize("text", ["@misc{key, title = {open}", b"@misc{key, title = {\xff}}"])
def test_a_file_that_is_no_bibtex_is_refused_by_name(plugin, text):
    plugin.with_suffix(".bib").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError, match=r"my_part\.bib cannot be read as BibTeX.*mend or remove"):
        read(plugin)


words = st.text(st.sampled_from("abcXYZ (){}:,.=-"), max_size=30).filter(
    lambda text: "{" not in text.replace("{}", "") and "}" not in text.replace("{}", "")
)


@settings(deadline=None)
@given(st.lists(words, min_size=1, max_size=5))
def test_entries_that_another_library_writes_are_read_as_that_library_reads_them(titles):
    data = BibliographyData(
        {
            f"key{number}": Written(
                "article",
                [("title", f"x{title}x"), ("eprint", f"2001.{number:05}")],
                {"author": [Person("Last, First")]},
            )
            for number, title in enumerate(titles)
        }
    )
    text = data.to_string("bibtex")
    ours = list(read_entries(text))
    assert [entry.key for entry in ours] == list(data.entries)
    for number, entry in enumerate(ours):
        assert entry.works == find_works(f"arXiv:2001.{number:05}")
        again = parse_string(entry.text, "bibtex").entries
        assert again[entry.key].fields == parse_string(text, "bibtex").entries[entry.key].fields
