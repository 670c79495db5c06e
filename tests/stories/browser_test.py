"""A page in a real browser: MQTT.js in headless Chromium, over WSS, with certificates that `wax pki` made."""
import base64
import functools
import hashlib
import http.server
import subprocess
import threading
import unittest

import browsing
import foreign
import foreign_mqttjs_test
import peers

PAGE = """<!DOCTYPE html><meta charset=utf-8><title>wax</title><pre id=said>waiting</pre>
<script src=/mqtt.js></script>
<script>
const said = document.getElementById('said');
const say = (words) => { said.textContent = words; };
const client = mqtt.connect('%(url)s', {protocolVersion: %(version)d, reconnectPeriod: 0, connectTimeout: 20000});
const got = [];
client.on('error', (error) => say('error ' + error.message));
client.on('close', () => { if (got.length < 3) say('closed'); });
client.on('message', (topic, payload) => {
    got.push(topic + '=' + (payload.length > 20 ? payload.length : payload.toString()));
    if (got.length === 3) client.end(false, {}, () => say('done ' + got.sort().join(' ')));
});
client.on('connect', () => {
    client.subscribe('page/#', {qos: 2}, (error) => {
        if (error) return say('error ' + error.message);
        client.publish('page/small', 'hello', {qos: 2});
        client.publish('page/large', new Uint8Array(300000), {qos: 1});
        client.publish('page/ready', 'now', {qos: 0});
    });
});
</script>"""


class Pages(http.server.BaseHTTPRequestHandler):
    """Serves the page, with its parameters after the question mark, and MQTT.js."""

    def __init__(self, files, *more):
        self.files = files
        super().__init__(*more)

    def do_GET(self):
        content = self.files.get(self.path.partition("?")[0])
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html")
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_):
        pass


class Browser(foreign.Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        foreign.need("chromium")
        cls.files = {"/mqtt.js": (foreign_mqttjs_test.install() / "node_modules/mqtt/dist/mqtt.min.js").read_bytes()}
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, cls.files))
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)
        cls.origin = f"http://127.0.0.1:{cls.server.server_port}"

    def certify(self):
        """A CA and a server's certificate; gives the fingerprint by which the browser trusts it."""
        for words in (["ca", "--name", "Story CA"], ["server", "localhost", "127.0.0.1"]):
            peers.run(foreign.WAX, "pki", words[0], "--dir", self.home, *words[1:])
        key = subprocess.run(["openssl", "x509", "-in", self.home / "localhost.crt", "-pubkey", "-noout"], capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, capture_output=True, check=True).stdout
        return base64.b64encode(hashlib.sha256(der).digest()).decode()

    def show(self, url, version, *options):
        """What the page says in the end."""
        self.files["/page"] = (PAGE % {"url": url, "version": version}).encode()
        session = browsing.session(self, *options)
        browsing.ask(f"{session}/url", {"url": f"{self.origin}/page"})
        script = {"script": "return document.getElementById('said').textContent", "args": []}
        said = []
        foreign.wait_until(lambda: said.append(browsing.ask(f"{session}/execute/sync", script)) or said[-1] != "waiting", "the page", 60)
        return said[-1]

    GOOD = "done page/large=300000 page/ready=now page/small=hello"

    def test_a_page_talks_over_wss(self):
        fingerprint = self.certify()
        broker = self.broker(f"user root\nlistener {{port}} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n"
                             f"websockets_origin {self.origin}\n"
                             f"certfile {self.home}/localhost.crt\nkeyfile {self.home}/localhost.key\n")
        trust = f"--ignore-certificate-errors-spki-list={fingerprint}"
        self.assertEqual(self.show(f"wss://localhost:{broker.port}/mqtt", 5, trust), self.GOOD, broker.log())
        broker.wait_for_log("tls=TLSv1.3")

    def test_a_page_talks_over_ws(self):
        broker = self.open_broker("protocol websockets\n")
        self.assertEqual(self.show(f"ws://127.0.0.1:{broker.port}/", 4), self.GOOD, broker.log())

    def test_a_page_of_another_origin_is_refused(self):
        broker = self.open_broker("protocol websockets\nwebsockets_origin https://elsewhere.example\n")
        self.assertIn(self.show(f"ws://127.0.0.1:{broker.port}/", 5).split()[0], ("closed", "error"))
        broker.wait_for_log("pages of this origin may not connect")


if __name__ == "__main__":
    unittest.main()
