"""Messages, kinds 0 and 1 (section 5)."""
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from sealed import forms, header, keys, message, plain, suite
from sealed.blinding import Blinding
from sealed.message import Draft
from sealed.octets import u16, u64, u8
from .common import COMBINATIONS, STATE, STREAM, TOPIC, File, flipped, group_with, public_key, secret_key, seeded

SIGNER, OTHER_SIGNER = 7, 9
EPOCH = 3
NOW = 1_700_000_000_000
ALL_FIELDS = ((plain.CONTENT_TYPE, b"text/plain"), (plain.RESPONSE_TOPIC, "antwort/ü".encode()), (plain.CORRELATION, b"\0\1\2"),
              (plain.SEALED_AT, u64(NOW)), (plain.VALID_UNTIL, u64(NOW + 60_000)), (plain.BOOT_NONCE, seeded("boot", 8)),
              (plain.USER_PROPERTY, (b"a", b"1")), (plain.USER_PROPERTY, (b"a", b"")), (200, b"from tomorrow"))


def group(number=1, tag_size=16, class_=STREAM, epochs=(EPOCH,), **more):
    signing = {SIGNER: public_key("signer"), OTHER_SIGNER: public_key("other signer")}
    return group_with(number, tag_size, class_, epochs, signing=signing, senders=[(1, 9), (200, (1 << 24) - 1)], **more)


def draft(payload=b"21.5", **more):
    values = {"sender": 258, "epoch": EPOCH, "position": 0x12345, **more}
    return Draft(payload=payload, **values)


class Cases:
    """Adds cases of one group."""

    def __init__(self, file, of):
        self.file, self.of = file, of
        file.group("message", **forms.group_form(of))

    def seal(self, comment, what, flags=(), topic=TOPIC, times=1):
        envelope, associated, text = message.seal(self.of, topic * times, what)
        more = {"topicTimes": times} if times > 1 else {"associated": associated.hex(), "plain": text.hex()}
        if what.fields is not None:
            more["fields"] = what.fields.hex()
        if what.signing:
            more["signingSecret"] = what.signing.hex()
        opened = message.unseal(self.of, topic * times, message.locate(self.of, envelope))
        self.file.valid(comment, flags, topic=forms.hex_of(topic), kind=opened.where.kind, sender=what.sender,
                        epoch=what.epoch, position=what.position, noise=what.noise.hex(), padding=list(what.padding),
                        **more, **{**forms.opened_form(opened), "envelope": envelope.hex()})
        return envelope

    def refuse(self, comment, envelope, flags, event="not opened", topic=TOPIC):
        self.file.invalid(comment, flags, event, topic=forms.hex_of(topic), envelope=envelope.hex())

    def refuse_plain(self, comment, text, flags, what=None):
        """An envelope with a good tag around a P that is none."""
        what = what or draft()
        head = header.write(header.MESSAGE, what.sender, what.epoch, what.position)
        associated = head + self.of.tail(what.epoch, TOPIC)
        self.refuse(comment, message.encrypt(self.of, what, head, associated, text), flags)


def make():
    file = File("message")
    for number, tag_size in COMBINATIONS:
        for class_ in (STATE, STREAM):
            add_basics(Cases(file, group(number, tag_size, class_)))
    add_positions(file)
    add_epochs(file)
    add_holds(file)
    cases = Cases(file, group())
    add_topics(cases)
    add_fields(cases)
    add_padding(cases)
    add_signatures(cases)
    for number in (2, 3):
        add_signatures_short(Cases(file, group(number)))
    add_long_topics(file)
    add_blinded(file)
    add_too_long(file)
    return file.form


