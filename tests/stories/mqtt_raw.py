"""MQTT packets, made and taken apart by hand, so that the broker is judged by other eyes than its own.

What is malformed on purpose is written as bytes; what is well-formed comes from the functions here.
"""
import collections
import socket
import struct
import time

PATIENCE_S = 60  # how long anything may take that must come: machines stand still at times

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 2, 3, 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = 8, 9, 10, 11
PINGREQ, PINGRESP, DISCONNECT, AUTH = 12, 13, 14, 15

# The properties of MQTT 5 that these tests use: number and form.
Property = collections.namedtuple("Property", "number form")
PROPERTIES = {
    "payload_format": Property(1, "B"), "message_expiry": Property(2, ">I"),
    "content_type": Property(3, "text"), "response_topic": Property(8, "text"),
    "correlation_data": Property(9, "data"), "subscription_id": Property(11, "varint"),
    "session_expiry": Property(17, ">I"), "assigned_client_id": Property(18, "text"),
    "server_keep_alive": Property(19, ">H"), "authentication_method": Property(21, "text"),
    "authentication_data": Property(22, "data"), "request_problem_information": Property(23, "B"),
    "will_delay": Property(24, ">I"), "request_response_information": Property(25, "B"),
    "response_information": Property(26, "text"), "server_reference": Property(28, "text"),
    "reason_string": Property(31, "text"), "receive_maximum": Property(33, ">H"),
    "topic_alias_maximum": Property(34, ">H"), "topic_alias": Property(35, ">H"),
    "maximum_qos": Property(36, "B"), "retain_available": Property(37, "B"),
    "user_property": Property(38, "pair"), "maximum_packet_size": Property(39, ">I"),
    "wildcard_available": Property(40, "B"), "subscription_id_available": Property(41, "B"),
    "shared_available": Property(42, "B"),
}
NAMES = {row.number: name for name, row in PROPERTIES.items()}


def raw(value):
    return value.encode() if isinstance(value, str) else bytes(value)


def varint(number):
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (128 if number else 0))
        if not number:
            return bytes(out)


def text(value):
    value = raw(value)
    return struct.pack(">H", len(value)) + value


def one_property(name, value):
    number, form = PROPERTIES[name]
    if form in ("text", "data"):
        return bytes([number]) + text(value)
    if form == "varint":
        return bytes([number]) + varint(value)
    if form == "pair":
        return bytes([number]) + text(value[0]) + text(value[1])
    return bytes([number]) + struct.pack(form, value)


def properties(wanted):
    """`wanted` is a dictionary, where a list stands for several, or a list of pairs."""
    pairs = []
    for name, value in wanted.items() if isinstance(wanted, dict) else wanted:
        pairs += [(name, each) for each in value] if isinstance(value, list) else [(name, value)]
    body = b"".join(one_property(name, value) for name, value in pairs)
    return varint(len(body)) + body


def packet(kind, body=b"", flags=0):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def connect(client_id="", version=5, clean=True, keep_alive=60, user=None, password=None, will=None,
            props=(), flags=None, name=None, level=None):
    """`will` is a dictionary: topic, payload, qos, retain, props."""
    bits = (2 if clean else 0) | (0x80 if user is not None else 0) | (0x40 if password is not None else 0)
    if will is not None:
        bits |= 4 | will.get("qos", 0) << 3 | (0x20 if will.get("retain") else 0)
    body = text(name if name is not None else "MQIsdp" if version == 3 else "MQTT")
    body += bytes([version if level is None else level, bits if flags is None else flags])
    body += struct.pack(">H", keep_alive)
    body += properties(dict(props)) if version == 5 else b""
    body += text(client_id)
    if will is not None:
        body += properties(will.get("props", {})) if version == 5 else b""
        body += text(will["topic"]) + text(will.get("payload", b""))
    body += text(user) if user is not None else b""
    body += text(password) if password is not None else b""
    return packet(CONNECT, body)


def publish(topic, payload=b"", qos=0, retain=False, packet_id=1, version=5, props=(), duplicate=False):
    body = text(topic) + (struct.pack(">H", packet_id) if qos else b"")
    body += properties(props or {}) if version == 5 else b""
    return packet(PUBLISH, body + raw(payload), (8 if duplicate else 0) | qos << 1 | (1 if retain else 0))


