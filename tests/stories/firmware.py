"""A second implementation of docs/update.md, by python3-cryptography and nothing of Wax: manifests, the tree, chunks, state."""
import hashlib
import struct
import zlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

BEGINNING = bytes.fromhex("d28443a10126a10448")
BOUND = b"wax-update 1 manifest"
NAMES = {1: "vendor", 2: "class", 3: "version", 4: "minimum", 5: "size", 6: "digest", 7: "chunk_size", 8: "root", 9: "label"}


# --- CBOR, as far as it is needed ---

def head(kind, value):
    for size, first in ((0, None), (1, 24), (2, 25), (4, 26), (8, 27)):
        if size == 0 and value < 24:
            return bytes([kind << 5 | value])
        if size and value < 1 << 8 * size:
            return bytes([kind << 5 | first]) + value.to_bytes(size, "big")
    raise ValueError(value)


def item(value):
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(item, value))
    return head(5, len(value)) + b"".join(item(key) + item(value[key]) for key in sorted(value))


def parse(data):
    """The first item, and what stands behind it."""
    kind, low, rest = data[0] >> 5, data[0] & 31, data[1:]
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(low, 0)
    value = int.from_bytes(rest[:size], "big") if size else low
    rest = rest[size:]
    if kind == 0:
        return value, rest
    if kind in (2, 3):
        text = rest[:value]
        return (text if kind == 2 else text.decode()), rest[value:]
    if kind == 5:
        pairs = {}
        for _ in range(value):
            key, rest = parse(rest)
            pairs[key], rest = parse(rest)
        return pairs, rest
    raise ValueError(kind)


# --- The tree ---

def leaf(chunk):
    return hashlib.sha256(b"\x00" + chunk).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def largest_power_below(number):
    power = 1
    while power * 2 < number:
        power *= 2
    return power


def root_of(chunks):
    """RFC 9162, 2.1.1, word for word."""
    if len(chunks) == 1:
        return leaf(chunks[0])
    k = largest_power_below(len(chunks))
    return node(root_of(chunks[:k]), root_of(chunks[k:]))


def proof_of(index, chunks):
    """RFC 9162, 2.1.3.1, word for word."""
    if len(chunks) == 1:
        return []
    k = largest_power_below(len(chunks))
    if index < k:
        return proof_of(index, chunks[:k]) + [root_of(chunks[k:])]
    return proof_of(index - k, chunks[k:]) + [root_of(chunks[:k])]


def cut(image, size):
    return [image[at:at + size] for at in range(0, len(image), size)]


def chunk_messages(image, size):
    chunks = cut(image, size)
    return [chunk + b"".join(proof_of(index, chunks)) for index, chunk in enumerate(chunks)]


# --- Manifests ---

def describe(image, vendor, class_name, version, minimum=0, chunk_size=4096, label=None):
    pairs = {1: vendor, 2: class_name, 3: version, 4: minimum, 5: len(image), 6: hashlib.sha256(image).digest(), 7: chunk_size,
             8: root_of(cut(image, chunk_size))}
    if label is not None:
        pairs[9] = label
    return pairs


def point(public):
    return public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def structure(payload):
    return item(["Signature1", b"\xa1\x01\x26", BOUND, payload])


def sign(pairs, key):
    payload = item(pairs)
    r, s = decode_dss_signature(key.sign(structure(payload), ec.ECDSA(hashes.SHA256())))
    kid = hashlib.sha256(point(key.public_key())).digest()[:8]
    return BEGINNING + kid + item(payload) + item(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def verify(message, public):
    """What a manifest says, by name; ValueError if it is none that this key has signed."""
    if not message.startswith(BEGINNING) or message[9:17] != hashlib.sha256(point(public)).digest()[:8]:
        raise ValueError("no manifest, or of another key")
    payload, rest = parse(message[17:])
    signature, rest = parse(rest)
    if rest or len(signature) != 64 or item(parse(payload)[0]) != payload:
        raise ValueError("not in its one form")
    try:
        public.verify(encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")),
                      structure(payload), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as wrong:
        raise ValueError("the signature is none") from wrong
    return {NAMES[key]: value for key, value in parse(payload)[0].items()}


def read_key(path):
    return serialization.load_pem_private_key(path.read_bytes(), None)


def read_public(path):
    return serialization.load_pem_public_key(path.read_bytes())


# --- Flash ---

def state_record(active=0, trial=2, tries=0, sequence=1, versions=(6, 0), highest=6, failed=0, begun=0):
    record = b"WXBT\x01" + bytes([active, trial, tries]) + struct.pack(">6I", sequence, *versions, highest, failed, begun)
    return record + struct.pack(">I", zlib.crc32(record))


def log_head(begun, message):
    front = b"WXL\x01" + struct.pack(">II", begun, len(message)) + message
    return front + struct.pack(">I", zlib.crc32(front))
