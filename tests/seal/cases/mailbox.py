"""Mailboxes (section 8)."""
from sealed import box, cbor, cose, hpke
from .boxes import PROFILES, Cases, new_file
from .common import GROUP_ID, epoch_secret, public_key, secret_key, seeded

TOPIC = "wax/k/d1"


def group(**more):
    """A group of a mailbox; more: k5=..., None to leave a key out."""
    value = {1: GROUP_ID, 2: 1, 3: 1, 4: 16, 5: 3, 6: ["home/#"], 7: 258, 8: 3, 9: 2,
             10: [[2, 0, epoch_secret(2)], [3, 0, epoch_secret(3)]], 11: 3 << 12, 12: [1, 9, 258, 258],
             13: {7: public_key("signer")}, 14: [0], 16: 1024}
    return changed(value, more)


def changed(value, more):
    for name, each in more.items():
        value[int(name[1:])] = each
    return {key: each for key, each in value.items() if each is not None}


def mailbox(version=5, generation=1, groups=None, **more):
    value = {1: version, 2: generation, 3: "d1", 4: [group()] if groups is None else groups,
             5: {1: public_key("registrar"), 2: public_key("keeper")}}
    return changed(value, more)


GOOD = (
    ("no groups yet", mailbox(groups=[])),
    ("a boot nonce, blinding of variant 1", mailbox(k6=seeded("boot", 8), k7={1: seeded("blinding"), 2: 1, 3: 1})),
    ("blinding of variant 2 with patterns", mailbox(k7={1: seeded("blinding"), 2: 2, 3: 2, 4: ["home/+/temp"]})),
    ("a group that is only read", mailbox(groups=[group(k5=1, k7=None, k8=None, k11=None)])),
    ("a group that is only written", mailbox(groups=[group(k5=2, k10=[[3, 1, seeded("own")]])])),
    ("class state, class secrets and floors", mailbox(groups=[group(k3=0, k10=[[1, 2, seeded("class")], [3, 0, epoch_secret(3)]],
                                                                    k17={1: [2, 8192], 258: [1, 0]})])),
    ("tags of 8, padding to sizes, signing", mailbox(groups=[group(k2=2, k4=8, k14=[3, 64, 256], k15=True)])),
    ("padding to a multiple", mailbox(groups=[group(k14=[1, 32])])),
    ("Padmé", mailbox(groups=[group(k14=[2])])),
    ("only what a group must have", mailbox(groups=[group(k11=None, k13=None, k14=None, k16=None)])),
    ("nobody may write", mailbox(groups=[group(k12=[], k13={})])),
    ("unknown keys from 128 on", mailbox(k128="later", k4294967296=[1, {2: b"3"}], groups=[group(k200={1: [2]})])),
    ("unknown keys nested to 6", mailbox(k128=[[[[[1]]]]])),
    ("two groups", mailbox(groups=[group(), group(k1=seeded("other", 8))])),
    ("a device with a name of other letters inside of a group's filter", mailbox(groups=[group(k6=["温度/+", "ä"])])),
)

BAD = (
    ("version is missing", mailbox(k1=None)),
    ("another version inside", mailbox(version=6)),
    ("another generation inside", mailbox(generation=2)),
    ("for another device inside", mailbox(k3="d2")),
    ("version 0 inside", mailbox(version=0)),
    ("the device is bytes", mailbox(k3=b"d1")),
    ("groups are missing", mailbox(k4=None)),
    ("the authority is missing", mailbox(k5=None)),
    ("the Keeper is missing", mailbox(k5={1: public_key("registrar")})),
    ("a key of 64 bytes", mailbox(k5={1: bytes(64), 2: public_key("keeper")})),
    ("an unknown key below 128", mailbox(k8=1)),
    ("unknown key 127", mailbox(k127=1)),
    ("key 0", mailbox(k0=1)),
    ("an unknown key below 128 in a group", mailbox(groups=[group(k18=1)])),
    ("an unknown key below 128 in the authority", mailbox(k5={1: public_key("registrar"), 2: public_key("keeper"), 3: 1})),
    ("unknown keys nested to 7", mailbox(k128=[[[[[[1]]]]]])),
    ("a boot nonce of 7 bytes", mailbox(k6=bytes(7))),
    ("blinding with a variant 3", mailbox(k7={1: seeded("blinding"), 2: 3, 3: 1})),
    ("suite 0", mailbox(groups=[group(k2=0)])),
    ("suite 4", mailbox(groups=[group(k2=4)])),
    ("class 2", mailbox(groups=[group(k3=2)])),
    ("a tag of 8 in suite 1", mailbox(groups=[group(k4=8)])),
    ("a tag of 12", mailbox(groups=[group(k2=2, k4=12)])),
    ("role 0", mailbox(groups=[group(k5=0)])),
    ("role 4", mailbox(groups=[group(k5=4)])),
    ("a writer without a number", mailbox(groups=[group(k7=None)])),
    ("a writer without a write epoch", mailbox(groups=[group(k8=None)])),
    ("a write epoch whose secret is missing", mailbox(groups=[group(k8=4)])),
    ("own number 0", mailbox(groups=[group(k7=0)])),
    ("own number 2^24", mailbox(groups=[group(k7=1 << 24)])),
    ("W of 0", mailbox(groups=[group(k9=0)])),
    ("W of 256", mailbox(groups=[group(k9=256)])),
    ("epochs descend", mailbox(groups=[group(k10=[[3, 0, epoch_secret(3)], [2, 0, epoch_secret(2)]])])),
    ("an epoch twice", mailbox(groups=[group(k10=[[3, 0, epoch_secret(3)], [3, 0, epoch_secret(3)]])])),
    ("epoch 0", mailbox(groups=[group(k10=[[0, 0, epoch_secret(0)], [3, 0, epoch_secret(3)]])])),
    ("epoch 2^32", mailbox(groups=[group(k10=[[3, 0, epoch_secret(3)], [1 << 32, 0, epoch_secret(3)]])])),
    ("a secret of 31 bytes", mailbox(groups=[group(k10=[[3, 0, bytes(31)]])])),
    ("a secret of kind 3", mailbox(groups=[group(k10=[[3, 3, epoch_secret(3)]])])),
    ("a class secret in class stream", mailbox(groups=[group(k10=[[2, 2, seeded("class")], [3, 0, epoch_secret(3)]])])),
    ("256 epochs", mailbox(groups=[group(k10=[[epoch, 0, seeded("same")] for epoch in range(1, 257)])])),
    ("a first position within a window", mailbox(groups=[group(k11=4097)])),
    ("a first position of 2^28", mailbox(groups=[group(k11=1 << 28)])),
    ("senders that are no pairs", mailbox(groups=[group(k12=[1, 2, 3])])),
    ("senders that descend", mailbox(groups=[group(k12=[5, 9, 1, 3])])),
    ("senders that overlap", mailbox(groups=[group(k12=[1, 5, 5, 9])])),
    ("a pair that descends", mailbox(groups=[group(k12=[5, 1])])),
    ("sender 0 may write", mailbox(groups=[group(k12=[0, 5])])),
    ("a signing key of 33 bytes", mailbox(groups=[group(k13={7: bytes(33)})])),
    ("padding of kind 4", mailbox(groups=[group(k14=[4])])),
    ("padding to a multiple of 0", mailbox(groups=[group(k14=[1, 0])])),
    ("padding to no sizes", mailbox(groups=[group(k14=[3])])),
    ("padding to sizes that descend", mailbox(groups=[group(k14=[3, 256, 64])])),
    ("sign is a number", mailbox(groups=[group(k15=1)])),
    ("chunks of 63", mailbox(groups=[group(k16=63)])),
    ("a floor without a position", mailbox(groups=[group(k3=0, k17={1: [2]})])),
    ("an array of groups that is a map", mailbox(k4={})),
    ("a mailbox that is an array", [1, 2]),
)


