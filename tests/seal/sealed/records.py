"""What mailboxes, statuses and signed things say: a table for each (sections 8 to 10)."""
from . import cbor
from .octets import require
from .shapes import (SENDER, U32, array, ascending, boolean, device, name, octets, one_of, padding, record, row, sender_pairs, table, text,
                     uint)

DEEDS = ("create", "group", "enrol", "grant", "revoke", "evict", "rotate", "activate", "retire", "restore", "rule")
READS, WRITES = 1, 2


def tag_size(group, suite, tag):
    require(group[tag] == 16 or group[suite] != 1, "a tag of 8 in suite 1")


def text_or_uint(value):
    if type(value) is not str:
        uint()(value)


SIGNING_KEYS = table(uint(1, SENDER), octets(65))
SUITE, CLASS, TAG, FILTERS, EPOCH, KEPT = (uint(1, 3), uint(0, 1), one_of(16, 8), array(text), uint(1, U32), uint(1, 255))

GROUP = record({
    1: (octets(8), True), 2: (SUITE, True), 3: (CLASS, True), 4: (TAG, True), 5: (uint(1, 3), True), 6: (FILTERS, True),
    7: (uint(1, SENDER), False), 8: (EPOCH, False), 9: (KEPT, True),
    10: (array(row(EPOCH, uint(0, 2), octets(32))), True), 11: (uint(0, (1 << 28) - 1), False), 12: (sender_pairs, True),
    13: (SIGNING_KEYS, False), 14: (padding, False), 15: (boolean, False), 16: (uint(64, 1 << 20), False),
    17: (table(uint(1, SENDER), row(EPOCH, uint(0, (1 << 28) - 1))), False),
})


def group(value):
    GROUP(value)
    tag_size(value, 2, 4)
    epochs = value[10]
    require(ascending([epoch for epoch, _, _ in epochs]) and len(epochs) < 256, "epochs do not ascend, or too many")
    require(value[3] == 0 or all(what != 2 for _, what, _ in epochs), "a class secret in class stream")
    if value[5] & WRITES:
        require(7 in value and 8 in value, "who writes needs a number and a write epoch")
        require(value[8] in [epoch for epoch, _, _ in epochs], "the write epoch's secret is missing")
    require(value.get(11, 0) % 4096 == 0, "no whole window")


MAILBOX = record({
    1: (uint(1), True), 2: (uint(0, U32), True), 3: (device, True), 4: (array(group), True),
    5: (record({1: (octets(65), True), 2: (octets(65), True)}), True), 6: (octets(8), False),
    7: (record({1: (octets(32), True), 2: (uint(1, 2), True), 3: (uint(1, 2), True), 4: (array(text), False)}), False),
})

SEALED = array(row(octets(8), uint(), uint()))


def sealed(value):
    SEALED(value)
    require(len(value) > 0, "an empty array")


STATUS = record({
    1: (uint(), True), 2: (octets(8), True), 3: (uint(0, U32), True), 4: (uint(), True), 5: (text, False),
    6: (octets(32), False), 7: (array(row(octets(8), EPOCH)), True), 8: (table(uint(1, 7), uint()), True),
    129: (sealed, False),
})


def signed_bytes(value):
    require(type(value) is bytes, "no bytes")


ENROL = record({1: (device, True), 2: (octets(65), True), 3: (octets(16), True), 4: (signed_bytes, False), 5: (signed_bytes, False)})

CERTIFICATE = record({1: (name, True), 2: (octets(65), True), 3: (uint(1, 15), True), 4: (octets(8), True),
                      5: (uint(), True), 6: (uint(), True)})

MANIFEST = record({
    1: (uint(), True), 2: (uint(0, U32), True), 3: (octets(8), True), 4: (octets(8), True), 5: (name, True), 6: (SUITE, True),
    7: (CLASS, True), 8: (TAG, True), 9: (FILTERS, True), 10: (EPOCH, True), 11: (uint(0, U32), True), 12: (KEPT, True),
    13: (octets(65), True), 14: (sender_pairs, True), 15: (SIGNING_KEYS, False), 16: (padding, False), 17: (octets(32), True),
    18: (uint(1), True),
})


def manifest(value):
    MANIFEST(value)
    tag_size(value, 6, 8)


LOG = record({1: (uint(1), True), 2: (octets(32), True), 3: (uint(), True), 4: (text, True), 5: (one_of(*DEEDS), True),
              6: (text, True), 7: (table(text, text_or_uint), True)})


def read(check, data):
    value = cbor.read(data)
    check(value)
    return value
