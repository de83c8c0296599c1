"""Tables as workbooks: what is a text stays a text, whatever it begins with.

GDAL's own writer would do, but a worker that has read somebody's file has GDAL's drivers switched
off but for a few.
"""

import math
from pathlib import Path

import pandas as pd
import xlsxwriter

from gis.errors import InvalidInputError

# What a sheet and a cell of Excel hold.
MOST_ROWS, MOST_LETTERS = 1_048_575, 32_767
_TOO_LONG = "(too long for a cell: export as GeoPackage)"
_WIDEST = 40


def write_workbook(table: pd.DataFrame, path: Path, sheet: str) -> None:
    """Write a table as the only sheet of a workbook, its first row the names of its columns.

    Args:
        table: Numbers, texts, booleans; a missing value is an empty cell.
        path: The file.
        sheet: Name of the sheet, at most 31 letters.

    Raises:
        InvalidInputError: When it has more rows than a sheet holds.
    """
    if len(table) > MOST_ROWS:
        raise InvalidInputError(
            f"A sheet holds {MOST_ROWS:,} rows, and these are {len(table):,}: export as CSV."
        )
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        page = book.add_worksheet(sheet[:31])
        head = book.add_format({"bold": True})
        page.freeze_panes(1, 0)
        for column, name in enumerate(table.columns):
            page.set_column(column, column, min(max(len(str(name)) + 2, 10), _WIDEST))
            page.write_string(0, column, str(name), head)
        for row, cells in enumerate(table.itertuples(index=False, name=None), start=1):
            for column, cell in enumerate(cells):
                _write(page, row, column, cell)


def _write(page: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: object) -> None:
    match cell:
        case bool():
            page.write_boolean(row, column, cell)
        case int() | float():
            if math.isfinite(cell):
                page.write_number(row, column, cell)
        case str():
            page.write_string(row, column, cell if len(cell) <= MOST_LETTERS else _TOO_LONG)
        case None:
            pass
        case _ if pd.isna(cell):
            pass
        case _:
            page.write_string(row, column, str(cell)[:MOST_LETTERS])
