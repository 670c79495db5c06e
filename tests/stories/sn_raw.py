"""An MQTT-SN 1.2 client written from the specification, for stories: datagrams, or frames on a serial line."""
import collections
import os
import select
import socket
import time

PATIENCE_S = 60

ADVERTISE, SEARCHGW, GWINFO, CONNECT, CONNACK = 0x00, 0x01, 0x02, 0x04, 0x05
WILLTOPICREQ, WILLTOPIC, WILLMSGREQ, WILLMSG = 0x06, 0x07, 0x08, 0x09
REGISTER, REGACK, PUBLISH, PUBACK, PUBCOMP, PUBREC, PUBREL = 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = 0x12, 0x13, 0x14, 0x15
PINGREQ, PINGRESP, DISCONNECT = 0x16, 0x17, 0x18
WILLTOPICUPD, WILLTOPICRESP, WILLMSGUPD, WILLMSGRESP = 0x1A, 0x1B, 0x1C, 0x1D

ACCEPTED, CONGESTION, INVALID_TOPIC, NOT_SUPPORTED = range(4)
NAME, PREDEFINED, SHORT = range(3)

Packet = collections.namedtuple("Packet", "type body")
Message = collections.namedtuple("Message", "topic payload qos retain duplicate kind id message_id")


def u16(value):
    return value.to_bytes(2, "big")


def packet(kind, body=b"", is_long=False):
    size = len(body) + 2
    if size < 256 and not is_long:
        return bytes([size, kind]) + body
    return b"\x01" + u16(size + 2) + bytes([kind]) + body


def parse(data):
    if data[0] == 1:
        size, head = int.from_bytes(data[1:3], "big"), 3
    else:
        size, head = data[0], 1
    assert size == len(data), f"a length of {size} in {data!r}"
    return Packet(data[head], data[head + 1:])


def flags(qos=0, kind=NAME, retain=False, duplicate=False, will=False, clean=False):
    return (duplicate << 7) | ((qos & 3) << 5) | (retain << 4) | (will << 3) | (clean << 2) | kind


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0x8408 if value & 1 else value >> 1
    return value ^ 0xFFFF


def frame(data):
    inside = data + crc(data).to_bytes(2, "little")
    return b"\x7e" + inside.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + b"\x7e"


class Datagrams:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.connect(("127.0.0.1", port))

    def send(self, data):
        self.socket.send(data)

    def receive(self, timeout):
        if not select.select([self.socket], [], [], timeout)[0]:
            return None
        return self.socket.recv(65536)

    def close(self):
        self.socket.close()


class Line:
    """A terminal, or whatever a path is."""

    def __init__(self, path):
        self.file = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.got = b""

    def send(self, data):
        self.write(frame(data))

    def write(self, data):
        while data:
            data = data[os.write(self.file, data):]

    def receive(self, timeout):
        deadline = time.monotonic() + timeout
        while True:
            inside, mark, rest = self.got.partition(b"\x7e")
            if mark:
                self.got = rest
                data = inside.replace(b"\x7d\x5e", b"\x7e").replace(b"\x7d\x5d", b"\x7d")
                if len(data) > 2 and crc(data[:-2]).to_bytes(2, "little") == data[-2:]:
                    return data[:-2]
                assert not data, f"a broken frame: {data!r}"
                continue
            if not select.select([self.file], [], [], max(0, deadline - time.monotonic()))[0]:
                return None
            self.got += os.read(self.file, 4096)

    def close(self):
        os.close(self.file)


