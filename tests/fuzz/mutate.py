"""Mutations of files: of bytes, of the layout of safetensors, of the structure of the JSON in it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

DTYPES = ("F32", "F64", "F16", "BF16", "I64", "I32", "I8", "U8", "BOOL", "F8_E4M3", "F4", "C64", "float32", "")
HUGE = (2**31 - 1, 2**31, 2**40, 2**53, 2**62, 2**63 - 1, 2**63, 2**70, 10**200, -(2**63), -(10**30))
TEXTS = (
    "", " ", "W", "b", "h", "x", "0", "1", "-1", "state", "input", "parameter", "constant", "const", "memory", "matmul",
    "concat", "slice", "part", "outer", "matvec", "attend", "dropout", "block_matmul", "matrix", "transpose", "column",
    "row", "lookup", "pick", "expand", "place", "pad", "sum", "max", "shift", "take", "repeat", "reverse", "float64",
    "float32", "bfloat16", "numpy", "glorot_uniform", "__class__", "__dict__", "_all", "__init__", "member1/0.W", "a/b",
    "0.W", "nan", "\0", "\x1b[31m", "\u202e", "\ud800", "é" * 40, "a" * 5000, "{}", "../../etc/passwd", "<script>",
    "network", "theta", "linear", "gru", "ts", "M", "<U1000000000", "V8", "O", "|S0", "lstm",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 7, 255, 256, 1024, 65536, 1_000_000, *HUGE, 0.0, 0.5, -0.5, 1.5, 1e-300, 1e300,
    1e308, -1e308, float("nan"), float("inf"), float("-inf"), [], {}, [[]], [{}], {"": 0}, [0, -1], [0, 0], [-1, -1],
    [None], ["x"], {"a": 1}, *TEXTS,
)  # fmt: skip

Path = tuple[Any, ...]


# --- JSON -----------------------------------------------------------------------------------------------------


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where values are, the whole first."""
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*path, number))


def at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def mutated_json(value: Any, draw: random.Random) -> Any:
    """The same with one to three things wrong."""
    found = [json.loads(json.dumps(value))]  # in a list, so that the whole has a place too
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        draw.choice(EDITS)(found, draw)
    return found[0] if found else None


def _somewhere(value: list[Any], draw: random.Random) -> Path:
    """A place: any one, or one found by going down, so that what is near the top is met as often as long lists."""
    if draw.random() < 0.4:
        return draw.choice(list(places(value))[1:] or [(0,)])
    path: Path = ()
    while isinstance(inner := at(value, path), dict | list) and inner and (not path or draw.random() < 0.88):
        path = (*path, draw.choice(list(inner) if isinstance(inner, dict) else range(len(inner))))
    return path or (0,)


def _put(value: Any, path: Path, new: Any) -> None:
    if isinstance(inside := at(value, path[:-1]), dict | list) and len(inside):
        inside[path[-1]] = new


def _replace(value: list[Any], draw: random.Random) -> None:
    _put(value, _somewhere(value, draw), json.loads(json.dumps(draw.choice(VALUES))))


def _tweak(value: list[Any], draw: random.Random) -> None:
    """A number that is near, or of another type; a text that another place has."""
    path = _somewhere(value, draw)
    old = at(value, path)
    if isinstance(old, bool):
        new: Any = not old
    elif isinstance(old, int):
        new = draw.choice((old + 1, old - 1, -old, old * 2, old + 1000, float(old), str(old), old + 0.5, bool(old)))
    elif isinstance(old, float):
        new = draw.choice((-old, old * 1e6, int(old) if abs(old) < 1e300 else 0, 0.0, str(old)))
    elif isinstance(old, str):
        new = draw.choice((old + "x", old[:-1], old * 2, old.upper(), draw.choice(TEXTS), [old]))
    else:
        new = [old] if draw.random() < 0.5 else {"x": old}
    _put(value, path, new)


def _delete(value: list[Any], draw: random.Random) -> None:
    path = _somewhere(value, draw)
    if len(path) > 1:
        del at(value, path[:-1])[path[-1]]


def _double(value: list[Any], draw: random.Random) -> None:
    path = _somewhere(value, draw)
    inside, old = at(value, path[:-1]), json.loads(json.dumps(at(value, path)))
    if isinstance(inside, list):
        inside[path[-1] : path[-1]] = [old] * draw.choice((1, 1, 2, 30))
    else:
        inside[draw.choice((f"{path[-1]}x", *TEXTS))] = old


def _move(value: list[Any], draw: random.Random) -> None:
    """What is at one place at another too, or exchanged with it."""
    one, other = _somewhere(value, draw), _somewhere(value, draw)
    first, second = (json.loads(json.dumps(at(value, path))) for path in (one, other))
    _put(value, one, second)
    if draw.random() < 0.5 and one[: len(other)] != other and other[: len(one)] != one:
        _put(value, other, first)


def _alike(value: list[Any], draw: random.Random) -> None:
    """A value that another place of the same name has."""
    path = _somewhere(value, draw)
    others = [p for p in places(value) if p and p[-1] == path[-1] and p != path]
    if others:
        _put(value, path, json.loads(json.dumps(at(value, draw.choice(others)))))


