"""TLS by the kernel, where it has the module; in the process everywhere else, and the log says so once."""
import errno
import socket
import subprocess
import unittest

import foreign
from tls_case import TlsCase

TCP_ULP = 31


def kernel_has_tls():
    """Asks as the broker does: a socket that is not connected is refused for that, or for want of the module."""
    with socket.socket() as probe:
        try:
            probe.setsockopt(socket.IPPROTO_TCP, TCP_ULP, b"tls\0")
        except OSError as why:
            return why.errno == errno.ENOTCONN
    return True


class Kernel(TlsCase):
    WORDS = "load it with `modprobe tls`"

    def test_messages_pass_whoever_makes_the_records(self):
        broker = self.broker(self.pki.listener(more="tls_kernel true\nlistener {port2} 127.0.0.1\nsys_interval 1\nsys_anonymous true"))
        self.assertEqual(broker.log().count(self.WORDS), 0 if kernel_has_tls() else 1)
        large = self.home / "large"
        large.write_bytes(bytes(range(256)) * 2000)
        secure = ("-h", "localhost", "-p", broker.port, "--cafile", self.pki.ca_crt)
        for version in ("tlsv1.2", "tlsv1.3"):
            foreign.run("mosquitto_pub", *secure, "--tls-version", version, "-t", "large", "-r", "-q", 1, "-f", large)
            self.assertEqual(foreign.run(foreign.WAX, "sub", *secure, "-t", "large", "-C", 1, "-N", "-W", 20).encode(errors="replace"),
                             large.read_bytes().decode(errors="replace").encode(errors="replace"))
        foreign.wait_until(lambda: int(self.sys(broker, "tls/handshakes/count")) >= 4, "handshakes in $SYS")
        self.assertEqual(int(self.sys(broker, "tls/kernel/count")) >= 4, kernel_has_tls())
        self.assertEqual(broker.log().count(self.WORDS), 0 if kernel_has_tls() else 1)
        broker.reload()
        self.pub(broker, "--cafile", self.pki.ca_crt, "-q", 1)

    def verdict(self, more, code):
        path = self.write("wax.conf", self.pki.listener(more=more).replace("{port}", "8883"))
        done = subprocess.run([foreign.WAX, "broker", "-c", path, "--test-config"], capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def test_where_it_cannot_be_is_told(self):
        self.assertIn("tls_kernel has no effect behind a PROXY header",
                      self.verdict("tls_kernel true\nenable_proxy_protocol 2", 0))
        self.assertIn("tls_kernel has no effect with tls_record_size_max",
                      self.verdict("tls_kernel true\ntls_record_size_max 1024", 0))
        self.assertIn("this listener has TLS options but no certificate",
                      self.verdict("listener 1884 127.0.0.1\ntls_kernel true", 1))
        self.assertNotIn(self.WORDS, self.verdict("tls_kernel false", 0))


if __name__ == "__main__":
    unittest.main()
