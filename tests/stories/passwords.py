"""Lines of a password file, made by Python's own hashes: quick ones, since tests log in often."""
import base64
import hashlib


def line(user, password, form="pbkdf2", count=1000):
    salt = user.encode().ljust(12, b"s")[:12]
    if form == "pbkdf2":
        digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, count)
        head = f"$7${count}$"
    else:
        digest = hashlib.sha512(password.encode() + salt).digest()
        head = "$6$"
    return f"{user}:{head}{base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"