class Client:
    """`expect` takes packets as they come; what the gateway asks for meanwhile is answered unless `is_silent`."""

    def __init__(self, way, client_id="device"):
        self.way, self.id = way, client_id.encode()
        self.topics = {}  # id: name
        self.messages = collections.deque()
        self.last_id = 0
        self.answers = True

    def close(self):
        self.way.close()

    def send(self, kind, body=b""):
        self.way.send(packet(kind, body))

    def next_id(self):
        self.last_id = self.last_id % 65535 + 1
        return self.last_id

    def receive(self, timeout=PATIENCE_S):
        data = self.way.receive(timeout)
        return None if data is None else parse(data)

    def expect(self, kind, timeout=PATIENCE_S):
        """The body of the next packet of a type."""
        deadline = time.monotonic() + timeout
        while True:
            got = self.receive(max(0, deadline - time.monotonic()))
            if got is None:
                raise AssertionError(f"no packet {kind:#x} comes")
            if got.type == kind:
                return got.body
            self.deal(got)

    def skip_to(self, *wanted):
        """Drops what comes before this packet."""
        deadline = time.monotonic() + PATIENCE_S
        while (got := self.receive(max(0, deadline - time.monotonic()))) != wanted:
            if got is None:
                raise AssertionError(f"no packet {wanted} comes")

    def deal(self, got):
        """What comes unasked."""
        if got.type == REGISTER:
            self.topics[int.from_bytes(got.body[:2], "big")] = got.body[4:].decode()
            if self.answers:
                self.send(REGACK, got.body[:4] + b"\x00")
        elif got.type == PUBLISH:
            self.take(got.body)
        elif got.type == PUBREL:
            if self.answers:
                self.send(PUBCOMP, got.body)
        elif got.type == PINGREQ:
            self.send(PINGRESP)
        else:
            raise AssertionError(f"unexpected: {got}")

    def take(self, body):
        bits, topic_id, message_id = body[0], body[1:3], body[3:5]
        qos, kind = (bits >> 5) & 3, bits & 3
        number = int.from_bytes(topic_id, "big")
        topic = self.topics.get(number) if kind == NAME else topic_id.decode() if kind == SHORT else number
        self.messages.append(Message(topic, body[5:], qos, bool(bits & 0x10), bool(bits & 0x80), kind, number, message_id))
        if self.answers and qos == 1:
            self.send(PUBACK, topic_id + message_id + (b"\x00" if topic is not None else b"\x02"))
        elif self.answers and qos == 2:
            self.send(PUBREC, message_id)

    def message(self, timeout=PATIENCE_S):
        deadline = time.monotonic() + timeout
        while not self.messages:
            got = self.receive(max(0, deadline - time.monotonic()))
            if got is None:
                raise AssertionError("no message comes")
            self.deal(got)
        return self.messages.popleft()

    # --- What a client asks for; each returns what the answer says ---

    def connect(self, duration=600, clean=True, will=None, code=ACCEPTED):
        self.send(CONNECT, bytes([flags(clean=clean, will=will is not None), 1]) + u16(duration) + self.id)
        if will is not None:
            topic, text, qos, retain = will
            self.expect(WILLTOPICREQ)
            self.send(WILLTOPIC, bytes([flags(qos=qos, retain=retain)]) + topic.encode())
            self.expect(WILLMSGREQ)
            self.send(WILLMSG, text)
        got = self.expect(CONNACK)[0]
        assert got == code, f"CONNACK says {got}, not {code}"
        return self

    def register(self, topic, code=ACCEPTED):
        message_id = self.next_id()
        self.send(REGISTER, u16(0) + u16(message_id) + topic.encode())
        body = self.expect(REGACK)
        assert body[2:4] == u16(message_id) and body[4] == code, body
        number = int.from_bytes(body[:2], "big")
        if code == ACCEPTED:
            self.topics[number] = topic
        return number

    @staticmethod
    def topic_bytes(topic, kind):
        return topic.encode() if kind == SHORT else u16(topic)

    def publish(self, topic, payload, qos=0, kind=NAME, code=ACCEPTED, **more):
        message_id = self.next_id() if qos > 0 else 0
        self.send(PUBLISH, bytes([flags(qos=qos, kind=kind, **more)]) + self.topic_bytes(topic, kind) + u16(message_id) + payload)
        if qos == 1 or (code != ACCEPTED and qos == 2):
            body = self.expect(PUBACK)
            assert body == self.topic_bytes(topic, kind) + u16(message_id) + bytes([code]), body
        elif qos == 2:
            assert self.expect(PUBREC) == u16(message_id)
            self.send(PUBREL, u16(message_id))
            assert self.expect(PUBCOMP) == u16(message_id)

    def subscribe(self, topic, qos=0, kind=NAME, code=ACCEPTED):
        message_id = self.next_id()
        name = topic.encode() if kind != PREDEFINED else u16(topic)
        self.send(SUBSCRIBE, bytes([flags(qos=qos, kind=kind)]) + u16(message_id) + name)
        body = self.expect(SUBACK)
        assert body[3:5] == u16(message_id) and body[5] == code, body
        number = int.from_bytes(body[1:3], "big")
        if kind == NAME and number:
            self.topics[number] = topic
        self.granted = (body[0] >> 5) & 3
        return number

    def unsubscribe(self, topic, kind=NAME):
        message_id = self.next_id()
        name = topic.encode() if kind != PREDEFINED else u16(topic)
        self.send(UNSUBSCRIBE, bytes([flags(kind=kind)]) + u16(message_id) + name)
        assert self.expect(UNSUBACK) == u16(message_id)

    def ping(self):
        self.send(PINGREQ)
        self.expect(PINGRESP)

    def sleep(self, duration):
        self.send(DISCONNECT, u16(duration))
        self.expect(DISCONNECT)

    def wake(self):
        """Asks for what waits, until the gateway says that this was all."""
        self.send(PINGREQ, self.id)
        self.expect(PINGRESP)

    def disconnect(self):
        self.send(DISCONNECT)
        self.expect(DISCONNECT)
