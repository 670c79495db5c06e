#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets: a handful of valid inputs each, into corpus/<target>/."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "seal"))
from sealed import message, plain, stream
from sealed.group import Group
from sealed.keys import STREAM

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "stories"))
import firmware

V31, V311, V5 = 0x00, 0x10, 0x20  # bits 4 and 5 of the first byte
SECOND, THIRD, FOURTH = 0x40, 0x80, 0xC0  # bits 6 and 7: which type


def text(value):
    return len(value).to_bytes(2, "big") + value


def body(choice, *parts):
    return bytes([choice]) + b"".join(parts)


def packet(first, *parts):
    inside = b"".join(parts)
    return bytes([first, len(inside)]) + inside


def spoken(*turns):
    return b"".join(bytes([who]) + len(what).to_bytes(2, "big") + what for who, what in turns)


def sn(kind, inside=b""):
    return bytes([len(inside) + 2, kind]) + inside


def said(who, what):
    return bytes([who, len(what)]) + what


USER = b"\x26" + text(b"name") + text(b"value")
NUMBER = b"\x00\x00\x00\x00\x00\x00\x00\x2a"
ID, ANOTHER = b"\x00\x07", b"\xff\xff"
CONNECT_5 = text(b"MQTT") + b"\x05\xee\x00\x3c\x05\x11\x00\x00\x0e\x10" + text(b"id") + b"\x05\x18\x00\x00\x00\x05" \
    + text(b"will/to") + text(b"gone") + text(b"user") + text(b"pass")
CONNECT_311 = text(b"MQTT") + b"\x04\xc2\x00\x3c" + text(b"id") + text(b"user") + text(b"pass")
CONNECT_31 = text(b"MQIsdp") + b"\x03\x06\x00\x3c" + text(b"id") + text(b"will/to") + text(b"gone")
PUBLISH_5 = text(b"to/us") + ID + b"\x08\x01\x01\x23\x00\x01\x0b\xac\x02" + b"payload"
SUBSCRIBE_5 = ID + b"\x02\x0b\x07" + text(b"to/+") + b"\x2d" + text(b"$share/us/#") + b"\x02"

