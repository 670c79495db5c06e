"""Ascon-AEAD128 and Ascon-CXOF128 (SP 800-232), on words of 64 bits."""
import hmac

MASK = (1 << 64) - 1
CONSTANTS = [0xf0, 0xe1, 0xd2, 0xc3, 0xb4, 0xa5, 0x96, 0x87, 0x78, 0x69, 0x5a, 0x4b]


def turned(word, by):
    return (word >> by | word << 64 - by) & MASK


def permute(state, rounds):
    a, b, c, d, e = state
    for constant in CONSTANTS[12 - rounds:]:
        c ^= constant
        a, c, e = a ^ e, c ^ b, e ^ d
        a, b, c, d, e = (a ^ ~b & c & MASK, b ^ ~c & d & MASK, c ^ ~d & e & MASK, d ^ ~e & a & MASK,
                         e ^ ~a & b & MASK)
        b, d, a, c = b ^ a, d ^ c, a ^ e, c ^ MASK
        a ^= turned(a, 19) ^ turned(a, 28)
        b ^= turned(b, 61) ^ turned(b, 39)
        c ^= turned(c, 1) ^ turned(c, 6)
        d ^= turned(d, 10) ^ turned(d, 17)
        e ^= turned(e, 7) ^ turned(e, 41)
    state[:] = a, b, c, d, e


def word(data):
    return int.from_bytes(data, "little")


def blocks_of(data, rate):
    """Whole blocks; a 1 and zeros fill the last."""
    data += b"\x01" + bytes(-(len(data) + 1) % rate)
    return [data[at:at + rate] for at in range(0, len(data), rate)]


def begin(key, nonce, associated):
    state = [0x00001000808c0001, word(key[:8]), word(key[8:]), word(nonce[:8]), word(nonce[8:])]
    permute(state, 12)
    state[3] ^= word(key[:8])
    state[4] ^= word(key[8:])
    for block in blocks_of(associated, 16) if associated else []:
        state[0] ^= word(block[:8])
        state[1] ^= word(block[8:])
        permute(state, 8)
    state[4] ^= 1 << 63
    return state


def end(state, key):
    state[2] ^= word(key[:8])
    state[3] ^= word(key[8:])
    permute(state, 12)
    state[3] ^= word(key[:8])
    state[4] ^= word(key[8:])
    return state[3].to_bytes(8, "little") + state[4].to_bytes(8, "little")


def seal(key, nonce, associated, plain, tag_size=16):
    state, sealed = begin(key, nonce, associated), b""
    blocks = blocks_of(plain, 16)
    for i, block in enumerate(blocks):
        state[0] ^= word(block[:8])
        state[1] ^= word(block[8:])
        sealed += state[0].to_bytes(8, "little") + state[1].to_bytes(8, "little")
        if i + 1 < len(blocks):
            permute(state, 8)
    return sealed[:len(plain)] + end(state, key)[:tag_size]


def unseal(key, nonce, associated, sealed, tag_size=16):
    """The plaintext, or None."""
    if len(sealed) < tag_size:
        return None
    cipher, tag = sealed[:len(sealed) - tag_size], sealed[len(sealed) - tag_size:]
    state, plain = begin(key, nonce, associated), b""
    for at in range(0, len(cipher) + 1, 16):
        block = cipher[at:at + 16]
        stream = (state[0].to_bytes(8, "little") + state[1].to_bytes(8, "little"))[:len(block)]
        piece = bytes(one ^ other for one, other in zip(block, stream))
        plain += piece
        whole = piece if len(piece) == 16 else blocks_of(piece, 16)[0]
        state[0] ^= word(whole[:8])
        state[1] ^= word(whole[8:])
        if len(piece) == 16:
            permute(state, 8)
    return plain if hmac.compare_digest(end(state, key)[:tag_size], tag) else None


def cxof128(customization, message, size):
    state = [0x0000080000cc0004, 0, 0, 0, 0]
    permute(state, 12)
    sizes = (8 * len(customization)).to_bytes(8, "little")
    for block in [sizes, *blocks_of(customization, 8), *blocks_of(message, 8)]:
        state[0] ^= word(block)
        permute(state, 12)
    result = state[0].to_bytes(8, "little")
    while len(result) < size:
        permute(state, 12)
        result += state[0].to_bytes(8, "little")
    return result[:size]
