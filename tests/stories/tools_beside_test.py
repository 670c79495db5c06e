"""The same command line to mosquitto's tools and to ours: standard output and exit code agree.

Rows are command lines, with {t} for a prefix of topics and {id} for a client id that are the maker's own, and {port},
{guarded}, {tls} for the ports of one mosquitto. What differs on purpose stands in DIFFERENT, with the reason.
"""
import concurrent.futures
import os
import pathlib
import re
import shlex
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import WAX, Listening, Story, free_port, has, mosquitto, run, start, stop  # noqa: E402

MAKERS = {"mosquitto": "qmo", "wax": "qwa"}  # and their prefixes, of one length

# Retained messages that both makers' topics have.
KEPT = [
    "-t {t}/plain -m 'plain text' -q 1",
    "-t {t}/json -m '{{\"a\":[1,2],\"b\":\"c d\"}}' -q 2 -V 5 -D publish content-type application/json -D publish "
    "correlation-data data -D publish user-property k v -D publish user-property k w -D publish "
    "payload-format-indicator 1 -D publish response-topic r/t",
    "-t {t}/tree/a -m A", "-t {t}/tree/b -m B -q 1", "-t {t}/tree/c/d -m D -q 2", "-t {t}/utf -m 'ä€𝄞'",
    "-t {t}/gone/a -m A", "-t {t}/gone/b -m B", "-t {t}/gone/c -m C", "-t {t}/gone/d -m D",
]

