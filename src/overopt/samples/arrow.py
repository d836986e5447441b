"""Arrow columns as NumPy arrays: numbers, codes and text.

Null-free numbers are views of Arrow's memory. ``ChunkedArray.to_numpy`` is avoided because it
imports pandas where that is installed (about a second).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from overopt.errors import BadSamples

__all__ = [
    "ArrowColumn",
    "ArrowTable",
    "arrow_column",
    "as_text",
    "encoded",
    "is_number",
    "numbers",
    "plain",
    "text_of",
    "texts",
]

ArrowColumn = Any  # pyarrow.ChunkedArray; pyarrow has no type hints
ArrowTable = Any  # pyarrow.Table
Where = Callable[[int], str]

WORDS = {"": np.nan, "na": np.nan, "n/a": np.nan, "none": np.nan, "null": np.nan} | {
    "true": 1.0,
    "false": 0.0,
}


def is_number(kind: Any) -> bool:
    """Whether an Arrow type holds numbers, booleans (0/1) or nothing but nulls."""
    from pyarrow import types

    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal, types.is_null)
    return any(test(kind) for test in tests)


def is_text(kind: Any) -> bool:
    """Whether an Arrow type holds text of any layout."""
    from pyarrow import types

    return any(t(kind) for t in (types.is_string, types.is_large_string, types.is_string_view))


def arrow_column(values: Any) -> Any:
    """A Python list or NumPy array as an Arrow array; values of mixed types become text."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        texts = [v if v is None or isinstance(v, str) else _json(v) for v in values]
        return pa.array(texts, type=pa.large_string())


def plain(column: ArrowColumn) -> ArrowColumn:
    """The column without dictionary encoding, text as large_string, nested values as JSON text."""
    import pyarrow as pa
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        values = [plain(pa.chunked_array([c.dictionary])).combine_chunks() for c in column.chunks]
        pairs = zip(values, column.chunks, strict=True)
        return pa.chunked_array([v.take(c.indices) for v, c in pairs], type=values[0].type)
    if types.is_nested(kind):
        return pa.chunked_array([arrow_column([_canonical(v) for v in column.to_pylist()])])
    if types.is_binary(kind) or types.is_large_binary(kind):  # text of an unknown encoding
        decoded = [
            v if v is None else v.decode(errors="backslashreplace") for v in column.to_pylist()
        ]
        return pa.chunked_array([pa.array(decoded, pa.large_string())])
    return column.cast(pa.large_string()) if is_text(kind) else column


def as_text(column: ArrowColumn) -> ArrowColumn:
    """The column as large_string."""
    import pyarrow as pa

    return plain(column).cast(pa.large_string())


def numbers(column: ArrowColumn, name: str, where: Where) -> npt.NDArray[np.floating[Any]]:
    """Values [rows] as float32 (when stored so) or float64; null is NaN, booleans are 0 and 1.

    Text is read as numbers, with "NaN", "inf" and empty cells; the first other text is BadSamples,
    located by ``where(row)``.
    """
    import pyarrow as pa
    from pyarrow import types

    column = plain(column)
    if is_text(column.type):
        return _parsed(column, name, where)
    if not is_number(column.type):
        raise BadSamples(f"column {name!r} holds {column.type}, not numbers, {where(0)}")
    if types.is_float16(column.type):
        column = column.cast(pa.float32())
    elif not types.is_floating(column.type):
        column = column.cast(pa.float64(), safe=False)
    return raw(column, np.nan)


def encoded(column: ArrowColumn) -> tuple[npt.NDArray[np.int32], npt.NDArray[Any]]:
    """Codes [rows] in order of first appearance, -1 for null, and the distinct values.

    Distinct values are an integer array for integers, else an array of Python objects.
    """
    import pyarrow as pa
    from pyarrow import types

    column = plain(column)
    if types.is_integer(column.type) and column.null_count == 0:
        return _encoded_runs(raw(column))
    chunks = column.dictionary_encode().chunks  # all with the same dictionary
    indices = pa.chunked_array([chunk.indices for chunk in chunks])
    return raw(indices, -1), _objects(chunks[0].dictionary.to_pylist())