def _nest(value: list[Any], draw: random.Random) -> None:
    inner = _somewhere(value, draw)
    found = at(value, inner)
    for _ in range(draw.choice((1, 2, 60, 70, 200))):
        found = [found] if draw.random() < 0.5 else {"x": found}
    _put(value, inner, found)


def _shuffle(value: list[Any], draw: random.Random) -> None:
    lists = [p for p in places(value) if p and isinstance(at(value, p), list) and len(at(value, p)) > 1]
    if lists:
        path = draw.choice(lists)
        found = list(at(value, path))
        draw.shuffle(found)
        _put(value, path, found)


UNARY = ("tanh", "exp", "square", "neg", "sign", "normalise", "sum", "copy", "column", "row", "matrix", "stop_gradient")
BINARY = ("add", "mul", "concat", "outer", "matvec", "vecmat", "matmul", "maximum", "div", "pow", "eq", "where")


def _grow(value: list[Any], draw: random.Random) -> None:
    """A graph with many ops behind its last one, each of the one before it or of any two; or many layers."""
    graphs = [p for p in places(value) if p and isinstance(at(value, p), dict) and "nodes" in at(value, p)]
    layers = [
        p for p in places(value) if p and p[-1] in ("layers", "parts", "members") and isinstance(at(value, p), list)
    ]
    if layers and draw.random() < 0.3:
        found = at(value, draw.choice(layers))
        found += json.loads(json.dumps(found[-1:])) * draw.choice((1, 3, 40, 100))
        return
    for path in graphs[: draw.choice((1, 99))]:
        graph, times = at(value, path), draw.choice((1, 2, 5, 60, 60, 900, 2000))
        if not isinstance(graph.get("nodes"), list) or not graph["nodes"] or not isinstance(graph.get("outputs"), list):
            continue
        fixed = draw.choice((draw.choice(UNARY), draw.choice(BINARY), ""))
        start = draw.randrange(len(graph["nodes"]))
        for _ in range(times):
            op, last = fixed or draw.choice((*UNARY, *BINARY)), len(graph["nodes"]) - 1
            last = start if last < len(graph["nodes"]) - 1 else last
            other = last if draw.random() < 0.7 else draw.randrange(len(graph["nodes"]))
            graph["nodes"].append([op, [last] if op in UNARY else [last, other], 0.0, 0.0, ""])
        if graph["outputs"] and draw.random() < 0.9:
            graph["outputs"][draw.randrange(len(graph["outputs"]))] = len(graph["nodes"]) - 1


EDITS: tuple[Callable[[list[Any], random.Random], None], ...] = (
    *[_replace] * 3, *[_tweak] * 6, *[_alike] * 4, *[_move] * 2, _delete, _double, _nest, _shuffle, *[_grow] * 3,
)  # fmt: skip