SUB = [
    *(f"-t {{t}}/plain -C 1 {more}" for more in (
        "", "-v", "-N", "-v -N", "-q 1", "-q 2", "-V 31", "-V 311", "-V 5", "-V mqttv31", "-V mqttv311", "-V mqttv5", "-M 3",
        "-k 10", "-A 127.0.0.1", "--nodelay", "--quiet", "-i {id}", "-I pre", "-u who", "-u who -P x",
        "--will-topic {t}/w --will-payload x --will-qos 1 --will-retain", "-x 7", "-x 0x10", "-V 5 -x 5 -c -i {id}",
        "-c -i {id}", "-W 5", "-R -t {t}/tree/a -W 1", "-D subscribe subscription-identifier 5 -F %S",
        "-D connect receive-maximum 3", "-D connect session-expiry-interval 3", "-D connect topic-alias-maximum 3",
        "-D connect user-property a b", "-D disconnect user-property a b", "-D disconnect session-expiry-interval 9 -x 5",
        "-D subscribe user-property a b", "-V 5 --retain-as-published -F %r", "--topic {t}/plain", "--disable-clean-session -i {id}",
        "--retained-only", "-T other", "--filter-out other", "-h 127.0.0.1", "--host localhost", "--id {id}",
        "--keepalive 9", "--username who --pw x", "--qos 1", "--verbose", "--protocol-version 5", "--debug -F ''")),
    "-t {t}/tree/# -C 3 -v", "-t {t}/tree/+ -C 2 -v", "-t {t}/tree/a -t {t}/tree/b -C 2", "-t {t}/tree/# -T {t}/tree/a -C 2 -v",
    "-t {t}/tree/# -T {t}/tree/+ -C 1 -v", "-t {t}/tree/# -T '#' -W 1", "-t {t}/none -W 1", "-t {t}/none -W 1 -V 5",
    "-t {t}/none -W 1 -d -i {id}", "-t {t}/plain -C 1 -q 1 -d -i {id}", "-t {t}/plain -C 1 -q 1 -d -i {id} -V 5",
    "-t {t}/none -d -E -i {id} -q 2 -V 5 --retain-as-published", "-t {t}/none -d -E -i {id}", "-t {t}/none -d -E --quiet -i {id}",
    "-t {t}/plain -E", "-t {t}/plain -E -V 5", "-t {t}/plain -t {t}/json -E -q 1", "-t {t}/utf -C 1 -F '%t|%l|%8p|%x|%X'",
    "-L mqtt://localhost:{port}/{t}/plain -C 1", "-L mqtt://who:x@127.0.0.1:{port}/{t}/plain -C 1 -v",
    "--url mqtt://localhost:{port}/{t}/plain -t {t}/tree/a -C 2 -v", "--unix {unix} -t {t}/plain -C 1",
    "--version-is-nothing", "", "-t {t}/a/#/b", "-t {t}/a+", "-t", "-t a -C", "-t a -C 0", "-t a -C -1", "-t a -W 0",
    "-t a -W x", "-t a -q 3", "-t a -q -1", "-t a -V 6", "-t a -k 70000", "-t a -p 70000", "-t a -p -1", "-t a -F", "-t a -F %",
    "-t a -F %Z", "-t a -F %10", "-t a -F '\\q'", "-t a -F @", "-t a -T", "-t a -T a/#/b", "-t a -U", "-t a -U a/#/b", "-t a -c",
    "-t a -c -I x", "-t a -V 5 -c", "-t a -V 5 -x -1", "-t a -x abc", "-t a -x -2", "-t a -x 4294967296", "-t a -i a -I b", "-t a -P x",
    "-t a -R --retained-only", "-t a --random-filter 0", "-t a -m x", "-t a -f x", "-t a -l", "-t a -s",
    "-t a -n", "-t a -r", "-t a -e b", "-t a --repeat 2", "-t a --latency", "-t a --will-payload x", "-t a --will-retain",
    "-t a --will-topic b/#", "-t a --will-topic b --will-qos 3", "-t a --cert x", "-t a --key x", "-t a --cafile /nowhere",
    "-t a --capath /nowhere/x", "-t a --psk 00", "-t a --psk-identity", "-t a --proxy http://x", "-t a --proxy", "-t a -L http://x/y",
    "-t a -D", "-t a -D publish", "-t a -D nothing content-type x", "-t a -D publish nothing x", "-t a -D connect content-type x",
    "-t a -D auth authentication-method x", "-t a -D publish subscription-identifier 3", "-t a -D publish user-property a",
    "-t a -D connect receive-maximum 0", "-t a -D connect receive-maximum 65536", "-t a -D subscribe subscription-identifier x",
    "-t a -D unsubscribe content-type x", "-t a -D disconnect content-type x",
    "-t a --tls-version tlsv1.9 --cafile /etc/ssl/certs/ca-certificates.crt", "-t a --tls-engine x", "nonsense",
    "-t a -p {nobody}", "-t a -h nowhere.invalid", "-t a --unix /nowhere/socket", "-t a -p {nobody} --quiet",
    *(f"-t a -p {{guarded}} -V {version} {login}" for version in (31, 311, 5) for login in ("", "-u ann", "-u ann -P wrong",
                                                                                            "-u nobody -P x")),
    "-t {t}/none -p {guarded} -u ann -P secret -W 1", "-t a -p {guarded} -E", "-t a -p {guarded} -u ann -P secret -E -V 5",
    "-t a -p {tls} -h localhost --cafile {ca} -E", "-t a -p {tls} -h localhost --cafile {ca} -E --tls-version tlsv1.2",
    "-t a -p {tls} -h localhost --cafile {ca} -E --tls-version tlsv1.3", "-t a -p {tls} -h localhost --cafile {ca} -E --tls-alpn mqtt",
    "-t a -p {tls} -h localhost --cafile {ca} -E --ciphers ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256",
    "-t a -p {tls} -h 127.0.0.1 --cafile {ca} -E --insecure", "-t a -p {tls} -h localhost --capath {folder}/none -E",
    "-t a -p {tls} -h localhost --cafile {ca} --tls-use-os-certs -E",
    "-L mqtts://localhost:{tls}/{t}/plain --cafile {ca} -C 1",
]

# Each row finds what those before it left.
REMOVING = [
    "-t {t}/gone/a --remove-retained -W 1", "-t {t}/gone/a -W 1",
    "-t {t}/gone/+ -T {t}/gone/c --remove-retained -W 1 -v", "-t {t}/gone/# -W 1 -v",
]

FORMATS = [
    "%t %p %q %r %l %m", "%x %X", "%20t|%-20t|%.3t|%10.3t|%-10.3t|%05t|", "%5l|%-5l|%05l|%03m|%5m|%5q|%5r", "%3p|%30p|%-30p|%030p|",
    "%4x|%4X|%1x|", "%C|%30C|%-30C|%.2C|%030C", "%D|%20D|%E|%12E|%012E|%-12E|%F|%05F|%5F", "%P|%20P|%R|%20R|%.1R|%-20R|%S|%5S|%A|%5A",
    "a\\tb\\nc\\\\d\\ae\\ef\\vg\\rh\\0i", "%% @@ @Y-@m-@d @H @j @Z @%", "%j", "%5j", "%-10%|%5%", "%-05l|%.5l|%5.2l", "", "%t",
]

