"""A broker that lies, and three that look: what wax pub and wax sub under seal show of what a broker drops, repeats, turns back,
swaps, forges and withholds; and what brokers and the wire ever see."""
import base64
import os
import pathlib
import re
import socket
import threading
import time
import unittest
from unittest import mock

import mqtt_raw
import sealed_tools_test
from peers import WAX, Listening, Story, free_port, mosquitto, nats, stop, wax, wax_broker
from sealed_tools_test import BOTH, READS, STATE, WRITES, Device, group


KINDS = {"connect": 1, "publish": 3, "subscribe": 8, "unsubscribe": 10, "ping": 12, "disconnect": 14}


class Liar(Listening):
    """A broker of MQTT 3.1.1 and 5 that delivers whatever it is told to, and remembers whatever it got. `mailboxes` are
    served to who asks for them; `script` - (topic, payload, retain) - to who subscribes to anything else."""

    def __init__(self):
        self.mailboxes, self.script, self.taken, self.filters, self.wills = {}, [], [], [], []
        super().__init__()

    def talk(self, peer):
        stream = peer.makefile("rb")
        version = 4
        while (head := stream.read(1)):
            size = shift = 0
            while True:
                byte = stream.read(1)[0]
                size |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            body, kind = stream.read(size), head[0] >> 4
            if kind == KINDS["connect"]:
                version = body[6]
                self.wills.append(body)
                peer.sendall(b"\x20\x03\0\0\0" if version == 5 else b"\x20\x02\0\0")
            elif kind == KINDS["publish"]:
                self.take(peer, version, head[0], body)
            elif kind == KINDS["subscribe"]:
                self.grant(peer, version, body)
            elif kind == KINDS["unsubscribe"]:
                peer.sendall(bytes((0xB0, 2)) + body[:2])
            elif kind == KINDS["ping"]:
                peer.sendall(b"\xd0\0")
            elif kind == KINDS["disconnect"]:
                return

    def take(self, peer, version, first, body):
        size = int.from_bytes(body[:2], "big")
        topic, rest = body[2:2 + size].decode(), body[2 + size:]
        if first & 6:
            peer.sendall(bytes((0x40, 2)) + rest[:2])
            rest = rest[2:]
        if version == 5:
            rest = rest[1 + rest[0]:]
        self.taken.append((topic, rest))

    def grant(self, peer, version, body):
        at, names = (3 + body[2], []) if version == 5 else (2, [])
        while at < len(body):
            size = int.from_bytes(body[at:at + 2], "big")
            names.append(body[at + 2:at + 2 + size].decode())
            at += 3 + size
        self.filters += names
        suback = body[:2] + (b"\0" if version == 5 else b"") + bytes([1] * len(names))
        peer.sendall(bytes((0x90, len(suback))) + suback)
        wanted = [row for name in names for row in
                  ([(name, self.mailboxes[name], True)] if name in self.mailboxes else [] if name.startswith("wax/k/") else self.script)]
        for number, (topic, payload, retain) in enumerate(wanted, 1):
            middle = number.to_bytes(2, "big") + (b"\0" if version == 5 else b"")
            packet = mqtt_raw.text(topic) + middle + payload
            peer.sendall(bytes((0x33 if retain else 0x32,)) + mqtt_raw.varint(len(packet)) + packet)


