"""Statuses (section 9)."""
from sealed import box, cbor
from .boxes import PROFILES, Cases, new_file, peers
from .common import GROUP_ID, secret_key, seeded
from .mailbox import changed, mailbox

TOPIC = "wax/s/d1"


def status(count=9, **more):
    return changed({1: count, 2: seeded("boot", 8), 3: 1, 4: 5, 5: "1.2.3", 6: seeded("firmware"), 7: [[GROUP_ID, 3]],
                    8: {1: 2, 4: 1}}, more)


GOOD = (
    ("a firmware that is not known, nothing refused", status(k5=None, k6=None, k7=[], k8={})),
    ("no mailbox yet", status(k3=0, k4=0)),
    ("unknown keys from 128 on", status(k128=1)),
    ("each kind of refusal", status(k8={kind: kind for kind in range(1, 8)})),
)

BAD = (
    ("another count inside", status(8)),
    ("no boot nonce", status(k2=None)),
    ("a boot nonce of 9 bytes", status(k2=bytes(9))),
    ("a digest of 31 bytes", status(k6=bytes(31))),
    ("an unknown key below 128", status(k9=1)),
    ("an unknown kind of refusal", status(k8={8: 1})),
    ("an epoch 0", status(k7=[[GROUP_ID, 0]])),
    ("a count of refusals below 0", status(k8={1: -1})),
)

BAD_SEALED = (
    ("nothing that it has sealed", status(k129=[])),
    ("messages of no group", status(k129=[[b"group", 1, 1]])),
    ("messages without their bytes", status(k129=[[GROUP_ID, 1]])),
)


def make():
    file = new_file("status")
    for profile in PROFILES:
        add_profile(Cases(file, "status", profile, TOPIC))
    cases = Cases(file, "status", 1, TOPIC)
    for comment, content in GOOD:
        cases.seal(comment, content, cases.outside(9), ["Content"])
    for comment, content in BAD:
        cases.refuse_by(comment, cases.sealer, content, ["BadContent"], cases.outside(9))
    cases.seal("what it has sealed", status(k129=[[GROUP_ID, 300, 1 << 40]]), cases.outside(9), ["Content"])
    for comment, content in BAD_SEALED:
        cases.refuse_by(comment, cases.sealer, content, ["BadContent"], cases.outside(9))
    return file.form


def add_profile(cases):
    cases.seal("the first", status(), cases.outside(9))
    cases.seal("a higher count", status(), cases.outside(9), last=8)
    cases.seal("the same again", status(), cases.outside(9), last=9)
    message = box.seal(cases.sealer, cases.outside(9), cbor.write(status()), secret_key("ephemeral"))
    cases.refuse("a lower count", message, ["Rollback"], "rollback", lastVersion="%016x" % 10)
    cases.refuse_changes(status(), cases.outside(9))
    sealer, _ = peers(cases.profile, True)
    outside = box.Outside(1, 5, TOPIC)
    data = box.seal(sealer, outside, cbor.write(mailbox()), secret_key("ephemeral"))
    cases.refuse("a mailbox on the topic of a status", data, ["Swapped"])