PUB = [
    # what is sent, and what the standard input is
    *(f"-t {{t}}/pub/{number} -r {more}" for number, more in enumerate((
        "-m x", "-m x -q 1", "-m x -q 2", "-m ''", "-n", "-m x -V 31 -q 2", "-m x -V 5 -q 2", "-f {file}", "-s", "--stdin-file",
        "-m 'a b' -M 1 -q 1", "-m x --repeat 3", "-m x --repeat 2 --repeat-delay 0.1 -q 1", "-f {file} --repeat 2", "-l", "-l -q 1",
        "-l -q 2", "--stdin-line", "--null-message", "--message y", "--file {file} --retain", "-m x --nodelay", "-m x -A 127.0.0.1",
        "-m x -i {id} -q 1 -c", "-m x -I pre", "-m x -k 10", "-m x -x 3", "-m x -D publish content-type text/plain",
        "-m x -D publish message-expiry-interval 1000", "-m x -D publish topic-alias 3 --repeat 2", "-m x --property publish user-property a b",
        "-m x -D publish correlation-data c -D publish response-topic r -D publish payload-format-indicator 1",
        "-m x -D connect user-property a b -D disconnect user-property c d -D will user-property e f --will-topic {t}/w",
        "-m x -u who", "-m x -u who -P y", "-m x --quiet", "-m x -q 1 --will-topic {t}/w --will-payload gone", "-m -n", "-m -- "))),
    "-t {t}/once -m x", "-t {t}/a -t {t}/b -m last -r", "-L mqtt://localhost:{port}/{t}/pub/url -m x -r",
    "-t {t}/d -m x -d -i {id} -q 1", "-t {t}/d -m x -d -i {id} -q 2 -V 5", "-t {t}/d -m xyz -d -i {id} -q 2 -V 31", "-t {t}/d -l -d -i {id} -q 1",
    "--unix {unix} -t {t}/pub/unix -m x -r", "", "-t a", "-m x", "-t a -m x -n", "-t a -m x -m y", "-t a/# -m x", "-t a+ -m x",
    "-t a -f /nowhere/x", "-t a -f {folder}", "-t a -f", "-t a -m", "-t a -m x -q 3", "-t a -m x -C 1", "-t a -m x -W 1", "-t a -m x -F x",
    "-t a -m x -R", "-t a -m x -v", "-t a -m x -N", "-t a -m x -T x", "-t a -m x -U x", "-t a -m x -E", "-t a -m x -e x", "-t a -m x --pretty",
    "-t a -m x --repeat 0", "-t a -m x --repeat x", "-t a -m x --repeat-delay -1", "-t a -m x --retained-only", "-t a -m x -M -1",
    "-t a -m x -M", "-t a -m x -p {nobody}", "-t a -l -p {nobody}", "-t a -m x -D publish topic-alias 0", "-t a -m x -D publish topic-alias 70000",
    "-t a -m x -D publish message-expiry-interval -1", "-t a -m x -D publish payload-format-indicator 2", "-t a -m x -D will content-type x",
    *(f"-t a -m x -p {{guarded}} -V {version} -q {qos} {login}" for version in (311, 5) for qos in (0, 1)
      for login in ("", "-u ann -P wrong", "-u ann -P secret")),
    "-t a -p {tls} -h localhost --cafile {ca} -m x -q 1", "-t a -p {tls} -h localhost --cafile {ca} -l -q 1",
]

RR = [
    *(f"-t {{t}}/echo/{number} -e {{t}}/echo/{number} {more}" for number, more in enumerate((
        "-m x", "-m x -q 1", "-m x -q 2", "-m x -V 311", "-m x -V 31 -q 2", "-m x -v", "-m x -N", "-m x -F '%t %p %R'", "-f {file}", "-s",
        "-m x -F %j -V 311", "-m x -D publish correlation-data c -F %D", "-m x -R", "-m x -W 5", "-m x -M 2 -k 10", "-m x --pretty -F %r%q",
        "-m x --retain-as-published", "-m x -i {id} -d", "-m '' -v", "-n -v"))),
    "-t {t}/nobody -e {t}/answer -m x -W 1", "-t {t}/nobody -e {t}/answer -m x -W 1 -V 311", "", "-t a -m x", "-t a -e b", "-e b -m x",
    "-t a/# -e b -m x", "-t a -e b/# -m x", "-t a -e b -m x -l", "-t a -e b -l", "-t a -e b -m x -r", "-t a -e b -m x -C 1", "-t a -e b -m x -E",
    "-t a -e b -m x -T x", "-t a -e b -m x -U x", "-t a -e b -m x --repeat 2", "-t a -e b -m x --retained-only", "-t a -e b -m x -p {nobody}",
    "-t a -e b -m x -p {guarded}", "-t a -e b -m x -p {guarded} -V 311", "-t a -e b -m x -p {guarded} -u ann -P secret -W 1",
]

