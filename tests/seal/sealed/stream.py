"""Streams (section 6): one text in pieces, each sealed on its own, none of which can be left out, swapped or cut off."""
from . import header, keys, plain
from .message import Opened, locate
from .octets import Reader, Refused, require, u32
from .suite import hedge_of, nonce_of, seal as aead_seal, unseal as aead_unseal

LAST = 1 << 31
SMALLEST, LARGEST = 64, 1 << 20


def chunk_keys(group, epoch, sender, position):
    secret = group.secret(epoch, sender, position)
    return keys.stream_keys(group.suite, secret, group.id, epoch, sender, position)


def associated_of(group, topic, head, size, index, epoch):
    return head + u32(size) + u32(index) + group.tail(epoch, topic)


def seal_chunks(group, topic, draft, size):
    """(head, chunks) of a draft's payload with flags and fields in front."""
    text = plain.write_head(draft.fields, False, draft.retain) + draft.payload
    head = header.write(header.STREAM, draft.sender, draft.epoch, draft.position)
    pieces = [text[at:at + size] for at in range(0, len(text), size)]
    return head, [seal_chunk(group, topic, draft, size, head, i | (LAST if i + 1 == len(pieces) else 0), piece)
                  for i, piece in enumerate(pieces)]


def seal_chunk(group, topic, draft, size, head, index, piece):
    key, hedge_key = chunk_keys(group, draft.epoch, draft.sender, draft.position)
    associated = associated_of(group, topic, head, size, index, draft.epoch)
    hedge = hedge_of(group.suite, hedge_key, associated, piece + draft.noise)
    nonce = nonce_of(group.suite, index & ~LAST, hedge)
    return hedge + aead_seal(group.suite, group.tag_size, key, nonce, associated, piece)


def message_of(head, size, first, chunks, has_last):
    return head + u32(size) + u32(first | (LAST if has_last else 0)) + b"".join(chunks)


def messages_of(head, size, chunks, counts):
    """The stream's messages; `counts` says how many chunks each has."""
    result, first = [], 0
    for count in counts:
        result.append(message_of(head, size, first, chunks[first:first + count], first + count == len(chunks)))
        first += count
    return result


def chunks_of(where, tag_size):
    """(c, [(index with bit 31 for the last, chunk)]) of a message."""
    reader = Reader(where.rest)
    size, first = reader.number(4), reader.number(4)
    require(SMALLEST <= size <= LARGEST, "chunks of a size that is not allowed")
    has_last, first = bool(first & LAST), first & ~LAST
    whole, body = 8 + size + tag_size, reader.rest()
    pieces = [body[at:at + whole] for at in range(0, len(body), whole)]
    require(pieces, "no chunk")
    require(len(pieces[-1]) == whole or has_last and len(pieces[-1]) > 8 + tag_size, "a chunk that is cut")
    require(first + len(pieces) <= LAST, "too many chunks")
    marks = [0] * (len(pieces) - 1) + [LAST if has_last else 0]
    return size, [(first + i | mark, piece) for i, (mark, piece) in enumerate(zip(marks, pieces))]


class Opener:
    """Takes the messages of one stream. `next` is the index that it waits for; `opened` what it was, once it is whole."""

    def __init__(self, group, topic, where):
        self.group, self.topic, self.where = group, topic, where
        self.size, self.next, self.text, self.opened = None, 0, b"", None

    def open_chunk(self, size, index, chunk):
        key, _ = chunk_keys(self.group, self.where.epoch, self.where.sender, self.where.position)
        associated = associated_of(self.group, self.topic, self.where.head, size, index, self.where.epoch)
        nonce = nonce_of(self.group.suite, index & ~LAST, chunk[:8])
        return aead_unseal(self.group.suite, self.group.tag_size, key, nonce, associated, chunk[8:])

    def take(self, where):
        """How many chunks were new. Refuses as "missing" what begins behind the one it waits for."""
        size, chunks = chunks_of(where, self.group.tag_size)
        require(self.size in (None, size), "another chunk size than before")
        require((chunks[0][0] & ~LAST) <= self.next, f"chunk {self.next} is missing", "missing")
        new = 0
        for index, chunk in chunks:
            if index & ~LAST < self.next or self.opened:
                continue
            piece = self.open_chunk(size, index, chunk)
            if index & ~LAST == 0:
                plain.read_head(Reader(piece), is_stream=True)
            self.size, self.next, self.text, new = size, self.next + 1, self.text + piece, new + 1
            if index & LAST:
                self.opened = self.finish()
        return new

    def finish(self):
        reader = Reader(self.text)
        flags, fields = plain.read_head(reader, is_stream=True)
        opened = Opened(self.where, flags, fields, reader.rest())
        promised = opened.values(plain.STREAM_SIZE)
        require(not promised or int.from_bytes(promised[0], "big") == len(self.text), "another size than promised")
        self.group.judge_name(self.topic, opened.values(plain.TOPIC))
        return opened


def unseal(group, topic, messages):
    """The whole stream, of messages in this order; refuses with the first event when it does not become whole."""
    opener, event = None, None
    for envelope in messages:
        try:
            where = locate(group, envelope)
            require(where.kind == header.STREAM, "no chunks")
            opener = opener or Opener(group, topic, where)
            require(where.head == opener.where.head, "of another stream")
            opener.take(where)
        except Refused as refused:
            event = event or refused
    if opener and opener.opened:
        return opener.opened
    raise event or Refused("not whole", "the last chunk did not come")
