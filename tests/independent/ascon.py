"""Ascon a second time, as NIST SP 800-232 words it, slow and plain: what the C code is compared with."""

MASK = (1 << 64) - 1
ROUND_CONSTANTS = [0x3c, 0x2d, 0x1e, 0x0f, 0xf0, 0xe1, 0xd2, 0xc3, 0xb4, 0xa5, 0x96, 0x87, 0x78, 0x69, 0x5a, 0x4b]
SBOX = [0x04, 0x0b, 0x1f, 0x14, 0x1a, 0x15, 0x09, 0x02, 0x1b, 0x05, 0x08, 0x12, 0x1d, 0x03, 0x06, 0x1c,
        0x1e, 0x13, 0x07, 0x0e, 0x00, 0x0d, 0x11, 0x18, 0x10, 0x0c, 0x01, 0x19, 0x16, 0x0a, 0x0f, 0x17]
TURNS = [(19, 28), (61, 39), (1, 6), (10, 17), (7, 41)]


def permute(state, rounds):
    for i in range(rounds):
        state[2] ^= ROUND_CONSTANTS[16 - rounds + i]
        # Table 6, column by column: the first word holds the highest of the five bits.
        columns = [SBOX[sum((state[row] >> bit & 1) << (4 - row) for row in range(5))] for bit in range(64)]
        state[:] = [sum((column >> (4 - row) & 1) << bit for bit, column in enumerate(columns)) for row in range(5)]
        for row, (one, other) in enumerate(TURNS):
            word = state[row]
            state[row] = word ^ (word >> one | word << 64 - one) & MASK ^ (word >> other | word << 64 - other) & MASK


def words(data):
    return [int.from_bytes(data[at:at + 8], "little") for at in range(0, len(data), 8)]


def padded(data, rate):
    """Whole blocks, the last one with its padding."""
    data += b"\x01" + bytes(-(len(data) + 1) % rate)
    return [data[at:at + rate] for at in range(0, len(data), rate)]


def seal(key, nonce, associated, plain):
    k0, k1 = words(key)
    state = [0x00001000808c0001, k0, k1, *words(nonce)]
    permute(state, 12)
    state[3] ^= k0
    state[4] ^= k1
    for block in padded(associated, 16) if associated else []:
        state[0] ^= words(block)[0]
        state[1] ^= words(block)[1]
        permute(state, 8)
    state[4] ^= 1 << 63
    sealed, blocks = b"", padded(plain, 16)
    for i, block in enumerate(blocks):
        state[0] ^= words(block)[0]
        state[1] ^= words(block)[1]
        sealed += state[0].to_bytes(8, "little") + state[1].to_bytes(8, "little")
        if i + 1 < len(blocks):
            permute(state, 8)
    state[2] ^= k0
    state[3] ^= k1
    permute(state, 12)
    return sealed[:len(plain)] + (state[3] ^ k0).to_bytes(8, "little") + (state[4] ^ k1).to_bytes(8, "little")


def sponge(iv, blocks, size):
    state = [iv, 0, 0, 0, 0]
    permute(state, 12)
    for block in blocks:
        state[0] ^= words(block)[0]
        permute(state, 12)
    result = b""
    while len(result) < size:
        result += state[0].to_bytes(8, "little")
        permute(state, 12)
    return result[:size]


def hash256(message):
    return sponge(0x0000080100cc0002, padded(message, 8), 32)


def cxof128(label, message, size):
    blocks = [(8 * len(label)).to_bytes(8, "little"), *padded(label, 8), *padded(message, 8)]
    return sponge(0x0000080000cc0004, blocks, size)
