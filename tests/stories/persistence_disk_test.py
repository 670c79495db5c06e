"""A disk that is full, and a disk that is slow: those who want their messages kept wait or are told, and nobody else
notices. The full one is a small file system in a mount namespace of the test's own; the slow one is a library before the C
library, where syncing waits for as long as the test likes."""
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from lasting import KEPT, NEVER, OPEN, end, wait_until
from mqtt_raw import (CONNACK, PUBACK, PUBCOMP, PUBREC, PUBREL, SUBACK, UNSUBACK, Client, acknowledge, connect, publish, subscribe,
                      unsubscribe)
from running import ROOT, WAX, Broker

FULL = 0x97
BLOCK = 60000


class DiskCase(unittest.TestCase):
    BROKER = Broker
    THREADS = 1
    CONFIG = KEPT + "max_queued_messages 0\nmax_queued_bytes 1000000000\n" + OPEN

    def setUp(self):
        self.broker = self.BROKER(self.CONFIG, workers=self.THREADS)
        self.addCleanup(lambda: self.assertIsNone(self.broker.stop()))

    def open(self, version=5):
        client = Client(self.broker.port, version)
        self.addCleanup(client.close)
        return client

    def client(self, client_id="", version=5, durable=False, **more):
        client = self.open(version)
        if durable and version == 5:
            more["props"] = {"session_expiry": NEVER}
        client.present = client.connect(client_id, clean=not durable, **more).session_present
        return client

    def assert_nothing(self, client):
        """Nothing has come, though whatever came before is answered: a look that can only be too short."""
        try:
            got = client.read(0.1)
        except TimeoutError:
            return
        self.fail(f"{got} came too early")

    def check_others(self, count=50):
        """Those who need no disk are served from end to end."""
        reader, writer = self.client(), self.client(version=4)
        reader.subscribe(("swift/#", 2))
        for number in range(count):
            self.assertIn(writer.publish(f"swift/{number % 3}", b"%d" % number, number % 3), (None, 0))
            self.assertEqual(reader.message().payload, b"%d" % number)
        writer.disconnect()
        reader.unsubscribe("swift/#")
        reader.disconnect()