class LyingBroker(Story):
    def setUp(self):
        self.liar = Liar()
        self.addCleanup(self.liar.close)
        self.sensor, self.reader = (self.device(name) for name in ("sensor", "reader"))

    def device(self, name):
        return Device(self.folder, f"{name}-{self._testMethodName}"[:100])

    def give(self, device, version, *groups, **more):
        self.liar.mailboxes[f"wax/k/{device.name}"] = device.mailbox(version, list(groups), **more)

    def begin(self, **more):
        self.give(self.sensor, 1, group(WRITES, 1, **more))
        self.give(self.reader, 1, group(READS, **more))

    def pub(self, device, lines, topic="home/door", *words, **more):
        """The envelopes of so many lines, as the broker got them."""
        before = len(self.liar.taken)
        wax("pub", "-p", self.liar.port, "-q", 1, "--seal", device.keys, "-t", topic, "-l", *words,
            given="".join(f"{line}\n" for line in lines), **more)
        return [payload for name, payload in self.liar.taken[before:] if not name.startswith("wax/")]

    def sub(self, script, count, topic="home/#", **more):
        self.liar.script = [row if len(row) == 3 else (*row, False) for row in script]
        return wax("sub", "-p", self.liar.port, "-q", 1, "--seal", self.reader.keys, "-t", topic, "-C", count, "-W", 20, **more)

    def test_what_is_left_out_is_told(self):
        self.begin()
        one, _, _, four = self.pub(self.sensor, ("one", "two", "three", "four"))
        shown = self.sub([("home/door", one), ("home/door", four)], 2)
        self.assertEqual(shown.out, "one\nfour\n")
        self.assertIn("2 messages of sender 1 did not come", shown.err)

    def test_what_came_behind_the_last_that_was_shown_is_shown_at_the_next_start(self):
        self.begin()
        sent = [("home/door", payload) for payload in self.pub(self.sensor, ("one", "two", "three"))]
        for text in ("one", "two", "three"):
            self.assertEqual(self.sub(sent, 1).out, f"{text}\n")

    def test_what_came_is_not_shown_again_at_the_next_start(self):
        self.begin()
        one, end = self.pub(self.sensor, ("one", "end"))
        self.assertEqual(self.sub([("home/door", one)], 1).out, "one\n")
        shown = self.sub([("home/door", one), ("home/door", end)], 1)
        self.assertEqual(shown.out, "end\n")
        self.assertIn("refused a message on home/door: it came already", shown.err)

    def test_what_is_repeated_or_mixed_up_is_shown_once(self):
        self.begin()
        sent = self.pub(self.sensor, ("one", "two", "three", "end"))
        shown = self.sub([("home/door", sent[i]) for i in (0, 0, 2, 1, 1, 2, 0, 3)], 4)
        self.assertEqual(shown.out, "one\nthree\ntwo\nend\n")
        self.assertEqual(shown.err.count("refused a message on home/door: it came already"), 4)

    def test_texts_that_are_no_text(self):
        """A byte or none, and bytes that are no UTF-8: they come out as they went in; of nothing, nothing is shown."""
        self.begin()
        path, sent = self.folder.path / "bytes", []
        for payload in (b"", b"\xc3", b"\xff\xfe\0"):
            path.write_bytes(payload)
            wax("pub", "-p", self.liar.port, "-q", 1, "--seal", self.sensor.keys, "-t", "home/door", "-f", path)
            sent.append([row for row in self.liar.taken if row[0] == "home/door"][-1])
        self.assertEqual(self.sub(sent, 3, text=False).out, b"\xc3\n\xff\xfe\0\n")

    def test_a_retained_message_is_not_turned_back(self):
        self.begin(class_=STATE)
        old, new, end = self.pub(self.sensor, ("open", "shut", "end"), "home/door", "-r")
        shown = self.sub([("home/door", new, True), ("home/door", old, True), ("home/door", new, True), ("home/door", end, True)], 3)
        self.assertEqual(shown.out, "shut\nshut\nend\n")  # the latest again is no news, and harmless
        self.assertEqual(shown.err.count("it is older than what its topic had already"), 1)

    def test_a_newcomer_believes_nothing_below_the_floor(self):
        self.begin(class_=STATE)
        old, new = self.pub(self.sensor, ("open", "shut"))
        self.give(self.reader, 2, {**group(READS, class_=STATE), 17: {1: [1, 1]}})
        shown = self.sub([("home/door", old, True), ("home/door", new, True)], 1)
        self.assertEqual((shown.out, shown.err.count("refused a message")), ("shut\n", 1))

    def test_what_is_touched_cut_grown_or_put_elsewhere_is_refused(self):
        self.begin()
        secret, end = self.pub(self.sensor, ("a text of thirty-two characters..", "end"))
        flipped = [secret[:at] + bytes([secret[at] ^ 1 << at % 8]) + secret[at + 1:] for at in range(len(secret))]
        cut = [secret[:size] for size in range(1, len(secret), 3)]
        script = [("home/door", each) for each in flipped + cut + [secret + b"\0", secret + secret]]
        script += [("home/window", secret), ("home", secret), ("home/door/", secret), ("home/door", b"open"), ("home/door", b"\xf8" * 60)]
        shown = self.sub([*script, ("home/door", secret), ("home/door", end)], 2)
        self.assertEqual(shown.out, "a text of thirty-two characters..\nend\n")
        self.assertEqual(shown.err.count("refused a message"), len(script))

    def test_keys_of_other_groups_epochs_and_members_are_none(self):
        self.begin()
        strange = {"id": {"id_": b"group--2"}, "secret": {"secret": b"x" * 32}, "epoch": {"epoch": 2}, "suite": {"suite": 1},
                   "class": {"class_": STATE}}
        script = []
        for name, changed in strange.items():
            device = self.device(name)
            self.give(device, 1, group(WRITES, 1, **changed))
            script.append(("home/door", self.pub(device, ("forged",))[0]))
        outsider = self.device("outsider")
        self.give(outsider, 1, group(WRITES, 200))
        script.append(("home/door", self.pub(outsider, ("forged",))[0]))
        end = self.pub(self.sensor, ("end",))[0]
        shown = self.sub([*script, ("home/door", end)], 1)
        self.assertEqual((shown.out, shown.err.count("refused a message")), ("end\n", len(script)))
        self.assertIn("its sender may not write here", shown.err)

    def test_no_old_and_no_foreign_mailbox_changes_the_keys(self):
        self.begin()
        one, two, three, four = self.pub(self.sensor, ("one", "two", "three", "four"))
        self.give(self.reader, 7, group(READS))
        self.assertEqual(self.sub([("home/door", one)], 1).out, "one\n")
        name = f"wax/k/{self.reader.name}"
        forged = self.liar.mailboxes
        good, stranger = forged[name], self.device("stranger")
        forged[name] = self.reader.mailbox(3, [group(BOTH, 1)])
        shown = self.sub([("home/door", two)], 1)
        self.assertEqual(shown.out, "two\n")
        self.assertIn("turns back the clock", shown.err)
        forged[name] = stranger.mailbox(9, [group(READS, secret=b"y" * 32)])
        shown = self.sub([("home/door", three)], 1)
        self.assertEqual(shown.out, "three\n")
        self.assertIn("the mailbox of this device was refused", shown.err)
        stranger.psk, stranger.name = self.reader.psk, self.reader.name

        with mock.patch.object(sealed_tools_test, "NAMESPACE", b"housetwo"):
            forged[name] = stranger.mailbox(9, [group(READS, secret=b"y" * 32)])
        shown = self.sub([("home/door", four)], 1)
        self.assertEqual(shown.out, "four\n")
        self.assertIn("the mailbox of this device was refused", shown.err)
        forged[name] = good[:-1] + bytes([good[-1] ^ 1])
        five = self.pub(self.sensor, ("five",))[0]
        self.assertEqual(self.sub([("home/door", five)], 1).out, "five\n")

    def test_who_was_evicted_is_not_shown_and_reads_nothing(self):
        self.begin()
        evicted = self.device("evicted")
        self.give(evicted, 1, group(BOTH, 2))
        again = {**group(READS, epoch=2, secret=b"f" * 32), 12: [1, 1]}
        self.give(self.reader, 2, again)
        self.give(self.sensor, 2, group(WRITES, 1, epoch=2, secret=b"f" * 32))
        forged = self.pub(evicted, ("forged",))[0]
        end = self.pub(self.sensor, ("end",))[0]
        shown = self.sub([("home/door", forged), ("home/door", end)], 1)
        self.assertEqual(shown.out, "end\n")
        self.assertIn("its sender may not write here", shown.err)
        self.reader = evicted
        self.liar.script = [("home/door", end, False)]
        shown = wax("sub", "-p", self.liar.port, "--seal", evicted.keys, "-t", "home/#", "-C", 1, "-W", 5, code=None)
        self.assertEqual(shown.out, "")
        self.assertIn("there is no key of its epoch", shown.err)

    def test_who_keeps_the_mailbox_back_learns_no_names_and_is_not_believed(self):
        """At the first start, before the device knows what is sealed and whether topics are blinded."""
        self.liar.script = [("home/door", b"forged", True)]
        shown = wax("sub", "-p", self.liar.port, "--seal", self.reader.keys, "-t", "home/#", "-W", 8, code=None)
        self.assertEqual(shown.out, "")
        self.assertIn("no mailbox", shown.err)
        self.assertEqual(self.liar.filters, [f"wax/k/{self.reader.name}"])
        said = wax("pub", "-p", self.liar.port, "--seal", self.sensor.keys, "-t", "home/door", "-m", "secret", code=1)
        self.assertIn("Nothing was sent", said.err)
        self.assertEqual([topic for topic, _ in self.liar.taken if not topic.startswith("wax/")], [])

    def test_a_will_is_sealed_anew_for_each_connection(self):
        self.begin(class_=STATE)
        self.pub(self.sensor, ("first",))
        self.liar.wills.clear()
        for _ in range(2):
            self.pub(self.sensor, ("x",), "home/door", "--will-topic", "home/door", "--will-payload", "the secret will")
        self.assertEqual(len(self.liar.wills), 2)
        self.assertNotEqual(*self.liar.wills)
        self.assertFalse([body for body in self.liar.wills if b"secret will" in body])

    def test_a_state_folder_is_rewritten_and_not_overwritten(self):
        """A smaller mailbox leaves no tail of the one before it."""
        large = self.reader.mailbox(1, [group(READS, id_=b"group--%d" % i) for i in range(9)])
        small = self.reader.mailbox(2, [group(READS)])
        for mailbox in (large, small):
            self.liar.mailboxes[f"wax/k/{self.reader.name}"] = mailbox
            wax("sub", "-p", self.liar.port, "--seal", self.reader.keys, "-t", "home/#", "-E", "-W", 20)
        state = pathlib.Path(f"{self.reader.keys}.state")
        self.assertEqual((state / "mailbox").read_bytes(), small)
        self.assertFalse([path for path in state.iterdir() if large[-40:] in path.read_bytes()])


