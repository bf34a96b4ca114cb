"""Every bundled part that names a published work has its BibTeX entry, and each entry is right."""

import re
from pathlib import Path

import pytest
from pybtex.database import parse_string

from samplebench.citing import citations
from samplebench.citing.bibliography import read_bibliography, read_entries
from samplebench.citing.works import find_works, split_reference
from samplebench.registry.loading import Choice, load_parts

ROOT = Path(__file__).parents[2]
FILES = sorted([*ROOT.glob("plugins/*/references.bib"), ROOT / "src/samplebench/references.bib"])
REQUIRED = {
    "article": {"author", "title", "journal", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "techreport": {"author", "title", "institution", "year"},
    "misc": {"author", "title", "year", "howpublished"},
}
PARTS = [
    part
    for registry in load_parts().registries
    for part in registry.values()
    if part.plugin.distribution == "samplebench" and part.reference
]
HARNESS = (citations.ADAM, citations.ADAMW, citations.GAMES_HOWELL, citations.SATTERTHWAITE)


def clauses(part):
    """The sources that a part names, whatever its settings are."""
    values = {value: value for value in re.findall(r'"([^"]+)":', part.reference)}
    return split_reference(part.reference, values)


@pytest.fixture(scope="module")
def parsed():
    """The entries of all files, as a parser of BibTeX that is not ours reads them. It refuses a
    key that stands twice, also in two files.
    """
    return parse_string("\n".join(file.read_text() for file in FILES), "bibtex").entries


def test_every_entry_has_the_fields_of_its_type_and_a_number(parsed):
    for key, entry in parsed.items():
        fields = {**entry.fields, **entry.persons}
        assert REQUIRED[entry.type] <= {name for name, value in fields.items() if value}, key
        assert fields.keys() & {"eprint", "doi", "url"}, key
        assert ("eprint" in fields) == (fields.get("archiveprefix") == "arXiv"), key
        assert re.fullmatch(r"(19|20)\d\d", entry.fields["year"]), key


def test_a_key_is_the_first_authors_name_the_year_and_a_word_of_the_title(parsed):
    for key, entry in parsed.items():
        author = entry.persons["author"][0]
        name = "".join([*author.prelast_names, *author.last_names]).lower()
        word = key.removeprefix(f"{name}{entry.fields['year']}")
        assert word != key
        assert word in re.sub("[^a-z0-9]", "", entry.fields["title"].lower())


def test_no_author_stands_for_others_and_names_are_of_letters(parsed):
    for key, entry in parsed.items():
        for person in entry.persons["author"]:
            assert person.first_names, f"{key}: {person} has no first name"
            assert str(person).lower() != "others", key


def test_what_is_printed_is_what_a_parser_reads(parsed):
    ours = {e.key: e for file in FILES for e in read_entries(file.read_text())}
    assert ours.keys() == parsed.keys()
    for key, entry in ours.items():
        [again] = parse_string(entry.text, "bibtex").entries.values()
        assert (again.key, again.fields, again.persons) == (
            key,
            parsed[key].fields,
            parsed[key].persons,
        )
        fields = parsed[key].fields
        numbers = f"arXiv:{fields.get('eprint')} doi:{fields.get('doi')} {fields.get('url')}"
        assert entry.works == find_works(numbers) - {"doi:none"}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.kind} {part.name}")
def test_each_source_that_a_part_names_has_one_entry_by_the_same_title_and_author(part, parsed):
    bibliography = read_bibliography(Choice())
    for source in clauses(part):
        found = [entry for entry in bibliography.entries if entry.works & source.works]
        assert len(found) == 1, source
        entry = parsed[found[0].key]
        said = re.sub("[^a-z]", "", source.text.lower())
        title = re.sub("[^a-z]", "", entry.fields["title"].lower())
        assert title[:20] in said
        assert entry.persons["author"][0].last_names[-1].split("-")[0].lower() in said.replace(
            "ö", "o"
        )


def test_every_entry_is_of_a_work_that_a_part_or_the_harness_names():
    named = {work for part in PARTS for source in clauses(part) for work in source.works}
    named |= {work for number in HARNESS for work in find_works(number)}
    for entry in read_bibliography(Choice()).entries:
        assert entry.works & named, entry.key


def test_the_works_of_the_harness_have_entries():
    bibliography = read_bibliography(Choice())
    assert all(bibliography.find(find_works(number)) for number in HARNESS)
