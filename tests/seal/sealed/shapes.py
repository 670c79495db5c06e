"""Checkers of values that came as CBOR. A checker takes a value and refuses it or not."""
from .octets import require

U32, U64, SENDER = (1 << 32) - 1, (1 << 64) - 1, (1 << 24) - 1
OPEN_KEYS = 128


def uint(low=0, high=U64):
    def check(value):
        require(type(value) is int and low <= value <= high, "a number that is not allowed")
    return check


def one_of(*allowed):
    def check(value):
        require(type(value) is type(allowed[0]) and value in allowed, "a value that is not allowed")
    return check


def octets(size):
    def check(value):
        require(type(value) is bytes and len(value) == size, f"not {size} bytes")
    return check


def text(value):
    require(type(value) is str, "no text")


def name(value):
    """A text of 1 to 128 bytes."""
    text(value)
    require(1 <= len(value.encode()) <= 128, "a name that is too long, or empty")


def device(value):
    name(value)
    require(not set(value) & set("/+#"), "a device whose name no topic level can have")


def boolean(value):
    require(type(value) is bool, "neither true nor false")


def array(item):
    def check(value):
        require(type(value) is list, "no array")
        for each in value:
            item(each)
    return check


def row(*items):
    """An array with just these."""
    def check(value):
        require(type(value) is list and len(value) == len(items), "an array of another size")
        for item, each in zip(items, value):
            item(each)
    return check


def table(key, item):
    def check(value):
        require(type(value) is dict, "no map")
        for name, each in value.items():
            key(name)
            item(each)
    return check


def record(rows):
    """rows: {key: (checker, is needed)}. Other keys from 128 on are passed over."""
    def check(value):
        require(type(value) is dict, "no map")
        for key, each in value.items():
            require(type(key) is int and key > 0, "no key that is used here")
            require(key in rows or key >= OPEN_KEYS, "an unknown key")
            if key in rows:
                rows[key][0](each)
        for key, (_, is_needed) in rows.items():
            require(not is_needed or key in value, f"key {key} is missing")
    return check


def ascending(numbers):
    return all(one < other for one, other in zip(numbers, numbers[1:]))


def sender_pairs(value):
    array(uint(1, SENDER))(value)
    pairs = list(zip(value[::2], value[1::2]))
    require(len(value) % 2 == 0 and all(first <= last for first, last in pairs), "no pairs of first and last")
    require(all(one[1] < other[0] for one, other in zip(pairs, pairs[1:])), "pairs do not ascend")


def padding(value):
    array(uint(0, (1 << 24) - 1))(value)
    how, numbers = (value[0], value[1:]) if value else (-1, [])
    fits = {0: not numbers, 1: len(numbers) == 1 and numbers[0] > 0, 2: not numbers, 3: bool(numbers) and ascending(numbers)}
    require(fits.get(how, False), "no padding that is known")
