"""COSE_Sign1, enrolment, certificates, manifests, the log (sections 8 to 10)."""
import hashlib

from sealed import cbor, cose, forms, p256, signed
from .common import GROUP_ID, NAMESPACE, File, flipped, public_key, secret_key, seeded
from .mailbox import changed

EXTERNAL = b"sealed-mqtt 1 log" + NAMESPACE
OTHER = seeded("another namespace", 8)
FROM, UNTIL, NOW = 1_700_000_000, 1_800_000_000, 1_750_000_000
ENROL_TOPIC, MANIFEST_TOPIC = "wax/e/d1", "wax/m/" + GROUP_ID.hex()


def digest(message):
    return hashlib.sha256(message).digest()


def make():
    file = File("signed")
    add_cose(file)
    add_words(file)
    add_enrol(file)
    add_certificates(file)
    add_manifests(file)
    add_log(file)
    return file.form


def add_cose(file):
    secret, public = secret_key("registrar"), public_key("registrar")
    file.group("cose", secret=secret.hex(), public=public.hex(), kid=cose.kid_of(public).hex(), external=EXTERNAL.hex())
    for payload in (b"", b"x", seeded("payload", 24), seeded("payload", 300)):
        message = cose.sign(secret, EXTERNAL, payload)
        file.valid(f"a payload of {len(payload)} bytes", payload=payload.hex(), message=message.hex())
    payload = b"payload"
    signature = p256.sign(secret, cose.to_be_signed(EXTERNAL, payload))
    kid, protected = cose.kid_of(public), cose.PROTECTED

    def refuse(comment, array, event="not opened"):
        item = cbor.Tagged(18, array) if isinstance(array, list) else array
        data = item if isinstance(item, bytes) else cbor.write(item)
        file.invalid(comment, ["BadCose"], event, message=data.hex())

    good = cose.sign(secret, EXTERNAL, payload)
    refuse("without its tag", good[1:])
    refuse("tag 98", b"\xd8\x62" + good[1:])
    refuse("tag 18 twice", b"\xd2" + good)
    refuse("tag 18 in two bytes", b"\xd8\x12" + good[1:])
    refuse("cut", good[:-1])
    refuse("a byte follows", good + b"\0")
    refuse("three elements", [protected, {4: kid}, payload])
    refuse("five elements", [protected, {4: kid}, payload, signature, b""])
    refuse("another algorithm", [cbor.write({1: -8}), {4: kid}, payload, signature])
    refuse("a protected header with more", [cbor.write({1: -7, 4: kid}), {}, payload, signature])
    refuse("a protected header that is a map", [{1: -7}, {4: kid}, payload, signature])
    refuse("no key id", [protected, {}, payload, signature])
    refuse("more in the unprotected header", [protected, {4: kid, 5: b""}, payload, signature])
    refuse("a key id of 7 bytes", [protected, {4: kid[:7]}, payload, signature])
    refuse("another key id", [protected, {4: flipped(kid, 0)}, payload, signature], "bad signature")
    refuse("a payload that is text", [protected, {4: kid}, "payload", signature])
    refuse("a signature of 63 bytes", [protected, {4: kid}, payload, signature[:-1]])
    refuse("a bit of the signature is another", [protected, {4: kid}, payload, flipped(signature, 33)], "bad signature")
    refuse("a signature of zeros", [protected, {4: kid}, payload, bytes(64)], "bad signature")
    refuse("another payload", [protected, {4: kid}, b"paylOad", signature], "bad signature")
    refuse("with other external data", cose.sign(secret, EXTERNAL + b"\0", payload), "bad signature")
    refuse("the external data is within the payload", cose.sign(secret, b"", EXTERNAL + payload), "bad signature")
    bare = p256.sign(secret, payload)
    refuse("a signature of the payload alone", [protected, {4: kid}, payload, bare], "bad signature")


def add_words(file):
    file.group("words", namespace=NAMESPACE.hex())
    for i in range(6):
        public, nonce = public_key(f"device {i}"), seeded(f"nonce {i}", 16)
        words = signed.words(NAMESPACE, public, nonce)
        file.valid(words, public=public.hex(), nonce=nonce.hex(), words=forms.hex_of(words))
    file.group("proquint")
    # 127.0.0.1 is the example of the proposal of proquints.
    for number in (0, 1, 0x7F00, 0x0001, 0x8000, 0xFFFF, 0x1234):
        file.valid(signed.proquint(number), number=number, word=forms.hex_of(signed.proquint(number)))


def enrol_value(**more):
    return changed({1: "d1", 2: public_key("device"), 3: seeded("nonce", 16)}, more)


