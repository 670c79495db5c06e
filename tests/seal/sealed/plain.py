"""What stands inside a message (section 5): flags, fields, payload, padding."""
from .octets import Reader, require, text_of, u8, u16

FIELDS, PADDED, RETAIN = 1, 2, 4
CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION, SEALED_AT, VALID_UNTIL, BOOT_NONCE, USER_PROPERTY, STREAM_SIZE, TOPIC = range(1, 10)
TEXTS = (CONTENT_TYPE, RESPONSE_TOPIC, TOPIC)
SIZES_8 = (SEALED_AT, VALID_UNTIL, BOOT_NONCE, STREAM_SIZE)


def write_fields(fields):
    """fields: (type, value) in their order; the value of a user property is (name, value)."""
    result = b""
    for type_, value in fields:
        if type_ == USER_PROPERTY and isinstance(value, tuple):
            value = u16(len(value[0])) + value[0] + value[1]
        result += u8(type_) + u16(len(value)) + value
    return result


def read_fields(data, is_stream):
    """[(type, value)], without those that are passed over."""
    reader, fields, before = Reader(data), [], 0
    while reader.left():
        type_ = reader.number(1)
        value = reader.take(reader.number(2))
        require(type_ > before or type_ == before == USER_PROPERTY, "fields descend, or one comes twice")
        before = type_
        if type_ >= 128:
            continue
        require(CONTENT_TYPE <= type_ <= TOPIC, "an unknown field")
        require(type_ != STREAM_SIZE or is_stream, "the size of a stream, in no stream")
        require(type_ not in SIZES_8 or len(value) == 8, "a field of 8 bytes has another size")
        if type_ in TEXTS:
            text_of(value)
        if type_ == USER_PROPERTY:
            value = read_property(value)
        fields.append((type_, value))
    return fields


def read_property(value):
    reader = Reader(value)
    name = reader.take(reader.number(2))
    text_of(name)
    text_of(reader.rest())
    return name, value[2 + len(name):]


def write_head(fields, is_padded, retain):
    """Flags and fields, given as bytes or None."""
    flags = (FIELDS if fields is not None else 0) | (PADDED if is_padded else 0) | (RETAIN if retain else 0)
    return u8(flags) + (u16(len(fields)) + fields if fields is not None else b"")


def read_head(reader, is_stream):
    """(flags, fields); the reader stands at the payload."""
    flags = reader.number(1)
    known = FIELDS | RETAIN | (0 if is_stream else PADDED)
    require(flags & ~known == 0, "an unknown flag")
    data = reader.take(reader.number(2)) if flags & FIELDS else b""
    return flags, read_fields(data, is_stream)


def padded_size(size, padding):
    """How many bytes P has with padding; `size` is without. `padding` is key 14 of a mailbox's group; None: none at all."""
    how, *numbers = padding
    size += 1
    if how == 1:
        return -(-size // numbers[0]) * numbers[0]
    if how == 2:
        exponent = size.bit_length() - 1
        low = (1 << max(exponent - exponent.bit_length(), 0)) - 1
        return size + low & ~low
    return min((number for number in numbers if number >= size), default=size)


def pad(plain, padding):
    if padding[0] == 0:
        return plain
    return plain + b"\x80" + bytes(padded_size(len(plain), padding) - len(plain) - 1)


def unpad(plain):
    bare = plain.rstrip(b"\0")
    require(bare[-1:] == b"\x80", "no padding where the flags say so")
    return bare[:-1]
