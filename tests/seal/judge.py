"""Judges the frozen vectors with the package: for each type of group what a test comes to. make_vectors.py is not used."""
import hashlib

from sealed import box, cbor, cose, forms, header, keys, message, octets, signed, stream, suite, topics
from sealed.box import Outside, Peer
from sealed.forms import hex_of, text, topic_of, unhex
from sealed.message import Draft
from sealed.reader import Reader


def given(form, name):
    return unhex(form[name]) if name in form else None


def of_derive(group, test):
    output = suite.derive(group["suite"], unhex(test["secret"]), unhex(test["label"]), unhex(test["context"]), test["size"])
    return {"output": output.hex()}


def of_hedge(group, test):
    output = suite.hedge_of(group["suite"], *(unhex(test[name]) for name in ("key", "associated", "plain")))
    return {"output": output.hex()}


def of_tree(group, test):
    number, id_, epoch = group["suite"], unhex(group["group"]), group["epoch"]
    top = keys.class_secret(number, unhex(group["secret"]), id_, epoch, group["class"])
    first = keys.sender_secret(number, top, id_, epoch, test["sender"])
    window = test["position"] // keys.PLACES if group["class"] == keys.STREAM else 0
    secret = keys.window_secret(number, first, id_, epoch, test["sender"], window)
    key, hedge = keys.message_keys(number, secret, id_, epoch, test["sender"])
    stream_key, stream_hedge = keys.stream_keys(number, secret, id_, epoch, test["sender"], test["position"])
    octets.require(top.hex() == group["classSecret"], "another class secret")
    return {"senderSecret": first.hex(), "windowSecret": secret.hex(), "key": key.hex(), "hedgeKey": hedge.hex(),
            "streamKey": stream_key.hex(), "streamHedgeKey": stream_hedge.hex()}


def of_header(_, test):
    data = unhex(test["header"])
    reader = octets.Reader(data)
    kind, sender, low, position = header.read(reader)
    octets.require(reader.at == len(data), "something follows")
    written = header.write(kind, sender, test.get("epoch", low), position)
    return {"kind": kind, "sender": sender, "epochLow": low, "position": position, "header": written.hex()}


def draft_of(test, payload):
    return Draft(test["sender"], test["epoch"], test["position"], payload, given(test, "fields"), test["retain"],
                 test.get("padding", [0]), given(test, "signingSecret"), unhex(test["noise"]))


def of_message(group, test):
    of, topic = forms.group_of(group), topic_of(test)
    opened = message.unseal(of, topic, message.locate(of, unhex(test["envelope"])))
    where = opened.where
    if test["result"] == "invalid":
        return {}
    envelope, associated, plain = message.seal(of, topic, draft_of(test, opened.payload))
    more = {"associated": associated.hex(), "plain": plain.hex()} if "plain" in test else {}
    return {**forms.opened_form(opened), **more, "kind": where.kind, "sender": where.sender, "epoch": where.epoch,
            "position": where.position, "envelope": envelope.hex()}


def of_stream(group, test):
    of, topic = forms.group_of(group), text(test["topic"])
    opened = stream.unseal(of, topic, [unhex(one) for one in test["messages"]])
    result = {**forms.opened_form(opened), "sender": opened.where.sender, "epoch": opened.where.epoch,
              "position": opened.where.position}
    if "counts" in test:
        size = test["chunkSize"]
        head, chunks = stream.seal_chunks(of, topic, draft_of(test, opened.payload), size)
        result["messages"] = [one.hex() for one in stream.messages_of(head, size, chunks, test["counts"])]
    return result


def of_blinding(group, test):
    return {"blinded": hex_of(forms.blinding_of(group).blind(text(test["name"])))}


def number_of(test, name):
    return int(test[name], 16) if name in test else None


def box_peers(group):
    """(who seals, who opens)."""
    common = {"profile": group["profile"], "namespace": unhex(group["namespace"])}
    if group["profile"] != box.PUBLIC_KEY:
        return (Peer(**common, psk=unhex(group["psk"])),) * 2
    return (Peer(**common, own=unhex(group["sealerSecret"]), other=unhex(group["openerPublic"])),
            Peer(**common, own=unhex(group["openerSecret"]), other=unhex(group["sealerPublic"])))


def of_box(group, test):
    sealer, opener = box_peers(group)
    topic, sent = text(test["topic"]), unhex(test["message"])
    last = number_of(test, "lastVersion")
    if group["type"] == "mailbox":
        last = (test["lastGeneration"], last) if last is not None else None
        value = box.open_mailbox(opener, topic, sent, last)
    else:
        value = box.open_status(opener, topic, sent, last)
    outside, content = box.unseal(opener, topic, sent)
    if test["result"] == "invalid":
        return {}
    again = Outside(test.get("generation"), number_of(test, "version"), topic)
    result = {"version": "%016x" % outside.version, "content": content.hex(),
              "message": box.seal(sealer, again, content, given(test, "ephemeral")).hex()}
    if value is None:
        return {**result, "event": "again"}
    octets.require(cbor.write(value) == content, "written in another way")
    return result