def add_enrol(file):
    file.group("enrol", namespace=NAMESPACE.hex())
    secret = secret_key("device")

    def add(comment, value, event=None, by=secret, namespace=NAMESPACE, topic=ENROL_TOPIC, type_="enrol"):
        message = signed.sign(by, type_, namespace, value)
        form = {"topic": forms.hex_of(topic), "message": message.hex()}
        if event:
            file.invalid(comment, ["BadEnrol"], event, **form)
        else:
            value = signed.open_enrol(NAMESPACE, topic, message)
            file.valid(comment, device=forms.hex_of(value[1]), public=value[2].hex(), nonce=value[3].hex(), **form,
                       words=forms.hex_of(signed.words(NAMESPACE, value[2], value[3])))

    certificate = signed.sign(secret_key("root"), "certificate", NAMESPACE, certificate_value("device", 1))
    add("on trust at first use", enrol_value())
    add("with a certificate", enrol_value(k4=certificate))
    add("a key from 128 on", enrol_value(k128=1))
    add("of another namespace", enrol_value(), "bad signature", namespace=OTHER)
    add("by another key than it says", enrol_value(), "bad signature", by=secret_key("stranger"))
    add("on another device's topic", enrol_value(), "not opened", topic="wax/e/d2")
    add("signed as a log entry", enrol_value(), "bad signature", type_="log")
    add("a nonce of 15 bytes", enrol_value(k3=bytes(15)), "not opened")
    add("no key", enrol_value(k2=None), "not opened")
    add("with a certificate and its signer's", enrol_value(k4=certificate, k5=certificate))
    add("an unknown key below 128", enrol_value(k6=1), "not opened")
    add("a device without a name", enrol_value(k1=""), "not opened", topic="wax/e/")


def certificate_value(who, may, **more):
    return changed({1: who, 2: public_key(who), 3: may, 4: seeded("serial " + who, 8), 5: FROM, 6: UNTIL}, more)


def add_certificates(file):
    file.group("certificate", namespace=NAMESPACE.hex(), root=public_key("root").hex(), now=NOW)

    def certify(by, who, may, namespace=NAMESPACE, type_="certificate", **more):
        return signed.sign(secret_key(by), type_, namespace, certificate_value(who, may, **more))

    def add(comment, chain, may, event=None):
        form = {"chain": [one.hex() for one in chain], "may": may}
        if event:
            file.invalid(comment, ["BadCertificate"], event, **form)
        else:
            value = signed.open_certificate(NAMESPACE, public_key("root"), chain, NOW, may)
            file.valid(comment, subject=forms.hex_of(value[1]), public=value[2].hex(), **form)

    middle = certify("root", "maker", 9)
    add("a device, by the root", [certify("root", "device", 1)], 1)
    add("a Registrar, by the root", [certify("root", "registrar", 2)], 2)
    add("a Keeper that is a Registrar too", [certify("root", "keeper", 6)], 4)
    add("a device, by a maker", [middle, certify("maker", "device", 1)], 1)
    add("valid in this second alone", [certify("root", "device", 1, k5=NOW, k6=NOW)], 1)
    add("a key from 128 on", [certify("root", "device", 1, k128=[])], 1)
    add("no certificate", [], 1, "not opened")
    add("by a stranger", [certify("stranger", "device", 1)], 1, "bad signature")
    add("of another namespace", [certify("root", "device", 1, OTHER)], 1, "bad signature")
    add("signed as a manifest", [certify("root", "device", 1, type_="manifest")], 1, "bad signature")
    add("not valid yet", [certify("root", "device", 1, k5=NOW + 1)], 1, "expired")
    add("valid no longer", [certify("root", "device", 1, k6=NOW - 1)], 1, "expired")
    add("a device that would be a Registrar", [certify("root", "device", 1)], 2, "not opened")
    add("by a device", [certify("root", "device", 1), certify("device", "device 2", 1)], 1, "not opened")
    add("by a maker that is over", [certify("root", "maker", 9, k6=NOW - 1), certify("maker", "device", 1)], 1, "expired")
    add("a maker that makes a Registrar", [middle, certify("maker", "registrar", 2)], 2, "not opened")
    chain = [middle, certify("maker", "maker 2", 9), certify("maker 2", "device", 1)]
    add("a chain of three", chain, 1, "not opened")
    add("the chain turned round", [certify("maker", "device", 1), middle], 1, "bad signature")
    add("rights of 0", [certify("root", "device", 0)], 0, "not opened")
    add("rights of 16", [certify("root", "device", 16)], 0, "not opened")
    add("a key that is no point", [certify("root", "device", 1, k2=b"\4" + bytes(64))], 1, "not opened")
    add("no serial", [certify("root", "device", 1, k4=None)], 1, "not opened")
    add("an unknown key below 128", [certify("root", "device", 1, k7=1)], 1, "not opened")


def manifest_value(version=1, before=signed.ZEROS, **more):
    value = {1: version, 2: 1, 3: NAMESPACE, 4: GROUP_ID, 5: "kitchen", 6: 1, 7: 0, 8: 16, 9: ["home/kitchen/#"], 10: 3,
             11: 86400, 12: 2, 13: public_key("keeper"), 14: [1, 9], 15: {7: public_key("signer")}, 16: [2], 17: before, 18: 4}
    return changed(value, more)


