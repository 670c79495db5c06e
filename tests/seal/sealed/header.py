"""The first byte and the header of kinds 0 to 2 (section 4; RFC 9605, 4.3)."""
from .keys import POSITIONS
from .octets import require, shortest, u8

MESSAGE, SIGNED, STREAM, MAILBOX, STATUS = range(5)
MARK = 0xF8


def write(kind, sender, epoch, position):
    kid = sender * 256 + epoch % 256
    configuration, tail = 0, b""
    for value, shift in ((kid, 4), (position, 0)):
        if value < 8:
            configuration |= value << shift
        else:
            configuration |= (8 | len(shortest(value)) - 1) << shift
            tail += shortest(value)
    return u8(MARK | kind) + u8(configuration) + tail


def read(reader):
    """(kind, sender, epoch mod 256, position); the reader stands behind the header."""
    kind = reader.number(1) ^ MARK
    require(kind in (MESSAGE, SIGNED, STREAM), "no kind that has this header")
    configuration, values = reader.number(1), []
    for shift in (4, 0):
        short = configuration >> shift & 7
        if configuration >> shift & 8:
            data = reader.take(short + 1)
            value = int.from_bytes(data, "big")
            require(value >= 8 and data[0] != 0, "longer than it needs to be")
            values.append(value)
        else:
            values.append(short)
    kid, position = values
    require(kid < 1 << 32 and kid >= 1 << 8, "no such sender")
    require(position < POSITIONS, "no such position")
    return kind, kid >> 8, kid & 0xFF, position
