"""What a reader remembers, and how it judges what comes (section 5, positions)."""
from . import header, keys, message, plain, stream
from .octets import Refused, require
from .topics import group_of

BELOW = 64


class Track:
    """A sender in a group of class stream: the highest (epoch, position), and which of the 64 below it came."""

    def __init__(self, epoch, position):
        self.epoch, self.highest, self.came = epoch, position, 1

    def judge(self, where):
        """Refuses as a replay; otherwise how many positions were passed over."""
        if (where.epoch, where.position) > (self.epoch, self.highest):
            if where.epoch == self.epoch and where.window() == self.highest // keys.PLACES:
                return where.position - self.highest - 1
            return where.position % keys.PLACES
        below = self.highest - where.position
        require(where.epoch == self.epoch and below <= BELOW, "below what is remembered", "replay")
        require(not self.came >> below & 1, "came before", "replay")
        return 0

    def accept(self, where):
        if where.epoch > self.epoch:
            self.epoch, self.highest, self.came = where.epoch, where.position, 1
        elif where.position > self.highest:
            self.came = self.came << where.position - self.highest & (1 << BELOW + 1) - 1 | 1
            self.highest = where.position
        else:
            self.came |= 1 << self.highest - where.position


class Event:
    """What became of an envelope: `name`, positions passed over, and what was inside."""

    def __init__(self, name, gap=0, opened=None):
        self.name, self.gap, self.opened = name, gap, opened


class Reader:
    """`now`: milliseconds since 1970, or None for no clock; `boot_nonce`: of this start."""

    def __init__(self, groups, now=None, boot_nonce=None):
        self.groups, self.now, self.boot_nonce = groups, now, boot_nonce
        self.tracks, self.lasts, self.streams = {}, {}, {}

    def receive(self, topic, envelope):
        try:
            return self.judge(topic, envelope)
        except Refused as refused:
            return Event(refused.event)

    def judge(self, topic, envelope):
        require(message.is_sealed(envelope), "not sealed", "unsealed")
        group = group_of(self.groups, topic)
        require(group is not None, "a topic of no group")
        where = message.locate(group, envelope)
        require(not group.is_too_old(where.epoch), "an epoch that is over", "old epoch")
        begun = self.streams.get((group.id, topic, where.sender, where.order()))
        if where.kind == header.STREAM and begun and begun.where.head == where.head:
            return self.go_on(begun, where)
        gap = self.judge_position(group, topic, where)
        if gap is None:
            return Event("again")
        event = self.open_stream(group, topic, where) if where.kind == header.STREAM else self.open(group, topic, where)
        self.accept(group, topic, where)
        event.gap = gap
        return event

    def judge_position(self, group, topic, where):
        """The gap before it, or None for the same message of class state again."""
        if group.class_ == keys.STREAM:
            track = self.tracks.get((group.id, where.sender))
            return track.judge(where) if track else 0
        last = self.lasts.get((group.id, where.sender, topic))
        if last is None:
            floor = tuple(group.floors.get(where.sender, (0, 0)))
            require(where.order() >= floor, "below the floor", "rollback")
            return 0
        require(where.order() >= last, "older than what the topic had", "rollback")
        return None if where.order() == last else 0

    def accept(self, group, topic, where):
        if group.class_ == keys.STATE:
            self.lasts[group.id, where.sender, topic] = where.order()
        elif (group.id, where.sender) in self.tracks:
            self.tracks[group.id, where.sender].accept(where)
        else:
            self.tracks[group.id, where.sender] = Track(*where.order())

    def check(self, opened):
        """What the fields ask of who receives."""
        for value in opened.values(plain.VALID_UNTIL):
            is_over = self.now is not None and self.now > int.from_bytes(value, "big")
            require(not is_over, "no longer valid", "expired")
        for value in opened.values(plain.BOOT_NONCE):
            require(value == self.boot_nonce, "for another start", "other boot")

    def open(self, group, topic, where):
        opened = message.unseal(group, topic, where)
        self.check(opened)
        return Event("ok", opened=opened)

    def open_stream(self, group, topic, where):
        opener = stream.Opener(group, topic, where)
        event = self.go_on(opener, where)
        self.streams[group.id, topic, where.sender, where.order()] = opener
        return event

    def go_on(self, opener, where):
        """One more message of a stream: "chunks" until it is whole, then "ok"; "again" for chunks that are known."""
        new = opener.take(where)
        if not opener.opened:
            return Event("chunks" if new else "again")
        self.check(opener.opened)
        return Event("ok" if new else "again", opened=opener.opened if new else None)
