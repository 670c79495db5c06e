"""Blinded topics (section 7)."""
import base64

from . import ascon
from .octets import Refused, require, u8, u16
from .suite import hmac_sha256
from .topics import literal_levels

HMAC, ASCON = 1, 2
WILDCARDS = ("+", "#")


class Blinding:
    """A namespace's key, variant, hash and patterns, and the prefix that stays as it is."""

    def __init__(self, key, variant, hash_, patterns=(), prefix="wax"):
        self.key, self.variant, self.hash, self.patterns, self.prefix = key, variant, hash_, patterns, prefix

    def token(self, where, level):
        label, text = b"sealed-mqtt 1 topic" + u8(self.variant), where + level.encode()
        if self.hash == ASCON:
            digest = ascon.cxof128(label, self.key + text, 9)
        else:
            digest = hmac_sha256(self.key, label + text)[:9]
        return base64.urlsafe_b64encode(digest).decode()

    def blind(self, name):
        """A topic or a filter as the broker sees it."""
        if name.startswith("$share/"):
            share, group, rest = name.split("/", 2) if name.count("/") > 1 else ("", "", "")
            require(rest, "no filter behind the name of the share")
            return f"{share}/{group}/{self.blind(rest)}"
        if name.startswith("$") or (name + "/").startswith(self.prefix + "/"):
            return name
        levels = name.split("/")
        may_be = self.wildcards_of(levels)
        blinded = "/".join(level if level in WILDCARDS else self.token(self.where(levels, i, may_be), level)
                           for i, level in enumerate(levels))
        require(len(blinded.encode()) <= 0xFFFF, "too long once it is blinded")
        return blinded

    def where(self, levels, index, may_be):
        result = u16(index)
        if self.variant == 2:
            for i, level in enumerate(levels[:index]):
                result += u16(0xFFFF) if may_be(i) else u16(len(level.encode())) + level.encode()
        return result

    def wildcards_of(self, levels):
        """Says of each level whether a wildcard may stand there; refuses a filter that has one elsewhere."""
        if self.variant == 1:
            return lambda i: True
        pattern = max((pattern.split("/") for pattern in self.patterns if covers(pattern.split("/"), levels)),
                      key=lambda pattern: literal_levels("/".join(pattern)), default=None)
        if pattern is None:
            if any(level in WILDCARDS for level in levels):
                raise Refused("not blinded", "a wildcard where no pattern has one")
            return lambda i: False
        return lambda i: pattern[i] == "+" if i < len(pattern) and pattern[i] != "#" else True


def covers(pattern, levels):
    """Whether a pattern matches a topic, or a filter that has wildcards only where it has them."""
    for i, level in enumerate(pattern):
        if level == "#":
            return True
        if i >= len(levels) or levels[i] == "#":
            return False
        if level != "+" and level != levels[i]:
            return False
    return len(pattern) == len(levels)
