"""On the way to a broker: proxies, domains, screens, rates, signals, and what a Will gets to know."""
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import WAX, Listening, Story, free_port, has, mosquitto, run, wax  # noqa: E402


def receive(peer, count):
    said = b""
    while len(said) < count:
        more = peer.recv(count - len(said))
        if not more:
            raise OSError("closed")
        said += more
    return said


class Socks(Listening):
    """A SOCKS 5 proxy for one test: `login` is what it wants, `reply` what it answers to CONNECT."""

    def __init__(self, login=None, reply=0):
        self.login, self.reply, self.asked = login, reply, []
        super().__init__()

    def choose(self, peer):
        methods = receive(peer, receive(peer, 2)[1])
        wanted = 2 if self.login else 0
        if wanted not in methods:
            peer.sendall(b"\5\xff")
            raise OSError("no way to log in")
        peer.sendall(bytes([5, wanted]))
        if self.login:
            user = receive(peer, receive(peer, 2)[1])
            password = receive(peer, receive(peer, 1)[0])
            is_good = (user, password) == self.login
            peer.sendall(bytes([1, 0 if is_good else 1]))
            if not is_good:
                raise OSError("wrong password")

    def talk(self, peer):
        self.choose(peer)
        _, _, _, kind = receive(peer, 4)
        host = {1: lambda: socket.inet_ntop(socket.AF_INET, receive(peer, 4)), 3: lambda: receive(peer, receive(peer, 1)[0]).decode(),
                4: lambda: socket.inet_ntop(socket.AF_INET6, receive(peer, 16))}[kind]()
        port = struct.unpack("!H", receive(peer, 2))[0]
        self.asked.append((kind, host, port))
        peer.sendall(bytes([5, self.reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        if self.reply != 0:
            return
        with socket.create_connection(("127.0.0.1", port)) as broker:
            back = threading.Thread(target=self.pump, args=(broker, peer), daemon=True)
            back.start()
            self.pump(peer, broker)
            back.join(20)

    @staticmethod
    def pump(source, sink):
        try:
            while True:
                said = source.recv(65536)
                if not said:
                    break
                sink.sendall(said)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@unittest.skipUnless(has("mosquitto", "mosquitto_pub"), "no mosquitto")
class Ways(Story):
    @classmethod
    def prepare(cls):
        folder = cls.folder.path
        run(WAX, "pki", "ca", "--dir", folder / "pki")
        run(WAX, "pki", "server", "--name", "one", "one.wax.test", "--dir", folder / "pki")
        cls.port, cls.tls = free_port(), free_port()
        cls.serve(mosquitto(cls.folder, f"""per_listener_settings true
listener {cls.port} 127.0.0.1
allow_anonymous true
listener {cls.tls} 127.0.0.1
allow_anonymous true
certfile {folder}/pki/one.crt
keyfile {folder}/pki/one.key
""", [cls.port, cls.tls]))
        run("mosquitto_pub", "-p", cls.port, "-t", "kept", "-m", "here", "-r")

    def proxy(self, **more):
        proxy = Socks(**more)
        self.addCleanup(proxy.close)
        return proxy

    def test_a_proxy_gets_names_and_addresses(self):
        for host, kind in (("no.such.name.invalid", 3), ("127.0.0.1", 1), ("::1", 4)):
            proxy = self.proxy()
            words = ("-h", host, "-p", self.port, "-t", "kept", "-C", 1, "-W", 20, "--proxy", f"socks5h://127.0.0.1:{proxy.port}")
            self.assertEqual(wax("sub", *words).out, "here\n")
            self.assertEqual(run("mosquitto_sub", *words).out, "here\n")
            self.assertEqual(proxy.asked, [(kind, host, self.port)] * 2)

    def test_a_proxy_that_wants_a_login(self):
        proxy = self.proxy(login=(b"an@n", b"se:cret"))
        good = f"socks5h://an%40n:se%3Acret@127.0.0.1:{proxy.port}"
        self.assertEqual(wax("rr", "-h", "name", "-p", self.port, "-t", "e", "-e", "e", "-m", "x", "-W", 20, "--proxy", good).out, "x\n")
        for login, said in (("", "wants? .*log ?in"), ("ann:wrong@", "does not take this user and password")):
            done = wax("pub", "-h", "name", "-t", "a", "-m", "x", "--proxy", f"socks5h://{login}127.0.0.1:{proxy.port}", code=1)
            self.assertRegex(done.err, said)

    def test_tls_goes_through_a_proxy(self):
        proxy = self.proxy()
        wax("pub", "-h", "one.wax.test", "-p", self.tls, "--cafile", self.folder.path / "pki/ca.crt", "-t", "a", "-m", "x", "-q", 1,
            "--proxy", f"socks5h://127.0.0.1:{proxy.port}")
        self.assertEqual(proxy.asked, [(3, "one.wax.test", self.tls)])

    def test_what_a_proxy_cannot_do_it_says(self):
        for reply, said in ((2, "its rules do not allow"), (4, "does not know its name"), (5, "refused the connection"), (77, "it failed")):
            proxy = self.proxy(reply=reply)
            done = wax("pub", "-h", "name", "-t", "a", "-m", "x", "--proxy", f"socks5h://127.0.0.1:{proxy.port}", code=1)
            self.assertRegex(done.err, f"proxy 127.0.0.1 port {proxy.port} does not connect to name port 1883: .*{said}")
        self.assertIn("does not speak SOCKS 5", wax("pub", "-t", "a", "-m", "x", "--proxy", f"socks5h://127.0.0.1:{self.http()}", code=1).err)
        self.assertIn("refused", wax("pub", "-t", "a", "-m", "x", "--proxy", f"socks5h://127.0.0.1:{free_port()}", code=1).err)
        for url in ("http://x", "socks5h://", "socks5h://h:0", "socks5h://h:x", f"socks5h://{'x' * 300}"):
            self.assertIn("--proxy", wax("pub", "-t", "a", "-m", "x", "--proxy", url, code=1).err)

    def http(self):
        """The port of something that is no proxy."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def answer():
            with server.accept()[0] as peer:
                peer.recv(100)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        return server.getsockname()[1]

    def test_a_login_in_a_url_is_not_in_the_list_of_processes(self):
        proxy = self.proxy()
        ear = self.background(WAX, "sub", "-L", f"mqtt://joe:xyzzy@127.0.0.1:{self.port}/x", "--proxy",
                              f"socks5h://ann:plugh@127.0.0.1:{proxy.port}", "-d")
        self.assertIn(b"CONNECT", ear.stdout.readline())
        shown = pathlib.Path(f"/proc/{ear.pid}/cmdline").read_bytes()
        self.assertNotIn(b"xyzzy", shown)
        self.assertNotIn(b"plugh", shown)
        self.assertIn(f"127.0.0.1:{self.port}/x".encode(), shown)

    # --- What is shown ---

    def test_watching(self):
        topics = {"w/one": "1", "w/two": "22"}
        ear = self.background(WAX, "sub", "-p", self.port, "-t", "w/#", "-w", "-v", "-C", 3, "-q", 1)
        self.assertEqual(ear.stdout.readline(), b"\x1b[2J\x1b[1;1HBroker: localhost\n")
        for topic, text in topics.items():
            wax("pub", "-p", self.port, "-t", topic, "-m", text, "-r", "-q", 1)
        first = b"".join(ear.stdout.readline() for _ in range(4))
        wax("pub", "-p", self.port, "-t", "w/one", "-m", "3", "-q", 1)
        rest = ear.stdout.read()
        self.assertEqual(ear.wait(20), 0)
        # A screen as a terminal would keep it.
        lines, at = {}, None
        for line, text in re.findall(rb"\x1b\[(\d+);1H(?:\x1b\[K)?([^\x1b\n]*)", first + rest):
            at = int(line)
            if text:
                lines[at] = text
        self.assertEqual(sorted(lines.values()), [b"w/one 3", b"w/two 22"])
        self.assertEqual(set(lines), {2, 3})

    def test_the_rate_counts_what_came(self):
        ear = self.background(WAX, "sub", "-p", self.port, "-t", "rate/#", "--message-rate", "-q", 1, "-W", 25)
        self.assertEqual(ear.stdout.readline(), b"0 msgs/s\n")
        wax("pub", "-p", self.port, "-t", "rate/x", "-m", "x", "--repeat", 50, "-q", 1)
        count, seconds = 0, 0
        while count < 50 and seconds < 20:
            line = ear.stdout.readline()
            self.assertRegex(line, rb"^\d+ msgs/s\n$")
            count += int(line.split()[0])
            seconds += 1
        self.assertEqual(count, 50)

    def test_latency(self):
        out = wax("rr", "-p", self.port, "-t", "echo", "-e", "echo", "-m", "x", "--latency", "-W", 20).out
        self.assertRegex(out, r"^x\nLatency: \d+\.\d+(µs|ms|)\n$")

    # --- How it ends ---

    def leave(self, maker, version, *more):
        """Whether the Will of a subscriber that gets SIGTERM or ends by -W is published."""
        topic = f"will/{maker}/{version}/{len(more)}"
        command = [WAX, "sub"] if maker == "wax" else ["stdbuf", "-oL", "mosquitto_sub"]
        ear = self.background(*command, "-p", self.port, "-V", version, "-t", f"{topic}/x", "--will-topic", topic, "--will-payload", "gone",
                              "--will-retain", "--will-qos", 1, "-d", *more)
        while b"Subscribed" not in ear.stdout.readline():
            self.assertIsNone(ear.poll())
        if not more:
            ear.send_signal(signal.SIGTERM)
        code = ear.wait(20)
        return code, run("mosquitto_sub", "-p", self.port, "-t", topic, "--retained-only", "-W", 1, code=None).out

    def test_the_will_of_one_who_is_ended_is_published(self):
        for version, will in ((5, "gone\n"), (311, "")):
            for more, code in (((), 0), (("-W", 1), 27)):
                with self.subTest(version=version, more=more):
                    self.assertEqual(self.leave("wax", version, *more), (code, will))
                    self.assertEqual(self.leave("mosquitto", version, *more), (code, will))

    def test_an_interrupted_publisher_has_not_done_its_work(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            reader, writer = os.pipe()
            publisher = subprocess.Popen([WAX, "pub", "-p", str(self.port), "-t", "a", "-l", "-d"], stdin=reader, stdout=subprocess.PIPE)
            os.close(reader)
            os.write(writer, b"line\n")
            while b"PUBLISH" not in publisher.stdout.readline():
                pass
            publisher.send_signal(number)
            self.assertIn(b"DISCONNECT", publisher.communicate(timeout=20)[0])
            self.assertEqual(publisher.returncode, -number)
            os.close(writer)


def answer_of(question, records):
    """The DNS answer with SRV records to a question, by name and type; none: there is no such name."""
    end = question.index(b"\0", 12) + 5
    found = b""
    for priority, weight, port, target in records:
        name = b"".join(bytes([len(part)]) + part.encode() for part in target.split(".")) + b"\0"
        data = struct.pack("!HHH", priority, weight, port) + name
        found += b"\xc0\x0c" + struct.pack("!HHIH", 33, 1, 60, len(data)) + data
    head = question[:2] + struct.pack("!HHHHH", 0x8180 | (0 if records else 3), 1, len(records), 0, 0)
    return head + question[12:end] + found


def name_in(question):
    parts, at = [], 12
    while question[at]:
        parts.append(question[at + 1:at + 1 + question[at]].decode())
        at += question[at] + 1
    return ".".join(parts).lower()


def can_have_own_files():
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


@unittest.skipUnless(has("mosquitto", "mosquitto_pub") and can_have_own_files(), "no own /etc/resolv.conf for a process")
class Domains(Story):
    """-S against a server of names on this host, which the tools are told of in a mount namespace of their own."""

    @classmethod
    def prepare(cls):
        folder = cls.folder.path
        cls.names, cls.asked = {}, []
        cls.dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        cls.addClassCleanup(cls.dns.close)
        cls.dns.bind(("127.83.82.86", 53))
        threading.Thread(target=cls.answer, daemon=True).start()
        cls.folder.write("resolv.conf", "nameserver 127.83.82.86\ndomain wax.test\n")
        cls.folder.write("hosts", "127.0.0.1 localhost one.wax.test two.wax.test\n")
        run(WAX, "pki", "ca", "--dir", folder / "pki")
        run(WAX, "pki", "server", "--name", "all", "wax.test", "--dir", folder / "pki")
        cls.port, cls.tls, cls.nobody = free_port(), free_port(), free_port()
        cls.serve(mosquitto(cls.folder, f"""listener {cls.port} 127.0.0.1
allow_anonymous true
listener {cls.tls} 127.0.0.1
certfile {folder}/pki/all.crt
keyfile {folder}/pki/all.key
""", [cls.port, cls.tls]))

    @classmethod
    def answer(cls):
        while True:
            try:
                question, peer = cls.dns.recvfrom(2000)
            except OSError:
                return
            cls.asked.append(name_in(question))
            cls.dns.sendto(answer_of(question, cls.names.get(name_in(question), [])), peer)

    def wax(self, *words, code=0):
        folder = self.folder.path
        return run("unshare", "-m", "sh", "-c", f"mount --bind {folder}/resolv.conf /etc/resolv.conf && "
                   f'mount --bind {folder}/hosts /etc/hosts && exec "$@"', "sh", WAX, *words, code=code)

    def test_brokers_are_tried_in_order(self):
        self.names["_mqtt._tcp.wax.test"] = [(20, 0, self.port, "two.wax.test"), (10, 5, self.nobody, "one.wax.test")]
        for words in (["-h", "wax.test"], []):
            out = self.wax("pub", "-S", *words, "-t", "a", "-m", "x", "-q", 1, "-d").out
            self.assertLess(out.index(f"one.wax.test port {self.nobody}"), out.index(f"two.wax.test port {self.port}"))
            self.assertIn("received PUBACK", out)

    def test_tls_has_records_of_its_own_and_the_certificate_is_for_the_domain(self):
        self.names["_secure-mqtt._tcp.wax.test"] = [(0, 0, self.tls, "one.wax.test")]
        self.wax("pub", "-S", "-h", "wax.test", "--cafile", self.folder.path / "pki/ca.crt", "-t", "a", "-m", "x", "-q", 1)

    def test_no_record_is_told(self):
        self.names["_mqtt._tcp.none.test"] = [(0, 0, 1883, "")]
        for name in ("nothing.test", "none.test"):
            self.assertIn(f"no SRV record _mqtt._tcp.{name}", self.wax("sub", "-S", "-h", name, "-t", "a", code=1).err)


if __name__ == "__main__":
    unittest.main()
