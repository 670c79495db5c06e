"""What a reader makes of one envelope after another (section 5, positions), and the group of a topic (section 1)."""
from sealed import forms, message, plain, stream
from sealed.blinding import Blinding
from sealed.octets import u64
from sealed.reader import Reader
from sealed.topics import group_of
from .common import STATE, STREAM, TOPIC, File, flipped, group_with, public_key, secret_key, seeded
from .message import Draft

NOW = 1_700_000_000_000
BOOT = seeded("boot", 8)
WINDOW = 1 << 12
HUMIDITY = "home/kitchen/humidity"


class Sequence:
    """Envelopes that one reader gets, in this order."""

    def __init__(self, file, comment, of, now=None, boot_nonce=None, **more):
        self.file, self.of, self.reader = file, of, Reader([of], now, boot_nonce)
        self.writer = group_with(of.suite, of.tag_size, of.class_, (*of.epochs, 259))
        form = {"comment": comment, **forms.group_form(of), **more}
        if now is not None:
            form["now"] = "%016x" % now
        if boot_nonce:
            form["bootNonce"] = boot_nonce.hex()
        file.group("sequence", **form)

    def envelope(self, position, sender=1, epoch=1, payload=b"x", topic=TOPIC, **more):
        return message.seal(self.writer, topic, Draft(sender, epoch, position, payload, **more))[0]

    def get(self, comment, envelope, expected, gap=0, topic=TOPIC):
        event = self.reader.receive(topic, envelope)
        assert (event.name, event.gap) == (expected, gap), (comment, event.name, event.gap, expected, gap)
        is_good = expected in ("ok", "again", "chunks")
        payload = {"payload": event.opened.payload.hex()} if event.opened else {}
        self.file.add(comment, "valid" if is_good else "invalid", [], event=event.name, gap=event.gap,
                      topic=forms.hex_of(topic), envelope=envelope.hex(), **payload)

    def at(self, position, expected="ok", gap=0, comment=None, **more):
        """The message of a position."""
        topic = more.get("topic", TOPIC)
        self.get(comment or f"position {position}", self.envelope(position, **more), expected, gap, topic)


def make():
    file = File("reader")
    for suite, tag_size in ((1, 16), (2, 8), (3, 8)):
        add_stream(file, suite, tag_size)
        add_state(file, suite, tag_size)
    for add in (add_replays, add_window_turns, add_far_windows, add_epochs, add_state_epochs, add_floors, add_will, add_strangers,
                add_fields, add_signing, add_streams, add_blinded, add_choice):
        add(file)
    return file.form


def add_stream(file, suite, tag_size):
    of = Sequence(file, "class stream: order, gaps, replays", group_with(suite, tag_size, STREAM))
    of.at(5, comment="the first of all: nothing is missed")
    of.at(6)
    of.at(6, "replay", comment="position 6 again")
    of.at(9, gap=2)
    of.at(8, comment="one of those that were missed")
    of.at(8, "replay", comment="and again")
    of.at(7)
    of.at(10)
    of.at(0, comment="another sender begins", sender=2)
    of.at(0, "replay", sender=2)
    of.at(11, comment="under another topic, in the same count", topic=HUMIDITY)


def add_replays(file):
    of = Sequence(file, "class stream: the borders of what is remembered", group_with())
    of.at(100)
    of.at(200, gap=99)
    of.at(135, "replay", comment="65 below the highest")
    of.at(136, comment="64 below the highest")
    of.at(136, "replay")
    of.at(137)
    of.at(199)
    of.at(201)
    of.at(136, "replay", comment="now 65 below")
    of.at(138)
    of.at(266, gap=64)
    of.at(202, comment="64 below again, after a step of 65")
    of.at(201, "replay")
    of.at(400, gap=133)
    of.at(336, comment="nothing is left of before")
    of.at(400, "replay")


def add_window_turns(file):
    of = Sequence(file, "class stream: a new window at a start, and by itself", group_with())
    of.at(10)
    of.at(WINDOW, comment="the sender began again: nothing is told as missed")
    of.at(WINDOW + 1)
    of.at(11, "replay", comment="late, of the window before, more than 64 below")
    of.at(3 * WINDOW + 2, gap=2, comment="two windows on, not at its beginning")
    of.at(3 * WINDOW + 4090, gap=4087)
    of.at(4 * WINDOW, comment="the window is used up")
    of.at(4 * WINDOW - 1, comment="the last of the window before, late")
    of.at(4 * WINDOW - 1, "replay")
    of.at(4 * WINDOW + 62, gap=61)
    of.at(4 * WINDOW - 2, comment="64 below, in the window before")
    of.at(4 * WINDOW - 3, "replay", comment="65 below, in the window before")


