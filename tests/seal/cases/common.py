"""What the cases share: values that look random and never change, and the form of a file."""
import hashlib

from sealed import cbor, p256
from sealed.group import Group
from sealed.keys import STATE, STREAM

GROUP_ID = bytes.fromhex("0102030405060708")
NAMESPACE = bytes.fromhex("a1a2a3a4a5a6a7a8")
TOPIC = "home/kitchen/temp"
COMBINATIONS = ((1, 16), (2, 16), (2, 8), (3, 16), (3, 8))
__all__ = ["GROUP_ID", "NAMESPACE", "TOPIC", "COMBINATIONS", "STATE", "STREAM", "cbor"]


def seeded(label, size=32):
    """Bytes that a label stands for."""
    result, block = b"", label.encode()
    while len(result) < size:
        block = hashlib.sha256(block).digest()
        result += block
    return result[:size]


def secret_key(label):
    secret = seeded("key of " + label)
    assert 0 < int.from_bytes(secret, "big") < p256.N
    return secret


def public_key(label):
    return p256.public_of(secret_key(label))


def epoch_secret(epoch):
    return seeded(f"epoch {epoch}")


def group_with(suite=1, tag_size=16, class_=STREAM, epochs=(1,), **more):
    return Group(id=GROUP_ID, suite=suite, class_=class_, tag_size=tag_size,
                 epochs={epoch: (0, epoch_secret(epoch)) for epoch in epochs}, **more)


class File:
    """One file of vectors; tests are numbered through it."""

    def __init__(self, algorithm):
        self.form = {"algorithm": algorithm, "source": "docs/format.md, version 1", "numberOfTests": 0, "testGroups": []}

    def group(self, type_, **common):
        self.form["testGroups"].append({"type": type_, **common, "tests": []})

    def add(self, comment, result, flags=(), **values):
        """`flags`: words; what a case is of."""
        self.form["numberOfTests"] += 1
        self.form["testGroups"][-1]["tests"].append(
            {"tcId": self.form["numberOfTests"], "comment": comment, "flags": list(flags), "result": result, **values})

    def valid(self, comment, flags=(), **values):
        self.add(comment, "valid", flags, **values)

    def invalid(self, comment, flags=(), event="not opened", **values):
        self.add(comment, "invalid", flags, event=event, **values)


def flipped(data, at, bit=0):
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return bytes(changed)