class Tap:
    """A proxy of TCP that keeps all bytes that pass."""

    def __init__(self, port):
        self.behind, self.seen, self.ends = port, [], []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                near = self.server.accept()[0]
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.behind))
            self.ends += [near, far]
            for ends in ((near, far), (far, near)):
                kept = bytearray()
                self.seen.append(kept)
                threading.Thread(target=self.pump, args=(*ends, kept), daemon=True).start()

    @staticmethod
    def pump(source, target, kept):
        try:
            while (got := source.recv(65536)):
                kept += got
                target.sendall(got)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def bytes(self):
        return b"\0".join(bytes(kept) for kept in list(self.seen))

    def close(self):
        for end in (self.server, *self.ends):
            end.close()


def stored(folder):
    """All files of a store, and what stands in them in base64: nats-server keeps what is retained so."""
    content = b"\0".join(path.read_bytes() for path in sorted(pathlib.Path(folder).rglob("*")) if path.is_file())
    coded = [word for word in re.findall(rb"[A-Za-z0-9+/]{12,}={0,2}", content) if len(word) % 4 == 0]
    return b"\0".join([content, *map(base64.b64decode, coded)])


class LookingBrokers(Story):
    """All that three brokers and the wire to them see and keep. A canary in clear shows that the looking works."""

    SECRETS = (b"a very secret measurement", b"kitchen", b"thermometer", b"text/secret", b"secret-property", b"the last secret will")

    def brokers(self):
        folder = self.folder.path
        for name in ("wax", "mosquitto", "nats"):
            port, store = free_port(), folder / f"{name}-store"
            if name == "nats":
                yield name, port, nats(self.folder, port), folder / f"nats-{port}"
                continue
            store.mkdir()
            lines = f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {store}/\n"
            if name == "wax":
                lines += "user root\n" * (os.geteuid() == 0)
                yield name, port, wax_broker(self.folder, lines, [port]), store
            else:
                yield name, port, mosquitto(self.folder, lines, [port]), store

    def live(self, tap, name):
        """Keys are delivered, a reader sleeps, a sensor sends state that stays; then the reader wakes up."""
        blinding = {1: b"b" * 32, 2: 1, 3: 1}
        filters = ["kitchen/+/temp"]
        sensor, reader = Device(self.folder, f"s-{name}"), Device(self.folder, f"r-{name}")
        for device, role in ((sensor, (WRITES, 1)), (reader, (READS,))):
            path = self.folder.path / "mailbox"
            path.write_bytes(device.mailbox(1, [group(*role, filters=filters, class_=STATE)], blinding))
            wax("pub", "-p", tap.port, "-t", f"wax/k/{device.name}", "-r", "-q", 1, "-f", path)
        sub = ("sub", "-p", tap.port, "-c", "-i", f"r-{name}", "-q", 1, "--seal", reader.keys, "-t", "kitchen/+/temp", "-W", 20)
        more = () if name == "nats" else ("-V", 5, "-D", "publish", "content-type", "text/secret",  # nats-server speaks 3.1.1
                                          "-D", "publish", "user-property", "secret-property", "21")
        wax(*sub, "-E")
        wax("pub", "-p", tap.port, "-q", 1, "-r", "--seal", sensor.keys, "-t", "kitchen/thermometer/temp",
            "-m", "a very secret measurement", *more)
        wax("pub", "-p", tap.port, "-q", 1, "--seal", sensor.keys, "-t", "kitchen/thermometer/temp", "-m", "a very secret measurement",
            "--will-topic", "kitchen/thermometer/temp", "--will-payload", "the last secret will")
        wax("pub", "-p", tap.port, "-t", "canary/topic", "-r", "-q", 1, "-m", "the canary sings")
        return sub

    def test_no_text_and_no_name_is_on_the_wire_or_on_the_disk(self):
        for name, port, server, store in self.brokers():
            with self.subTest(broker=name):
                tap = Tap(port)
                self.addCleanup(tap.close)
                try:
                    self.live(tap, name)
                    until = time.monotonic() + 20
                    while name == "nats" and b"the canary sings" not in stored(store) and time.monotonic() < until:
                        time.sleep(0.1)
                finally:
                    stop(server.process)
                seen, kept = tap.bytes(), stored(store)
                for canary in (b"the canary sings", b"canary"):
                    self.assertTrue(canary in seen and canary in kept, "the looking sees nothing")
                self.assertTrue(re.search(rb"(?:[\w-]{12}[/.]){2}[\w-]{12}", kept), "no blinded topic is on the disk")
                for secret in self.SECRETS:
                    self.assertFalse(secret in seen, f"{secret} is on the wire")
                    self.assertFalse(secret in kept, f"{secret} is on the disk")

    def test_and_the_reader_reads_it(self):
        port = free_port()
        server = mosquitto(self.folder, f"listener {port} 127.0.0.1\nallow_anonymous true\n", [port])
        self.addCleanup(server.close)
        tap = Tap(port)
        self.addCleanup(tap.close)
        shown = wax(*self.live(tap, "reads"), "-C", 1, "-v")
        self.assertEqual(shown.out, "kitchen/thermometer/temp a very secret measurement\n")


if __name__ == "__main__":
    unittest.main()
