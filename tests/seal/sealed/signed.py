"""What is signed and not sealed: enrolments, certificates, manifests, the log (sections 9 and 10)."""
import hashlib

from . import cbor, cose, p256, records
from .octets import require

DEVICE, REGISTRAR, KEEPER, SIGNER = 1, 2, 4, 8
CONSONANTS, VOWELS = "bdfghjklmnprstvz", "aiou"
CHAIN = 2
ZEROS = bytes(32)


def external(type_, namespace):
    return b"sealed-mqtt 1 " + type_.encode() + namespace


def sign(secret, type_, namespace, value):
    return cose.sign(secret, external(type_, namespace), cbor.write(value))


def proquint(number):
    return (CONSONANTS[number >> 12] + VOWELS[number >> 10 & 3] + CONSONANTS[number >> 6 & 15] + VOWELS[number >> 4 & 3]
            + CONSONANTS[number & 15])


def words(namespace, public, nonce):
    """The confirmation words of an enrolment."""
    digest = hashlib.sha256(b"sealed-mqtt 1 confirm" + namespace + public + nonce).digest()
    return "-".join(proquint(int.from_bytes(digest[at:at + 2], "big")) for at in range(0, 8, 2))


def open_enrol(namespace, topic, message):
    """What the device says of itself. The certificate in it, if any, is for open_certificate."""
    _, payload, _ = cose.parts(message)
    value = records.read(records.ENROL, payload)
    require(value[1] == topic.rsplit("/", 1)[-1], "another device than the topic says")
    cose.verify(value[2], external("enrol", namespace), message)
    return value


def open_certificate(namespace, root, chain, now, may):
    """The last certificate of a chain that the root began, when it is valid now and allows `may`."""
    require(1 <= len(chain) <= CHAIN, "a chain of none, or of more than two")
    issuer, rights, value = root, SIGNER | DEVICE | REGISTRAR | KEEPER, None
    for message in chain:
        require(rights & SIGNER, "by whom may sign no certificates")
        value = records.read(records.CERTIFICATE, cose.verify(issuer, external("certificate", namespace), message))
        require(p256.point(value[2]) is not None, "its key is no point")
        require(value[3] & ~rights == 0, "gives a right that its signer has not")
        require(value[5] <= now <= value[6], "not valid now", "expired")
        issuer, rights = value[2], value[3]
    require(rights & may == may, "may not do this")
    return value


def open_manifest(namespace, registrar, topic, message, before=None):
    """A group's manifest. `before`: the one it must follow, a COSE_Sign1, or None."""
    value = records.read(records.manifest, cose.verify(registrar, external("manifest", namespace), message))
    require(value[3] == namespace, "of another namespace")
    require(value[4].hex() == topic.rsplit("/", 1)[-1], "of another group than the topic says")
    if before is None:
        return value
    old = records.read(records.manifest, cose.verify(registrar, external("manifest", namespace), before))
    if message != before:
        require((value[2], value[1]) > (old[2], old[1]), "not newer than the last", "rollback")
        require(value[17] == hashlib.sha256(before).digest(), "does not continue the chain", "broken chain")
    return value


def open_log(namespace, registrar, message, before=None):
    """An entry of the log. `before`: the entry it must follow, or None for an entry that is taken as it comes."""
    value = records.read(records.LOG, cose.verify(registrar, external("log", namespace), message))
    is_first = value[1] == 1
    require(not is_first or value[2] == ZEROS, "a first entry that follows another", "broken chain")
    if before is not None:
        old = records.read(records.LOG, cose.verify(registrar, external("log", namespace), before))
        follows = value[1] == old[1] + 1 and value[2] == hashlib.sha256(before).digest()
        require(follows, "does not continue the chain", "broken chain")
    return value


def follow_log(namespace, registrar, topic, posted, anchor=(0, ZEROS)):
    """The entries behind an anchor, a number and a digest, and the new anchor. `posted`: what a broker has, by topic; `topic`: PREFIX/l."""
    taken, (number, digest) = [], anchor
    newest = open_log(namespace, registrar, posted[topic])[1]
    require(newest >= number, "the log went back", "broken chain")
    if number > 0 and f"{topic}/{number}" in posted:
        same = hashlib.sha256(posted[f"{topic}/{number}"]).digest() == digest
        require(same, "another log than the one that was followed", "broken chain")
    while number < newest:
        require(f"{topic}/{number + 1}" in posted, "an entry is missing", "broken chain")
        message = posted[f"{topic}/{number + 1}"]
        value = open_log(namespace, registrar, message)
        require((value[1], value[2]) == (number + 1, digest), "does not continue the chain", "broken chain")
        number, digest = value[1], hashlib.sha256(message).digest()
        taken.append(value)
    return taken, (number, digest)
