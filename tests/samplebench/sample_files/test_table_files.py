"""Tables: names are told from numbers, cells come back, and a bad cell is named by its place."""

import sys

import numpy as np
import pandas as pd
import pytest

from samplebench import DataMissing
from samplebench.sample_files import memory
from samplebench.sample_files.table_files import read_cells, read_columns

TABLE = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 3)), columns=["a", "b,c", "d e"])


def written(tmp_path, content: str, encoding: str = "utf-8"):
    (tmp_path / "t.csv").write_text(content, encoding=encoding)
    return tmp_path / "t.csv"


def cells(path):
    return read_cells(path, read_columns(path))


def test_a_csv_of_pandas_comes_back(tmp_path):
    TABLE.to_csv(tmp_path / "t.csv", index=False)
    columns = read_columns(tmp_path / "t.csv")
    assert (columns.names, columns.named) == (("a", "b,c", "d e"), True)
    assert np.array_equal(read_cells(tmp_path / "t.csv", columns), TABLE.to_numpy())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("before", ["", "\n"])
def test_a_header_is_recognised_by_a_cell_that_is_no_number(tmp_path, encoding, ending, before):
    rows = ["1,2,3", "4,5,6"]
    for first, names in (([], ("1", "2", "3")), (["x,2,y"], ("x", "2", "y"))):
        path = written(tmp_path, before + ending.join([*first, *rows, ""]), encoding)
        assert read_columns(path).names == names
        assert read_columns(path).named == bool(first)
        assert cells(path).tolist() == [[1, 2, 3], [4, 5, 6]]


def test_names_may_hold_line_breaks_and_quotes(tmp_path):
    path = written(tmp_path, '"two\nlines","a ""quote"""\n1,"2"\n3,4\n')
    assert read_columns(path).names == ("two\nlines", 'a "quote"')
    assert cells(path).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "has no columns"),
        ("\n\n", "has no columns"),
        ("a,b\n", "has no rows"),
        ("a,b\n\n", "has no rows"),
        ("a,b\n1,2\n3,x\n", r"'x'.*row 1, column 2.*below line 1"),
        ("a,b\n1,2\n3,\n", r"''.*row 1, column 2"),
        ("1,2\n3\n", r"number of columns changed from 2 to 1 at row 2"),
        ("a,b\n1,2,3\n4,5,6\n", "2 cells in its first row and 3 in the others"),
        (",a\n0,1\n1,2\n", "a column without a name.*index=False"),
    ],
)
def test_a_table_that_is_not_of_numbers_has_a_message_of_its_own(tmp_path, content, reason):
    path = written(tmp_path, content)
    with pytest.raises(DataMissing, match=reason) as caught:
        cells(path)
    assert str(path) in str(caught.value)
    assert "usecols" not in str(caught.value)


def test_bytes_that_are_no_text_are_named(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\n\xff\xfe,1\n")
    with pytest.raises(DataMissing, match=r"t\.csv cannot be read as a table"):
        cells(tmp_path / "t.csv")


def test_a_parquet_of_pandas_comes_back(tmp_path):
    pytest.importorskip("pyarrow")
    table = TABLE.assign(whole=range(9), truth=[True, False, True] * 3)
    table.to_parquet(tmp_path / "t.parquet", index=False)
    columns = read_columns(tmp_path / "t.parquet")
    assert columns.names == ("a", "b,c", "d e", "whole", "truth")
    assert np.array_equal(read_cells(tmp_path / "t.parquet", columns), table.to_numpy(np.float64))


def test_a_parquet_that_is_not_of_numbers_has_a_message_of_its_own(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "t.parquet"
    for table, reason in (
        (TABLE.assign(name="x"), "'name' is of type .*, not of numbers"),
        (TABLE.assign(holes=pd.array([1, None] * 4 + [2], "Int64")), "'holes' has 4 empty cells"),
        (TABLE[:0], "has no rows"),
    ):
        table.to_parquet(path, index=False)
        with pytest.raises(DataMissing, match=reason):
            cells(path)
    TABLE.iloc[[2, 0, 1]].to_parquet(path)
    with pytest.raises(DataMissing, match=r"index=False"):
        cells(path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataMissing, match=r"t\.parquet cannot be read as a table"):
        cells(path)


def test_a_parquet_of_few_bytes_and_many_rows_is_refused_before_it_is_read(tmp_path, monkeypatch):
    """Columns of one value take next to no space: 40 KB here state 64 MiB of numbers."""
    path = tmp_path / "t.parquet"
    zeros = np.zeros(2**20, np.int8)
    pd.DataFrame(dict.fromkeys("abcd", zeros)).to_parquet(path, index=False)
    assert path.stat().st_size < 40_000
    columns = read_columns(path)
    monkeypatch.setattr(memory, "_memory", lambda: 2**26)
    assert read_cells(path, columns).shape == (2**20, 4)
    monkeypatch.setattr(memory, "_memory", lambda: 2**26 - 1)
    with pytest.raises(DataMissing, match=r"it would unpack to 0\.1 GiB, more than the memory"):
        read_cells(path, columns)


def test_without_pyarrow_a_parquet_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataMissing, match=r"pip install 'samplebench\[parquet\]'"):
        read_columns(tmp_path / "t.parquet")
