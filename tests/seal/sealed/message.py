"""A message (section 5), sealed and opened; what a reader remembers is not here."""
from dataclasses import dataclass

from . import header, keys, p256, plain
from .octets import Reader, require
from .suite import hedge_of, nonce_of, seal as aead_seal, unseal as aead_unseal

SIGNATURE = 64
LARGEST = (1 << 24) - 1


@dataclass
class Located:
    """What the outside of an envelope says; `head` is its bytes, `rest` what follows."""
    kind: int
    sender: int
    epoch: int
    position: int
    head: bytes
    rest: bytes

    def window(self):
        return self.position // keys.PLACES

    def order(self):
        return self.epoch, self.position


@dataclass
class Opened:
    """What was inside."""
    where: Located
    flags: int
    fields: list
    payload: bytes

    def values(self, type_):
        return [value for found, value in self.fields if found == type_]


@dataclass
class Draft:
    """What a sender wants to seal. `fields` is their bytes, or None for none."""
    sender: int
    epoch: int
    position: int
    payload: bytes
    fields: bytes = None
    retain: bool = False
    padding: tuple = (0,)
    signing: bytes = None
    noise: bytes = b""


def is_sealed(envelope):
    """Whether the first byte is that of anything sealed."""
    return bool(envelope) and envelope[0] & 0xF8 == header.MARK


def locate(group, envelope):
    """Reads the outside; refuses senders and epochs that the group does not know."""
    reader = Reader(envelope)
    kind, sender, low, position = header.read(reader)
    require(group.may_write(sender), "an unknown sender")
    epoch = group.epoch_like(low)
    require(kind == header.SIGNED or sender not in group.signing, "unsigned, of a sender that signs", "bad signature")
    return Located(kind, sender, epoch, position, envelope[:reader.at], reader.rest())


def to_be_signed(associated, bare):
    return b"sealed-mqtt 1 sign" + associated + bare


def plain_of(draft, associated):
    """P of section 5."""
    text = plain.write_head(draft.fields, draft.padding[0] != 0, draft.retain) + draft.payload
    if draft.signing:
        text += p256.sign(draft.signing, to_be_signed(associated, text))
    text = plain.pad(text, draft.padding)
    require(len(text) <= LARGEST, "too large")
    return text


def seal(group, topic, draft):
    """(envelope, A, P)."""
    kind = header.SIGNED if draft.signing else header.MESSAGE
    head = header.write(kind, draft.sender, draft.epoch, draft.position)
    associated = head + group.tail(draft.epoch, topic)
    text = plain_of(draft, associated)
    return encrypt(group, draft, head, associated, text), associated, text


def encrypt(group, draft, head, associated, text):
    """The envelope of a P, whatever P says: the vectors want bad ones too."""
    secret = group.secret(draft.epoch, draft.sender, draft.position)
    key, hedge_key = keys.message_keys(group.suite, secret, group.id, draft.epoch, draft.sender)
    hedge = hedge_of(group.suite, hedge_key, associated, text + draft.noise)
    nonce = nonce_of(group.suite, draft.position, hedge)
    return head + hedge + aead_seal(group.suite, group.tag_size, key, nonce, associated, text)


def decrypt(group, topic, where):
    """(A, P)."""
    associated = where.head + group.tail(where.epoch, topic)
    reader = Reader(where.rest)
    hedge = reader.take(8)
    secret = group.secret(where.epoch, where.sender, where.position)
    key, _ = keys.message_keys(group.suite, secret, group.id, where.epoch, where.sender)
    nonce = nonce_of(group.suite, where.position, hedge)
    return associated, aead_unseal(group.suite, group.tag_size, key, nonce, associated, reader.rest())


def split(group, topic, where, associated, text):
    """P taken apart, and its signature verified."""
    require(1 <= len(text) <= LARGEST, "nothing inside, or too much")
    bare = plain.unpad(text) if text[0] & plain.PADDED else text
    if where.kind == header.SIGNED:
        require(len(bare) > SIGNATURE, "too short for a signature")
        bare, signature = bare[:-SIGNATURE], bare[-SIGNATURE:]
    reader = Reader(bare)
    flags, fields = plain.read_head(reader, is_stream=False)
    if where.kind == header.SIGNED:
        public = group.signing.get(where.sender)
        is_good = public is not None and p256.verify(public, to_be_signed(associated, bare), signature)
        require(is_good, "the signature is wrong", "bad signature")
    opened = Opened(where, flags, fields, reader.rest())
    group.judge_name(topic, opened.values(plain.TOPIC))
    return opened


def unseal(group, topic, where):
    """Opens what was located, kinds 0 and 1."""
    require(where.kind != header.STREAM, "chunks of a stream")
    associated, text = decrypt(group, topic, where)
    return split(group, topic, where, associated, text)