def add_far_windows(file):
    of = Sequence(file, "class stream: far windows", group_with())
    of.at(0)
    of.at(300 * WINDOW)
    of.at(65535 * WINDOW, comment="the last window of an epoch")
    of.at((1 << 28) - 1, gap=4094, comment="the last position of an epoch")
    of.at((1 << 28) - 1, "replay")


def add_epochs(file):
    of = Sequence(file, "class stream: epochs", group_with(epochs=(255, 256, 257), window=2))
    of.at(7, "old epoch", epoch=255, comment="an epoch that is none of the two newest")
    of.at(7, epoch=256)
    of.at(8, epoch=256)
    of.at(0, epoch=257)
    of.at(9, "replay", epoch=256, comment="late, of the epoch before")
    of.at(1, epoch=257)
    of.at(9, "replay", epoch=256)
    of.at(3, epoch=256, sender=2, comment="a sender that is not yet in the new one")
    of.at(5, "not opened", epoch=259, comment="an epoch that is not held")


def add_state(file, suite, tag_size):
    of = Sequence(file, "class state: each topic has its last", group_with(suite, tag_size, STATE))
    of.at(50)
    of.at(50, "again", comment="the same again")
    of.at(40, "rollback", comment="an older one of this topic")
    of.at(40, topic=HUMIDITY, comment="older, but the first of its topic")
    of.at(5000, comment="far ahead: no gap is told")
    of.at(4999, "rollback")
    of.at(41, topic=HUMIDITY)
    of.at(3, sender=2, comment="another sender on the same topic")
    of.at(2, "rollback", sender=2)
    of.at(5000, "again")


def add_state_epochs(file):
    of = Sequence(file, "class state: the W newest epochs", group_with(class_=STATE, epochs=(1, 2, 3, 257), window=3))
    of.at(9, "not opened", epoch=1, comment="257 stands for 1")
    of.at(9, epoch=2)
    of.at(3, epoch=3, comment="a lower position of a higher epoch")
    of.at(10, "rollback", epoch=2, comment="a higher position of a lower epoch")
    of.at(10, epoch=2, topic=HUMIDITY)
    of.at(0, epoch=257)
    of = Sequence(file, "class state: W is 1", group_with(class_=STATE, epochs=(2, 3), window=1))
    of.at(9, "old epoch", epoch=2)
    of.at(9, epoch=3)
    of = Sequence(file, "class state: epochs that were left out do not count", group_with(class_=STATE, epochs=(2, 9), window=2))
    of.at(9, epoch=2)
    of.at(9, epoch=9, topic=HUMIDITY)


def add_floors(file):
    of = Sequence(file, "class state: floors for a newcomer", group_with(class_=STATE, epochs=(1, 2), floors={1: (2, 8192), 2: (1, 5)}))
    of.at(9000, "rollback", epoch=1, comment="of the epoch before the floor")
    of.at(8191, "rollback", epoch=2)
    of.at(8192, epoch=2, comment="the floor itself")
    of.at(4, "rollback", sender=2)
    of.at(5, sender=2)
    of.at(0, sender=3, comment="a sender without a floor")


def add_will(file):
    of = Sequence(file, "class state: a Will has the last place of its window", group_with(class_=STATE))
    of.at(2 * WINDOW, payload=b"online")
    of.at(2 * WINDOW + 4095, payload=b"offline", comment="the Will")
    of.at(2 * WINDOW + 7, "rollback", comment="the sender went on in the same window")
    of.at(3 * WINDOW, payload=b"online", comment="the next connection's window")
    of.at(2 * WINDOW + 4095, "rollback", payload=b"offline", comment="the Will of before, late")
    of.at(3 * WINDOW + 4095, payload=b"offline")


def add_strangers(file):
    of = Sequence(file, "what is refused changes nothing", group_with(senders=[(1, 3), (8, 8)]))
    good = of.envelope(5)
    of.get("a bit of the header is another", flipped(of.envelope(6), 4), "not opened")
    of.get("a bit of the tag is another", flipped(good, len(good) - 1), "not opened")
    of.get("a tag that is cut", good[:-1], "not opened")
    of.get("under another topic", good, "not opened", topic=HUMIDITY)
    of.get("then as it was sent", good, "ok")
    of.get("forged, far ahead", flipped(of.envelope(900), 20), "not opened")
    of.at(6)
    of.at(7, "not opened", sender=4, comment="a sender that may not write")
    of.at(7, sender=8)
    for comment, data in (("not sealed", b"21.5"), ("an empty payload", b""), ("text that begins like none", b"\xf7abc")):
        of.get(comment, data, "unsealed")
    for comment, data in (("a first byte alone", b"\xf8"), ("a mailbox", b"\xfb\x01" + bytes(40)), ("a kind of tomorrow", b"\xff" + bytes(40)),
                          ("sender 0", bytes.fromhex("f8900001") + bytes(40))):
        of.get(comment, data, "not opened")
    of.at(7)


