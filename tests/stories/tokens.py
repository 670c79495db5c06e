"""JSON Web Tokens, made by Python's cryptography, good ones and bad ones."""
import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

ALGORITHMS = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    def __init__(self, name, algorithm, private=None):
        self.name, self.algorithm = name, algorithm
        self.private = private or ALGORITHMS[algorithm]()

    def pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def private_pem(self):
        return self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()).decode()

    def sign(self, text):
        if self.algorithm == "EdDSA":
            return self.private.sign(text)
        if self.algorithm == "RS256":
            return self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())
        r, s = utils.decode_dss_signature(self.private.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def token(self, header=None, **claims):
        """`header` and claims take the place of what a good token has; None takes it out."""
        head = {"alg": self.algorithm, "typ": "JWT", "kid": self.name, **(header or {})}
        body = {"sub": "ann", "aud": "house", "iss": "maker", "exp": int(time.time()) + 3600, **claims}
        return self.sealed(*(json.dumps({name: value for name, value in part.items() if value is not None})
                             for part in (head, body)))

    def sealed(self, head, body):
        """From the very texts of header and claims."""
        text = b64(head.encode()) + "." + b64(body.encode())
        return text + "." + b64(self.sign(text.encode()))

    def shared(self, secret, **claims):
        """HS256 with what everybody may know as the secret: the classic confusion."""
        head, body, _ = self.token({"alg": "HS256"}, **claims).split(".")
        return f"{head}.{body}." + b64(hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest())