class SmallDisk(Broker):
    """The store is on a file system of 6 MB, in a namespace that outlives the process."""

    def __init__(self, *words, **more):
        self.holder = None
        super().__init__(*words, **more)

    def start(self):
        if self.holder is None:
            os.mkdir(self.path("store"), 0o700)
            mount = f"mount -t tmpfs -o size=6m,mode=0700 tmpfs {self.path('store')} && echo mounted && exec cat"
            self.holder = subprocess.Popen(["unshare", "--mount", "sh", "-c", mount], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert self.holder.stdout.readline() == b"mounted\n"
            self.PREFIX = ("nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt")
        super().start()

    @property
    def disk(self):
        return pathlib.Path(f"/proc/{self.holder.pid}/root{self.path('store')}")

    def fill_up(self):
        with open(self.disk / "ballast", "wb", buffering=0) as ballast:
            try:
                while ballast.write(bytes(4096)) == 4096:
                    pass
            except OSError:
                pass

    def make_room(self):
        (self.disk / "ballast").unlink()

    def stop(self):
        try:
            return super().stop()
        finally:
            self.holder.stdin.close()
            self.holder.stdout.close()
            self.holder.wait(30)


class FullDisk(DiskCase):
    BROKER = SmallDisk

    def setUp(self):
        super().setUp()
        self.reader = self.client("reader", durable=True)
        self.reader.subscribe(("full/#", 2))
        self.there = self.client("there", durable=True)
        self.reader.disconnect()
        self.acknowledged, self.sent = set(), set()

    def offer(self, number, qos=1, size=BLOCK):
        """One message of a new client; gives the reason, or None where no answer comes for a while."""
        client = self.client()
        client.send(publish(f"full/{number}", b"%d " % number + bytes(size), qos, packet_id=1))
        self.sent.add(number)
        try:
            got = client.read(0.5)
        except TimeoutError:
            return None
        self.assertIn(got.kind, (PUBACK, PUBREC))
        if got.reason == 0:
            self.acknowledged.add(number)
        return got.reason

    def fill(self):
        """Until messages are refused."""
        self.broker.fill_up()
        for number in range(1000, 2000):
            if self.offer(number) == FULL:
                return
        self.fail("the disk is never full")

    def check_reader(self, *numbers):
        """What was acknowledged is there, and none of it twice."""
        reader = self.client("reader", durable=True)
        wanted, got = self.acknowledged | set(numbers), []
        while wanted - set(got):
            got.append(int(reader.message().payload.split()[0]))
        self.assertEqual(len(got), len(set(got)))
        self.assertLessEqual(set(got), self.sent | set(numbers))

    def test_who_is_told_and_who_is_served(self):
        for number in range(10):
            self.assertEqual(self.offer(number, 1 + number % 2), 0)
        self.fill()
        self.assertEqual(self.offer(1), FULL)
        self.assertEqual(self.offer(2, 2), FULL)
        self.check_others()
        self.assertEqual(self.there.subscribe(("more", 1), ("most", 0)).reasons, bytes([FULL, FULL]))
        self.there.ping()
        self.client("new", durable=False)
        refused = self.open()
        refused.send(connect("new-durable", clean=False, props={"session_expiry": NEVER}))
        self.assertEqual(refused.expect(CONNACK).reason, FULL)
        old = self.open(4)
        old.send(connect("old", version=4), publish("full/old", b"3000 ", 1, packet_id=9, version=4))
        old.expect(CONNACK)
        self.assertIsNone(old.receive())
        again = self.client("again", version=4, durable=False)
        again.ping()
        self.broker.make_room()
        wait_until(lambda: self.offer(2001) == 0, "it does not go on")
        again.send(publish("full/old", b"3000 ", 1, packet_id=9, version=4, duplicate=True))
        again.expect(PUBACK)
        self.assertEqual(self.there.subscribe(("more", 1)).reasons, b"\1")
        self.client("new-durable", durable=True)
        end(self.broker, signal.SIGKILL)
        self.broker.start()
        self.check_reader(3000)
        self.assertEqual(self.client("there", durable=True).present, 1)

    def test_reader_who_comes_while_it_is_full(self):
        """Its session is known: it gets what waits, and gives room."""
        for number in range(10):
            self.assertEqual(self.offer(number), 0)
        self.fill()
        reader = self.client("reader", durable=True)
        self.assertEqual(reader.present, 1)
        got = {int(reader.message().payload.split()[0]) for _ in range(10)}
        self.assertEqual(got, set(range(10)))
        self.acknowledged -= got
        self.broker.make_room()
        wait_until(lambda: self.offer(2002) == 0, "it does not go on")

    def test_kill_while_it_is_full(self):
        for number in range(10):
            self.assertEqual(self.offer(number), 0)
        self.fill()
        end(self.broker, signal.SIGKILL)
        self.broker.make_room()
        self.broker.start()
        self.check_reader()
        self.assertEqual(self.offer(2003), 0)

    def test_end_while_it_is_full(self):
        for number in range(10):
            self.assertEqual(self.offer(number), 0)
        self.fill()
        self.there.close()
        self.broker.process.send_signal(signal.SIGTERM)
        self.broker.process.wait(30)
        self.broker.errors.close()
        self.broker.make_room()
        self.broker.start()
        self.check_reader()

    def test_packet_id_of_what_was_refused(self):
        """It means something new, after a restart too."""
        writer = self.client("writer", durable=True)
        self.fill()
        writer.send(publish("full/5000", b"5000 ", 2, packet_id=7))
        self.assertEqual(writer.expect(PUBREC).reason, FULL)
        end(self.broker, signal.SIGKILL)
        self.broker.make_room()
        self.broker.start()
        writer = self.client("writer", durable=True)
        self.assertEqual(writer.present, 1)
        writer.send(publish("full/5001", b"5001 ", 2, packet_id=7))
        self.assertEqual(writer.expect(PUBREC).reason, 0)
        self.check_reader(5001)

    def burst(self, writers, late):
        """QoS 2 messages from all of them while the disk becomes full, from some when it is, and then the end. Gives what each has sent by its
        packet ids, and what it was answered."""
        answers, numbers = [{} for _ in writers], iter(range(6000, 9000))
        for turn in range(1, 16):
            for writer, answer in zip(writers, answers):
                number = next(numbers)
                answer[turn] = [number, None]
                writer.send(publish(f"full/{number}", b"%d " % number + bytes(BLOCK), 2, packet_id=turn))
            if turn == 2:
                self.broker.fill_up()
        while self.offer(next(numbers)) != FULL:
            pass
        for writer in late:
            answers.append({1: [next(numbers), FULL]})
            writer.send(publish("full/late", b"%d " % answers[-1][1][0], 2, packet_id=1))
            self.assertEqual(writer.expect(PUBREC).reason, FULL)
        end(self.broker, signal.SIGKILL)
        for writer, answer in zip(writers, answers):
            try:
                while (got := writer.read(30)) is not None:
                    answer[got.packet_id][1] = got.reason
            except OSError:
                pass
        return answers

    def test_kill_while_messages_are_refused(self):
        """Each QoS 2 message that is not refused comes once, and a refused one's packet id is free."""
        writers = [self.client(f"writer-{each}", durable=True) for each in range(7)]
        answers = self.burst(writers[:4], writers[4:])
        self.broker.make_room()
        self.broker.start()
        wanted, free = set(), iter(range(9000, 9999))
        for each, answer in enumerate(answers):
            writer = self.client(f"writer-{each}", durable=True)
            for packet_id, (number, told) in answer.items():
                if told == FULL:
                    self.sent.add(number)
                    number = next(free)
                if told != 0:
                    writer.send(publish(f"full/{number}", b"%d " % number, 2, packet_id=packet_id, duplicate=told is None))
                    self.assertEqual(writer.expect(PUBREC).reason, 0)
                wanted.add(number)
                writer.send(acknowledge(PUBREL, packet_id))
                writer.expect(PUBCOMP)
        self.check_reader(*wanted)

    def test_retained(self):
        client = self.client()
        self.assertEqual(client.publish("kept", b"old", 1, retain=True), 0)
        self.fill()
        self.assertEqual(client.publish("kept", b"new", 1, retain=True), FULL)
        self.broker.make_room()
        wait_until(lambda: self.offer(2004) == 0, "it does not go on")
        end(self.broker, signal.SIGKILL)
        self.broker.start()
        client = self.client()
        client.subscribe("kept")
        self.assertEqual(client.message().payload, b"old")


class FullDiskOfTwo(FullDisk):
    THREADS = 2


GATE = r"""
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Writes down that a sync begins, and lets it begin when the gate is open. */
static int wait_for(const char *name, int file)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    int log = open(getenv("GATE_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0600);

    if (log >= 0) {
        (void)!write(log, "s", 1);
        close(log);
    }
    while (access(getenv("GATE"), F_OK) == 0) {
        usleep(1000);
    }
    return real(file);
}

int fsync(int file)
{
    return wait_for("fsync", file);
}

int fdatasync(int file)
{
    return wait_for("fdatasync", file);
}
"""


class SlowDisk(DiskCase):
    CONFIG = DiskCase.CONFIG + "control_socket {folder}/control\n"

    @classmethod
    def setUpClass(cls):
        cls.tools = tempfile.mkdtemp(prefix="wax-story-")
        cls.addClassCleanup(shutil.rmtree, cls.tools)
        cls.gate, cls.log = os.path.join(cls.tools, "gate"), os.path.join(cls.tools, "log")
        pathlib.Path(cls.tools, "gate.c").write_text(GATE)
        library = os.path.join(cls.tools, "gate.so")
        subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-o", library, os.path.join(cls.tools, "gate.c"), "-ldl"], check=True)

        class Gated(Broker):
            # The library must not stand before the sanitizer's for it to work.
            ENVIRONMENT = {"LD_PRELOAD": library, "GATE": cls.gate, "GATE_LOG": cls.log,
                           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8:verify_asan_link_order=0"}

        cls.BROKER = Gated

    def setUp(self):
        pathlib.Path(self.log).write_text("")
        super().setUp()
        self.addCleanup(self.let_go)
        self.reader = self.client("reader", durable=True)
        self.reader.subscribe(("slow/#", 2))
        self.reader.disconnect()

    def shut(self):
        """From here on nothing becomes safe."""
        pathlib.Path(self.gate).touch()

    def let_go(self):
        pathlib.Path(self.gate).unlink(missing_ok=True)

    def syncs(self):
        return os.path.getsize(self.log)

    def test_publishers_wait_and_nobody_else(self):
        one, two, three = self.client("one"), self.client("two", durable=True), self.client("three", version=4)
        self.shut()
        one.send(publish("slow/1", b"1", 1, packet_id=1))
        two.send(publish("slow/2", b"2", 2, packet_id=1))
        three.send(publish("slow/kept", b"3", 1, packet_id=1, retain=True, version=4))
        self.check_others()
        for each in (one, two, three):
            self.assert_nothing(each)
        one.send(publish("nobody/1", b"", 1, packet_id=2))  # safe, but what came first is answered first
        self.check_others(3)
        self.assert_nothing(one)
        self.let_go()
        self.assertEqual([one.expect(PUBACK).packet_id for _ in range(2)], [1, 2])
        two.expect(PUBREC)
        self.shut()
        two.send(acknowledge(6, 1))
        self.check_others(3)
        self.assert_nothing(two)  # the packet id is in use until its end is safe
        self.let_go()
        two.expect(7)
        three.expect(PUBACK)

    def test_sessions_wait_and_no_others(self):
        known, other = self.client("known", durable=True), self.client("other")
        self.shut()
        new = self.open()
        new.send(connect("new", clean=False, props={"session_expiry": 60}))
        old = self.open(4)
        old.send(connect("old", version=4, clean=False))
        known.send(subscribe([("a", 1)], 1), unsubscribe(["b"], 2))
        self.assertEqual(other.subscribe(("a", 1)).reasons, b"\1")
        self.assertEqual(other.unsubscribe("a").reasons, b"\0")
        self.client("brief", will={"topic": "will", "payload": b"of nobody's concern"}).disconnect()
        self.client("willed", will={"topic": "will"}).ping()
        self.check_others(3)
        for each in (new, old, known):
            self.assert_nothing(each)
        self.let_go()
        self.assertEqual([each.expect(CONNACK).reason for each in (new, old)], [0, 0])
        known.expect(SUBACK), known.expect(UNSUBACK)

    def test_one_sync_for_many(self):
        early, *clients = [self.client() for _ in range(21)]
        self.shut()
        early.send(publish("slow/first", b"", 1, packet_id=1))
        wait_until(lambda: os.path.exists(self.gate) and self.syncs() > 0, "no sync")
        for number, each in enumerate(clients):
            each.send(*(publish(f"slow/{number}", b"%d" % message, 1, packet_id=message) for message in range(2, 22)))
        self.check_others()
        before = self.syncs()
        self.let_go()
        early.expect(PUBACK)
        for each in clients:
            self.assertEqual([each.expect(PUBACK).packet_id for _ in range(2, 22)], list(range(2, 22)))
        self.assertLess(self.syncs() - before, 200)  # for 400 messages
        reader = self.client("reader", durable=True)
        self.assertEqual(len({(each.topic, each.payload) for each in (reader.message() for _ in range(401))}), 401)

    def test_more_than_may_wait_at_once(self):
        """What a publisher has sent beyond that is taken when it has its answers, though nothing else happens then."""
        for version, count in ((5, 30), (4, 2500)):
            one = self.client(version=version)
            for _ in range(4):
                self.shut()
                one.send(*(publish("slow/more", b"", 1, packet_id=number + 1, version=version) for number in range(count)))
                self.check_others(3)
                self.let_go()
                self.assertEqual([one.expect(PUBACK).packet_id for _ in range(count)], list(range(1, count + 1)))

    def test_kill_while_they_wait(self):
        one = self.client()
        self.assertEqual(one.publish("slow/1", b"safe", 1), 0)
        self.shut()
        one.send(publish("slow/1", b"not safe", 1, packet_id=2))
        self.check_others(3)
        self.assert_nothing(one)
        end(self.broker, signal.SIGKILL)
        self.let_go()
        self.broker.start()
        reader = self.client("reader", durable=True)
        self.assertEqual(reader.message().payload, b"safe")

    def test_end_while_they_wait(self):
        """A good end waits for the disk, so that nothing is lost that was on its way there."""
        one = self.client()
        self.shut()
        one.send(publish("slow/1", b"on its way", 1, packet_id=1))
        self.check_others(3)
        self.broker.process.send_signal(signal.SIGTERM)
        self.broker.wait_for_log("stopping")
        self.let_go()
        self.assertEqual(self.broker.process.wait(30), 0)
        self.broker.errors.close()
        self.broker.start()
        reader = self.client("reader", durable=True)
        self.assertEqual(reader.message().payload, b"on its way")


    def ask(self, words):
        """A request to the control socket; what reads its answer."""
        peer = socket.socket(socket.AF_UNIX)
        self.addCleanup(peer.close)
        peer.connect(self.broker.path("control"))
        peer.settimeout(30)
        peer.sendall(words.encode() + b"\n")
        return peer.makefile("rb", buffering=0)

    def is_ready(self, answer):
        return bool(select.select([answer], [], [], 0)[0])

    def test_administrators_wait(self):
        """What they have brought about they are told when it is safe."""
        database = ROOT / "tests/fuzz/corpus/import_mosquitto_fuzz/version-4"
        self.assertEqual(self.client("other").publish("gone", b"kept", 1, retain=True), 0)
        self.shut()
        importing = subprocess.Popen([WAX, "ctl", "--socket", self.broker.path("control"), "import", str(database),
                                      "--user", ""], stdout=subprocess.PIPE, text=True)
        self.addCleanup(importing.stdout.close)
        answers = [self.ask("session-delete id=reader"), self.ask("retained-delete filter=gone")]
        self.check_others()
        self.assertIsNone(importing.poll())
        told = [answers[1].readline()] if self.is_ready(answers[1]) else []  # read before or after the disk was shut
        self.assertFalse(any(map(self.is_ready, answers)))
        self.let_go()
        self.assertEqual(json.loads(told[0] if told else answers[1].readline())["topic"], "gone")
        self.assertEqual([json.loads(each.readline()) for each in answers], [{"end": "ok"}] * 2)
        self.assertIn("taken over:", importing.communicate(timeout=30)[0])
        self.assertEqual(importing.returncode, 0)
        end(self.broker, signal.SIGKILL)
        self.broker.start()
        listing = subprocess.run([WAX, "ctl", "import", str(database), "--dry-run", "--json"], stdout=subprocess.PIPE, check=True)
        rows = [json.loads(line) for line in listing.stdout.splitlines()]
        imported = {row["id"] for row in rows if row["what"] == "session"}
        self.assertGreater(len(imported), 0)
        lines = self.ask("sessions")
        self.assertEqual({json.loads(line)["id"] for line in iter(lines.readline, b'{"end":"ok"}\n')}, imported)
        late = self.client()
        late.subscribe("gone")
        late.publish("gone", b"mark", 0)
        self.assertEqual(late.message().payload, b"mark")


class SlowDiskOfThree(SlowDisk):
    THREADS = 3


if __name__ == "__main__":
    unittest.main()
