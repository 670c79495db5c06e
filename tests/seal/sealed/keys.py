"""The tree of keys below an epoch's secret (section 3)."""
from .octets import u8, u32
from .suite import KEY_SIZE, derive

STATE, STREAM = 0, 1
PLACES = 1 << 12
WINDOWS = 1 << 16
POSITIONS = 1 << 28


def scope(group, epoch):
    return group + u32(epoch)


def class_secret(suite, epoch_secret, group, epoch, class_):
    return derive(suite, epoch_secret, b"class", scope(group, epoch) + u8(class_), 32)


def sender_secret(suite, class_secret_, group, epoch, sender):
    return derive(suite, class_secret_, b"sender", scope(group, epoch) + u32(sender), 32)


def stepped(suite, secret, group, epoch, sender):
    return derive(suite, secret, b"ratchet", scope(group, epoch) + u32(sender), 32)


def window_secret(suite, first, group, epoch, sender, window):
    """SS[window], from SS[0]."""
    for _ in range(window):
        first = stepped(suite, first, group, epoch, sender)
    return first


def message_keys(suite, secret, group, epoch, sender):
    """K and Kh of a window's secret."""
    context = scope(group, epoch) + u32(sender)
    return (derive(suite, secret, b"key", context, KEY_SIZE[suite]), derive(suite, secret, b"hedge", context, 32))


def stream_keys(suite, secret, group, epoch, sender, position):
    """Ks and Ksh of a window's secret."""
    context = scope(group, epoch) + u32(sender) + u32(position)
    return (derive(suite, secret, b"stream key", context, KEY_SIZE[suite]),
            derive(suite, secret, b"stream hedge", context, 32))
