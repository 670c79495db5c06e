"""wax pub, sub and rr with --scram: the password is proven and not sent, and the broker proves itself, too."""
import contextlib
import hmac
import socket
import threading
import unittest

from mqtt_raw import AUTH, CONNACK, packet, properties
from passwords import line
from peers import start, stop, wax
from running import WAX, BrokerCase
from scram import b64, line as scram_line

LOGIN = ("-u", "ann", "-P", "pencil", "--scram")


class Scram(BrokerCase):
    CONFIG = "listener {port} 127.0.0.1\npassword_file {folder}/passwords\n"
    FILES = {"passwords": scram_line("ann", "pencil") + scram_line("a=b,ü", "p") + line("bob", "b")}

    def pub(self, *words, **more):
        return wax("pub", "-p", self.broker.port, "-t", self.topic(), "-q", "1", *words, **more)

    def test_messages_go_and_come(self):
        listener = self.client(user="ann", password="pencil")
        listener.subscribe(self.topic())
        self.pub("-m", "hello", *LOGIN)
        self.assertEqual(listener.message().payload, b"hello")
        self.pub("-m", "of another", "-u", "a=b,ü", "-P", "p", "--scram", "-D", "connect", "user-property", "a", "b")
        self.assertEqual(listener.message().payload, b"of another")
        sub = start(WAX, "sub", "-p", self.broker.port, "-t", self.topic("back"), "-C", "1", "-i", f"{self.name}-sub", *LOGIN)
        self.addCleanup(stop, sub)
        self.broker.wait_for_log(f"client_connected client={self.name}-sub user=ann ")
        listener.publish(self.topic("back"), b"back", 1, retain=True)
        self.assertEqual(sub.communicate(timeout=30)[0], b"back\n")

    def test_a_wrong_password(self):
        for words in (("-u", "ann", "-P", "pen"), ("-u", "nobody", "-P", "pencil"), ("-u", "bob", "-P", "b")):
            with self.subTest(words=words):
                result = self.pub("-n", *words, "--scram", code=0x87)
                self.assertIn("not authorised", result.err)

    def test_what_it_needs(self):
        self.assertIn("--scram needs a user and a password: -u and -P", self.pub("-n", "-u", "ann", "--scram", code=1).err)
        self.assertIn("--scram needs MQTT 5: -V 5", self.pub("-n", "-V", "311", *LOGIN, code=1).err)
        self.assertIn("the user name is too long for --scram", self.pub("-n", "-u", "u" * 1000, "-P", "p", "--scram", code=1).err)


class NoMethod(BrokerCase):
    def test_a_broker_that_does_not_know_it(self):
        result = wax("pub", "-p", self.broker.port, "-t", "t", "-n", *LOGIN, code=0x8c)
        self.assertIn("the broker does not know this authentication method", result.err)


class Impostor:
    """Says what it was told, whatever it is asked; `heard` is what came."""

    def __init__(self, *answers):
        self.answers, self.heard = answers, b""
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        with contextlib.suppress(OSError), self.server.accept()[0] as peer:
            peer.settimeout(30)
            for answer in self.answers:
                said = peer.recv(65536)
                self.heard += said
                peer.sendall(answer(said))
            while more := peer.recv(65536):
                self.heard += more

    def end(self):
        self.thread.join(30)
        self.server.close()


def nonce_of(said):
    """The client's, from CONNECT."""
    at = said.index(b",r=") + 3
    return said[at:at + 24].decode()


def connack(*props):
    return packet(CONNACK, b"\0\0" + properties(props))


def method(data):
    return ("authentication_method", "SCRAM-SHA-256"), ("authentication_data", data)


def question(text):
    def ask(said):
        return packet(AUTH, b"\x18" + properties(method(text.format(nonce=nonce_of(said)))))
    return ask


class Impostors(unittest.TestCase):
    QUESTION = "r={nonce}more,s=c2FsdHNhbHRzYWx0c2FsdA==,i=4096"

    def refused(self, words, *answers):
        broker = Impostor(*answers)
        result = wax("pub", "-p", broker.port, "-t", "t", "-m", "a secret message", *LOGIN, code=1)
        broker.end()
        self.assertIn(words, result.err)
        self.assertNotIn(b"pencil", broker.heard)
        self.assertNotIn(b"a secret message", broker.heard)

    def test_one_that_lets_everybody_in(self):
        words = "the broker does not prove that it knows the password"
        zeros = hmac.new(bytes(32), b"Server Key", "sha256").digest()

        def known_to_all(said):
            spoken = said[said.index(b"n,,") + 3:said.index(b",r=") + 27]
            return connack(*method("v=" + b64(hmac.new(zeros, spoken, "sha256").digest())))

        self.refused(words, lambda _: connack())
        self.refused(words, known_to_all)
        self.refused(words, question(self.QUESTION), lambda _: connack())
        self.refused(words, question(self.QUESTION), lambda _: connack(*method("v=" + b64(bytes(32)))))
        self.refused(words, question(self.QUESTION), lambda _: connack(*method("e=other-error")))

    def test_one_that_wants_a_cheap_hash(self):
        self.refused("the password could be guessed", question(self.QUESTION.replace("4096", "1")))
        self.refused("the password could be guessed", question(self.QUESTION.replace("4096", "99999999")))

    def test_one_that_asks_nonsense(self):
        for text in ("", "r=", "r=other,s=c2FsdA==,i=4096", "r={nonce},s=c2FsdA==,i=4096", "r={nonce}x,s=?,i=4096",
                     "r={nonce}x,s=,i=4096", "r={nonce}x,s=c2FsdA==,i=-1", "r={nonce}x,s=c2FsdA==,i=99999999999999999999", "x" * 2000):
            with self.subTest(text=text[:50]):
                self.refused("the broker's question makes no sense", question(text))

    def test_one_that_asks_twice(self):
        again = packet(AUTH, b"\x18" + properties(method("r=x,s=c2FsdA==,i=4096")))
        self.refused("the broker's question makes no sense", question(self.QUESTION), lambda _: again)


if __name__ == "__main__":
    unittest.main()
