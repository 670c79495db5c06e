"""COSE_Sign1 (RFC 9052) with ES256, the way section 8 wants it."""
import hashlib

from . import cbor, p256
from .octets import require

PROTECTED = cbor.write({1: -7})


def kid_of(public):
    return hashlib.sha256(public).digest()[:8]


def to_be_signed(external, payload):
    return cbor.write(["Signature1", PROTECTED, external, payload])


def sign(secret, external, payload):
    kid = kid_of(p256.public_of(secret))
    signature = p256.sign(secret, to_be_signed(external, payload))
    return cbor.write(cbor.Tagged(18, [PROTECTED, {4: kid}, payload, signature]))


def parts(message):
    """(kid, payload, signature), nothing verified."""
    item = cbor.read(message)
    require(isinstance(item, cbor.Tagged), "no COSE_Sign1")
    array = item.value
    require(isinstance(array, list) and len(array) == 4, "no COSE_Sign1")
    protected, unprotected, payload, signature = array
    require(protected == PROTECTED, "another algorithm")
    require(isinstance(unprotected, dict) and list(unprotected) == [4], "another unprotected header")
    kid = unprotected[4]
    require(isinstance(kid, bytes) and len(kid) == 8, "no key id")
    require(isinstance(payload, bytes), "no payload")
    require(isinstance(signature, bytes) and len(signature) == 64, "no signature")
    return kid, payload, signature


def verify(public, external, message):
    """The payload."""
    kid, payload, signature = parts(message)
    require(kid == kid_of(public), "signed with another key", "bad signature")
    require(p256.verify(public, to_be_signed(external, payload), signature), "the signature is wrong", "bad signature")
    return payload