# Command lines that end otherwise, on purpose: ours, and why.
DIFFERENT = {
    ("pub", "-t a -m x -D publish payload-format-indicator 2"): (1, b"", "MQTT forbids the value"),
    ("pub", "-t a -m x -D will content-type x"): (1, b"", "a mistake: there is no will"),
    ("sub", "-t a --capath /nowhere/x"): (1, b"", "wrong from the start, as a cafile that is not there"),
    ("sub", "-t a -p {tls} -h localhost --capath {folder}/none -E"): (1, b"", "the same"),
    ("sub", "-t a -D subscribe subscription-identifier x"): (1, b"", "no number"),
    ("rr", "-t {t}/echo/8 -e {t}/echo/8 -f {file}"): (0, b"content\nof a file\n\n", "mosquitto_rr 2.0 sends no file"),
    ("rr", "-t {t}/echo/9 -e {t}/echo/9 -s"): (0, b"from input\n", "mosquitto_rr 2.0 sends no input"),
}


class Beside(Story):
    """Runs rows with both makers, several at a time: most of them wait."""

    def fill(self, row, maker, number=0):
        return row.format(t=MAKERS[maker], id=f"{MAKERS[maker]}-{number}", **self.places)

    def shell(self, maker, tool, row, number=0, given=None):
        words = shlex.split(self.fill(row, maker, number))
        command = [WAX, tool] if maker == "wax" else [f"mosquitto_{tool}"]
        if not any(word in words for word in ("-p", "-L", "--url", "--unix")):
            command += ["-p", str(self.places["port"])]
        try:
            return run(*command, *words, code=None, given=given, text=False)
        except subprocess.TimeoutExpired:
            return None

    def plain(self, maker, out):
        """What a maker said, without what is its own."""
        if re.match(rb"mosquitto_\w+ is an? ", out):
            return b""  # a usage text
        out = out.replace(MAKERS[maker].encode(), b"MAKER")
        out = re.sub(rb"auto-[0-9A-F-]{36}|\(null\)", b"AUTO", out)
        return re.sub(rb'"tst":(\t?)"[-0-9T:.]{26}Z', rb'"tst":\1"', out)

    def told(self, maker, out):
        """-d: the lines, whose order is free where directions cross; a message of QoS 0 has no id."""
        out = re.sub(rb"(sending PUBLISH \(d0, q0, r\d, m)\d+", rb"\g<1>0", self.plain(maker, out))
        return sorted(line for line in out.splitlines() if not line.endswith(b"sending DISCONNECT"))

    def compare(self, tool, rows, given=None, at_once=6):
        def one(number_and_row):
            number, row = number_and_row
            results = {maker: self.shell(maker, tool, row, number, given) for maker in MAKERS}
            return row, results["mosquitto"], results["wax"]

        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            done = list(pool.map(one, enumerate(rows)))
        for row, theirs, ours in done:
            with self.subTest(tool=tool, row=row):
                self.assertTrue(ours and theirs, f"does not end: {ours!r} {theirs!r}")
                view = self.told if re.search("(^| )(-d|--debug)( |$)", row) else self.plain
                wanted = DIFFERENT.get((tool, row), (theirs.code, view("mosquitto", theirs.out)))
                self.assertEqual((ours.code, view("wax", ours.out)), wanted[:2], f"\n{ours!r}\n{theirs!r}")


