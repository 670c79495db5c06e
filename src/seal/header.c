/* The header of an envelope: that of SFrame, with what the format allows of it. [4] */
#include "seal/header.h"

enum {
    IS_LONG = 0x08,    /* bit of a half of the configuration byte: bytes follow */
    KEY_SIZE_MAX = 4,  /* of KID */
    COUNT_SIZE_MAX = 4 /* of CTR */
};

/* How many bytes a value takes of its own: none below 8. [RFC 9605, 4.3] */
static size_t size_of(uint32_t value)
{
    return value < 8 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x1000000 ? 3 : 4;
}

static unsigned half_of(uint32_t value)
{
    return value < 8 ? value : IS_LONG | (unsigned)(size_of(value) - 1);
}

static void write_value(wax_writer *out, uint32_t value)
{
    for (size_t size = size_of(value); size > 0; size--) {
        wax_write_u8(out, (uint8_t)(value >> 8 * (size - 1)));
    }
}

static uint32_t key_of(const struct header *header)
{
    return header->sender << 8 | header->epoch;
}

void header_write(wax_writer *out, const struct header *header)
{
    wax_write_u8(out, (uint8_t)(KIND_BYTE | header->kind));
    wax_write_u8(out, (uint8_t)(half_of(key_of(header)) << 4 | half_of(header->position)));
    write_value(out, key_of(header));
    write_value(out, header->position);
}

size_t header_size(const struct header *header)
{
    return 2 + size_of(key_of(header)) + size_of(header->position);
}

/* A value, of which one half of the configuration byte says where it stands. */
static uint32_t read_value(wax_reader *in, unsigned half, size_t size_max)
{
    const size_t size = (half & IS_LONG) == 0 ? 0 : (half & 7U) + 1;
    uint32_t value = size == 0 ? half : 0;

    wax_require(in, size <= size_max, WAX_MALFORMED);
    for (size_t i = 0; i < size && in->status == WAX_OK; i++) {
        value = value << 8 | wax_read_u8(in);
    }
    wax_require(in, size_of(value) == size, WAX_MALFORMED);
    return value;
}

void header_read(wax_reader *in, struct header *header)
{
    const uint8_t first = wax_read_u8(in);
    const uint8_t configuration = wax_read_u8(in);
    const uint32_t key = read_value(in, configuration >> 4, KEY_SIZE_MAX);
    const uint32_t position = read_value(in, configuration & 0x0fU, COUNT_SIZE_MAX);

    wax_require(in, (first & KIND_BYTE) == KIND_BYTE, WAX_MALFORMED);
    wax_require(in, key >> 8 != 0 && position <= WAX_POSITION_MAX, WAX_MALFORMED);
    *header = (struct header){
        .kind = first & 7U, .epoch = (uint8_t)key, .sender = key >> 8, .position = position};
}
