"""Streams (section 6)."""
from sealed import forms, plain, stream
from sealed.blinding import Blinding
from sealed.octets import u16, u32, u64, u8
from .common import COMBINATIONS, STATE, TOPIC, File, flipped, seeded
from .message import EPOCH, SIGNER, draft, group

LAST = stream.LAST


class Cases:
    """Adds cases of one group."""

    def __init__(self, file, of):
        self.file, self.of = file, of
        file.group("stream", **forms.group_form(of))

    def seal(self, comment, what, size, counts, flags=(), topic=TOPIC):
        head, chunks = stream.seal_chunks(self.of, topic, what, size)
        messages = stream.messages_of(head, size, chunks, counts(len(chunks)))
        opened = stream.unseal(self.of, topic, messages)
        more = {"fields": what.fields.hex()} if what.fields is not None else {}
        self.file.valid(comment, flags, topic=forms.hex_of(topic), sender=what.sender, epoch=what.epoch,
                        position=what.position, chunkSize=size, counts=counts(len(chunks)), noise=what.noise.hex(), **more,
                        **forms.opened_form(opened), messages=[one.hex() for one in messages])

    def take(self, comment, messages, what):
        """Other messages that a whole stream comes of."""
        opened = stream.unseal(self.of, TOPIC, messages)
        self.file.valid(comment, ["OpenOnly"], topic=forms.hex_of(TOPIC), sender=what.sender, epoch=what.epoch,
                        position=what.position, **forms.opened_form(opened), messages=[one.hex() for one in messages])

    def refuse(self, comment, messages, flags, event="not opened", topic=TOPIC):
        self.file.invalid(comment, flags, event, topic=forms.hex_of(topic), messages=[one.hex() for one in messages])


def together(count):
    return [count]


def apart(count):
    return [1] * count


