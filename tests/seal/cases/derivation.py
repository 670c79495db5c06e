"""Derivation, keyed hash, and the tree of keys (sections 2 and 3)."""
from sealed import keys, suite
from .common import GROUP_ID, STATE, STREAM, File, epoch_secret, seeded

LABELS = ("class", "sender", "ratchet", "key", "hedge", "stream key", "stream hedge", "mailbox key", "status hedge")
SENDERS = (1, 255, 256, 65536, (1 << 24) - 1)
POSITIONS = (0, 4095, 4096, 8191, 5 << 12, 300 << 12 | 7)


def make():
    file = File("key derivation")
    for number in (1, 2, 3):
        add_derive(file, number)
        add_hedge(file, number)
        for class_ in (STATE, STREAM):
            add_tree(file, number, class_)
    return file.form


def add_derive(file, number):
    file.group("derive", suite=number)
    for i, label in enumerate(LABELS):
        secret, context = seeded(f"secret {i}"), seeded(f"context {i}", 3 * i)
        for size in sorted({suite.KEY_SIZE[number], 32}):
            output = suite.derive(number, secret, label.encode(), context, size)
            file.valid(f"label {label}, {size} bytes", secret=secret.hex(), label=label.encode().hex(),
                       context=context.hex(), size=size, output=output.hex())


def add_hedge(file, number):
    file.group("hedge", suite=number)
    for associated, plain in ((0, 0), (0, 1), (1, 0), (7, 8), (8, 7), (31, 33), (64, 64), (300, 1000)):
        key, a, p = seeded("hedge key"), seeded("A", associated), seeded("P", plain)
        file.valid(f"A of {associated}, P of {plain} bytes", key=key.hex(), associated=a.hex(), plain=p.hex(),
                   output=suite.hedge_of(number, key, a, p).hex())


def add_tree(file, number, class_):
    for epoch in (1, 4294967295):
        secret = epoch_secret(epoch)
        top = keys.class_secret(number, secret, GROUP_ID, epoch, class_)
        file.group("tree", **{"suite": number, "class": class_, "group": GROUP_ID.hex(), "epoch": epoch,
                              "secret": secret.hex(), "classSecret": top.hex()})
        rows = [(sender, POSITIONS[0]) for sender in SENDERS] + [(258, position) for position in POSITIONS]
        if epoch == 1 and number != 2 and class_ == STREAM:
            rows.append((258, (1 << 28) - 1))
        for sender, position in rows:
            add_leaf(file, number, class_, epoch, top, sender, position)


def add_leaf(file, number, class_, epoch, top, sender, position):
    first = keys.sender_secret(number, top, GROUP_ID, epoch, sender)
    window = position // keys.PLACES if class_ == STREAM else 0
    secret = keys.window_secret(number, first, GROUP_ID, epoch, sender, window)
    key, hedge = keys.message_keys(number, secret, GROUP_ID, epoch, sender)
    stream_key, stream_hedge = keys.stream_keys(number, secret, GROUP_ID, epoch, sender, position)
    file.valid(f"sender {sender}, position {position}", sender=sender, position=position, senderSecret=first.hex(),
               windowSecret=secret.hex(), key=key.hex(), hedgeKey=hedge.hex(), streamKey=stream_key.hex(),
               streamHedgeKey=stream_hedge.hex())
