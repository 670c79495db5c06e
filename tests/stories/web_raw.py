"""WebSocket by hand, under the MQTT client of mqtt_raw: the handshake, and frames as the test says."""
import base64
import hashlib
import os
import socket
import ssl
import struct

import mqtt_raw

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def request(path="/mqtt", host="localhost", protocol="mqtt", key=b"x" * 16, **headers):
    """The head of a handshake; a header that is None is left out, `origin` is Origin."""
    lines = {"Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": base64.b64encode(key).decode(), "Sec-WebSocket-Protocol": protocol,
             **{name.capitalize(): value for name, value in headers.items()}}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return f"GET {path} HTTP/1.1\r\n{text}\r\n".encode()


def frame(opcode, payload=b"", final=True, mask=b"\1\2\3\4"):
    size = len(payload)
    head = bytes([opcode | (0x80 if final else 0)])
    flag = 0x80 if mask is not None else 0
    if size < 126:
        head += bytes([size | flag])
    elif size < 65536:
        head += bytes([126 | flag]) + struct.pack(">H", size)
    else:
        head += bytes([127 | flag]) + struct.pack(">Q", size)
    if mask is None:
        return head + payload
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    masked = (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")
    return head + mask + masked


def read_head(connection):
    """The head of an answer, byte by byte, so that what follows it stays."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        more = connection.recv(1)
        if not more:
            break
        head += more
    return head.decode("latin-1")


class WebClient(mqtt_raw.Client):
    """An MQTT client whose packets go in one binary frame per send(), or in pieces of `step` bytes."""

    def __init__(self, port, version=5, context=None, step=None, path=None, ask=None):
        self.step, self.raw, self.control = step, b"", []
        if path is None:
            super().__init__(port, version)
        else:
            self.version, self.port, self.received, self.last_id = version, port, b"", 0
            self.aside = mqtt_raw.collections.deque()
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(10)
            self.socket.connect(path)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        key = os.urandom(16)
        self.socket.sendall(ask or request(key=key))
        self.head = read_head(self.socket)
        proof = base64.b64encode(hashlib.sha1(base64.b64encode(key) + GUID).digest()).decode()
        self.is_proven = f"Sec-WebSocket-Accept: {proof}\r\n" in self.head

    def send(self, *packets):
        whole = b"".join(packets)
        step = self.step or len(whole)
        for at in range(0, len(whole), step):
            self.socket.sendall(frame(BINARY, whole[at:at + step]))

    def take(self, size):
        while len(self.raw) < size:
            more = self.socket.recv(1 << 16)
            if not more:
                return None
            self.raw += more
        taken, self.raw = self.raw[:size], self.raw[size:]
        return taken

    def frame(self):
        """The next frame as (opcode, payload); None at the end."""
        try:
            head = self.take(2)
            if head is None:
                return None
            assert head[0] & 0x80 and not head[1] & 0x80, head
            size = head[1]
            if size > 125:
                size = int.from_bytes(self.take(2 if size == 126 else 8), "big")
            return head[0] & 15, self.take(size)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            return None

    def fill(self, size):
        while len(self.received) < size:
            got = self.frame()
            if got is None:
                return False
            if got[0] == BINARY:
                self.received += got[1]
            else:
                self.control.append(got)
        return True
