"""Pages as people see them in markdown: all that the records say, and nothing else."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench.results.board import make_board
from samplebench.results.formats import markdown
from samplebench.results.page import appendix_page, main_page, terminal_page
from samplebench.results.record import PartRecord, Record, Score, Verification
from samplebench.vocabulary import Floor

MakeScore = Callable[..., Score]
MakeRecord = Callable[..., Record]


def render(records: Sequence[Record], **about: Any) -> str:
    """The main page of a board."""
    return markdown.render(main_page(make_board("toy", records, **about)))


def render_appendix(records: Sequence[Record]) -> str:
    return markdown.render(appendix_page(make_board("toy", records)))


def tables_of(page: str) -> list[list[list[str]]]:
    """The tables of a page: lines of cells, the heading first, without the rule below it."""
    found: list[list[list[str]]] = [[]]
    for line in page.splitlines():
        if line.startswith("|"):
            cells = re.split(r"(?<!\\)\|", line.strip("|"))
            found[-1].append([cell.strip() for cell in cells])
        elif found[-1]:
            found.append([])
    return [[heading, *rows] for heading, _, *rows in filter(None, found)]


def row_of(page: str, name: str) -> dict[str, str]:
    heading, *rows = tables_of(page)[0]
    (row,) = [row for row in rows if row[1].startswith(name)]
    return dict(zip(heading, row, strict=True))


@pytest.fixture(scope="session")
def suite(make_record: MakeRecord, make_score: MakeScore) -> list[Record]:
    """Two autoencoders, every kind of row and column, failures, problems and two protocols."""

    def scores(value: float, authenticity: float, sampler: str | None) -> list[Score]:
        found = [
            make_score("FD[classifier]", value, weights="a", floor=0.5),
            make_score(
                "authenticity", authenticity, better="higher", alarm=0.8, subject="latents"
            ),
            make_score("MSE", value / 100, subject="autoencoder"),
        ]
        return [*found, make_score("fit", value, unit="s", subject="cost")] if sampler else found

    rows = [(None, 1.0, 0.9), ("copier", 2.0, 0.1), ("gmm", 3.0, 0.9), ("flat", 90.0, 0.9)]
    return [
        *(
            make_record(
                sampler,
                seed,
                scores(value + seed / 10, authenticity, sampler),
                autoencoder=autoencoder,
                protocol={"epochs": epochs},
                picture=f"{autoencoder}_{sampler}_{seed}.png" if seed else None,
                **({"role": "control"} if sampler == "copier" else {}),
            )
            for epochs in (5, 30)
            for autoencoder in ("ae", "vae(latent=8)")
            for sampler, value, authenticity in rows
            for seed in range(3)
        ),
        *(
            make_record(
                "vq", seed, [], status="refused", reason="takes codes", protocol={"epochs": 5}
            )
            for seed in range(3)
        ),
    ]


@given(st.data())
@settings(deadline=None, max_examples=10)
def test_records_in_any_order_give_the_same_bytes(
    suite: list[Record], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(suite))
    assert render(shuffled).encode() == render(suite).encode()


def test_every_line_of_a_table_has_a_cell_for_every_column(suite: list[Record]) -> None:
    for table in tables_of(render(suite)):
        assert table[0] == [
            "autoencoder",
            "sampler",
            "n",
            "FD[classifier] ↓",
            "authenticity ↑",
            "MSE ↓",
            "fit [s] ↓",
        ]
        assert len(table) > 5
        assert {len(line) for line in table} == {7}


def test_nothing_on_a_page_is_nan(suite: list[Record]) -> None:
    assert not re.search(r"\b(nan|inf|None)\b", render(suite))


def test_a_pipe_in_a_name_does_not_break_the_table(
    make_record: MakeRecord, make_score: MakeScore, make_part: Callable[..., PartRecord]
) -> None:
    odd = make_part("gmm(law='a|b')")
    page = render([make_record(odd, 0, [make_score("a|b", 1.0)])])
    (table,) = tables_of(page)
    assert table[1][1] == r"`gmm(law='a\|b')`"
    assert [len(line) for line in table] == [4, 4]


def test_each_protocol_has_a_table_and_a_heading(suite: list[Record]) -> None:
    headings = re.findall("^## (.*)$", render(suite), re.M)
    assert headings == ["digits: epochs 5", "digits: epochs 30"]


def test_the_best_samplers_are_bold_and_the_legend_names_the_test(suite: list[Record]) -> None:
    page = render(suite)
    bold = {(row[0], row[1], row[3]) for row in tables_of(page)[0] if "**" in row[3]}
    score = "**3.10 ± 0.25**"
    assert bold == {("`ae`", "`gmm`", score), ("`vae(latent=8)`", "`gmm`", score)}
    assert "seeds as blocks, α = 0.05 over all pairs" in page


def test_the_legend_says_which_diagnostic_marks_which_rows_and_accuses_nobody(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    about = {"diagnostic": True, "alarm": 0.01}
    found = {"resample": (0.9, 0.9), "kde": (0.0, 0.4), "gmm": (0.0, 0.0)}
    records = [
        make_record(
            sampler,
            0,
            [make_score("near copies", near, **about), make_score("closer", close, **about)],
        )
        for sampler, (near, close) in found.items()
    ]
    page = render(records)
    meaning = ": closer to training samples than held-out ones are."
    assert f"‡ near copies above 0.01 in `resample`{meaning}" in page
    assert f"‡ closer above 0.01{meaning}" in page
    assert "| `gmm` " in page
    assert "| `kde` ‡" in page
    only_one = render([each for each in records if each.row != "kde"])
    assert "‡ near copies above 0.01: closer" in only_one


def test_the_legend_doubts_the_alarm_of_earlier_records(suite: list[Record]) -> None:
    page = render(suite)
    assert "‡ authenticity below 0.8 times that of the reconstruction row: closer to " in page
    assert "A distribution that is only narrower is so too." in page


def test_the_std_of_loaded_weights_is_said_not_to_be_that_of_training(
    make_record: MakeRecord, make_score: MakeScore, make_part: Callable[..., PartRecord]
) -> None:
    said = "the same for every seed"
    loaded = make_part("vae", checkpoint="0123456789abcdef")
    for autoencoder, expected in ((make_part("vae"), False), (loaded, True)):
        page = render(
            [
                make_record("gmm", n, [make_score("FD", 2.0)], autoencoder=autoencoder)
                for n in (0, 1)
            ],
        )
        assert (said in page) == expected


def test_a_training_protocol_is_never_stated_of_what_was_trained_elsewhere(
    make_record: MakeRecord, make_score: MakeScore, make_part: Callable[..., PartRecord]
) -> None:
    trained = {"version": 1, "training": {"epochs": 30}}
    loaded = make_part("vae", checkpoint="0123456789abcdef")
    score = [make_score("FD", 2.0)]
    ours = make_record("gmm", 0, score, protocol=trained)
    theirs = make_record("gmm", 0, score, autoencoder=loaded, protocol={"version": 1})
    apart = "of rows that were trained elsewhere, it says only how they were measured"
    for records, stated, told in (
        ([ours], True, False),
        ([theirs], False, False),
        ([ours, theirs], True, True),
    ):
        page = render(records)
        assert ("epochs 30" in page, apart in page) == (stated, told)
        assert ("`vae (trained elsewhere, weights 01234567)`" in page) == (theirs in records)


def test_a_board_without_samplers_speaks_of_reconstructions(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    alone = [make_record(None, 0, [make_score("MSE", 2.0)])]
    page = render(alone)
    assert "1,000 reconstructed, 360 held-out" in page
    assert "generated" not in page
    assert "1,000 generated, 360 held-out" in render(
        [*alone, make_record("gmm", 0, [make_score("FD", 2.0)])]
    )


def test_one_seed_is_a_bare_value_and_nothing_is_bold(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    records = [make_record(name, 0, [make_score("FD", 2.0)]) for name in ("gmm", "pmfs")]
    page = render(records)
    assert row_of(page, "`gmm`")["FD ↓"] == "2.00"
    assert "Nothing is bold" in page


def test_a_warning_stands_at_the_name_and_is_explained(suite: list[Record]) -> None:
    page = render(suite)
    names = {row[1] for row in tables_of(page)[0]}
    assert "`copier` (control) ‡" in names
    assert "`gmm`" in names
    assert "- ‡ authenticity below 0.8 times that of the reconstruction row" in page


def test_a_refused_row_says_why(suite: list[Record]) -> None:
    page = render(suite)
    row = row_of(page, "`vq`")
    assert row["FD[classifier] ↓"] == "refused ¹"
    assert row["n"].startswith("[0]")
    assert row["MSE ↓"] == "—"
    assert "- ¹ `vae` × `vq`: refused, takes codes (seeds 0, 1, 2)" in page


def test_a_reason_that_rows_share_is_given_once(make_record: MakeRecord) -> None:
    about = {"status": "refused", "reason": "takes codes"}
    rows = [("ae", "vq"), ("ae", "hist"), ("vae", "vq")]
    refused = [make_record(name, 0, [], autoencoder=ae, **about) for ae, name in rows]
    other = make_record("late", 0, [], autoencoder="vae", status="failed", reason="timeout")
    page = render([*refused, other])
    assert [line for line in page.splitlines() if line.startswith(("- ¹", "- ²"))] == [
        "- ¹ `ae` × `hist`, `vq`; `vae` × `vq`: refused, takes codes (seed 0)",
        "- ² `vae` × `late`: failed, timeout (seed 0)",
    ]
    marks = {(row[0], row[1]): row[2][-1] for row in tables_of(page)[0][1:]}
    assert marks == {
        ("`ae`", "`vq`"): "¹",
        ("`ae`", "`hist`"): "¹",
        ("`vae`", "`vq`"): "¹",
        ("`vae`", "`late`"): "²",
    }


def test_a_reason_that_columns_share_is_given_once_with_all_of_them(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    def row(name: str, fd: float | None, w2: float | None, ae: str = "vae") -> Record:
        return make_record(name, 0, [make_score("FD", fd), make_score("W2", w2)], autoencoder=ae)

    rows = [row("gmm", None, None), row("kde", None, None), row("flow", 1.0, None, ae="zae")]
    page = render([*rows, row("pmfs", 1.0, 2.0)])
    assert [line for line in page.splitlines() if line.startswith(("- ¹", "- ²"))] == [
        "- ¹ `vae` × `gmm`, `kde`, FD, W2; `zae` × `flow`, W2: the metric gave nan (seed 0)"
    ]
    assert (row_of(page, "`gmm`")["FD ↓"], row_of(page, "`gmm`")["W2 ↓"]) == ("— ¹", "— ¹")
    assert row_of(page, "`flow`")["W2 ↓"] == "— ¹"
    assert "¹" not in row_of(page, "`flow`")["FD ↓"]


def test_a_row_that_failed_for_one_seed_shows_the_others_and_why(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    reason = "out of\nmemory | <cuda>" + 900 * "x"
    page = render(
        [
            make_record("gmm", 0, [make_score("FD", 1.0)]),
            make_record("gmm", 1, [make_score("FD", 2.0)]),
            make_record("gmm", 2, [], status="failed", reason=reason),
        ],
    )
    row = row_of(page, "`gmm`")
    assert row["n"].startswith("[2](")
    assert row["n"].endswith(") ¹")
    assert row["FD ↓"] == "1.50 ± 6.35"
    (line,) = [line for line in page.splitlines() if line.startswith("- ¹")]
    assert line.startswith(r"- ¹ `vae` × `gmm`: failed, out of memory \| \<cuda\>xxx")
    assert line.endswith("x… (seed 2)")
    assert len(line) < 860


def test_a_row_without_any_column_is_still_shown(make_record: MakeRecord) -> None:
    page = render([make_record("vq", 0, [], status="refused", reason="takes codes")])
    assert row_of(page, "`vq`")["n"].endswith(" ¹")
    assert "takes codes" in page


def test_a_problem_is_a_note_on_its_cell(make_record: MakeRecord, make_score: MakeScore) -> None:
    page = render(
        [
            make_record("gmm", seed, [make_score("FD", 1.0), make_score("W2", value)])
            for seed, value in enumerate([1.0, 3.0, None])
        ]
        + [make_record("pmfs", 0, [make_score("FD", 9.0), make_score("W2", None)])],
    )
    assert row_of(page, "`gmm`")["W2 ↓"] == "2.0 ± 12.7 (n = 2) ¹"
    assert row_of(page, "`pmfs`")["W2 ↓"] == "— ²"
    assert "- ¹ `vae` × `gmm`, W2: the metric gave nan (seed 2)" in page


def test_problems_of_a_row_that_differ_in_numbers_share_a_note(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    texts = [
        "infinite: the density is 0 at 37.5 % of held-out latents; the others cost -1.5 bits/dim",
        "infinite: the density is 0 at 9 % of held-out latents; the others cost 2e-05 bits/dim",
        "at 0x7f is v1.2, not 3",
        "at 0x7e is v1.2, not 3",
    ]
    page = render(
        [
            make_record("pmfs", seed, [make_score("NLL", None, problem=text)])
            for seed, text in enumerate(texts)
        ]
    )
    assert (
        "NLL: infinite: the density is 0 at 9 to 37.5 % of held-out latents; the others cost "
        "-1.5 to 2e-05 bits/dim (seeds 0, 1)\n"
    ) in page
    assert "NLL: at 0x7f is v1.2, not 3 (seed 2)\n" in page  # no numbers, but names
    assert "NLL: at 0x7e is v1.2, not 3 (seed 3)\n" in page


def test_a_score_of_fewer_seeds_than_its_row_says_so(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    later = [make_score("FD", 1.0), make_score("W2", 3.0)]
    records = [make_record("gmm", 0, later[:1]), make_record("gmm", 1, later)]
    assert row_of(render(records), "`gmm`")["W2 ↓"] == "3.00 (n = 1)"


def test_every_row_links_to_a_record(suite: list[Record]) -> None:
    page = render(suite)
    links = re.findall(r"\[\d+\]\((\S+)\)", page)
    assert len(links) == sum(len(table) - 1 for table in tables_of(page))
    assert set(links) <= {
        f"records/toy/{record.autoencoder.name}/{record.file_name}" for record in suite
    }


def test_the_page_shows_a_montage_an_autoencoder_and_names_its_rows(suite: list[Record]) -> None:
    page = render(suite, pictures=["ae_gmm_1.png", "ae_None_2.png"])
    pictures = re.findall(r"^!\[(.*)\]\(samples/toy/(\S+)\.montage\.png\)$", page, re.M)
    assert (
        len(pictures) == len({name for _, name in pictures}) == 2
    )  # two protocols, one autoencoder
    assert pictures[0][0].endswith("real data, reconstruction, copier (control), gmm, flat")
    assert "## Samples" not in render(suite)


def test_the_page_says_where_its_scores_come_from(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    records = [
        make_record(
            "gmm",
            seed,
            [make_score("FD[classifier]", 1.0, weights="a")],
            provenance={"commit": commit, "finished": f"2026-10-0{seed + 1}T12:00:00+00:00"},
        )
        for seed, commit in enumerate(["0123456789ab", "ba9876543210-dirty", None])
    ]
    page = render(records)
    assert "commit 01234567, ba987654-dirty;" in page
    assert "seeds 0, 1, 2; samplebench 0.1.0;" in page
    assert "measured 2026-10-01 to 2026-10-03." in page
    assert "number of images: 1,000 generated, 360 held-out" in page
    assert "FD[classifier]: features `classifier`, held out accuracy 0.987, weights" in page


def test_the_legend_says_how_the_floor_was_measured_and_what_its_size_alone_makes(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    floors = {
        "FD[classifier]": Floor((0.6, 0.8), 10_000, bias=0.597),
        "sliced W2": Floor((0.1, 0.2), 10_000),
    }
    scores = [make_score(title, 1.0, floor=floor) for title, floor in floors.items()]
    page = render([make_record(None, seed, scores) for seed in (0, 1, 2)])
    assert (
        "- Real data (floor): the score of 10,000 training samples in the place of generated "
        "ones, measured against the held-out ones, mean ± half its 95 % interval over 2 random "
        "subsets. The numbers of samples alone make, by a formula for normal data: "
        "FD[classifier] 0.597.\n"
    ) in page
    assert row_of(page, "real data")["FD[classifier] ↓"] == "0.70 ± 1.27"


def test_one_subset_has_no_spread(make_record: MakeRecord, make_score: MakeScore) -> None:
    record = make_record(None, 0, [make_score("FD", 1.0, floor=Floor((0.6,), 600))])
    page = render([record])
    assert "against the held-out ones, once." in page
    assert row_of(page, "real data")["FD ↓"] == "0.600"


def test_a_floor_that_was_no_measurement_is_called_an_estimate(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    page = render([make_record(None, 0, [make_score("FD", 1.0, floor=0.5)])])
    assert "- Real data (floor) of FD: an estimate, which can be too low;" in page
    assert "measured against the held-out" not in page


def test_too_few_training_samples_are_given_as_the_reason_for_no_floor(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    def page_with(train: int) -> str:
        counts = {"train": train, "reference": 400, "generated": 600}
        return render([make_record("gmm", 0, [make_score("FD", 1.0)], counts=counts)])

    reason = "No row of real data: that takes at least as many training samples as are generated."
    assert reason in page_with(599)
    assert reason not in page_with(600)


def test_costs_of_two_machines_are_declared(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    records = [
        make_record("gmm", 0, [make_score("fit", 1.0, subject="cost")], provenance={"threads": n})
        for n in (2, 16)
    ]
    page = render(records)
    assert "Costs were measured on 2 machines" in page
    assert "on CPU (Example 9000, 2 threads), CPU (Example 9000, 16 threads);" in page


def test_a_board_names_the_linear_algebra_libraries_if_its_records_do(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    scores = [make_score("FD", 1.0)]
    assert "BLAS" not in render([make_record("gmm", 0, scores)])
    page = render([make_record("gmm", 0, scores, provenance={"blas": "mkl (torch)"})])
    assert "2 threads); BLAS mkl (torch);" in page


def test_commentary_is_under_the_tables_and_said_to_be_written_by_hand(
    suite: list[Record],
) -> None:
    page = render(suite, commentary="The *copier* copies.")
    before, _, after = page.partition("## Commentary")
    assert tables_of(before) == tables_of(render(suite))
    assert "Written by hand, in [commentary](commentary/toy.md)" in after
    assert after.endswith("\n\nThe *copier* copies.\n")
    assert "Commentary" not in render(suite)


def test_below_the_line_more_a_commentary_is_only_linked_to(suite: list[Record]) -> None:
    page = render(suite, commentary="In short.\n\n<!-- more -->\n\nAt length.")
    assert "\n\nIn short.\n\nMore on this" in page
    assert "At length." not in page


def test_the_page_gives_the_command_and_the_suite_that_it_is_measured_by(
    suite: list[Record],
) -> None:
    line = "Measured by `samplebench run --suite toy`"
    assert f"{line} and made by" in render(suite)
    page = render(suite, about="A suite of tests.")
    assert f"{line} ([suite.toml](records/toy/suite.toml)) and made by" in page
    assert page.startswith("# toy\n\nA suite of tests.\n\n- ")
    assert page.index(line) < page.index("\n## ")


def test_a_row_that_no_longer_holds_is_marked_and_the_mark_explained(
    seeds_of: Callable[..., list[Record]],
) -> None:
    records = [record for name in ("gmm", "kde", "pmfs") for record in seeds_of(name, [1.0, 2.0])]
    gmm, kde = records[1].identity, [record.identity for record in records[2:4]]
    states = {gmm: "unverified", kde[0]: "unverified", kde[1]: "stale"}
    page = render(
        [
            record.model_copy(
                update={
                    "verification": Verification(state=states.get(record.identity, "measured"))
                }
            )
            for record in records
        ]
    )
    marks = {row[1]: row[2].partition(") ")[2] for row in tables_of(page)[0][1:]}
    assert marks == {"`gmm`": "°", "`kde`": "°°", "`pmfs`": ""}
    assert "\n- ° measured by code or versions that have changed since" in page
    assert "\n- °° a replay with later code gave other scores" in page


def test_swept_settings_are_in_an_appendix_among_the_others_of_their_sampler(
    seeds_of: Callable[..., list[Record]],
) -> None:
    main = [*seeds_of("gmm(components=10)", [3, 4, 5]), *seeds_of("gaussian", [9, 8, 7])]
    swept = seeds_of("gmm(components=5)", [6, 7, 8], appendix=True, picture="swept.png")
    records = [*main, *swept, *seeds_of(None, [1, 1, 1])]
    page, appendix = render(records), render_appendix(records)
    assert "[the appendix](toy.appendix.md)" in page
    assert "`gmm(components=5)`" not in page
    assert "`gmm(components=10)`" in page
    assert "`gmm(components=5)`" in appendix
    assert "`gmm(components=10)`" in appendix
    assert "reconstruction" in appendix
    assert "`gaussian`" not in appendix
    assert "appendix" not in render(main)
    assert appendix_page(make_board("toy", main)) == []


def test_the_pictures_of_the_appendix_are_links(seeds_of: Callable[..., list[Record]]) -> None:
    records = [
        *seeds_of("gmm", [3, 4, 5], picture="main.png"),
        *seeds_of("gmm(components=5)", [6, 7, 8], appendix=True, picture="swept.png"),
    ]
    page = render(records, pictures=["main.png", "swept.png"])
    assert "Swept settings of vae: [gmm(components=5)](samples/toy/swept.png)." in page
    assert "(samples/toy/main.png)" not in page


def test_controls_are_in_the_appendix_too(seeds_of: Callable[..., list[Record]]) -> None:
    main = [*seeds_of("pmfs", [3, 4, 5]), *seeds_of("resample", [2, 2, 2], role="control")]
    swept = seeds_of("pmfs(bins=99)", [2, 3, 2], appendix=True)
    assert "`resample` (control)" in render_appendix([*main, *swept])


def test_the_terminal_has_the_scores_of_quality_and_says_where_the_rest_is(
    suite: list[Record],
) -> None:
    page = markdown.render(terminal_page(make_board("toy", suite), "boards/toy.md"))
    assert [table[0][3:] for table in tables_of(page)] == 2 * [
        ["FD[classifier] ↓", "authenticity ↑", "MSE ↓"]
    ]
    assert "- ¹ `vae` × `vq`: refused, takes codes (seeds 0, 1, 2)" in page
    assert "**Bold**: the best score" in page
    assert page.endswith("boards/toy.md\n")