def mutated_text(text: str, draw: random.Random) -> str:
    """JSON with something in it that JSON has not, or too much of it."""
    place = draw.randrange(len(text) + 1)
    new = draw.choice(
        (
            "NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "[" * 100_000, '{"a":' * 50_000, '"a":1,', ",", '"',
            "\\ud800", "\x00", "[]", "{}", "null", "0", "-", "1", "é", "'", "/*", "\\u0000", "[" * 500 + "]" * 500,
        )
    )  # fmt: skip
    how = draw.random()
    if how < 0.5:
        return text[:place] + new + text[place:]
    if how < 0.8:
        return text[:place] + new + text[min(len(text), place + draw.choice((1, 2, 5, 40))) :]
    return draw.choice((text[:place], text[place:], new, text + text, "", text.replace('"', "'")))


# --- bytes ----------------------------------------------------------------------------------------------------


def mutated_bytes(data: bytes, draw: random.Random) -> bytes:
    """Bytes turned, left out, doubled, put in, or cut off."""
    found = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        place = draw.randrange(len(found) + 1)
        end = min(len(found), place + draw.choice((1, 2, 4, 8, 100)))
        how = draw.randrange(6)
        if how == 0:
            found[place:end] = draw.randbytes(end - place)
        elif how == 1:
            del found[place:end]
        elif how == 2:
            found[place:place] = found[place:end] * draw.choice((1, 2, 50))
        elif how == 3:
            found[place:place] = draw.choice((b"\0", b"\xff", b"\n", b'"', b"[", b"{", b"9", b"-", draw.randbytes(8)))
        elif how == 4 and found:
            found[min(place, len(found) - 1)] ^= 1 << draw.randrange(8)
        elif draw.random() < 0.3:
            del found[place:]
    return bytes(found)


# --- safetensors ----------------------------------------------------------------------------------------------


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the values of a whole file."""
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def whole(header: Any, values: bytes, size: int | None = None) -> bytes:
    """A file, whatever its header says."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode("utf-8", "surrogatepass")
    text += b" " * (-len(text) % 8)
    return (len(text) if size is None else size).to_bytes(8, "little") + text + values


def mutated_model(data: bytes, draw: random.Random) -> bytes:
    """A file with something wrong in its description, its arrays, its header or its bytes."""
    header, values = parts(data)
    how = draw.random()
    if how < 0.66:
        return whole(_with_entry(header, draw, how < 0.58), values)
    if how < 0.80:
        return _with_arrays(header, values, draw)
    if how < 0.88:
        return _with_header(header, values, draw)
    return mutated_bytes(data, draw)


def _with_entry(header: dict[str, Any], draw: random.Random, structure: bool) -> dict[str, Any]:
    """Another text of one of the entries: a mutated structure, or a mutated text."""
    texts = dict(header["__metadata__"])
    name = draw.choice(list(texts))
    if not structure:
        texts[name] = mutated_text(texts[name], draw)
    elif draw.random() < 0.03:
        texts[draw.choice(("forecaster", "language model", "classifier", "regressor", "elman_streams"))] = texts.pop(
            name
        )
    else:
        texts[name] = json.dumps(mutated_json(json.loads(texts[name]), draw))
    return header | {"__metadata__": texts}


def _with_arrays(header: dict[str, Any], values: bytes, draw: random.Random) -> bytes:
    """Other arrays: of other shapes, types, names or values, in a file that is whole."""
    arrays = {name: dict(entry) for name, entry in header.items() if name != "__metadata__"}
    chunks = {name: values[slice(*entry["data_offsets"])] for name, entry in arrays.items()}
    for _ in range(draw.choice((1, 1, 2))):
        if not arrays:
            break
        name = draw.choice(list(arrays))
        entry, how = arrays[name], draw.randrange(7)
        if how == 0:
            entry["shape"] = draw.choice(
                ([], [1], [0], entry["shape"][::-1], [*entry["shape"], 1], [1, *entry["shape"]])
            )
        elif how == 1:
            entry["dtype"] = draw.choice(DTYPES[:9])
        elif how == 2:
            other = draw.choice([*TEXTS, *arrays, f"{name}x", f"optimizer/{name}", f"member1/{name}"])
            arrays[other], chunks[other] = arrays.pop(name), chunks.pop(name, b"")
        elif how == 3:
            del arrays[name]
        elif how == 4:
            arrays[draw.choice((f"{name}x", *TEXTS))] = dict(entry)
        elif how == 5:
            number = draw.choice(
                (b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\xff\xff\x7f\x7f", b"\0\0\0\0\0\0\xf8\x7f", b"\xff" * 8)
            )
            size = len(chunks.get(name, b""))
            chunks[name] = (number * (size // len(number) + 1))[:size]
        else:
            other = draw.choice(list(arrays))
            entry["shape"], arrays[other]["shape"] = arrays[other]["shape"], entry["shape"]
    return _laid_out(header["__metadata__"], arrays, chunks)


def _laid_out(texts: dict[str, str], arrays: dict[str, Any], chunks: dict[str, bytes]) -> bytes:
    """A whole file of arrays, each with as many bytes as its shape and type say."""
    sizes = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2}
    found, values = {"__metadata__": texts}, b""
    for name, entry in arrays.items():
        count = sizes.get(entry["dtype"], 1)
        for n in entry["shape"]:
            count *= n
        chunk = chunks.get(name, b"")
        chunk = (chunk + b"\0" * count)[:count]
        found[name] = {**entry, "data_offsets": [len(values), len(values) + count]}  # type: ignore[assignment]
        values += chunk
    return whole(found, values)


def _with_header(header: dict[str, Any], values: bytes, draw: random.Random) -> bytes:
    """A header that does not say what lies behind it."""
    how, names = draw.randrange(7), [name for name in header if name != "__metadata__"]
    if how == 0 or not names:
        lie = draw.choice((0, 1, 7, 8, 2**16, 100_000_001, 2**31, 2**63, 2**64 - 1, len(values)))
        return whole(header, values, lie)
    name = draw.choice(names)
    entry = dict(header[name])
    if how == 1:  # offsets that lie over others, behind the end, or backwards
        begin, end = entry["data_offsets"]
        other = header[draw.choice(names)]["data_offsets"]
        entry["data_offsets"] = draw.choice((other, [begin, end + 4], [end, begin], [begin, 2**62], [-4, end], [begin]))
    elif how == 2:
        entry["dtype"] = draw.choice(DTYPES)
    elif how == 3:
        entry["shape"] = draw.choice(([2**62, 2**62], [2**32, 2**32], [-1], [1.5], [0, 2**63], [1] * 100, "x", [2**64]))
    elif how == 4:
        entry = draw.choice(({}, [], None, 3, "x", {**entry, "more": 1}, {"dtype": entry["dtype"]}))
    elif how == 5:  # a name twice
        text = json.dumps(header)[:-1] + f", {json.dumps(name)}: {json.dumps(entry)}}}"
        return whole(text.encode(), values)
    else:
        return whole(mutated_text(json.dumps(header), draw).encode("utf-8", "surrogatepass"), values)
    return whole({**header, name: entry}, values)
