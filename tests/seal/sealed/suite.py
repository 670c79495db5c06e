"""The three suites (section 2): AEAD, derivation, keyed hash."""
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, ChaCha20Poly1305

from . import ascon
from .octets import Refused, require, u8, u32

CHACHA, ASCON, CCM = 1, 2, 3
CCM_ASSOCIATED = 0xFF00
KEY_SIZE = {CHACHA: 32, ASCON: 16, CCM: 16}
TAG_SIZES = {CHACHA: (16,), ASCON: (16, 8), CCM: (16, 8)}


def hmac_sha256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def derive(suite, secret, label, context, size):
    """D of section 2."""
    assert len(secret) == 32 and size <= 32
    info = b"sealed-mqtt 1 " + label + u8(0) + u8(suite) + context
    if suite == ASCON:
        return ascon.cxof128(info, secret, size)
    return hmac_sha256(secret, info + u8(1))[:size]


def hedge_of(suite, key, associated, plain):
    """H of section 2."""
    message = u32(len(associated)) + associated + plain
    if suite == ASCON:
        return ascon.cxof128(b"sealed-mqtt 1 hedge", key + message, 8)
    return hmac_sha256(key, message)[:8]


def nonce_of(suite, number, hedge):
    return u32(number) + (u32(0) if suite == ASCON else b"") + hedge


def seal(suite, tag_size, key, nonce, associated, plain):
    require(suite != CCM or len(associated) < CCM_ASSOCIATED, "A is too large for suite 3")
    if suite == ASCON:
        return ascon.seal(key, nonce, associated, plain, tag_size)
    if suite == CCM:
        return AESCCM(key, tag_length=tag_size).encrypt(nonce, plain, associated)
    return ChaCha20Poly1305(key).encrypt(nonce, plain, associated)


def unseal(suite, tag_size, key, nonce, associated, sealed):
    require(len(sealed) >= tag_size, "too short")
    require(suite != CCM or len(associated) < CCM_ASSOCIATED, "A is too large for suite 3")
    if suite == ASCON:
        plain = ascon.unseal(key, nonce, associated, sealed, tag_size)
        require(plain is not None, "the tag is wrong")
        return plain
    cipher = AESCCM(key, tag_length=tag_size) if suite == CCM else ChaCha20Poly1305(key)
    try:
        return cipher.decrypt(nonce, sealed, associated)
    except InvalidTag:
        raise Refused("not opened", "the tag is wrong") from None
