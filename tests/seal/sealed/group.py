"""A group as a member knows it: how it seals, its epochs, who may write."""
from dataclasses import dataclass, field
from functools import lru_cache

from . import keys
from .blinding import Blinding
from .octets import require, u8, u16, u32

EPOCH_SECRET, OWN_SECRET, CLASS_SECRET = range(3)


@lru_cache(maxsize=4096)
def window_secret(suite, first, group, epoch, sender, window):
    """SS[window]; those before are remembered, a step being dear."""
    if window == 0:
        return first
    start = (window - 1) // 1024 * 1024
    before = window_secret(suite, first, group, epoch, sender, start)
    return keys.window_secret(suite, before, group, epoch, sender, window - start)


@dataclass
class Group:
    """`epochs`: {epoch: (what, secret)} as key 10 of a mailbox's group; `senders`: pairs of first and last."""
    id: bytes
    suite: int
    class_: int
    tag_size: int
    epochs: dict
    filters: list = field(default_factory=lambda: ["#"])
    senders: list = field(default_factory=lambda: [(1, (1 << 24) - 1)])
    signing: dict = field(default_factory=dict)
    floors: dict = field(default_factory=dict)
    window: int = 255
    own: int = 0
    blinding: Blinding = None

    def may_write(self, sender):
        return any(first <= sender <= last for first, last in self.senders)

    def epoch_like(self, low):
        """The highest epoch that is held and congruent to `low` modulo 256."""
        fits = [epoch for epoch in self.epochs if epoch % 256 == low]
        require(fits, "no epoch is held that fits")
        return max(fits)

    def is_too_old(self, epoch):
        """Whether an epoch is none of the W newest that are held."""
        return epoch not in sorted(self.epochs)[-self.window:]

    def secret(self, epoch, sender, position):
        """The secret of the window that a sender's position belongs to."""
        what, secret = self.epochs[epoch]
        if what == EPOCH_SECRET:
            secret = keys.class_secret(self.suite, secret, self.id, epoch, self.class_)
        if what == OWN_SECRET:
            require(sender == self.own, "the epoch's secret is not held")
        else:
            secret = keys.sender_secret(self.suite, secret, self.id, epoch, sender)
        window = position // keys.PLACES if self.class_ == keys.STREAM else 0
        return window_secret(self.suite, secret, self.id, epoch, sender, window)

    def seen_filters(self):
        """The filters as the broker has them."""
        return [self.blinding.blind(filter_) if self.blinding else filter_ for filter_ in self.filters]

    def judge_name(self, topic, names):
        """Refuses unless field 9 says what was blinded, where topics are blinded, and nothing where they are not."""
        if self.blinding is None:
            require(not names, "the name of a blinded topic, where none is blinded")
            return
        require(names, "the name of the blinded topic is missing")
        require(self.blinding.blind(names[0].decode()) == topic, "came on another topic than it says")

    def tail(self, epoch, topic):
        """What A has behind the header."""
        name = topic.encode()
        require(len(name) <= 0xFFFF, "a topic of more than 65,535 bytes")
        return self.id + u32(epoch) + u8(self.suite) + u8(self.tag_size) + u16(len(name)) + name