def add_manifests(file):
    file.group("manifest", namespace=NAMESPACE.hex(), registrar=public_key("registrar").hex())

    def write(value, by="registrar", namespace=NAMESPACE, type_="manifest"):
        return signed.sign(secret_key(by), type_, namespace, value)

    def add(comment, message, event=None, before=None, topic=MANIFEST_TOPIC):
        form = {"topic": forms.hex_of(topic), "message": message.hex(), **({"before": before.hex()} if before else {})}
        if event:
            file.invalid(comment, ["BadManifest"], event, **form)
        else:
            value = signed.open_manifest(NAMESPACE, public_key("registrar"), topic, message, before)
            file.valid(comment, version="%016x" % value[1], generation=value[2], digest=digest(message).hex(), **form)

    first = write(manifest_value())
    second = write(manifest_value(2, digest(first)))
    add("the first", first)
    add("the second, after the first", second, before=first)
    add("the same again", first, before=first)
    add("the second, to who knows none", second)
    add("a higher generation", write(manifest_value(1, digest(second), k2=2)), before=second)
    add("a group of one epoch without limit, signing and padding", write(manifest_value(k11=0, k15=None, k16=None)))
    broken = "broken chain"
    add("the second, after another first", second, broken, write(manifest_value(k5="bathroom")))
    add("a second that follows nothing", write(manifest_value(2)), broken, first)
    add("a third that leaves the second out", write(manifest_value(3, digest(second))), broken, first)
    add("an older one", first, "rollback", second)
    add("the same version, other content", write(manifest_value(2, digest(first), k5="x")), "rollback", second)
    add("by a stranger", write(manifest_value(), "stranger"), "bad signature")
    add("by the Keeper", write(manifest_value(), "keeper"), "bad signature")
    add("signed for another namespace", write(manifest_value(), namespace=OTHER), "bad signature")
    add("another namespace inside", write(manifest_value(k3=OTHER)), "not opened")
    add("signed as a log entry", write(manifest_value(), type_="log"), "bad signature")
    add("on another group's topic: a ghost group", first, "not opened", topic="wax/m/0102030405060709")
    add("on a topic in capitals", write(manifest_value(k4=bytes.fromhex("abcdef0102030405"))), "not opened",
        topic="wax/m/ABCDEF0102030405")
    for comment, more in (("suite 4", {"k6": 4}), ("a tag of 8 in suite 1", {"k8": 8}), ("no senders", {"k14": None}),
                          ("an unknown key below 128", {"k19": 1}), ("write epoch 0", {"k10": 0}), ("W of 256", {"k12": 256}),
                          ("a digest of 31 bytes", {"k17": bytes(31)}), ("log entry 0", {"k18": 0})):
        add(comment, write(manifest_value(**more)), "not opened")


def log_value(number=1, before=signed.ZEROS, **more):
    value = {1: number, 2: before, 3: NOW, 4: "admin", 5: "enrol", 6: "d1", 7: {"group": "kitchen", "sender": 7}}
    return changed(value, more)


def add_log(file):
    file.group("log", namespace=NAMESPACE.hex(), registrar=public_key("registrar").hex())

    def write(value, by="registrar", namespace=NAMESPACE, type_="log"):
        return signed.sign(secret_key(by), type_, namespace, value)

    def add(comment, message, event=None, before=None):
        form = {"message": message.hex(), **({"before": before.hex()} if before else {})}
        if event:
            file.invalid(comment, ["BadLog"], event, **form)
        else:
            value = signed.open_log(NAMESPACE, public_key("registrar"), message, before)
            file.valid(comment, number=value[1], digest=digest(message).hex(), **form)

    first = write(log_value(k5="create", k6="home", k7={}))
    second = write(log_value(2, digest(first)))
    add("the first", first)
    add("the second, after the first", second, before=first)
    add("the second, to who knows none", second)
    for deed in ("group", "grant", "revoke", "evict", "rotate", "activate", "retire", "restore", "rule"):
        add(f"what was done: {deed}", write(log_value(2, digest(first), k5=deed)), before=first)
    broken = "broken chain"
    add("the second, after another first", second, broken, write(log_value(k6="garden")))
    add("a third that leaves the second out", write(log_value(3, digest(second))), broken, first)
    add("a third that says it follows the first", write(log_value(3, digest(first))), broken, first)
    add("the first again, after the second", first, broken, second)
    add("a first that follows something", write(log_value(1, digest(first))), broken)
    add("by a stranger", write(log_value(), "stranger"), "bad signature")
    add("of another namespace", write(log_value(), namespace=OTHER), "bad signature")
    add("signed as a manifest", write(log_value(), type_="manifest"), "bad signature")
    for comment, more in (("number 0", {"k1": 0}), ("something unheard of was done", {"k5": "bake"}), ("by nobody", {"k4": None}),
                          ("details that are bytes", {"k7": {"a": b""}}), ("details by number", {"k7": {1: 1}}),
                          ("a time before 1970", {"k3": -1}), ("an unknown key below 128", {"k8": 1})):
        add(comment, write(log_value(2, digest(first), **more)), "not opened", first)
