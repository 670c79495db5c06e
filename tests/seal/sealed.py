#!/usr/bin/python3
"""Seals and opens what Wax seals and opens, for tests of both: sealed.py COMMAND < REQUESTS > ANSWERS

A request is one line of JSON, an answer too, in their order; flat, bytes and texts in hexadecimal digits, as in README.md. An answer
to what is refused is {"event": ..., "why": ...}. What a request may say is what the vectors say of the same type of group, the common
part and the test in one object:

  seal      a member's group; topic, sender, epoch, position, payload[, retain, fields, padding, signingSecret, noise] -> envelope
  open      a member's group; topic, envelope -> an opened message, and kind, sender, epoch, position
  read      the first request is a member's group[, now, bootNonce]; those after it: topic, envelope -> event, gap, and if delivered
            an opened message
  chop      as seal, and chunkSize, counts -> messages
  join      as open, but messages
  blind     blindingKey, variant, hash[, prefix, patterns], name -> blinded
  box       profile, namespace, psk or sealerSecret and openerPublic and ephemeral; topic, generation (not in a status), version,
            content -> message
  unbox     profile, namespace, psk or openerSecret and sealerPublic; topic, message[, lastGeneration, lastVersion] -> content,
            version[, generation]
  sign      secret, external, payload -> message, a COSE_Sign1
  verify    public, external, message -> payload
  words     namespace, public, nonce -> words
  public    secret -> public
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from sealed import box, cose, forms, message, octets, p256, signed, stream
from sealed.forms import hex_of, text, unhex
from sealed.reader import Reader


def given(form, name):
    return unhex(form[name]) if name in form else None


def draft_of(form):
    return message.Draft(form["sender"], form["epoch"], form["position"], unhex(form["payload"]), given(form, "fields"),
                         form.get("retain", False), form.get("padding", [0]), given(form, "signingSecret"),
                         unhex(form.get("noise", "")))


def opened_form(opened):
    where = opened.where
    return {**forms.opened_form(opened), "kind": where.kind, "sender": where.sender, "epoch": where.epoch,
            "position": where.position}


def seal(form):
    return {"envelope": message.seal(forms.group_of(form), text(form["topic"]), draft_of(form))[0].hex()}


def unseal(form):
    group = forms.group_of(form)
    where = message.locate(group, unhex(form["envelope"]))
    return opened_form(message.unseal(group, text(form["topic"]), where))


def chop(form):
    size = form["chunkSize"]
    head, chunks = stream.seal_chunks(forms.group_of(form), text(form["topic"]), draft_of(form), size)
    counts = form.get("counts", [len(chunks)])
    return {"messages": [one.hex() for one in stream.messages_of(head, size, chunks, counts)]}


def join(form):
    messages = [unhex(one) for one in form["messages"]]
    return opened_form(stream.unseal(forms.group_of(form), text(form["topic"]), messages))


def blind(form):
    return {"blinded": hex_of(forms.blinding_of(form).blind(text(form["name"])))}


def peer_of(form, own, other):
    return box.Peer(form["profile"], unhex(form["namespace"]), given(form, "psk"), given(form, own), given(form, other))


def write_box(form):
    outside = box.Outside(form.get("generation"), int(form["version"], 16), text(form["topic"]))
    peer = peer_of(form, "sealerSecret", "openerPublic")
    return {"message": box.seal(peer, outside, unhex(form["content"]), given(form, "ephemeral")).hex()}


def read_box(form):
    peer, topic, sent = peer_of(form, "openerSecret", "sealerPublic"), text(form["topic"]), unhex(form["message"])
    last = int(form["lastVersion"], 16) if "lastVersion" in form else None
    if sent[:1] == b"\xfb":
        value = box.open_mailbox(peer, topic, sent, last if last is None else (form["lastGeneration"], last))
    else:
        value = box.open_status(peer, topic, sent, last)
    if value is None:
        return {"event": "again"}
    outside, content = box.unseal(peer, topic, sent)
    generation = {} if outside.generation is None else {"generation": outside.generation}
    return {"content": content.hex(), "version": "%016x" % outside.version, **generation}


def sign(form):
    return {"message": cose.sign(unhex(form["secret"]), unhex(form["external"]), unhex(form["payload"])).hex()}


def verify(form):
    return {"payload": cose.verify(unhex(form["public"]), unhex(form["external"]), unhex(form["message"])).hex()}


def words(form):
    return {"words": hex_of(signed.words(unhex(form["namespace"]), unhex(form["public"]), unhex(form["nonce"])))}


def public(form):
    return {"public": p256.public_of(unhex(form["secret"])).hex()}


class Read:
    """The command that remembers: the first request says who reads."""

    def __init__(self):
        self.reader = None

    def __call__(self, form):
        if self.reader is None:
            now = int(form["now"], 16) if "now" in form else None
            self.reader = Reader([forms.group_of(form)], now, given(form, "bootNonce"))
            return {}
        event = self.reader.receive(text(form["topic"]), unhex(form["envelope"]))
        more = opened_form(event.opened) if event.opened else {}
        return {"event": event.name, "gap": event.gap, **more}


COMMANDS = {"seal": seal, "open": unseal, "read": Read(), "chop": chop, "join": join, "blind": blind, "box": write_box,
            "unbox": read_box, "sign": sign, "verify": verify, "words": words, "public": public}


def answer(command, line):
    try:
        return command(json.loads(line))
    except octets.Refused as refused:
        return {"event": refused.event, "why": str(refused)}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        print(__doc__, end="")
        return 0 if sys.argv[1:] in (["--help"], ["-h"]) else 2
    for line in sys.stdin:
        print(json.dumps(answer(COMMANDS[sys.argv[1]], line)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