def in_pairs(count):
    return [2] * (count // 2) + [1] * (count % 2)


def make():
    file = File("stream")
    for suite, tag_size in COMBINATIONS:
        add_basics(Cases(file, group(suite, tag_size)))
    add_sizes(Cases(file, group(class_=STATE)))
    add_blinded(file)
    cases = Cases(file, group())
    add_orders(cases)
    add_cuts(cases)
    add_contents(cases)
    return file.form


def add_basics(cases):
    what = draft(seeded("stream", 200))
    for comment, counts in (("one message", together), ("a message for each chunk", apart), ("two chunks in each", in_pairs)):
        cases.seal(f"four chunks, {comment}", what, 64, counts)
    cases.seal("a sender that adds to what the hedge is of", draft(seeded("stream", 70), noise=b"boot 7"), 64, apart, ["Noise"])
    cases.seal("signed groups, a sender that does not", draft(b"x"), 64, together)


def add_sizes(cases):
    for size in (0, 1, 62, 63, 64, 126, 127, 128):
        cases.seal(f"a payload of {size} bytes in chunks of 64", draft(seeded("stream", size)), 64, together)
    cases.seal("chunks of 2^20, fewer bytes", draft(b"short"), 1 << 20, together)
    cases.seal("position 0", draft(b"x" * 100, position=0), 64, apart)
    fields = plain.write_fields([(plain.CONTENT_TYPE, b"application/octet-stream"), (plain.STREAM_SIZE, u64(1 + 2 + 38 + 503))])
    cases.seal("with fields and its size, RETAIN", draft(seeded("stream", 503), fields=fields, retain=True), 100, apart, ["Fields"])
    what = draft(seeded("stream", 30), fields=plain.write_fields([(plain.CORRELATION, bytes(200))]))
    head, chunks = stream.seal_chunks(cases.of, TOPIC, what, 64)
    cases.refuse("fields beyond the first chunk", [stream.message_of(head, 64, 0, chunks, True)], ["BadFields"])


def add_blinded(file):
    blinding = Blinding(seeded("blinding"), 1, 1)
    cases, seen = Cases(file, group(blinding=blinding)), blinding.blind(TOPIC)
    for name, is_good in ((TOPIC, True), ("home/bath/temp", False), (None, False)):
        fields = plain.write_fields([(plain.TOPIC, name.encode())]) if name else None
        what = draft(seeded("stream", 100), fields=fields)
        if is_good:
            cases.seal("with the name of its topic", what, 64, apart, ["Blinded"], seen)
            continue
        head, chunks = stream.seal_chunks(cases.of, seen, what, 64)
        messages = stream.messages_of(head, 64, chunks, [len(chunks)])
        cases.refuse("with the name of another topic" if name else "without the name of its topic", messages, ["Blinded"], topic=seen)


def add_orders(cases):
    what, size = draft(seeded("stream", 200)), 64
    head, chunks = stream.seal_chunks(cases.of, TOPIC, what, size)
    a, b, c, d = stream.messages_of(head, size, chunks, [1, 1, 1, 1])
    pair, tail = stream.messages_of(head, size, chunks, [2, 2])
    whole, = stream.messages_of(head, size, chunks, [4])
    cases.take("a missing chunk that is sent later", [a, c, b, c, d], what)
    cases.take("a chunk twice", [a, a, b, b, c, d, d], what)
    cases.take("the sender goes on from an index that was there", [a, b, pair, tail], what)
    cases.take("from the beginning, in one message", [a, b, whole], what)
    order = ["Order"]
    cases.refuse("the last chunk is missing", [a, b, c], order, "not whole")
    cases.refuse("nothing but the first", [a], order, "not whole")
    cases.refuse("a chunk in the middle is missing", [a, b, d], order, "missing")
    cases.refuse("the first is missing", [b, c, d], order, "missing")
    cases.refuse("two chunks are swapped", [a, c, b, d], order, "missing")
    swapped = stream.message_of(head, size, 0, [chunks[0], chunks[2], chunks[1], chunks[3]], True)
    cases.refuse("two chunks are swapped in their message", [swapped], order)
    doubled = stream.message_of(head, size, 0, [chunks[0], chunks[1], chunks[1], chunks[3]], True)
    cases.refuse("a chunk stands for the next", [doubled], order)
    other = draft(seeded("stream", 200), position=0x12346)
    head2, chunks2 = stream.seal_chunks(cases.of, TOPIC, other, size)
    mixed = stream.message_of(head, size, 0, [chunks[0], chunks2[1], chunks[2], chunks[3]], True)
    cases.refuse("a chunk of another stream of this sender", [mixed], order)
    late = stream.message_of(head2, size, 1, chunks2[1:], True)
    cases.refuse("a message of another stream follows", [a, late], order)


def add_cuts(cases):
    what, size, bad = draft(seeded("stream", 200)), 64, ["BadChunk"]
    head, chunks = stream.seal_chunks(cases.of, TOPIC, what, size)
    whole = stream.message_of(head, size, 0, chunks, True)
    cases.refuse("a bit is another", [flipped(whole, 200)], bad)
    cases.refuse("the last tag is cut", [whole[:-1]], bad)
    cases.refuse("the last chunk is left out, the third said to be the last", [stream.message_of(head, size, 0, chunks[:3], True)], bad)
    cases.refuse("the last chunk is said not to be", [stream.message_of(head, size, 0, chunks, False)], bad)
    cases.refuse("no chunk", [stream.message_of(head, size, 0, [], False)], bad)
    cases.refuse("no chunk, said to be the last", [stream.message_of(head, size, 0, [], True)], bad)
    cases.refuse("cut behind the header", [head], bad)
    cases.refuse("cut within c", [head + u16(0)], bad)
    for wrong in (63, 65, 0, (1 << 20) + 1):
        cases.refuse(f"c of {wrong} where it was 64", [head + u32(wrong) + whole[len(head) + 4:]], bad)
    cases.refuse("an index that ends above 2^31 - 1", [stream.message_of(head, size, LAST - 2, chunks, True)], bad)
    for name, what in (("sender that signs", draft(b"x", sender=SIGNER)),):
        head, chunks = stream.seal_chunks(cases.of, TOPIC, what, size)
        cases.refuse(f"of a {name}", [stream.message_of(head, size, 0, chunks, True)], ["BadSignature"], "bad signature")


def add_contents(cases):
    def refused(comment, text, index=LAST, flags=("BadContent",)):
        what = draft()
        head, _ = stream.seal_chunks(cases.of, TOPIC, what, 64)
        chunk = stream.seal_chunk(cases.of, TOPIC, what, 64, head, index, text)
        cases.refuse(comment, [stream.message_of(head, 64, 0, [chunk], True)], list(flags))

    refused("a last chunk of no bytes", b"")
    refused("padding in a stream", u8(2) + b"x\x80\0")
    refused("an unknown flag", u8(8) + b"x")
    refused("fields larger than the stream", u8(1) + u16(100) + b"x")
    refused("fields descend", u8(1) + u16(8) + b"\3\0\1x\1\0\1y")
    refused("one byte more than it says", u8(1) + u16(11) + b"\x08\0\x08" + u64(15) + b"12")
    refused("one byte less than it says", u8(1) + u16(11) + b"\x08\0\x08" + u64(17) + b"12")
