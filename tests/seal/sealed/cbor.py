"""Deterministic CBOR (RFC 8949, 4.2.1), as much of it as section 8 lets in: numbers, bytes, text, arrays, maps, booleans."""
from .octets import Reader, require, text_of, u8

NESTING = 6
SIGN1 = 18
UINT, NINT, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)


class Tagged:
    """A value with a tag before it."""

    def __init__(self, tag, value):
        self.tag, self.value = tag, value


def head(major, number):
    if number < 24:
        return u8(major << 5 | number)
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return u8(major << 5 | extra) + number.to_bytes(size, "big")
    raise ValueError("no number of CBOR")


def write(value):
    if isinstance(value, bool):
        return u8(0xF5 if value else 0xF4)
    if isinstance(value, int):
        return head(UINT, value) if value >= 0 else head(NINT, -1 - value)
    if isinstance(value, bytes):
        return head(BYTES, len(value)) + value
    if isinstance(value, str):
        data = value.encode()
        return head(TEXT, len(data)) + data
    if isinstance(value, (list, tuple)):
        return head(ARRAY, len(value)) + b"".join(map(write, value))
    if isinstance(value, dict):
        pairs = sorted((write(key), write(item)) for key, item in value.items())
        return head(MAP, len(pairs)) + b"".join(key + item for key, item in pairs)
    return head(TAG, value.tag) + write(value.value)


def read_head(reader):
    first = reader.number(1)
    major, number = first >> 5, first & 31
    if major == SIMPLE:
        require(number in (20, 21), "a value that is not used here")
        return major, number
    require(number < 28, "no definite length")
    if number >= 24:
        size = 1 << number - 24
        number = reader.number(size)
        require(number >= (24 if size == 1 else 1 << 4 * size), "longer than it needs to be")
    return major, number


def read_item(reader, depth):
    major, number = read_head(reader)
    if major in (ARRAY, MAP):
        require(depth < NESTING, "nested too deep")
        require(number <= reader.left(), "too short")
    if major == UINT:
        return number
    if major == NINT:
        return -1 - number
    if major == BYTES:
        return reader.take(number)
    if major == TEXT:
        return text_of(reader.take(number))
    if major == ARRAY:
        return [read_item(reader, depth + 1) for _ in range(number)]
    if major == MAP:
        return read_map(reader, number, depth + 1)
    require(major == SIMPLE, "a tag that is not used here")
    return number == 21


def read_map(reader, count, depth):
    result, before = {}, b""
    for _ in range(count):
        at = reader.at
        key = read_item(reader, depth)
        require(type(key) in (int, str, bytes), "a key of a kind that is not used here")
        written = reader.data[at:reader.at]
        require(written > before, "keys do not ascend")
        before = written
        result[key] = read_item(reader, depth)
    return result


def read(data):
    """The one item that `data` is, with tag 18 before it or with none."""
    is_tagged = data[:1] == head(TAG, SIGN1)
    reader = Reader(data, 1 if is_tagged else 0)
    value = read_item(reader, 0)
    require(not reader.left(), "something follows")
    return Tagged(SIGN1, value) if is_tagged else value