def subscribe(filters, packet_id=1, version=5, props=()):
    """`filters` are pairs of a filter and its options' byte."""
    body = struct.pack(">H", packet_id) + (properties(props or {}) if version == 5 else b"")
    return packet(SUBSCRIBE, body + b"".join(text(name) + bytes([options]) for name, options in filters), 2)


def unsubscribe(filters, packet_id=1, version=5):
    body = struct.pack(">H", packet_id) + (b"\0" if version == 5 else b"")
    return packet(UNSUBSCRIBE, body + b"".join(map(text, filters)), 2)


def acknowledge(kind, packet_id, reason=None):
    body = struct.pack(">H", packet_id) + (b"" if reason is None else bytes([reason]))
    return packet(kind, body, 2 if kind == PUBREL else 0)


def disconnect(reason=None, props=None):
    body = b"" if reason is None else bytes([reason]) + (b"" if props is None else properties(props))
    return packet(DISCONNECT, body)


class Reader:
    def __init__(self, body):
        self.body, self.at = body, 0

    def take(self, size):
        assert self.at + size <= len(self.body), "the broker's packet is cut short"
        self.at += size
        return self.body[self.at - size:self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def data(self):
        return self.take(self.number(">H"))

    def rest(self):
        return self.take(len(self.body) - self.at)

    def one_property(self):
        name = NAMES[self.varint()]
        form = PROPERTIES[name].form
        if form == "text":
            return name, self.data().decode()
        if form == "data":
            return name, self.data()
        if form == "varint":
            return name, self.varint()
        if form == "pair":
            return name, (self.data().decode(), self.data().decode())
        return name, self.number(form)

    def properties(self):
        inner = Reader(self.take(self.varint()))
        found = []
        while inner.at < len(inner.body):
            found.append(inner.one_property())
        return found


class Packet:
    """A packet of the broker, taken apart."""

    def __init__(self, first, body, version):
        self.kind, self.flags, self.body = first >> 4, first & 15, body
        self.size = 1 + len(varint(len(body))) + len(body)
        self.props, self.reason, self.packet_id, self.reasons = [], 0, 0, b""
        reader = Reader(body)
        self.take_apart(reader, version)
        assert reader.at == len(body), f"{self} has bytes left over"

    def take_apart(self, reader, version):
        is_5 = version == 5
        if self.kind == CONNACK:
            self.session_present, self.reason = reader.number("B"), reader.number("B")
            self.props = reader.properties() if is_5 else []
        elif self.kind == PUBLISH:
            self.qos, self.retain, self.duplicate = self.flags >> 1 & 3, bool(self.flags & 1), bool(self.flags & 8)
            self.topic = reader.data().decode()
            self.packet_id = reader.number(">H") if self.qos else 0
            self.props = reader.properties() if is_5 else []
            self.payload = reader.rest()
        elif self.kind in (PUBACK, PUBREC, PUBREL, PUBCOMP):
            self.packet_id = reader.number(">H")
            self.take_reason(reader)
        elif self.kind in (SUBACK, UNSUBACK):
            self.packet_id = reader.number(">H")
            self.props = reader.properties() if is_5 else []
            self.reasons = reader.rest()
        elif self.kind in (DISCONNECT, AUTH):
            self.take_reason(reader)

    def take_reason(self, reader):
        if reader.at < len(reader.body):
            self.reason = reader.number("B")
        if reader.at < len(reader.body):
            self.props = reader.properties()

    def prop(self, name, otherwise=None):
        return dict(self.props).get(name, otherwise)

    def all(self, name):
        return [value for each, value in self.props if each == name]

    def __repr__(self):
        return f"<packet {self.kind} flags={self.flags} reason={self.reason:#x} {self.body[:60]!r}>"


class Client:
    """A socket that speaks MQTT as the test says. receive() gives None when the broker closed."""

    def __init__(self, port, version=5, timeout=PATIENCE_S, source=None):
        """`source` is the address of this machine to come from, 127.0.0.1 to 127.255.255.254."""
        self.version, self.port = version, port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.aside = collections.deque()  # messages that came while something else was awaited
        self.last_id = 0

    def send(self, *packets):
        self.socket.sendall(b"".join(packets))

    def close(self):
        self.socket.close()

    def fill(self, size):
        while len(self.received) < size:
            try:
                more = self.socket.recv(1 << 16)
            except (ConnectionResetError, BrokenPipeError):
                more = b""
            if not more:
                return False
            self.received += more
        return True

    def receive(self, timeout=PATIENCE_S):
        """The next packet; None at the end of the connection. Raises socket.timeout."""
        return self.aside.popleft() if self.aside else self.read(timeout)

    def read(self, timeout):
        self.socket.settimeout(timeout)
        size = head = None
        for head in range(2, 6):
            if not self.fill(head):
                assert not self.received, f"the broker cut a packet short: {self.received[:20]!r}"
                return None
            if self.received[head - 1] < 128:
                size = Reader(self.received[1:head]).varint()
                break
        assert size is not None, "a Remaining Length of more than four bytes"
        assert self.fill(head + size), "the broker cut a packet short"
        first, body = self.received[0], self.received[head:head + size]
        self.received = self.received[head + size:]
        return Packet(first, body, self.version)

    def expect(self, kind, timeout=PATIENCE_S):
        """The next packet of this kind; messages that come before it are put aside."""
        if kind == PUBLISH:
            got = self.receive(timeout)
        else:
            got = self.read(timeout)
            while got is not None and got.kind == PUBLISH:
                self.aside.append(got)
                got = self.read(timeout)
        assert got is not None, f"the connection ended; packet {kind} was expected"
        assert got.kind == kind, f"{got} came; packet {kind} was expected"
        return got

    def is_silent(self, seconds=0.3):
        try:
            got = self.receive(seconds)
        except socket.timeout:
            return True
        raise AssertionError(f"{got} came; nothing was expected")

    def next_id(self):
        self.last_id = self.last_id % 65535 + 1
        return self.last_id

    # Whole conversations.

    def connect(self, client_id="", **more):
        self.send(connect(client_id, version=self.version, **more))
        return self.expect(CONNACK)

    def subscribe(self, *filters, props=()):
        """A filter is a name, or a pair of a name and options. Gives the SUBACK."""
        rows = [(each, 0) if isinstance(each, (str, bytes)) else each for each in filters]
        self.send(subscribe(rows, self.next_id(), self.version, props))
        return self.expect(SUBACK)

    def unsubscribe(self, *filters):
        self.send(unsubscribe(filters, self.next_id(), self.version))
        return self.expect(UNSUBACK)

    def publish(self, topic, payload=b"", qos=0, **more):
        """Publishes, and gives the reason code of the exchange's end."""
        packet_id = self.next_id()
        self.send(publish(topic, payload, qos, packet_id=packet_id, version=self.version, **more))
        if qos == 0:
            return None
        got = self.expect(PUBACK if qos == 1 else PUBREC)
        assert got.packet_id == packet_id, got
        if qos == 2 and got.reason < 0x80:
            self.send(acknowledge(PUBREL, packet_id))
            got = self.expect(PUBCOMP)
            assert got.packet_id == packet_id, got
        return got.reason

    def message(self, timeout=PATIENCE_S, answer=True):
        """The next PUBLISH, acknowledged to its end."""
        got = self.expect(PUBLISH, timeout)
        if answer and got.qos == 1:
            self.send(acknowledge(PUBACK, got.packet_id))
        elif answer and got.qos == 2:
            self.send(acknowledge(PUBREC, got.packet_id))
            assert self.expect(PUBREL).packet_id == got.packet_id
            self.send(acknowledge(PUBCOMP, got.packet_id))
        return got

    def payloads(self, count):
        return [self.message().payload for _ in range(count)]

    def ping(self):
        self.send(packet(PINGREQ))
        return self.expect(PINGRESP)

    def disconnect(self, reason=None, props=None):
        self.send(disconnect(reason, props))
        self.end()

    def end(self, timeout=PATIENCE_S):
        """Waits until the broker has closed; gives the DISCONNECT or CONNACK that told why."""
        deadline, last = time.monotonic() + timeout, None
        while True:
            got = self.receive(max(0.01, deadline - time.monotonic()))
            if got is None:
                self.close()
                return last
            last = got