@unittest.skipUnless(has("mosquitto", "mosquitto_pub"), "no mosquitto")
class Broker(Beside):
    @classmethod
    def prepare(cls):
        folder = cls.folder.path
        run(WAX, "pki", "ca", "--dir", folder / "pki")
        run(WAX, "pki", "server", "localhost", "--dir", folder / "pki")
        run("mosquitto_passwd", "-c", "-b", folder / "passwords", "ann", "secret")
        cls.folder.write("file", "content\nof a file\n")
        ports = {name: free_port() for name in ("port", "guarded", "tls", "nobody")}
        cls.places = {**ports, "ca": folder / "pki/ca.crt", "file": folder / "file", "folder": folder, "unix": folder / "socket"}
        cls.serve(mosquitto(cls.folder, f"""per_listener_settings true
listener {ports['port']} 127.0.0.1
allow_anonymous true
listener 0 {folder}/socket
allow_anonymous true
listener {ports['guarded']} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
listener {ports['tls']} 127.0.0.1
allow_anonymous true
certfile {folder}/pki/localhost.crt
keyfile {folder}/pki/localhost.key
""", [ports["port"], ports["guarded"], ports["tls"]]))
        for prefix in MAKERS.values():
            for row in KEPT:
                run("mosquitto_pub", "-p", ports["port"], "-r", *shlex.split(row.format(t=prefix)))

    def test_sub(self):
        self.compare("sub", SUB)
        self.compare("sub", REMOVING, at_once=1)

    def test_formats(self):
        self.compare("sub", [f"-t {{t}}/{topic} -C 1 -V {version} -q 2 -F {shlex.quote(form)}" for form in FORMATS
                             for topic, version in (("json", 5), ("json", 311), ("plain", 5))])
        self.compare("sub", ["-t {t}/json -C 1 -V 5 -F %J", "-t {t}/json -C 1 -V 5 -F %J --pretty", "-t {t}/json -C 1 -F %j --pretty"])

    def test_pub(self):
        self.compare("pub", PUB, given=b"first\n\nsecond\nlast")
        words = ("-p", self.places["port"], "-V", "5", "-q", 2, "--retained-only", "-W", 2, "-F", "%t %q %r %x %l %P %C %D %R %F")
        kept = {maker: run("mosquitto_sub", *words, "-t", f"{prefix}/#", code=27, text=False).out for maker, prefix in MAKERS.items()}
        self.assertGreater(len(kept["wax"]), 1000)
        lines = {maker: sorted(self.plain(maker, out).splitlines()) for maker, out in kept.items()}
        self.assertEqual(lines["wax"], lines["mosquitto"])

    def test_rr(self):
        self.compare("rr", RR, given=b"from input")


class Scripted(Listening):
    """Says to every client what stands in a script, packet by packet."""

    def __init__(self, answers):
        self.answers = answers
        super().__init__()

    def talk(self, peer):
        peer.settimeout(20)
        for answer in self.answers:
            said = peer.recv(4096)
            if not said or answer is None:
                return
            # The packet id of what was said stands behind the head.
            peer.sendall(answer.replace(b"ID", said[2:4]))
        while peer.recv(4096):
            pass


@unittest.skipUnless(has("mosquitto_pub"), "no mosquitto")
class Strange(Beside):
    """Servers that refuse, or end, or say what they should not."""

    places = {}
    GOOD_3, GOOD_5 = b"\x20\x02\0\0", b"\x20\x03\0\0\0"

    def check(self, answers, *rows):
        server = Scripted(answers)
        self.addCleanup(server.close)
        for row in rows:
            tool, rest = row.split(" ", 1)
            self.compare(tool, [f"-h 127.0.0.1 -p {server.port} {rest}"])

    def test_refusals(self):
        for code in range(1, 6):
            self.check([bytes([0x20, 2, 0, code])], "pub -t a -m x", "sub -t a", "rr -t a -m x -e b -V 311", "pub -t a -m x -V 31")
        for reason in (128, 129, 132, 133, 134, 135, 136, 137, 138, 140, 144, 149, 151, 153, 154, 155, 156, 157, 159):
            self.check([bytes([0x20, 3, 0, reason, 0])], "pub -t a -m x -V 5", "sub -t a -V 5", "rr -t a -m x -e b")

    def test_a_refused_subscription_is_a_failure(self):
        # With Mosquitto's tools it is none, and a script goes on without what it asked for.
        for answer, row, code in ((self.GOOD_3, "-t a", 128), (self.GOOD_3, "-t a -E", 128), (self.GOOD_5, "-t a -V 5", 135)):
            suback = b"\x90\x03ID\x80" if answer == self.GOOD_3 else b"\x90\x04ID\0\x87"
            server = Scripted([answer, suback])
            self.addCleanup(server.close)
            codes = [self.shell(maker, "sub", f"-p {server.port} {row}").code for maker in MAKERS]
            self.assertEqual(codes, [0, code], row)

    def test_connections_that_end(self):
        self.check([None], "pub -t a -m x", "pub -t a -m x -q 1 -V 5", "rr -t a -m x -e b")
        self.check([self.GOOD_3, None], "pub -t a -m x -q 1")
        self.check([self.GOOD_5, b"\xe0\x02\x8b\0", None], "pub -t a -m x -q 1 -V 5")
        self.check([self.GOOD_3, b"\x90\x04ID\0\x80"], "sub -t a -t b -W 1", "sub -t a -t b -E")
        self.check([self.GOOD_5, b"\x40\x03\0\x01\x87"], "pub -t a -m x -q 1 -V 5")
        self.check([self.GOOD_5, b"\x50\x03\0\x01\x97"], "pub -t a -m x -q 2 -V 5")


if __name__ == "__main__":
    unittest.main()
