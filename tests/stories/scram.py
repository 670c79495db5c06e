"""A SCRAM-SHA-256 client of its own, by RFC 5802 and Python's hashes alone."""
import base64
import hashlib
import hmac
import os

from mqtt_raw import AUTH, connect, packet, properties

METHOD = "SCRAM-SHA-256"
CONTINUE, AGAIN = 0x18, 0x19


def b64(data):
    return base64.b64encode(data).decode()


def mac(key, text):
    return hmac.new(key, text.encode() if isinstance(text, str) else text, hashlib.sha256).digest()


def keys(password, salt, count):
    """StoredKey, ServerKey, ClientKey."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, count)
    client = mac(salted, "Client Key")
    return hashlib.sha256(client).digest(), mac(salted, "Server Key"), client


def line(user, password, count=4096):
    """A line of a password file. [RFC 5803]"""
    salt = user.encode().ljust(16, b"s")[:16]
    stored, server, _ = keys(password, salt, count)
    return f"{user}:SCRAM-SHA-256${count}:{b64(salt)}${b64(stored)}:{b64(server)}\n"


class Conversation:
    def __init__(self, user, password, header="n,,"):
        self.password, self.header = password, header
        self.bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={b64(os.urandom(18))}"

    def first(self):
        return self.header + self.bare

    def final(self, challenge):
        fields = dict(part.split("=", 1) for part in challenge.split(","))
        self.salt, self.count = base64.b64decode(fields["s"]), int(fields["i"])
        stored, self.server_key, client = keys(self.password, self.salt, self.count)
        bare = f"c={b64(self.header.encode())},r={fields['r']}"
        self.spoken = f"{self.bare},{challenge},{bare}"
        proof = bytes(a ^ b for a, b in zip(client, mac(stored, self.spoken)))
        return f"{bare},p={b64(proof)}"

    def is_server(self, final):
        return final == "v=" + b64(mac(self.server_key, self.spoken))


def auth(reason, data, method=METHOD):
    props = [("authentication_method", method)] if method else []
    return packet(AUTH, bytes([reason]) + properties(props + ([("authentication_data", data)] if data is not None else [])))


def taken_apart(got):
    """Reason and properties of the broker's AUTH."""
    assert got is not None and got.kind == AUTH, got
    return got.reason, dict(got.props)


def hello(client, client_id, data, method=METHOD, **more):
    props = {"authentication_method": method, **({"authentication_data": data} if data is not None else {})}
    client.send(connect(client_id, props=props, **more))