def add_fields(file):
    def fields(*rows):
        return plain.write_fields(rows)

    of = Sequence(file, "a reader with a clock and a boot nonce", group_with(), NOW, BOOT)
    of.at(0, fields=fields((5, u64(NOW))), comment="valid in this millisecond still")
    of.at(1, "expired", fields=fields((5, u64(NOW - 1))))
    of.at(1, fields=fields((5, u64(NOW + 1))), comment="the position was not used up")
    of.at(2, fields=fields((6, BOOT)))
    of.at(3, "other boot", fields=fields((6, seeded("boot before", 8))))
    of.at(3, fields=fields((4, u64(NOW * 2))), comment="sealed in the future, which nobody judges")
    of = Sequence(file, "a reader without either", group_with())
    of.at(0, fields=fields((5, u64(1))), comment="over since 1970")
    of.at(1, "other boot", fields=fields((6, BOOT)))


def add_signing(file):
    signing = {1: public_key("signer")}
    of = Sequence(file, "a sender that signs", group_with(signing=signing))
    of.at(0, signing=secret_key("signer"))
    of.at(0, "replay", signing=secret_key("signer"))
    of.at(1, "bad signature", comment="unsigned")
    of.at(1, "bad signature", signing=secret_key("stranger"), comment="signed by another")
    of.at(1, signing=secret_key("signer"), comment="the position was not used up")
    of.at(0, sender=2, comment="a sender that does not sign")
    of.at(1, "bad signature", sender=2, signing=secret_key("stranger"), comment="signed, but nobody knows with what")


def add_streams(file):
    for class_ in (STATE, STREAM):
        of = Sequence(file, f"streams in class {('state', 'stream')[class_]}", group_with(class_=class_))
        head, chunks = stream.seal_chunks(of.writer, TOPIC, Draft(1, 1, 6, seeded("stream", 150)), 64)
        a, b, c = stream.messages_of(head, 64, chunks, [1, 1, 1])
        of.at(5)
        of.get("the first chunk", a, "chunks")
        of.get("the first chunk again", a, "again")
        of.get("the third, too early", c, "missing")
        of.at(7, comment="a message between", topic=HUMIDITY)
        of.get("the second", b, "chunks")
        of.get("the third: the whole", c, "ok")
        of.get("the third again", c, "again")
        of.at(6, "again" if class_ == STATE else "replay", comment="a message with the position of the stream")


def add_blinded(file):
    blinding = Blinding(seeded("blinding"), 2, 1, ["home/+/temp"])
    of = Sequence(file, "a namespace that blinds", group_with(class_=STATE, blinding=blinding, filters=["home/+/temp", "shed"]))

    def at(position, expected, seen, name=None, **more):
        fields = plain.write_fields([(plain.TOPIC, name.encode())]) if name else None
        of.at(position, expected, fields=fields, topic=seen, **more)

    kitchen, bath = blinding.blind(TOPIC), blinding.blind("home/bath/temp")
    at(0, "ok", kitchen, TOPIC)
    at(0, "again", kitchen, TOPIC)
    at(1, "ok", bath, "home/bath/temp", comment="another topic of the same filter")
    at(2, "not opened", kitchen, "home/bath/temp", comment="it says another name")
    at(2, "not opened", kitchen, comment="it says no name")
    at(2, "ok", kitchen, TOPIC, comment="the position was not used up")
    at(3, "not opened", TOPIC, TOPIC, comment="the topic itself belongs to no group")
    at(4, "ok", blinding.blind("shed"), "shed")
    at(5, "not opened", blinding.blind("shed/door"), "shed/door", comment="no filter of the group")


def add_choice(file):
    filters = [["home/#"], ["home/kitchen/#", "shed/+"], ["+/kitchen/temp", "#"], ["home/+/temp", "shed/door"], ["home/#"]]
    ids = [bytes([0] * 7 + [number]) for number in (5, 4, 3, 2, 1)]
    groups = []
    for id_, row in zip(ids, filters):
        group = group_with(filters=row)
        group.id = id_
        groups.append(group)
    flat = [(number, filter_) for number, row in enumerate(filters) for filter_ in row]
    file.group("choice", groups=[id_.hex() for id_ in ids], filters=[forms.hex_of(filter_) for _, filter_ in flat],
               filterGroups=[number for number, _ in flat])
    for topic in ("home", "home/x", "home/kitchen", "home/kitchen/temp", "home/bath/temp", "shed/door", "shed/window", "shed",
                  "cellar/kitchen/temp", "x", "/", "", "homes", "shed/door/x"):
        file.valid(ascii(topic), topic=forms.hex_of(topic), group=group_of(groups, topic).id.hex())
    file.invalid("'$SYS/x': wildcards in front do not match it", topic=forms.hex_of("$SYS/x"))
