"""Mailboxes and statuses (sections 8 and 9): one form, two directions."""
from dataclasses import dataclass

from . import cose, hpke, records, suite
from .octets import Reader, require, u8, u16, u32, u64

PUBLIC_KEY = 16
MAILBOX_MARK, STATUS_MARK = 0xFB, 0xFC


@dataclass
class Peer:
    """Who shares what with whom. Profiles 1 to 3: `psk`. Profile 16: `own` and `other`, secret and public key of
    whoever seals or opens, and of the other end."""
    profile: int
    namespace: bytes
    psk: bytes = None
    own: bytes = None
    other: bytes = None


@dataclass
class Outside:
    """What stands in the clear. `generation` is None in a status, whose count is `version`."""
    generation: int
    version: int
    topic: str

    def label(self):
        return b"mailbox" if self.generation is not None else b"status"

    def head(self, profile):
        mark, generation = (STATUS_MARK, b"") if self.generation is None else (MAILBOX_MARK, u32(self.generation))
        return u8(mark) + u8(profile) + generation + u64(self.version)

    def associated(self, peer):
        name = self.topic.encode()
        return self.head(peer.profile) + peer.namespace + u16(len(name)) + name

    def device(self):
        return self.topic.rsplit("/", 1)[-1]


def keys_of(peer, label):
    size = suite.KEY_SIZE[peer.profile]
    return (suite.derive(peer.profile, peer.psk, label + b" key", peer.namespace, size),
            suite.derive(peer.profile, peer.psk, label + b" hedge", peer.namespace, 32))


def seal(peer, outside, content, ephemeral=None):
    """The message. `content` is what the mailbox or the status says, in CBOR."""
    head, associated, label = outside.head(peer.profile), outside.associated(peer), outside.label()
    if peer.profile == PUBLIC_KEY:
        signed = cose.sign(peer.own, b"sealed-mqtt 1 " + label + associated, content)
        return head + hpke.seal(peer.other, b"sealed-mqtt 1 " + label + peer.namespace, associated, signed, ephemeral)
    key, hedge_key = keys_of(peer, label)
    hedge = suite.hedge_of(peer.profile, hedge_key, associated, content)
    nonce = suite.nonce_of(peer.profile, outside.version & 0xFFFFFFFF, hedge)
    return head + hedge + suite.seal(peer.profile, 16, key, nonce, associated, content)


def read_outside(reader, topic):
    """(profile, outside)."""
    mark = reader.number(1)
    require(mark in (MAILBOX_MARK, STATUS_MARK), "neither a mailbox nor a status")
    profile = reader.number(1)
    generation = reader.number(4) if mark == MAILBOX_MARK else None
    return profile, Outside(generation, reader.number(8), topic)


def unseal(peer, topic, message):
    """(outside, content in CBOR)."""
    reader = Reader(message)
    profile, outside = read_outside(reader, topic)
    require(profile == peer.profile, "another profile than agreed")
    associated, label = outside.associated(peer), outside.label()
    if profile == PUBLIC_KEY:
        signed = hpke.unseal(peer.own, b"sealed-mqtt 1 " + label + peer.namespace, associated, reader.rest())
        return outside, cose.verify(peer.other, b"sealed-mqtt 1 " + label + associated, signed)
    key, _ = keys_of(peer, label)
    nonce = suite.nonce_of(profile, outside.version & 0xFFFFFFFF, reader.take(8))
    return outside, suite.unseal(profile, 16, key, nonce, associated, reader.rest())


def open_mailbox(peer, topic, message, last=None):
    """What the mailbox says; None when it is the one that was taken. `last`: (generation, version) of that."""
    require(message[:1] == b"\xfb", "no mailbox")
    outside, content = unseal(peer, topic, message)
    order = outside.generation, outside.version
    require(last is None or order >= last, "older than the last", "rollback")
    if order == last:
        return None
    value = records.read(records.MAILBOX, content)
    require((value[2], value[1]) == order, "another version inside")
    require(value[3] == outside.device(), "for another device")
    return value


def open_status(peer, topic, message, last=None):
    """What the status says. `last`: the count of the last one taken."""
    require(message[:1] == b"\xfc", "no status")
    outside, content = unseal(peer, topic, message)
    require(last is None or outside.version >= last, "older than the last", "rollback")
    if outside.version == last:
        return None
    value = records.read(records.STATUS, content)
    require(value[1] == outside.version, "another count inside")
    return value
