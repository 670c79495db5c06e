"""Deterministic CBOR, as much of it as is let in (section 8)."""
from sealed import cbor
from .common import File

GOOD = """00 0a 17 1818 18ff 190100 19ffff 1a00010000 1affffffff 1b0000000100000000 1bffffffffffffffff
20 37 3818 38ff 390100 3903e7 3bffffffffffffffff 40 4401020304 60 6161 62c3bc 63e6b0b4 64f0908591 80 83010203
8301820203820405 98190102030405060708090a0b0c0d0e0f101112131415161718181819 a0 a201020304 a10120 a2616101616202
a201022001 a2410000616100 a200002000 a300011818181819010001 f4 f5 818181818180 8181818181a0 a101a101a101a101a101a0 d280""".split()

BAD = (
    ("nothing", ""), ("0 in two bytes", "1800"), ("23 in two bytes", "1817"), ("255 in three bytes", "1900ff"),
    ("65535 in five bytes", "1a0000ffff"), ("2^32 - 1 in nine bytes", "1b00000000ffffffff"), ("-1 in two bytes", "3800"),
    ("additional information 28", "1c"), ("additional information 30", "1e"), ("bytes whose size is longer than needed", "580100"),
    ("text whose size is longer than needed", "780161"), ("an array whose size is longer than needed", "980100"),
    ("a map whose size is longer than needed", "b8010000"), ("bytes without a definite length", "5f4100ff"),
    ("text without a definite length", "7f6161ff"), ("an array without a definite length", "9f00ff"),
    ("a map without a definite length", "bf0000ff"), ("a break alone", "ff"), ("keys descend", "a202000100"),
    ("a key twice", "a201000100"), ("a longer key first", "a21818000100"), ("text keys by their letters, not their bytes", "a262616100616200"),
    ("a negative key before its time", "a220000100"), ("a text key before a number", "a26161000100"), ("an array as a key", "a18000"),
    ("a map as a key", "a1a000"), ("true as a key", "a1f500"), ("text that is no UTF-8", "61ff"), ("text with a surrogate", "63eda080"),
    ("text with a letter in too many bytes", "62c180"), ("text with U+0000", "6100"), ("null", "f6"), ("undefined", "f7"), ("a simple value", "e0"),
    ("a simple value in two bytes", "f820"), ("false in two bytes", "f814"), ("a half float", "f90000"), ("a float", "fa47c35000"),
    ("a double", "fb3ff199999999999a"), ("tag 0", "c06161"), ("tag 2", "c24101"), ("tag 55799", "d9d9f700"), ("tag 18 inside", "81d280"),
    ("tag 18 twice", "d2d280"), ("tag 18 in two bytes", "d81280"), ("tag 18 of nothing", "d2"), ("seven arrays", "81818181818180"),
    ("seven maps", "a101a101a101a101a101a101a0"), ("bytes that are cut", "4200"), ("text that is cut", "6261"),
    ("an array that is cut", "8201"), ("a map that is cut", "a101"), ("a size that is cut", "19ff"),
    ("an array of 2^64 - 1", "9bffffffffffffffff"), ("bytes of 2^64 - 1", "5bffffffffffffffff00"),
    ("a map of 2^63", "bb800000000000000000"), ("something follows", "0000"),
)


def make():
    file = File("deterministic CBOR")
    file.group("cbor")
    for data in GOOD:
        assert cbor.write(cbor.read(bytes.fromhex(data))).hex() == data
        file.valid(data[:40], encoded=data)
    for comment, data in BAD:
        file.invalid(comment, ["BadCbor"], encoded=data)
    return file.form
