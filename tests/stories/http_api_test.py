"""The listener for operations: figures for Prometheus, and whether the broker is well."""
import json
import re
import socket
import ssl
import time
import unittest
import urllib.error
import urllib.request

import foreign
import peers
from running import BrokerCase


class Operations(BrokerCase):
    CONFIG = """listener {port} 127.0.0.1
allow_anonymous true
connect_timeout 2
listener {port2} 127.0.0.1
protocol http_api
listener 0 {folder}/socket
protocol http_api
"""
    THREADS = 1

    def get(self, path, method="GET"):
        asked = urllib.request.Request(f"http://127.0.0.1:{self.broker.port2}{path}", method=method)
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.headers, answer.read().decode()

    def metrics(self):
        return dict(line.rsplit(" ", 1) for line in self.get("/metrics")[2].splitlines() if line[0] != "#")

    def talk(self, *requests):
        with socket.create_connection(("127.0.0.1", self.broker.port2), timeout=10) as connection:
            for request in requests:
                connection.sendall(request)
            answer = b""
            while more := connection.recv(65536):
                answer += more
            return answer.decode()

    def test_every_metric_has_help_and_type(self):
        code, headers, page = self.get("/metrics")
        self.assertEqual((code, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        lines = page.splitlines()
        self.assertGreater(len(lines), 60)
        self.assertIn("# TYPE wax_certificate_not_after_seconds gauge", lines.pop())
        self.assertIn("# HELP wax_certificate_not_after_seconds ", lines.pop())
        for help_line, type_line, sample in zip(lines[0::3], lines[1::3], lines[2::3], strict=True):
            name = re.match(r"# HELP (wax_[a-z_]+) [A-Z].*\.$", help_line).group(1)
            kind = re.match(rf"# TYPE {name} (counter|gauge)$", type_line).group(1)
            self.assertRegex(sample, rf"^{name}({{.*}})? \d+$")
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
        self.assertEqual(len({line for line in lines if line.startswith("# TYPE")}), len(lines) // 3)

    def test_the_figures_follow_what_happens(self):
        before = self.metrics()
        client = self.client()
        client.subscribe(self.topic())
        client.publish(self.topic(), b"x" * 1000, 1)
        client.message()
        client.publish(self.topic("kept"), b"x", 1, retain=True)
        after = self.metrics()
        grown = {name: int(after[name]) - int(before[name]) for name in after}
        self.assertEqual(grown["wax_messages_received_total"], 2)
        self.assertEqual(grown["wax_message_received_bytes_total"], 1001)
        self.assertEqual(grown["wax_messages_retained"], 1)
        self.assertEqual(grown["wax_connects_accepted_total"], 1)
        self.assertEqual(grown["wax_clients_connected"], 1)
        self.assertGreater(int(after["wax_memory_bytes"]), 100000)

    def test_the_broker_is_well(self):
        for path, word in (("/health", "ok"), ("/ready", "ready"), ("/health?verbose=1", "ok")):
            code, headers, page = self.get(path)
            self.assertEqual((code, headers["Content-Type"], json.loads(page)), (200, "application/json", {"status": word}))

    def test_everything_else_is_answered_in_words(self):
        self.assertEqual(self.get("/")[::2], (404, "there is /metrics, /health and /ready.\n"))
        self.assertEqual(self.get("/metrics/../health")[0], 404)
        code, headers, _ = self.get("/metrics", "DELETE")
        self.assertEqual((code, headers["Allow"]), (405, "GET, HEAD"))
        code, headers, page = self.get("/metrics", "HEAD")
        self.assertEqual((code, page), (200, ""))
        self.assertGreater(int(headers["Content-Length"]), 1000)

    def test_malformed_requests_are_answered_and_end_the_connection(self):
        rows = ((b"\x10\x0c\0\4MQTT\r\n\r\n", 400), (b"GET /health HTTP/1.1\r\n\r\n", 400), (b"GET /health HTTP/1.1\n\n", 400),
                (b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 413),
                (b"GET /health HTTP/1.1\r\nHost: a\r\nA: " + b"x" * 9000, 431), (b"GET /health HTTP/2.0\r\nHost: a\r\n\r\n", 400))
        for request, code in rows:
            with self.subTest(request=request[:40]):
                answer = self.talk(request)
                self.assertTrue(answer.startswith(f"HTTP/1.1 {code} "), answer)
                self.assertIn("\r\nConnection: close\r\n", answer)

    def test_a_connection_serves_many_requests_in_order(self):
        one = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
        two = b"GET /ready HTTP/1.1\r\nHost: a\r\n\r\n"
        last = b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        answer = self.talk((one + two) * 30, last)
        self.assertEqual(re.findall(r'"status":"(\w+)"', answer), ["ok", "ready"] * 30)
        self.assertTrue(answer.endswith("\n") and "wax_uptime_seconds" in answer)

    def test_requests_may_come_byte_by_byte(self):
        request = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        self.assertIn('"ok"', self.talk(*(request[n:n + 1] for n in range(len(request)))))

    def test_who_says_nothing_is_let_go(self):
        self.assertEqual(self.talk(b"GET /health"), "")

    def test_a_unix_socket_serves(self):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(self.broker.path("socket"))
            connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            self.assertIn(b'"ok"', connection.recv(4096))


class Secured(foreign.TlsStory):
    def test_figures_go_to_who_shows_a_certificate(self):
        folder = self.pki.folder
        broker = self.broker(self.pki.listener(more=f"protocol http_api\ncafile {folder}/ca.crt\nrequire_certificate true\n"))
        context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        url = f"https://localhost:{broker.port}/metrics"
        with self.assertRaises((urllib.error.URLError, ssl.SSLError, ConnectionError)):
            urllib.request.urlopen(url, timeout=10, context=context)
        broker.wait_for_log("http_ended peer=127.0.0.1:")
        context.load_cert_chain(folder / "alice.crt", folder / "alice.key")
        with urllib.request.urlopen(url, timeout=10, context=context) as answer:
            page = answer.read().decode()
        self.assertIn("wax_clients_connected 0", page)
        left_s = int(re.search(rf'wax_certificate_not_after_seconds{{listener="1",port="{broker.port}"}} (\d+)', page).group(1)) - time.time()
        self.assertTrue(29 * 86400 < left_s <= 30 * 86400, left_s)

    def test_a_public_listener_must_be_asked_for(self):
        rows = (("", 1), ("http_api_public true\n", 0))
        for more, code in rows:
            path = self.write("open.conf", f"user root\nlistener {foreign.free_port()}\nprotocol http_api\n{more}")
            said = peers.run(foreign.WAX, "broker", "--test-config", "-c", path, code=code)
            self.assertEqual("listener PORT 127.0.0.1" in said.err, code == 1, said)


if __name__ == "__main__":
    unittest.main()