def add_basics(cases):
    envelope = cases.seal("a payload", draft())
    cases.seal("an empty payload", draft(b""))
    cases.seal("RETAIN was asked for", draft(retain=True))
    cases.seal("a payload of many blocks", draft(seeded("payload", 257)))
    cases.seal("fields of every kind", draft(fields=plain.write_fields(ALL_FIELDS)), ["Fields"])
    cases.seal("padding to a multiple of 32", draft(padding=(1, 32)), ["Padding"])
    cases.seal("a sender that adds to what the hedge is of", draft(noise=b"boot 7"), ["Noise"])
    signed = cases.seal("signed", draft(sender=SIGNER, signing=secret_key("signer")), ["Signed"])
    size = len(message.locate(cases.of, envelope).head)
    for name, at in (("hedge", size), ("ciphertext", size + 8), ("tag", len(envelope) - 1)):
        cases.refuse(f"a bit of the {name} is another", flipped(envelope, at, 3), ["Changed"])
    cases.refuse("a bit of the signed ciphertext is another", flipped(signed, size + 20), ["Changed"])
    for name, at in (("sender", 2), ("position", size - 1)):
        cases.refuse(f"a bit of the header is another: {name}", flipped(envelope, at), ["Changed"])
    cases.refuse("another kind", flipped(envelope, 0), ["Changed"])
    cases.refuse("the tag is cut by a byte", envelope[:-1], ["Truncated"])
    cases.refuse("the tag is cut by half", envelope[:-(cases.of.tag_size // 2)], ["Truncated"])
    cases.refuse("shorter than a tag", envelope[:size + 8 + cases.of.tag_size - 1], ["Truncated"])
    cases.refuse("the header alone", envelope[:size], ["Truncated"])
    cases.refuse("a byte follows", envelope + b"\0", ["Changed"])
    cases.refuse("under another topic", envelope, ["Topic"], topic="home/kitchen/tempo")
    add_long_header(cases)
    add_others(cases)


def add_long_header(cases):
    """Sealed with a header that could be shorter: whoever opens must look, for the tag is good."""
    for comment, head, sender, position in (("KID", "f8a5000103", 1, 5), ("CTR", "f898010305", 1, 5), ("sender 0", "f8900003", 0, 0)):
        head = bytes.fromhex(head)
        envelope = message.encrypt(cases.of, draft(sender=sender, position=position), head,
                                   head + cases.of.tail(EPOCH, TOPIC), b"\0x")
        cases.refuse(f"a header that is not allowed, with a good tag: {comment}", envelope, ["BadHeader"])


def add_others(cases):
    """Sealed as it should be, for another group, class, tag size, suite or epoch's secret."""
    of = cases.of
    other_tag = {16: 8, 8: 16}[of.tag_size]
    strangers = [("class", group(of.suite, of.tag_size, 1 - of.class_)), ("group", group(of.suite, of.tag_size, of.class_))]
    strangers[1][1].id = seeded("another group", 8)
    if of.suite != 1:
        strangers.append(("tag size", group(of.suite, other_tag, of.class_)))
    strangers.append(("suite", group(of.suite % 3 + 1, 16, of.class_)))
    strangers.append(("epoch that is congruent", group(of.suite, of.tag_size, of.class_, [EPOCH + 256])))
    for name, stranger in strangers:
        epoch = max(stranger.epochs)
        envelope, _, _ = message.seal(stranger, TOPIC, draft(epoch=epoch))
        cases.refuse(f"of another {name}", envelope, ["Stranger"])


def add_positions(file):
    for class_ in (STATE, STREAM):
        cases = Cases(file, group(class_=class_))
        for position in (0, 7, 8, 255, 256, 4094, 4095, 4096, 8191, 8192, 65535, 65536, 0xFFFFFF, 0x1000000, (1 << 28) - 1):
            cases.seal(f"position {position}", draft(position=position), ["Position"])
        for sender in (1, 255, 256, 65535, 65536, (1 << 24) - 1):
            cases.seal(f"sender {sender}", draft(sender=sender), ["Sender"])
        stranger = group(class_=class_)
        stranger.senders = [(1, (1 << 24) - 1)]
        for sender in (10, 199):
            envelope, _, _ = message.seal(stranger, TOPIC, draft(sender=sender))
            cases.refuse(f"sender {sender}, who may not write", envelope, ["Sender"])
    # The secret of a far window in the suites whose steps are quick is in derivation.json.
    cases = Cases(file, group(2))
    for position in (4095, 4096, 20 << 12 | 5):
        cases.seal(f"position {position}", draft(position=position), ["Position"])


def add_epochs(file):
    held = (1, 255, 256, 257, 512, 1023)
    cases = Cases(file, group(class_=STATE, epochs=held))
    everything = group(class_=STATE, epochs=(*held, 511, 1279))
    for epoch in (255, 257, 512, 1023):
        if max(other for other in held if other % 256 == epoch % 256) == epoch:
            cases.seal(f"epoch {epoch}", draft(epoch=epoch), ["Epoch"])
    for epoch, why in ((1, "257 is held too"), (255, "1023 is held too"), (256, "512 is held too"), (511, "1023 is held"),
                       (1279, "1023 is held")):
        envelope, _, _ = message.seal(everything, TOPIC, draft(epoch=epoch))
        cases.refuse(f"epoch {epoch}: {why}", envelope, ["Epoch"])
    envelope, _, _ = message.seal(group(epochs=(2,)), TOPIC, draft(epoch=2))
    cases.refuse("an epoch that nothing held is congruent to", envelope, ["Epoch"])


def add_holds(file):
    """Members that hold less than the epoch's secret open the same envelopes."""
    whole = group(class_=STATE)
    top = keys.class_secret(1, whole.epochs[EPOCH][1], whole.id, EPOCH, STATE)
    first = keys.sender_secret(1, top, whole.id, EPOCH, 258)
    envelope, _, _ = message.seal(whole, TOPIC, draft())
    other, _, _ = message.seal(whole, TOPIC, draft(sender=259))
    cases = Cases(file, group(class_=STATE, epochs=()))
    cases.of.epochs[EPOCH] = (2, top)
    file.form["testGroups"][-1].update(forms.group_form(cases.of))
    assert cases.seal("with the class secret", draft(), ["ClassSecret"]) == envelope
    cases = Cases(file, group(class_=STATE, epochs=(), own=258))
    cases.of.epochs[EPOCH] = (1, first)
    file.form["testGroups"][-1].update(forms.group_form(cases.of))
    assert cases.seal("with the own secret", draft(), ["OwnSecret"]) == envelope
    cases.refuse("another sender's, with the own secret alone", other, ["OwnSecret"])


def add_topics(cases):
    for topic in ("a", "ä/ö/ü", "温度/厨房", "🦭", "/", "//", "a//b", " ", "$SYS/x", "home/kitchen/temp/"):
        cases.seal(f"topic {ascii(topic)}", draft(), ["Topic"], topic)
    cases.seal("an empty topic name, when an alias stands for it no more", draft(), ["Topic"], "")
    composed, _, _ = message.seal(cases.of, "caf\u00e9", draft())
    cases.refuse("the same letters, decomposed", composed, ["Topic"], topic="cafe\u0301")
    upper, _, _ = message.seal(cases.of, "Home", draft())
    cases.refuse("another case", upper, ["Topic"], topic="home")


def add_long_topics(file):
    for suite in (1, 3):
        cases = Cases(file, group(suite))
        for size in (0xFEFF - 24, 65535)[:2 if suite == 1 else 1]:
            cases.seal(f"a topic of {size} bytes", draft(), ["Topic", "LongTopic"], "t", size)


def add_blinded(file):
    """Topics as the broker has them; field 9 says what they were."""
    for variant, hash_ in ((1, 1), (2, 2)):
        blinding = Blinding(seeded("blinding"), variant, hash_, ["home/+/temp"])
        cases = Cases(file, group(blinding=blinding, filters=["home/kitchen/temp"]))
        add_named(cases, blinding)


def add_named(cases, blinding):
    flags, seen = ["Blinded"], blinding.blind(TOPIC)

    def named(name, *fields):
        return draft(fields=plain.write_fields([*fields, (plain.TOPIC, name.encode())]))

    cases.seal("with its name", named(TOPIC), flags, seen)
    cases.seal("with its name behind a user property", named(TOPIC, (plain.USER_PROPERTY, (b"a", b"b"))), flags, seen)
    cases.seal("a name of other letters", named("温度/ü"), flags, blinding.blind("温度/ü"))
    cases.seal("a topic that is not blinded, with its name", named("$home/x"), flags, "$home/x")
    for comment, what in (("without its name", draft()), ("with another name", named("home/bath/temp")), ("with its blinded name", named(seen)),
                          ("with an empty name", named(""))):
        open_group = group()
        envelope, _, _ = message.seal(open_group, seen, what)
        cases.refuse(comment, envelope, flags, topic=seen)
    envelope, _, _ = message.seal(cases.of, seen, named(TOPIC))
    cases.refuse("on the topic that its name is", envelope, flags)


def add_fields(cases):
    def sealed(comment, *fields):
        cases.seal(comment, draft(fields=plain.write_fields(fields)), ["Fields"])

    def refused(comment, data, flags=1):
        cases.refuse_plain(comment, u8(flags) + u16(len(data)) + data + b"payload", ["BadFields"])

    sealed("fields of no bytes")
    sealed("an empty content type", (1, b""))
    sealed("an empty user property", (7, (b"", b"")))
    sealed("fields from 128 on are passed over", (4, u64(NOW)), (128, b""), (129, b"x"), (255, b"y" * 300))
    sealed("fields of 3,003 bytes", (3, bytes(3000)))
    write = plain.write_fields
    refused("fields descend", write([(3, b"x"), (1, b"y")]))
    refused("the same field twice", write([(3, b"x"), (3, b"x")]))
    refused("the same unknown field twice", write([(200, b"x"), (200, b"x")]))
    refused("unknown fields descend", write([(201, b"x"), (200, b"x")]))
    for type_ in (0, 10, 64, 127):
        refused(f"unknown field {type_}", write([(type_, b"x")]))
    for type_ in (4, 5, 6):
        for size in (0, 7, 9):
            refused(f"field {type_} of {size} bytes", write([(type_, bytes(size))]))
    refused("the size of a stream, in a message", write([(8, u64(7))]))
    refused("the name of a blinded topic, where none is blinded", write([(9, TOPIC.encode())]))
    refused("a content type that is no UTF-8", write([(1, b"\xff")]))
    refused("a response topic with a surrogate", write([(2, b"\xed\xa0\x80")]))
    refused("a response topic with U+0000", write([(2, b"a\0b")]))
    refused("a user property that is no UTF-8", write([(7, (b"a", b"\xc3"))]))
    refused("a user property whose name is cut", write([(7, b"\0\5abc")]))
    refused("a user property of one byte", write([(7, b"\0")]))
    refused("a field that ends in its type", b"\1")
    refused("a field that ends in its size", b"\1\0")
    refused("a field that is cut", b"\1\0\5abcd")
    cases.refuse_plain("fields larger than the message", u8(1) + u16(300) + b"x" * 299, ["BadFields"])
    cases.refuse_plain("fields whose size is cut", u8(1) + b"\0", ["BadFields"])
    cases.refuse_plain("not even flags", b"", ["BadFlags"])
    for bit in range(3, 8):
        cases.refuse_plain(f"flag {1 << bit:#04x}", u8(1 << bit) + b"payload", ["BadFlags"])


def add_padding(cases):
    def sealed(comment, payload, *padding):
        cases.seal(comment, draft(payload, padding=padding), ["Padding"])

    for size in (13, 14, 15):
        sealed(f"{size} bytes to a multiple of 16", b"x" * size, 1, 16)
    sealed("to a multiple of 1", b"x", 1, 1)
    for size in (0, 1, 2, 7, 8, 30, 100, 255, 1000):
        sealed(f"{size} bytes, Padmé", b"x" * size, 2)
    for size in (1, 62, 63, 200):
        sealed(f"{size} bytes to the next of 64 and 256", b"x" * size, 3, 64, 256)
    sealed("more than the largest of the list: the one byte alone", b"x" * 256, 3, 64, 256)
    sealed("a payload that ends like padding", b"x\x80\0\0", 1, 16)
    cases.seal("a payload that ends like padding, and none", draft(b"x\x80\0\0"), ["Padding"])
    cases.seal("fields, RETAIN, padding", draft(fields=plain.write_fields(ALL_FIELDS), padding=(2,), retain=True),
               ["Padding", "Fields"])
    bad = ["BadPadding"]
    cases.refuse_plain("padding of zeros alone", u8(2) + bytes(15), bad)
    cases.refuse_plain("padding that begins with 0x81", u8(2) + b"x\x81" + bytes(13), bad)
    cases.refuse_plain("padding that begins with 0x01", u8(2) + b"x\x01" + bytes(13), bad)
    cases.refuse_plain("padding that is not there", u8(2) + b"payload", bad)
    cases.refuse_plain("padding in a message of flags alone", u8(2), bad)
    cases.refuse_plain("padding that begins within the fields", u8(3) + u16(4) + b"\3\0\1\x80", bad)


def add_signatures_short(cases):
    ours = {"sender": SIGNER, "signing": secret_key("signer")}
    cases.seal("signed, fields and padding", draft(fields=plain.write_fields(ALL_FIELDS), padding=(1, 64), **ours), ["Signed"])
    forged, _, _ = message.seal(cases.of, TOPIC, draft(sender=SIGNER, signing=secret_key("other signer")))
    cases.refuse("signed by another member", forged, ["BadSignature"], "bad signature")
    unsigned, _, _ = message.seal(cases.of, TOPIC, draft(sender=SIGNER))
    cases.refuse("unsigned, of a sender that signs", unsigned, ["BadSignature"], "bad signature")


def add_signatures(cases):
    add_signatures_short(cases)
    ours = {"sender": SIGNER, "signing": secret_key("signer")}
    cases.seal("signed, an empty payload", draft(b"", **ours), ["Signed"])
    cases.seal("signed, padding to 100 or 200", draft(padding=(3, 100, 200), **ours), ["Signed", "Padding"])
    nobody, _, _ = message.seal(cases.of, TOPIC, draft(signing=secret_key("signer")))
    cases.refuse("signed, of a sender without a signing key", nobody, ["BadSignature"], "bad signature")
    for comment, change in (("r is 0", lambda signature: bytes(32) + signature[32:]),
                            ("s is 0", lambda signature: signature[:32] + bytes(32)),
                            ("r and s are swapped", lambda signature: signature[32:] + signature[:32]),
                            ("a bit is another", lambda signature: flipped(signature, 40))):
        add_bad_signature(cases, comment, change, SIGNER)
    add_bad_signature(cases, "of another position", lambda signature: signature, SIGNER, draft(position=5, **ours))
    add_bad_signature(cases, "of another topic", lambda signature: signature, SIGNER, draft(**ours), "home/kitchen/humidity")
    what = draft(sender=SIGNER)
    head = header.write(header.SIGNED, what.sender, what.epoch, what.position)
    text = u8(0) + bytes(63)
    envelope = message.encrypt(cases.of, what, head, head + cases.of.tail(EPOCH, TOPIC), text)
    cases.refuse("too short for a signature", envelope, ["BadSignature"])


def add_bad_signature(cases, comment, change, sender, donor=None, topic=TOPIC):
    donor = donor or draft(sender=sender, signing=secret_key("signer"))
    _, _, text = message.seal(cases.of, topic, donor)
    what = draft(sender=sender)
    head = header.write(header.SIGNED, what.sender, what.epoch, what.position)
    text = text[:-64] + change(text[-64:])
    envelope = message.encrypt(cases.of, what, head, head + cases.of.tail(EPOCH, TOPIC), text)
    cases.refuse(f"signature: {comment}", envelope, ["BadSignature"], "bad signature")


def add_too_long(file):
    """What CCM takes is limited: not all libraries take associated data that needs more than two bytes for its size."""
    cases, what, size = Cases(file, group(3)), draft(), 0xFF00 - 24
    head = header.write(header.MESSAGE, what.sender, what.epoch, what.position)
    associated, text = head + cases.of.tail(EPOCH, "t" * size), b"\0" + what.payload
    secret = cases.of.secret(EPOCH, what.sender, what.position)
    key, hedge_key = keys.message_keys(3, secret, cases.of.id, EPOCH, what.sender)
    hedge = suite.hedge_of(3, hedge_key, associated, text)
    sealed = AESCCM(key, tag_length=16).encrypt(suite.nonce_of(3, what.position, hedge), text, associated)
    assert len(associated) == 0xFF00
    file.invalid("an A of 65,280 bytes, with a good tag", ["Topic", "LongTopic"], topic=forms.hex_of("t"), topicTimes=size,
                 envelope=(head + hedge + sealed).hex())
