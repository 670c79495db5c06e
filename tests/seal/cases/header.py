"""The first byte and the header (section 4)."""
from sealed import header
from .common import File

SENDERS = (1, 255, 256, 65535, 65536, (1 << 24) - 1)
POSITIONS = (0, 7, 8, 255, 256, 4095, 4096, 65535, 65536, (1 << 24) - 1, 1 << 24, (1 << 28) - 1)

BAD = (
    ("nothing", ""),
    ("a first byte alone", "f8"),
    ("no sealed first byte", "789901000a"),
    ("kind 3 has another header", "fb90010000"),
    ("kind 5", "fd90010000"),
    ("kind 7", "ff90010000"),
    ("sender 0, KID in the configuration byte", "f810"),
    ("sender 0, KID of 0", "f800"),
    ("sender 0, KID of one byte", "f880ff"),
    ("sender 0, KID of two bytes", "f8900001"),
    ("KID with a leading zero", "f8a0000101"),
    ("KID of 8 bytes", "f8f00000000000000101"),
    ("KID of 2^32", "f8c00100000000"),
    ("KID below 8 outside the configuration byte", "f88007"),
    ("CTR below 8 outside the configuration byte", "f898010107"),
    ("CTR with a leading zero", "f89901010009"),
    ("CTR of 2^28", "f89b010110000000"),
    ("CTR of 2^32 - 1", "f89b0101ffffffff"),
    ("CTR of five bytes", "f89c01010100000000"),
    ("KID cut", "f8a00101"),
    ("CTR cut", "f899010109"),
    ("configuration byte says more than there is", "f8ff0101"),
)


def make():
    file = File("header")
    file.group("header")
    for kind in (0, 1, 2):
        for sender in SENDERS if kind == 0 else (258,):
            for position in POSITIONS:
                add(file, kind, sender, 1, position)
    for epoch in (1, 2, 255, 256, 257, 511, 512, 65536, 4294967295):
        add(file, 0, 1, epoch, 9)
    for comment, data in BAD:
        file.invalid(comment, ["BadHeader"], header=data)
    return file.form


def add(file, kind, sender, epoch, position):
    data = header.write(kind, sender, epoch, position)
    file.valid(f"kind {kind}, sender {sender}, epoch {epoch}, position {position}", header=data.hex(), kind=kind,
               sender=sender, epoch=epoch, epochLow=epoch % 256, position=position)
