"""The sentences of a set-up say what the files of the records say."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from samplebench.citing.bibliography import Bibliography, Entry
from samplebench.citing.citations import ADAM, Citations, cite_parts, cited_entries
from samplebench.citing.parts import index_rows, list_parts
from samplebench.citing.record_digest import digest_records, list_digests
from samplebench.citing.remarks import as_comments, list_doubts
from samplebench.citing.setup import write_setup
from samplebench.citing.works import find_works
from samplebench.results.board import make_board
from samplebench.results.record import Verification
from samplebench.results.store import Store

RESULTS = Path(__file__).parents[3] / "leaderboards"
NOTHING = Citations(Bibliography(()), {}, ())


@pytest.fixture(scope="module")
def files():
    """The committed records of a board as plain JSON."""
    return [json.loads(f.read_text()) for f in RESULTS.glob("records/digits/*/*.json")]


@pytest.fixture(scope="module")
def records():
    return Store(RESULTS).read("digits")[0]


def rankings(records):
    return make_board("digits", records).rankings


def setup(records, citations=NOTHING):
    shown = rankings(records)
    labels = [f"tab:{number}" for number in range(len(shown))]
    return write_setup(shown, labels, citations, "0123456789abcdef" * 4)


def row(kind, name, reference=None, samplers=(), plugin="samplebench"):
    return {
        "kind": kind,
        "name": name,
        "plugin": plugin,
        "settings": {},
        "reference": reference,
        "samplers": samplers,
    }


def entry(key, work):
    return Entry(key, f"@misc{{{key}}}", find_works(work))


def test_the_facts_are_those_of_the_records(records, files):
    text = setup(records)
    protocol, counts = files[0]["protocol"], files[0]["counts"]
    assert f"{counts['train']:,} samples to train on and {counts['reference']:,} held out" in text
    training = protocol["training"]
    assert f"for {training['epochs']} epochs by Adam with batches of {training['batch']}" in text
    assert f"a learning rate of {training['learning_rate']}, once for each of the seeds" in text
    assert f"{protocol['counts']['fits']} fits and {protocol['counts']['draws']} draws" in text
    assert f"{protocol['counts']['generated']} draws from each were compared" in text
    for value in {file["provenance"]["commit"] for file in files}:
        assert re.search(rf"\\texttt{{{value[:8]}{value[12:]}}}", text)
    for name in ("samplebench", "torch"):
        assert {file["provenance"][name] for file in files} == {files[0]["provenance"][name]}
        assert files[0]["provenance"][name] in text
    assert {file["provenance"]["finished"][:10] for file in files} == set(
        re.findall(r"\d{4}-\d\d-\d\d", text)
    )
    for file in files:
        assert f"\\texttt{{{file['dataset']['name']}}}" in text
        assert f"\\texttt{{{file['autoencoder']['name']}}}" in text
        assert f"{file['sampler']['name'] if file['sampler'] else ''}" in text
        assert file["provenance"]["data"][:8] in text
        for score in file["scores"]:
            if score["features"]:
                assert f"(weights \\texttt{{{score['features']['weights'][:8]}}})" in text
    assert f"They are from {len(files)} records, whose SHA-256" in text


def test_the_digest_is_that_of_the_sorted_digests_that_the_files_state(files):
    store = Store(RESULTS)
    listed = list_digests(store, rankings(store.read("digits")[0]))
    stated = sorted(file["content_digest"] for file in files)
    assert [digest for digest, _ in listed] == stated
    whole = hashlib.sha256("".join(f"{digest}\n" for digest in stated).encode())
    assert digest_records(listed) == whole.hexdigest()
    for digest, path in listed:
        assert json.loads((RESULTS / path).read_text())["content_digest"] == digest


def test_what_records_have_not_in_common_is_said_of_each_table(records):
    longer = {"protocol": {**records[0].protocol, "training": {**TRAINING, "steps": 500}}}
    others = [record.model_copy(update=longer) for record in records]
    for number, record in enumerate(others):
        others[number] = record.model_copy(
            update={
                "identity": f"{number:064}",
                "provenance": record.provenance.model_copy(
                    update={"finished": "2026-12-01T00:00:00+00:00", "commit": "0123456789ab"}
                ),
            }
        )
    text = setup([*records, *others])
    first, *tables = text.split("\n\n")
    assert "The scores in Table~\\ref{tab:0} and Table~\\ref{tab:1} were measured" in first
    assert "between 2026-11-28 and 2026-12-01" in first
    assert "commits \\texttt{01234567}" in first
    assert f"from {2 * len(records)} records" in first
    how = [re.search(r"trained for (.*?) by", table)[1] for table in tables]
    assert sorted(how) == ["30 epochs", "500 steps"]
    assert [table[:26] for table in tables] == [f"In Table~\\ref{{tab:{i}}}, the " for i in (0, 1)]
    told = next(table for table in tables if "500 steps" in table)
    assert (
        "by AdamW with batches of 1,024, a learning rate of 0.0003 that falls to 0 along half a "
        "cosine, a weight decay of 0.01 and losses in bf16"
    ) in told


TRAINING = {
    "epochs": None,
    "batch": 1024,
    "optimiser": "adamw",
    "learning_rate": 3e-4,
    "weight_decay": 0.01,
    "precision": "bf16",
    "decay": "cosine",
}


def test_weights_that_were_loaded_and_parts_that_need_no_training_are_named(records):
    def change(record, number, **changes):
        protocol = {name: v for name, v in record.protocol.items() if name != "training"}
        part = record.autoencoder.model_copy(update=changes)
        return record.model_copy(
            update={"autoencoder": part, "protocol": protocol, "identity": f"{number:064}"}
        )

    loaded = [change(r, n, checkpoint="ab" * 8) for n, r in enumerate(records)]
    plain = [change(r, n, name="given_<x>", spec="given") for n, r in enumerate(records)]
    trained = "were trained for"
    assert "(digest \\texttt{abababab}) were trained elsewhere." in setup(loaded)
    assert trained not in setup(loaded)
    for text in (setup(plain), setup([*records, *plain])):
        assert re.search(r"autoencoder \\texttt{given\\_[^<>]*x[^<>]*} needed no training\.", text)
        assert (trained in text) == (text != setup(plain))


def test_a_board_of_reconstructions_names_no_samplers(records):
    text = setup([record for record in records if record.sampler is None])
    assert "The 600 held-out samples were encoded and decoded." in text
    assert "fitted" not in text


def test_parts_are_cited_where_they_are_named_and_those_inside_others_too(records):
    sampler = records[0].sampler or records[1].sampler
    outer = sampler.model_copy(
        update={"name": "outer", "spec": "outer", "settings": {"prior": "inner(a='b')", "b": "x"}}
    )
    changed = [r.model_copy(update={"sampler": outer}) if r.sampler else r for r in records]
    installed = index_rows(
        [
            row("sampler", "outer", "One (A, 2001), arXiv:2001.00001", samplers=["prior"]),
            row("sampler", "inner", '"b": Two, doi:10.1/two; "c": Three, doi:10.1000/three'),
            row("dataset", "digits", "Data, https://example.org/data"),
            row("autoencoder", "ae", plugin="another"),
            row("autoencoder", "vae"),
            row("features", "classifier", "A paper without a number"),
            {"kind": "plugin", "name": "no part"},
        ]
    )
    bibliography = Bibliography(
        (
            entry("two", "doi:10.1000/other"),
            entry("one", "arXiv:2001.00001"),
            entry("adam", ADAM),
            entry("data", "https://example.org/data"),
            entry("three", "doi:10.1000/three"),
        )
    )
    shown = rankings(changed)
    citations = cite_parts(list_parts(shown, installed), installed, bibliography)
    text = write_setup(shown, ["x"] * len(shown), citations, "0" * 64)
    assert "\\texttt{outer}~\\cite{one}" in text
    assert "\\texttt{digits}~\\cite{data}" in text
    assert "by Adam~\\cite{adam}" in text
    assert [each.key for each in cited_entries(citations, text)] == ["adam", "data", "one"]
    remarks = set(citations.remarks)
    assert "The sampler inner has no BibTeX entry for its reference: Two, doi:10.1/two" in remarks
    assert "The autoencoder ae of samplebench is not installed here." in remarks
    assert "No reference is stated by the autoencoder vae." in remarks
    assert "The metric frechet-distance of samplebench is not installed here." in remarks
    paper = (
        "The features classifier has no BibTeX entry for its reference: A paper without a number"
    )
    assert paper in remarks


def test_doubtful_records_are_counted_and_no_doubt_is_silence(records):
    clean = records[0].provenance.model_copy(update={"commit": "0123456789ab"})
    sound = [
        r.model_copy(update={"verification": Verification(), "provenance": clean}) for r in records
    ]
    assert list(list_doubts(sound)) == []
    dirty = clean.model_copy(update={"commit": "0123456789ab-dirty"})
    unknown = clean.model_copy(update={"commit": None})
    doubtful = [
        sound[0].model_copy(update={"verification": Verification(state="stale")}),
        sound[1].model_copy(update={"verification": Verification(state="unverified")}),
        sound[2].model_copy(update={"provenance": dirty}),
        sound[3].model_copy(update={"provenance": unknown}),
    ]
    said = list(list_doubts(doubtful))
    for start, word in zip(said, ("stale", "unverified", "-dirty", "unknown commit"), strict=True):
        assert start.startswith("Of 4 records, 1 is ")
        assert word in start


def test_comments_stay_comments_in_latex_and_bibtex():
    text = as_comments(["a\nb @misc{c,\r}", "d"])
    assert text == "% a b (at)misc{c, }\n% d\n"
