"""Boards as people see them: pages of markdown, and nothing that the records do not say."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplebench.results.leaderboard import boards, render
from samplebench.results.record import PartRecord, Record, Score
from samplebench.results.store import Store

MakeScore = Callable[..., Score]
MakeRecord = Callable[..., Record]


def grids(page: str) -> list[list[list[str]]]:
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
    heading, *rows = grids(page)[0]
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
    assert render("toy", shuffled).encode() == render("toy", suite).encode()


def test_every_line_of_a_table_has_a_cell_for_every_column(suite: list[Record]) -> None:
    for grid in grids(render("toy", suite)):
        assert grid[0] == [
            "autoencoder",
            "sampler",
            "n",
            "FD[classifier] ↓",
            "authenticity ↑",
            "MSE ↓",
            "fit [s] ↓",
        ]
        assert len(grid) > 5
        assert {len(line) for line in grid} == {7}


def test_nothing_on_a_page_is_nan(suite: list[Record]) -> None:
    assert not re.search(r"\b(nan|inf|None)\b", render("toy", suite))


def test_a_pipe_in_a_name_does_not_break_the_table(
    make_record: MakeRecord, make_score: MakeScore, make_part: Callable[..., PartRecord]
) -> None:
    odd = make_part("gmm(law='a|b')")
    page = render("toy", [make_record(odd, 0, [make_score("a|b", 1.0)])])
    (grid,) = grids(page)
    assert grid[1][1] == r"`gmm(law='a\|b')`"
    assert [len(line) for line in grid] == [4, 4]


def test_each_protocol_has_a_table_and_a_heading(suite: list[Record]) -> None:
    headings = re.findall("^## (.*)$", render("toy", suite), re.M)
    assert headings == ["digits: epochs 5", "digits: epochs 30", "Samples"]


def test_the_best_samplers_are_bold_and_the_caption_names_the_test(suite: list[Record]) -> None:
    page = render("toy", suite)
    bold = {(row[0], row[1], row[3]) for row in grids(page)[0] if "**" in row[3]}
    figure = "**3.10 ± 0.10**"
    assert bold == {("`ae`", "`gmm`", figure), ("`vae(latent=8)`", "`gmm`", figure)}
    assert "Games–Howell" in page


def test_loaded_weights_are_told_not_to_show_the_spread_of_training(
    make_record: MakeRecord, make_score: MakeScore, make_part: Callable[..., PartRecord]
) -> None:
    told = "the same for every seed"
    loaded = make_part("vae", checkpoint="0123456789abcdef")
    for autoencoder, expected in ((make_part("vae"), False), (loaded, True)):
        page = render(
            "toy",
            [
                make_record("gmm", n, [make_score("FD", 2.0)], autoencoder=autoencoder)
                for n in (0, 1)
            ],
        )
        assert (told in page) == expected


def test_a_board_without_samplers_speaks_of_reconstructions(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    alone = [make_record(None, 0, [make_score("MSE", 2.0)])]
    page = render("toy", alone)
    assert "1,000 reconstructed against 360" in page
    assert "generated" not in page
    assert "1,000 generated against 360" in render(
        "toy", [*alone, make_record("gmm", 0, [make_score("FD", 2.0)])]
    )


def test_one_seed_is_a_bare_value_and_nothing_is_bold(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    records = [make_record(name, 0, [make_score("FD", 2.0)]) for name in ("gmm", "pmfs")]
    page = render("toy", records)
    assert row_of(page, "`gmm`")["FD ↓"] == "2.00"
    assert "Nothing is bold" in page


def test_a_warning_stands_at_the_name_and_is_explained(suite: list[Record]) -> None:
    page = render("toy", suite)
    names = {row[1] for row in grids(page)[0]}
    assert "`copier` (control) ‡" in names
    assert "`gmm`" in names
    assert "- ‡ authenticity below 0.8 times the reconstruction row's" in page


def test_a_refused_row_says_why(suite: list[Record]) -> None:
    page = render("toy", suite)
    row = row_of(page, "`vq`")
    assert row["FD[classifier] ↓"] == "refused ¹"
    assert row["n"].startswith("[0]")
    assert row["MSE ↓"] == "—"
    assert "- ¹ `vae` × `vq`: refused, takes codes (seeds 0, 1, 2)" in page


def test_a_row_that_failed_for_one_seed_shows_the_others_and_why(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    reason = "out of\nmemory | <cuda>" + 900 * "x"
    page = render(
        "toy",
        [
            make_record("gmm", 0, [make_score("FD", 1.0)]),
            make_record("gmm", 1, [make_score("FD", 2.0)]),
            make_record("gmm", 2, [], status="failed", reason=reason),
        ],
    )
    row = row_of(page, "`gmm`")
    assert row["n"].startswith("[2](")
    assert row["n"].endswith(") ¹")
    assert row["FD ↓"] == "1.50 ± 0.71"
    (line,) = [line for line in page.splitlines() if line.startswith("- ¹")]
    assert line.startswith(r"- ¹ `vae` × `gmm`: failed, out of memory \| \<cuda\>xxx")
    assert line.endswith("x… (seed 2)")
    assert len(line) < 860


def test_a_row_without_any_column_is_still_shown(make_record: MakeRecord) -> None:
    page = render("toy", [make_record("vq", 0, [], status="refused", reason="takes codes")])
    assert row_of(page, "`vq`")["n"].endswith(" ¹")
    assert "takes codes" in page


def test_a_problem_is_a_note_on_its_cell(make_record: MakeRecord, make_score: MakeScore) -> None:
    page = render(
        "toy",
        [
            make_record("gmm", seed, [make_score("FD", 1.0), make_score("W2", value)])
            for seed, value in enumerate([1.0, 3.0, None])
        ]
        + [make_record("pmfs", 0, [make_score("FD", 9.0), make_score("W2", None)])],
    )
    assert row_of(page, "`gmm`")["W2 ↓"] == "2.00 ± 1.41 (n = 2) ¹"
    assert row_of(page, "`pmfs`")["W2 ↓"] == "— ²"
    assert "- ¹ `vae` × `gmm`, W2: the metric gave nan (seed 2)" in page


def test_a_figure_of_fewer_seeds_than_its_row_says_so(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    later = [make_score("FD", 1.0), make_score("W2", 3.0)]
    records = [make_record("gmm", 0, later[:1]), make_record("gmm", 1, later)]
    assert row_of(render("toy", records), "`gmm`")["W2 ↓"] == "3.00 (n = 1)"


def test_every_row_links_to_a_record_that_exists(tmp_path: Path, suite: list[Record]) -> None:
    store = Store(tmp_path)
    for record in suite:
        store.write(record)
    page = render("toy", suite)
    links = re.findall(r"\[\d+\]\((\S+)\)", page)
    assert len(links) == sum(len(grid) - 1 for grid in grids(page))
    assert all((tmp_path / link).is_file() for link in links)


def test_a_row_shows_the_first_picture_that_it_has(suite: list[Record]) -> None:
    pictures = re.findall(r"!\[.*\]\(records/toy/(\S+)\)", render("toy", suite))
    assert "ae_gmm_1.png" in pictures
    assert not any("_0." in picture or "_2." in picture for picture in pictures)
    assert len(pictures) == 16


def test_the_page_says_where_its_figures_come_from(
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
    page = render("toy", records)
    assert "commit 01234567, ba987654-dirty;" in page
    assert "seeds 0, 1, 2; samplebench 0.1.0;" in page
    assert "measured 2026-10-01 to 2026-10-03." in page
    assert "1,000 generated against 360 held-out images" in page
    assert "FD[classifier]: features `classifier`, held out accuracy 0.987, weights" in page


def test_costs_of_two_machines_are_declared(
    make_record: MakeRecord, make_score: MakeScore
) -> None:
    records = [
        make_record("gmm", 0, [make_score("fit", 1.0, subject="cost")], provenance={"threads": n})
        for n in (2, 16)
    ]
    page = render("toy", records)
    assert "Costs come from 2 machines" in page
    assert "on CPU (Example 9000, 2 threads), CPU (Example 9000, 16 threads);" in page


def test_what_a_person_wrote_of_a_board_stands_under_its_tables_and_says_so(
    tmp_path: Path, suite: list[Record]
) -> None:
    store = Store(tmp_path)
    for record in suite:
        store.write(record)
    name = suite[0].suite
    assert store.reading(name) == ""
    ((_, without),) = boards(store)[0].items()
    store.reading_path(name).parent.mkdir()
    store.reading_path(name).write_text("The copier copies.\n")
    ((_, page),) = boards(store)[0].items()
    assert "## Reading" not in without
    before, _, after = page.partition("## Reading")
    assert grids(before) == grids(without)
    assert "Written by hand" in after
    assert "\n\nThe copier copies.\n\n## Samples" in after


def test_swept_settings_stand_in_an_appendix_among_the_others_of_their_sampler(
    seeds_of: Callable[..., list[Record]],
) -> None:
    main = [*seeds_of("gmm(components=10)", [3, 4, 5]), *seeds_of("gaussian", [9, 8, 7])]
    swept = seeds_of("gmm(components=5)", [6, 7, 8], appendix=True)
    page = render("toy", [*main, *swept, *seeds_of(None, [1, 1, 1])])
    table, appendix = page.split("## Appendix: digits")
    assert "`gmm(components=5)`" not in table
    assert "`gmm(components=10)`" in table
    assert "`gmm(components=5)`" in appendix
    assert "`gmm(components=10)`" in appendix
    assert "reconstruction" in appendix
    assert "`gaussian`" not in appendix
    assert "Appendix" not in render("toy", main)


def test_controls_stand_in_the_appendix_too(seeds_of: Callable[..., list[Record]]) -> None:
    main = [*seeds_of("pmfs", [3, 4, 5]), *seeds_of("resample", [2, 2, 2], role="control")]
    page = render("toy", [*main, *seeds_of("pmfs(bins=99)", [2, 3, 2], appendix=True)])
    assert "`resample` (control)" in page.split("## Appendix: digits")[1]
