"""P-256: own arithmetic for signatures with the numbers of RFC 6979; verification and key agreement by python3-cryptography."""
import hashlib
import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)


def add(one, other):
    """Two points, or None for the point at infinity."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        if (one[1] + other[1]) % P == 0:
            return None
        slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, P) % P
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, P) % P
    x = (slope * slope - one[0] - other[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def times(scalar, point):
    result = None
    for bit in bin(scalar)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


@lru_cache(maxsize=256)
def public_of(secret):
    """The uncompressed point of a secret key of 32 bytes."""
    x, y = times(int.from_bytes(secret, "big"), G)
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def deterministic(secret, digest):
    """RFC 6979, 3.2, as an endless row of numbers."""
    reduced = (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    value, key = b"\x01" * 32, bytes(32)
    for mark in (b"\0", b"\x01"):
        key = hmac.new(key, value + mark + secret + reduced, hashlib.sha256).digest()
        value = hmac.new(key, value, hashlib.sha256).digest()
    while True:
        value = hmac.new(key, value, hashlib.sha256).digest()
        yield int.from_bytes(value, "big")
        key = hmac.new(key, value + b"\0", hashlib.sha256).digest()
        value = hmac.new(key, value, hashlib.sha256).digest()


def sign(secret, message):
    """ES256: r and s in 32 bytes each."""
    digest = hashlib.sha256(message).digest()
    for number in deterministic(secret, digest):
        if not 0 < number < N:
            continue
        r = times(number, G)[0] % N
        s = pow(number, -1, N) * (int.from_bytes(digest, "big") + r * int.from_bytes(secret, "big")) % N
        if r and s:
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def point(public):
    """A public key of 65 bytes, or None when it is none."""
    if len(public) != 65 or public[0] != 4:
        return None
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    except ValueError:
        return None


def verify(public, message, signature):
    key = point(public)
    if key is None or len(signature) != 64:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def agree(secret, public):
    """ECDH: the x of the shared point, or None when `public` is no point."""
    key = point(public)
    if key is None:
        return None
    own = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
    return own.exchange(ec.ECDH(), key)
