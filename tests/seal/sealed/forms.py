"""Groups, messages and fields as flat JSON: what the vectors and the command line speak."""
from . import plain
from .blinding import Blinding
from .group import Group

NAMES = {plain.CONTENT_TYPE: "contentType", plain.RESPONSE_TOPIC: "responseTopic", plain.CORRELATION: "correlation",
         plain.SEALED_AT: "sealedAt", plain.VALID_UNTIL: "validUntil", plain.BOOT_NONCE: "bootNonce",
         plain.STREAM_SIZE: "streamSize", plain.TOPIC: "topicName"}


def unhex(value):
    return bytes.fromhex(value)


def text(value):
    """A text of the vectors: UTF-8 in hexadecimal digits."""
    return bytes.fromhex(value).decode()


def hex_of(name):
    return name.encode().hex()


def topic_of(test):
    return text(test["topic"]) * test.get("topicTimes", 1)


def pairs(row):
    return list(zip(row[::2], row[1::2]))


def group_form(group):
    form = {"suite": group.suite, "class": group.class_, "tagSize": group.tag_size, "group": group.id.hex(),
            "epochs": list(group.epochs), "holds": [what for what, _ in group.epochs.values()],
            "secrets": [secret.hex() for _, secret in group.epochs.values()],
            "senders": [number for pair in group.senders for number in pair],
            "signers": list(group.signing), "signingKeys": [key.hex() for key in group.signing.values()],
            "keptEpochs": group.window, "filters": [hex_of(filter_) for filter_ in group.filters]}
    if group.own:
        form["ownSender"] = group.own
    if group.floors:
        form["floors"] = [number for sender, floor in group.floors.items() for number in (sender, *floor)]
    if group.blinding:
        form.update(blinding_form(group.blinding))
    return form


def blinding_form(blinding):
    return {"blindingKey": blinding.key.hex(), "variant": blinding.variant, "hash": blinding.hash,
            "prefix": hex_of(blinding.prefix), "patterns": [hex_of(pattern) for pattern in blinding.patterns]}


def blinding_of(form):
    """The blinding that a group has, or None."""
    if "blindingKey" not in form:
        return None
    patterns = [text(pattern) for pattern in form.get("patterns", [])]
    return Blinding(unhex(form["blindingKey"]), form["variant"], form["hash"], patterns, text(form.get("prefix", "776178")))


def group_of(form):
    floors = form.get("floors", [])
    return Group(
        id=unhex(form["group"]), suite=form["suite"], class_=form["class"], tag_size=form["tagSize"],
        epochs={epoch: (what, unhex(secret))
                for epoch, what, secret in zip(form["epochs"], form["holds"], form["secrets"])},
        filters=[text(filter_) for filter_ in form.get("filters", ["23"])],
        senders=pairs(form.get("senders", [1, (1 << 24) - 1])),
        signing=dict(zip(form.get("signers", []), map(unhex, form.get("signingKeys", [])))),
        floors={floors[i]: (floors[i + 1], floors[i + 2]) for i in range(0, len(floors), 3)},
        window=form.get("keptEpochs", 255), own=form.get("ownSender", 0), blinding=blinding_of(form))


def fields_form(fields):
    form = {NAMES[type_]: value.hex() for type_, value in fields if type_ in NAMES}
    properties = [part.hex() for type_, value in fields if type_ == plain.USER_PROPERTY for part in value]
    return {**form, **({"properties": properties} if properties else {})}


def opened_form(opened):
    return {"payload": opened.payload.hex(), "retain": bool(opened.flags & plain.RETAIN), **fields_form(opened.fields)}
