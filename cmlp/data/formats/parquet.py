"""Read Parquet, Feather and Arrow files by pyarrow: tables of numbers, and tables with a picture in each row."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmlp.data.formats.brightness import fill
from cmlp.data.formats.columns import Label, columns_of
from cmlp.data.formats.labels import Words, words_of
from cmlp.data.formats.layout import Layout
from cmlp.data.formats.names import IMAGES, LABEL_NAMES, is_index, some_names
from cmlp.data.formats.tables import Table
from cmlp.data.picture import Decoded, decode_picture
from cmlp.data.reading import size_limit
from cmlp.errors import CmlpError, DataError
from cmlp.utils.optional import require
from cmlp.utils.text import escaped

PARQUET, FEATHER, ARROW = b"PAR1", b"FEA1", b"ARROW1"
MAX_COLUMNS = 1 << 17


def is_parquet(start: bytes) -> bool:
    """Return whether a file with this start is in the format Parquet, Feather or Arrow."""
    return start.startswith((PARQUET, FEATHER, ARROW))


def read_parquet(path: Path, label: Label | None = None) -> tuple[Table, list[int] | None] | tuple[Any, Any]:
    """Read a table, or images and labels if its rows hold pictures.

    Parameters
    ----------
    path : Path
        The file.
    label : str, int or sequence of these, optional
        The column of the labels; by default it is found out.

    Returns
    -------
    (Table, list of int or None), or (images, labels)

    Raises
    ------
    DataError
        If the file is damaged, too large, or holds neither numbers nor pictures.
    CmlpError
        If pyarrow, which is in the extra ``cmlp[formats]``, is not installed.
    OSError
        If it cannot be read.
    """
    arrow = require("pyarrow", "pyarrow", "formats", f"reading {path}, a file of Apache Arrow or Parquet,")
    with path.open("rb") as file:
        start = file.read(len(ARROW))
    try:
        table = _read(path, start)
        titles = tuple(map(str, table.column_names))
        names = tuple(title.lower() for title in titles)
        layout = Layout(None, len(titles), 0, titles, names, frozenset(), False, False, True)
        columns = None if label is None else columns_of(label, layout, path)
        pictures = [place for place, name in enumerate(names) if name in IMAGES and _is_picture(table, place)]
        if pictures:
            return _pictures(table, pictures[0], columns, path)
        return _table(table, layout, columns, path), columns
    except CmlpError:
        raise
    except arrow.lib.ArrowMemoryError as error:  # of a size that the file claims
        raise _damaged(path, error) from error
    except MemoryError:
        raise
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(path, error) from error
    except Exception as error:  # what pyarrow raises for damaged files is not specified
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DataError:
    reason = escaped(re.sub(r"\s+", " ", str(error)))
    return DataError(f"{path} is a damaged file of Apache Arrow or Parquet: {reason}")


def _read(path: Path, start: bytes) -> Any:
    """Read the table, after comparing what its description claims with the size of the file."""
    limit = size_limit(path.stat().st_size)
    if start.startswith(PARQUET):
        parquet = require("pyarrow.parquet", "pyarrow", "formats", "reading Parquet")
        with parquet.ParquetFile(path, memory_map=False) as file:
            found = file.metadata
            unfolded = sum(found.row_group(group).total_byte_size for group in range(found.num_row_groups))
            if max(unfolded, found.num_rows * found.num_columns) > limit or found.num_columns > MAX_COLUMNS:
                raise DataError(f"{path} must unfold to at most {limit:,} bytes, got {unfolded:,}")
            return file.read(use_threads=False)
    feather = require("pyarrow.feather", "pyarrow", "formats", "reading Feather")
    table = feather.read_table(path, memory_map=False, use_threads=False)
    if table.nbytes > limit:
        raise DataError(f"{path} must unfold to at most {limit:,} bytes, got {table.nbytes:,}")
    return table


def _is_picture(table: Any, place: int) -> bool:
    """Return whether a column holds the content of picture files, as Hugging Face stores them."""
    kind = table.schema.field(place).type
    text = str(kind)
    return text in ("binary", "large_binary") or text.startswith("struct<bytes: binary")


def _pictures(table: Any, place: int, columns: list[int] | None, path: Path) -> tuple[NDArray[Any], Any]:
    names = [str(name).lower() for name in table.column_names]
    labels = columns or [column for column, name in enumerate(names) if name in LABEL_NAMES]
    if len(labels) != 1:
        raise DataError(f"{path} must have one column of labels beside the pictures, got {some_names(names)}")
    contents = [cell["bytes"] if isinstance(cell, dict) else cell for cell in table.column(place).to_pylist()]
    most = size_limit(sum(len(content or b"") for content in contents)) // max(1, len(contents))

    def decoded(row: int) -> Decoded:
        name = f"the picture in row {row:,} of {path}"
        return decode_picture(BytesIO(contents[row] or b""), name, most_pixels=most)

    if not contents:
        raise DataError(f"{path} must hold pictures, got a table without rows")
    images = np.empty((len(contents), *decoded(0).values.shape), np.uint8)
    other = fill(images, range(len(contents)), decoded, str(path))
    if other is not None:
        (height, width), found = images.shape[1:], decoded(other).values.shape
        sizes = f"{width}x{height} and {found[1]}x{found[0]} in row {other:,}"
        raise DataError(f"pictures in {path} must all have one size, got {sizes}")
    return images, _values(table, labels[0], path, may_hold_words=True)


def _table(table: Any, layout: Layout, labels: list[int] | None, path: Path) -> Table:
    """Return the numbers of all columns, and the words of those that hold words."""
    known = labels or [column for column, name in enumerate(layout.names) if name in LABEL_NAMES]
    numbers: list[NDArray[Any]] = []
    columns: list[int] = []
    words: dict[int, Words] = {}
    for column, name in enumerate(layout.names):
        values = _values(table, column, path, may_hold_words=column in known or not known or is_index(name))
        if isinstance(values, Words):
            if column in known or not is_index(name):
                words[column] = values
        else:
            numbers.append(values)
            columns.append(column)
    if not numbers:
        raise DataError(f"{path} must hold columns of numbers, got {some_names(layout.titles)}")
    kind = np.result_type(*numbers)
    joint = np.empty((len(numbers[0]), len(numbers)), kind)
    for place, values in enumerate(numbers):
        joint[:, place] = values
    return Table(path, layout, joint, tuple(columns), words)


def _values(table: Any, column: int, path: Path, *, may_hold_words: bool) -> Any:
    """Return the numbers or the words of a column."""
    cells, name = table.column(column), escaped(str(table.column_names[column]))
    if cells.null_count:
        raise DataError(
            f"column {name} of {path} must have no missing values, got {cells.null_count:,}: fill them first"
        )
    text = str(cells.type)
    if text in ("string", "large_string", "string_view") or text.startswith("dictionary<values=string"):
        if may_hold_words:
            return words_of([str(cell).strip() for cell in cells.to_pylist()])
        raise DataError(f"column {name} of {path} must hold numbers, got words: only the labels may be words")
    values = cells.to_numpy()
    if values.dtype.kind not in "biuf":
        raise DataError(f"column {name} of {path} must hold numbers, got values of the type {escaped(text)}")
    return values
