"""What the stories of wax proxy share: programs that know nothing of sealing, a proxy, brokers."""
import socket
import time

import paho.mqtt.client as paho

from peers import WAX, PATIENCE_S, OpenBrokers, free_port, stop, wax
from sealed_tools_test import Device


def until(claim, what="it"):
    end = time.monotonic() + PATIENCE_S
    while not claim():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen")
        time.sleep(0.02)


class Program:
    """A client by Paho."""

    def __init__(self, port, id_="", version=paho.MQTTv311, clean=True, **more):
        words = {} if not hasattr(paho, "CallbackAPIVersion") else {"callback_api_version": paho.CallbackAPIVersion.VERSION1}
        if version == paho.MQTTv5:
            self.client = paho.Client(client_id=id_, protocol=version, **words)
            more.setdefault("clean_start", clean)
        else:
            self.client = paho.Client(client_id=id_, protocol=version, clean_session=clean or not id_, **words)
        self.version, self.port, self.more = version, port, more
        self.came, self.sent, self.granted, self.codes, self.gone = [], {}, [], [], []
        self.client.on_message = lambda client, data, message: self.came.append(message)
        self.client.on_connect = lambda client, data, flags, code, *rest: self.codes.append(code if isinstance(code, int) else code.value)
        self.client.on_publish = lambda client, data, id_, *rest: self.sent.setdefault(id_, rest)
        self.client.on_subscribe = lambda client, data, id_, granted, *rest: self.granted.append([getattr(code, "value", code) for code in granted])
        self.client.on_disconnect = lambda client, data, code, *rest: self.gone.append(code)

    def connect(self):
        before = len(self.codes)
        self.client.connect("127.0.0.1", self.port, **self.more)
        self.client.loop_start()
        until(lambda: len(self.codes) > before, "CONNACK")
        return self

    def subscribe(self, filter_, qos=1):
        before = len(self.granted)
        self.client.subscribe(filter_, qos)
        until(lambda: len(self.granted) > before, "SUBACK")
        return self.granted[-1]

    def publish(self, topic, payload, qos=1, retain=False, properties=None):
        info = self.client.publish(topic, payload, qos, retain, **({"properties": properties} if properties else {}))
        if qos:
            until(lambda: info.mid in self.sent or self.gone, "the acknowledgement")
        return info.mid

    def got(self, count):
        until(lambda: len(self.came) >= count, f"message {count}; there are {self.texts()}")
        return self.texts()

    def texts(self):
        return [(message.topic, message.payload.decode()) for message in self.came]

    def close(self, says_goodbye=True):
        if says_goodbye:
            self.client.disconnect()
        else:
            self.client._sock_close()  # as if it had crashed
        self.client.loop_stop()


class Proxy:
    def __init__(self, story, device, upstream, *words):
        self.port, self.story = free_port(), story
        self.log = story.folder.path / f"proxy-{self.port}.log"
        self.words = [WAX, "proxy", "--seal", device.keys, "--listen", f"127.0.0.1:{self.port}", "-p", upstream, *words]
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = self.story.background(*self.words, stdout=log, stderr=log)
        until(self.is_up, "the proxy's start")

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def says(self, words):
        until(lambda: words in self.log.read_text(), f"{words!r} in the log")

    def stop(self):
        stop(self.process)
        return self.process.returncode


class Way(OpenBrokers):
    def device(self, name, broker, *groups, version=1, blinding=None):
        device = Device(self.folder, f"{name}-{self._testMethodName}-{broker}")
        self.deliver(broker, device, version, *groups, blinding=blinding)
        return device

    def deliver(self, broker, device, version, *groups, blinding=None):
        path = self.folder.path / "mailbox"
        path.write_bytes(device.mailbox(version, list(groups), blinding))
        wax("pub", "-p", self.ports[broker], "-t", f"wax/k/{device.name}", "-r", "-q", 1, "-f", path)

    def proxy(self, device, broker, *words):
        return Proxy(self, device, self.ports[broker], *words)

    def program(self, port, *words, **more):
        program = Program(port, *words, **more).connect()
        self.addCleanup(program.close)
        return program


class Raw:
    """A program by hand, MQTT 3.1.1 with a session that stays."""

    def __init__(self, port, id_):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        body = b"\0\4MQTT\4\0\0\0" + len(id_).to_bytes(2, "big") + id_.encode()
        self.send(bytes([0x10, len(body)]) + body)
        assert self.packet()[0] == 0x20

    def __enter__(self):
        return self

    def __exit__(self, *rest):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def take(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                break
            data += piece
        return data

    def packet(self):
        head = self.take(2)
        return head if len(head) < 2 else head + self.take(head[1])

    def subscribe(self, filter_, qos):
        body = b"\0\1" + len(filter_).to_bytes(2, "big") + filter_.encode() + bytes([qos])
        self.send(bytes([0x82, len(body)]) + body)
        assert self.packet()[0] == 0x90

    def acknowledge(self, publish):
        at = 4 + int.from_bytes(publish[2:4], "big")
        self.send(b"\x40\2" + publish[at:at + 2])