def texts(column: ArrowColumn) -> npt.NDArray[np.object_]:
    """Values [rows] as Python strings, None for null."""
    return _objects([v if v is None else str(v) for v in plain(column).to_pylist()])


def raw(column: ArrowColumn, missing: float = 0) -> npt.NDArray[Any]:
    """A column of a fixed-width number type, as a view when it is one chunk without nulls.

    Nulls become ``missing``. Nothing here passes a Python number to Arrow: that imports pandas.
    """
    dtype = _number_type(column.type)
    chunks = [_chunk(chunk, dtype, missing) for chunk in column.chunks if len(chunk)]
    return chunks[0] if len(chunks) == 1 else np.concatenate([np.empty(0, dtype), *chunks])


def _number_type(arrow: Any) -> np.dtype[Any]:
    """The numpy type of an Arrow number type (asking Arrow for it imports pandas before 24)."""
    from pyarrow import types

    integer = "u" if types.is_unsigned_integer(arrow) else "i"
    kind = "f" if types.is_floating(arrow) else integer
    return np.dtype(f"{kind}{arrow.bit_width // 8}")


def _chunk(chunk: Any, dtype: np.dtype[Any], missing: float) -> npt.NDArray[Any]:
    """One Arrow array of a fixed-width number type."""
    validity, data = chunk.buffers()
    place = slice(chunk.offset, chunk.offset + len(chunk))
    values: npt.NDArray[Any] = np.frombuffer(data, dtype)[place]
    if chunk.null_count == 0:
        return values
    valid = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")[place]
    return np.where(valid, values, dtype.type(missing))


def _encoded_runs(
    values: npt.NDArray[np.integer[Any]],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[Any]]:
    """Codes of integers that mostly come in runs: only the first value of a run is hashed."""
    import pyarrow as pa

    starts = np.append(0, np.flatnonzero(values[1:] != values[:-1]) + 1)
    heads = values[starts]
    kind = pa.from_numpy_dtype(heads.dtype)
    column = pa.Array.from_buffers(kind, len(heads), [None, pa.py_buffer(heads)])
    encoding = column.dictionary_encode()
    codes = raw(pa.chunked_array([encoding.indices]))
    lengths = np.diff(np.append(starts, len(values)))
    return np.repeat(codes, lengths), raw(pa.chunked_array([encoding.dictionary]))


def _parsed(column: ArrowColumn, name: str, where: Where) -> npt.NDArray[np.float64]:
    """Numbers written as text; every distinct text is read once."""
    codes, distinct = encoded(column)
    values = np.full(len(distinct) + 1, np.nan)  # the last is read by code -1, null
    for code, text in enumerate(distinct):
        try:
            word = text.strip().lower()
            values[code] = WORDS[word] if word in WORDS else float(word)
        except ValueError:
            row = int(np.flatnonzero(codes == code)[0])
            raise BadSamples(
                f"column {name!r} must hold numbers but has {shortened(text)} {where(row)}: "
                "correct the value or leave it empty"
            ) from None
    return values[codes]


def _objects(values: list[Any]) -> npt.NDArray[np.object_]:
    """A list as an array of Python objects, whatever they are."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def shortened(value: Any, width: int = 40) -> str:
    """``repr`` of a value on one line, cut to ``width`` characters."""
    shown = repr(value)
    return shown if len(shown) <= width else shown[: width - 3] + "..."


def text_of(value: Any) -> str:
    """A value that is no null as the text that ``texts`` makes of it."""
    nested = isinstance(value, dict | list)
    return str(_canonical(value) if nested else value)


def _canonical(value: Any) -> str | None:
    """Lists of chat messages and other nested values as JSON, alike from every file format."""
    return None if value is None else _json(_without_nulls(value))


def _without_nulls(value: Any) -> Any:
    """Drop null fields, which Arrow adds to a struct when another row has that field."""
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return (
        [_without_nulls(v) for v in value]
        if isinstance(value, Sequence) and not isinstance(value, str)
        else value
    )


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