def make():
    file = new_file("mailbox")
    for profile in PROFILES:
        add_profile(Cases(file, "mailbox", profile, TOPIC))
    cases = Cases(file, "mailbox", 1, TOPIC)
    for comment, content in GOOD:
        cases.seal(comment, content, cases.outside(5), ["Content"])
    for comment, content in BAD:
        cases.refuse_by(comment, cases.sealer, content, ["BadContent"], cases.outside(5))
    cases.refuse_by("no CBOR", cases.sealer, b"\xff", ["BadContent"], cases.outside(5))
    cases.refuse_by("nothing inside", cases.sealer, b"", ["BadContent"], cases.outside(5))
    cases.refuse_by("keys that descend", cases.sealer, b"\xa2\x02\x01\x01\x05", ["BadContent"], cases.outside(5))
    return file.form


def add_profile(cases):
    cases.seal("the first", mailbox(), cases.outside(5))
    cases.seal("a version above 2^32", mailbox(1 << 33 | 7), cases.outside(1 << 33 | 7))
    cases.seal("the largest numbers", mailbox((1 << 64) - 1, (1 << 32) - 1), cases.outside((1 << 64) - 1, (1 << 32) - 1))
    cases.seal("a higher version", mailbox(), cases.outside(5), last=(1, 4))
    cases.seal("the same again", mailbox(), cases.outside(5), last=(1, 5))
    cases.seal("a higher generation, a lower version", mailbox(1, 2), cases.outside(1, 2), last=(1, 900))
    for comment, last in (("a lower version", (1, 6)), ("a lower generation, a higher version", (2, 1))):
        message = box.seal(cases.sealer, cases.outside(5), cbor.write(mailbox()), secret_key("ephemeral"))
        form = {"lastGeneration": last[0], "lastVersion": "%016x" % last[1]}
        cases.refuse(comment, message, ["Rollback"], "rollback", **form)
    cases.refuse_changes(mailbox(), cases.outside(5))
    if cases.profile == box.PUBLIC_KEY:
        add_unsigned(cases)


def add_unsigned(cases):
    """Sealed with HPKE as it should be, and signed wrongly."""
    outside = cases.outside(5)
    associated, content = outside.associated(cases.sealer), cbor.write(mailbox())
    info = b"sealed-mqtt 1 mailbox" + cases.sealer.namespace

    def refuse(comment, inside, event="bad signature", info=info):
        sealed = hpke.seal(cases.sealer.other, info, associated, inside, secret_key("ephemeral"))
        cases.refuse(comment, outside.head(16) + sealed, ["BadSignature"], event)

    refuse("not signed at all", content, "not opened")
    for comment, external in (("signed for a status", b"sealed-mqtt 1 status" + associated),
                              ("signed for the namespace alone", b"sealed-mqtt 1 mailbox" + cases.sealer.namespace),
                              ("signed without A", b"sealed-mqtt 1 mailbox")):
        refuse(comment, cose.sign(cases.sealer.own, external, content))
    good = cose.sign(cases.sealer.own, b"sealed-mqtt 1 mailbox" + associated, content)
    refuse("sealed for a status", good, "not opened", b"sealed-mqtt 1 status" + cases.sealer.namespace)
