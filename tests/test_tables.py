"""Tables as they are written: what a spreadsheet would run is neutralised, and a column has one type, whatever is in it."""

from __future__ import annotations

import csv

import pandas as pd
import pytest

from topics.tables import COLUMNS, conform, empty, type_of, write_table


def test_a_name_of_a_column_is_one_line_and_no_formula_in_csv(tmp_path):
    table = pd.DataFrame({'=cmd|"/c calc"!A0': ["-1+1"], "two\nlines\r": [5], "plain": ["x"]})
    write_table(table, tmp_path, "articles")
    with (tmp_path / "articles.csv").open(encoding="utf-8", newline="") as file:
        assert file.readline().count('"') % 2 == 0
        file.seek(0)
        assert list(csv.reader(file)) == [['\'=cmd|"/c calc"!A0', "two lines", "plain"], ["'-1+1", "5", "x"]]
    assert pd.read_parquet(tmp_path / "articles.parquet").columns.tolist() == table.columns.tolist()


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_has_one_type_whether_or_not_something_else_is_empty(name):
    kinds = {column: type_of(name, column) for column in COLUMNS[name]}
    full = pd.DataFrame({column: ["2018" if kind == "str" else 1] for column, kind in kinds.items()})
    untyped = pd.DataFrame({column: [] for column in COLUMNS[name]})
    for parts in ([full], [untyped], [full, untyped], [empty(name), full], [full.astype(object), untyped]):
        made = conform(pd.concat(parts, ignore_index=True), name)
        assert made.dtypes.astype(str).to_dict() == kinds