SEEDS = {
    "wire_connect": [body(V31, CONNECT_31), body(V311, CONNECT_311), body(V5, CONNECT_5),
                     body(V311, text(b"MQTT"), b"\x84\x02\x00\x00", text(b"bridge"))],
    "wire_connack": [body(V31, b"\x00\x05"), body(V311, b"\x01\x00"), body(V5, b"\x01\x00\x00"),
                     body(V5, b"\x00\x00\x0d\x21\x00\x14\x27\x00\x10\x00\x00\x12", text(b"xy"))],
    "wire_publish": [body(V31, text(b"to"), b"payload"), body(V311 | 0x0B, text(b"to"), ID, b"payload"),
                     body(V5 | 0x04, PUBLISH_5), body(V5, b"\x00\x00\x03\x23\x00\x01")],
    "wire_acknowledge": [body(V31, ID), body(V311 | SECOND, ANOTHER), body(V5 | THIRD, ID, b"\x92"),
                         body(V5 | FOURTH, ID, b"\x00\x05\x1f", text(b"ok")), body(V5, ID, b"\x10\x00")],
    "wire_subscribe": [body(V31, ID, text(b"to"), b"\x02"), body(V311, ID, text(b"#"), b"\x00", text(b"+"), b"\x01"),
                       body(V5, SUBSCRIBE_5), body(V311 | SECOND, ID, text(b"to")),
                       body(V5 | SECOND, ID, b"\x00", text(b"to"), text(b"#"))],
    "wire_suback": [body(V31, ID, b"\x01\x02"), body(V311, ID, b"\x00\x80"), body(V5, ID, b"\x05\x1f", text(b"no"), b"\x87"),
                    body(V311 | SECOND, ID), body(V5 | SECOND, ID, b"\x00\x00\x11")],
    "wire_notice": [body(V311), body(V5, b"\x04"), body(V5, b"\x8e\x05\x1f", text(b"by")),
                    body(V5 | SECOND, b"\x18\x0b\x15", text(b"scram"), b"\x16", text(b""))],
    "wire_properties": [body(1, b"\x0d\x21\x00\x14\x22\x00\x0a\x27\x00\x10\x00\x00\x17\x01"),
                        body(2, b"\x0a\x24\x01\x25\x00\x28\x01\x29\x00\x2a\x01"),
                        body(3, b"\x11\x01\x01\x02\x00\x00\x00\x3c\x08", text(b"re"), b"\x09", text(b"\x00")),
                        body(0, b"\x05\x18\x00\x00\x00\x05"), body(4, bytes([2 * len(USER)]), USER, USER)],
    "wire_packet": [body(V31, packet(0x10, CONNECT_31)), body(V311, packet(0x10, CONNECT_311), packet(0xC0)),
                    body(V5, packet(0x34, PUBLISH_5), packet(0x62, ID), packet(0x82, SUBSCRIBE_5), packet(0xE0)),
                    body(V31, packet(0x8A, ID, text(b"to"), b"\x01")), body(V5 | 1, packet(0xD0), packet(0xF0))],
    "seal_look": [b"\xf8\x93\x02\x05" + bytes(17), b"\xf9\x98\x01\xff\x08" + bytes(81),
                  b"\xfa\x90\x01\x00\x00\x00\x00\x40\x80\x00\x00\x00" + bytes(17), b"\xfb\x02" + bytes(37),
                  b"\xfc\x10" + bytes(90), b"\xf8\xbb\xff\xff\xff\x00\x0f\xff\xff\xff" + bytes(20)],
    "tools_socks": [b"\x00\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34", b"\x01\x05\x02\x01\x00\x05\x00\x00\x03\x02ab\x12\x34",
                    b"\x00\x05\x00\x05\x05\x00\x01", b"\x01\x05\xff"],
    "tools_rewrite": [
        spoken((1, packet(0x10, CONNECT_311)), (0, packet(0x20, b"\x00\x00")), (1, packet(0x32, text(b"secret"), ID, b"hi")),
               (0, packet(0x34, text(b"b/secret"), ID, b"SEALED hi")), (1, packet(0x50, ID)), (0, packet(0x62, ID))),
        spoken((1, packet(0x10, text(b"MQTT"), b"\x05\x06\x00\x3c\x03\x22\x00\x0a", text(b"id"), b"\x05\x18\x00\x00\x00\x05",
                          text(b"secret"), text(b"gone"))), (0, packet(0x20, b"\x00\x00\x03\x22\x00\x0a")),
               (1, packet(0x34, text(b"open"), ID, b"\x00hi")), (1, packet(0x82, SUBSCRIBE_5)), (0, packet(0x34, text(b"new"), ID, b"\x00x")),
               (0, packet(0x62, ID)), (2, packet(0x30, text(b"b/secret"), b"\x00SEALED ")), (1, packet(0xE0)))],
    "tools_keys_follow": [b"wax/l/1 d284\nwax/l d284\n", b"wax/l/2 \nother/l 00\nwax/k/a 00\nwax/l/3\n", b"wax/l/1 " + b"00" * 40],
    "tools_keys_request": [
        b'o{"words":["grant","lamp","home","both","--history"],"content":""}', b'o{"words":["enrol","lamp","--from","x"],"content":"00ff"}',
        b'o{"words":["--man"],"content":""}', b"o{}", b"r# who\nviewer user anna\noperator cn a\nadmin san x.org\r\n",
        b"radmin spki " + b"0a" * 32 + b"\n", b"rking cn b"],
    "tools_srv": [b"\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00\x05_mqtt\x04_tcp\x01x\x00\x00\x21\x00\x01"
                  b"\xc0\x0c\x00\x21\x00\x01\x00\x00\x00\x3c\x00\x0a\x00\x0a\x00\x05\x07\x5b\x01a\xc0\x17"
                  b"\xc0\x0c\x00\x21\x00\x01\x00\x00\x00\x3c\x00\x0b\x00\x01\x00\x00\x07\x5c\x01b\x01x\x00"],
    "tools_trace": [body(V5 | 15, packet(0x10, CONNECT_5), packet(0x34, PUBLISH_5), packet(0x82, SUBSCRIBE_5), packet(0xE0)),
                    body(V5, packet(0x20, b"\x00\x00\x00"), packet(0x90, ID, b"\x00\x01"), packet(0x40, ID, b"\x10")),
                    body(V311, packet(0x20, b"\x00\x00"), packet(0x30, text(b"to"), b"payload"), packet(0x62, ID), packet(0xD0))],
    "broker_keep_record": [
        body(0, b"\x01\x01\x07\x5b\x00\x00\x0e\x10", bytes(8), text(b"id"), text(b"user")), body(1, b"\x01\x1e\x00\x00\x00\x05"),
        body(2, NUMBER, b"\x12\x00\x07\x00\x00\x00\x09", b"\x00\x00\x00\x05"), body(2, bytes(8), b"\x22\xff\xff", bytes(4)),
        body(3, NUMBER, b"\x00\x00\x00\x3c"), body(4, NUMBER, b"\xff\xff\x00\x02", text(b"us"), text(b"to/#")),
        body(5, b"\x01\x0d\x00\x01", NUMBER, b"\xff" * 8, NUMBER, b"\xff" * 4, text(b"to/us"), text(b"user"), text(b"id"),
             b"\x00\x00\x00\x0e" + USER, b"payload")],
    "sn_packet": [sn(4, b"\x0c\x01\x00\x3cid"), sn(12, b"\x62\x61\x62\x00\x00!") + sn(18, b"\x01\x00\x05\x00\x07"), sn(26, b"\x30will"),
                  b"\x01\x01\x04\x0c" + bytes(256), b"\x7e\x03\x05\x00\xea\xb8\x7e" + b"\x7e\x02\x7d\x5e\x7e"],
    "sn_client": [
        body(0, said(0, sn(10, b"\x00\x00\x00\x01t/x")), said(0, sn(12, b"\x20\x00\x01\x00\x02hi")), said(2, packet(0x40, b"\x00\x02")),
             said(0, sn(12, b"\x40\x00\x01\x00\x03hi")), said(2, packet(0x50, b"\x00\x03")), said(0, sn(16, b"\x00\x03")),
             said(2, packet(0x70, b"\x00\x03"))),
        body(0, said(0, sn(18, b"\x40\x00\x05a/#")), said(2, packet(0x90, b"\x00\x05\x00\x02")), b"\x07\x05",
             said(0, sn(11, b"\x00\x01\x00\x01\x00")), said(0, sn(15, b"\x00\x05")), said(2, packet(0x62, b"\x00\x05")), said(0, sn(14, b"\x00\x05"))),
        body(0, said(0, sn(24, b"\x00\x64")), b"\x07\x04\x07\x05", said(0, sn(22, b"device")), b"\x04\xff"),
        body(0, said(0, sn(26, b"\x20will")), b"\x06\x00\x05\x01", said(0, sn(28, b"gone")), b"\x06\x00\x05\x00"),
        body(1, said(0, sn(4, b"\x08\x01\x00\x3cdevice")), said(0, sn(7, b"\x30will")), said(0, sn(9, b"gone")), b"\x05\x01",
             said(0, sn(24)), b"\x06\x00")],
    "base_utf8": [b"plain ASCII, longer than eight", "é€🔒".encode(), b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc1\xbf", b"a\x00b"],
}

# What is sealed is for the reader that the targets make.
SECRET = b"\x05" + bytes(31)
FIELDS = plain.write_fields([(1, b"text/plain"), (3, b"id"), (5, bytes(8)), (7, (b"name", b"value")), (200, b"x")])


def group(suite, tag_size):
    return Group(id=bytes(8), suite=suite, class_=STREAM, tag_size=tag_size, epochs={1: (0, SECRET)})


def sealed(choice, suite, tag_size, **more):
    return body(choice, message.seal(group(suite, tag_size), "t", message.Draft(1, 1, 9, b"21.5", **more))[0])


def streamed(choice, counts, **more):
    head, chunks = stream.seal_chunks(group(2, 8), "t", message.Draft(1, 1, 9, bytes(150), **more), 64)
    return body(choice, *(text(one) for one in stream.messages_of(head, 64, chunks, counts)))


SEEDS["seal_open"] = [
    sealed(0, 1, 16), sealed(1, 2, 16), sealed(9, 2, 8, fields=FIELDS), sealed(10, 3, 8, padding=(1, 32)), body(0x80, b"\0payload"),
    body(0x91, b"\x03", text(FIELDS), b"payload\x80\0\0"), body(0xC2, b"\x04payload", bytes(64))]
SEEDS["seal_stream"] = [streamed(0, [3]), streamed(20, [1, 1, 1], fields=FIELDS), streamed(255, [2, 1], retain=True)]
SEEDS["seal_blind"] = [body(0, text(b""), b"home/+/temp"), body(3, text(b"home/+/temp"), b"$share/x/home/hall/temp"),
                       body(2, text(b"home/#"), b"home/+/#"), body(1, text(b""), b"wax/k/d1")]
SEEDS["member_unseal"] = [
    body(0x80, b"\0", b"a text that is sealed"), body(0xA1, b"\0", b"on a blinded topic"), body(0x91, b"\x07", b"touched"),
    body(0x01, b"\0", sealed(1, 2, 16)[1:]), body(0x40, b"\0", b"\xfb\x02", bytes(40)), body(0x10, b"\0"), body(0x02, b"\0clear")]

# What a vendor says of an image of one chunk of zeros, and of two: the fuzz target signs it. Then what stands in flash.
PAYLOAD = firmware.item(firmware.describe(bytes(300), "acme", "pump", 7, 3, 512))
LABELLED = firmware.item(firmware.describe(bytes(600), "acme", "pump", 7, 3, 512, "2.1.0"))
STATE = firmware.state_record(trial=1, tries=2, sequence=2, versions=(6, 7), highest=7)
SEEDS["update_manifest"] = [
    body(0, b"junk"), body(1, PAYLOAD), body(1, LABELLED), body(2, STATE.ljust(64, b"\xff"), firmware.state_record().ljust(64, b"\xff"),
                                                                firmware.log_head(0, PAYLOAD)), body(3, bytes(416))]

for target, seeds in SEEDS.items():
    folder = pathlib.Path(__file__).parent / "corpus" / f"{target}_fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds, 1):
        (folder / f"seed-{number}").write_bytes(seed)
