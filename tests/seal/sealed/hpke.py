"""HPKE (RFC 9180) in mode base: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305; one text for each context."""
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from . import p256
from .octets import Refused, require, u8, u16
from .suite import hmac_sha256

KEM = b"KEM" + u16(0x0010)
SUITE = b"HPKE" + u16(0x0010) + u16(0x0001) + u16(0x0003)


def extract(suite, salt, label, secret):
    return hmac_sha256(salt or bytes(32), b"HPKE-v1" + suite + label + secret)


def expand(suite, secret, label, info, size):
    info, result, last = u16(size) + b"HPKE-v1" + suite + label + info, b"", b""
    while len(result) < size:
        last = hmac_sha256(secret, last + info + u8(len(result) // 32 + 1))
        result += last
    return result[:size]


def derive_key_pair(seed):
    """The secret key that DeriveKeyPair gives (7.1.3)."""
    secret = extract(KEM, b"", b"dkp_prk", seed)
    for counter in range(256):
        candidate = expand(KEM, secret, b"candidate", u8(counter), 32)
        if 0 < int.from_bytes(candidate, "big") < p256.N:
            return candidate
    raise ValueError("no key in 256 tries")


def shared(agreed, encapsulated, receiver):
    secret = extract(KEM, b"", b"eae_prk", agreed)
    return expand(KEM, secret, b"shared_secret", encapsulated + receiver, 32)


def schedule(shared_secret, info):
    """(key, nonce) of mode base."""
    context = u8(0) + extract(SUITE, b"", b"psk_id_hash", b"") + extract(SUITE, b"", b"info_hash", info)
    secret = extract(SUITE, shared_secret, b"secret", b"")
    return expand(SUITE, secret, b"key", context, 32), expand(SUITE, secret, b"base_nonce", context, 12)


def seal(receiver, info, associated, plain, ephemeral):
    """enc ‖ ct. `ephemeral`: the secret key to use once."""
    encapsulated = p256.public_of(ephemeral)
    key, nonce = schedule(shared(p256.agree(ephemeral, receiver), encapsulated, receiver), info)
    return encapsulated + ChaCha20Poly1305(key).encrypt(nonce, plain, associated)


def unseal(secret, info, associated, sealed):
    require(len(sealed) >= 65 + 16, "too short")
    agreed = p256.agree(secret, sealed[:65])
    require(agreed is not None, "enc is no point")
    key, nonce = schedule(shared(agreed, sealed[:65], p256.public_of(secret)), info)
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, sealed[65:], associated)
    except InvalidTag:
        raise Refused("not opened", "the tag is wrong") from None