def of_cose(group, test):
    payload = cose.verify(unhex(group["public"]), unhex(group["external"]), unhex(test["message"]))
    again = cose.sign(unhex(group["secret"]), unhex(group["external"]), payload)
    return {"payload": payload.hex(), "message": again.hex()}


def of_words(group, test):
    return {"words": hex_of(signed.words(unhex(group["namespace"]), unhex(test["public"]), unhex(test["nonce"])))}


def of_proquint(_, test):
    return {"word": hex_of(signed.proquint(test["number"]))}


def of_enrol(group, test):
    namespace = unhex(group["namespace"])
    value = signed.open_enrol(namespace, text(test["topic"]), unhex(test["message"]))
    return {"device": hex_of(value[1]), "public": value[2].hex(), "nonce": value[3].hex(),
            "words": hex_of(signed.words(namespace, value[2], value[3]))}


def of_certificate(group, test):
    chain = [unhex(one) for one in test["chain"]]
    value = signed.open_certificate(unhex(group["namespace"]), unhex(group["root"]), chain, group["now"], test["may"])
    return {"subject": hex_of(value[1]), "public": value[2].hex()}


def of_manifest(group, test):
    sent = unhex(test["message"])
    value = signed.open_manifest(unhex(group["namespace"]), unhex(group["registrar"]), text(test["topic"]), sent,
                                 given(test, "before"))
    return {"version": "%016x" % value[1], "generation": value[2], "digest": hashlib.sha256(sent).hexdigest()}


def of_log(group, test):
    sent = unhex(test["message"])
    value = signed.open_log(unhex(group["namespace"]), unhex(group["registrar"]), sent, given(test, "before"))
    return {"number": value[1], "digest": hashlib.sha256(sent).hexdigest()}


def of_cbor(_, test):
    return {"encoded": cbor.write(cbor.read(unhex(test["encoded"]))).hex()}


def of_choice(group, test):
    groups = []
    for number, id_ in enumerate(group["groups"]):
        mine = [filter_ for filter_, of in zip(group["filters"], group["filterGroups"]) if of == number]
        groups.append(forms.group_of({"group": id_, "suite": 1, "class": 0, "tagSize": 16, "epochs": [], "holds": [],
                                      "secrets": [], "filters": mine}))
    found = topics.group_of(groups, text(test["topic"]))
    octets.require(found is not None, "of no group")
    return {"group": found.id.hex()}


JUDGES = {"derive": of_derive, "hedge": of_hedge, "tree": of_tree, "header": of_header, "message": of_message,
          "stream": of_stream, "blinding": of_blinding, "mailbox": of_box, "status": of_box, "cose": of_cose,
          "words": of_words, "proquint": of_proquint, "enrol": of_enrol, "certificate": of_certificate,
          "manifest": of_manifest, "log": of_log, "cbor": of_cbor, "choice": of_choice}


def faults_of(test, result, event, outputs):
    """What differs from what is recorded."""
    faults = [] if result == test["result"] else [f"is {result}, not {test['result']}: {event}"]
    if result == "invalid" and "event" in test and event != test["event"]:
        faults.append(f"is told as {event}, not {test['event']}")
    faults += [f"{name} differs" for name, value in outputs.items() if test.get(name) != value]
    return faults


def judge_alone(group, test):
    try:
        return "valid", None, JUDGES[group["type"]](group, test)
    except octets.Refused as refused:
        return "invalid", refused.event, {}


def judge_sequence(group):
    reader = Reader([forms.group_of(group)], number_of(group, "now"), given(group, "bootNonce"))
    for test in group["tests"]:
        event = reader.receive(text(test["topic"]), unhex(test["envelope"]))
        outputs = {"gap": event.gap, "event": event.name}
        if event.opened:
            outputs["payload"] = event.opened.payload.hex()
        yield test, ("valid" if event.name in ("ok", "again", "chunks") else "invalid", event.name, outputs)


def judge(file):
    """(how many tests, [fault]) of a file's form."""
    count, faults = 0, []
    for group in file["testGroups"]:
        rows = judge_sequence(group) if group["type"] == "sequence" else \
            ((test, judge_alone(group, test)) for test in group["tests"])
        for test, found in rows:
            count += 1
            faults += [f"{test['tcId']} ({test['comment']}): {fault}" for fault in faults_of(test, *found)]
    if count != file["numberOfTests"]:
        faults.append(f"{count} tests, not {file['numberOfTests']}")
    return count, faults
