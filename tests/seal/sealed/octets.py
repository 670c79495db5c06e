"""Bytes: numbers to and from them, and the one way to say no."""


class Refused(Exception):
    """What came is refused. `event` is the word for it in the vectors, the text says why."""

    def __init__(self, event, why):
        super().__init__(why)
        self.event = event


def require(is_so, why, event="not opened"):
    if not is_so:
        raise Refused(event, why)


def u8(value):
    return value.to_bytes(1, "big")


def u16(value):
    return value.to_bytes(2, "big")


def u32(value):
    return value.to_bytes(4, "big")


def u64(value):
    return value.to_bytes(8, "big")


def shortest(value):
    """A number above 0 in as few bytes as hold it."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


class Reader:
    """Takes bytes from the front; refuses when there are too few."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def left(self):
        return len(self.data) - self.at

    def take(self, size):
        require(size <= self.left(), "too short")
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def rest(self):
        return self.take(self.left())


def text_of(data):
    """UTF-8 as MQTT has it: no surrogates, no U+0000."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Refused("not opened", "no UTF-8") from None
    require("\0" not in text, "U+0000 in a text")
    return text
