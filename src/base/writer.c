/* The cursor over room to be filled. */
#include "base/base.h"

#include <string.h>

wax_writer wax_writer_over(void *room, size_t size)
{
    return (wax_writer){.data = room, .size = size};
}

wax_bytes wax_writer_bytes(const wax_writer *out)
{
    return (wax_bytes){out->data, out->used};
}

size_t wax_writer_left(const wax_writer *out)
{
    return out->size - out->used;
}

wax_status wax_writer_end(wax_writer *out, size_t start)
{
    if (out->status != WAX_OK) {
        out->used = start;
    }
    return out->status;
}

/* What all writing comes to; a struct that comes in registers costs a small processor more. */
static void put(wax_writer *out, const uint8_t *data, size_t size)
{
    if (size > wax_writer_left(out)) {
        out->status = WAX_FULL;
    }
    if (out->status == WAX_OK && size > 0) {
        memcpy(out->data + out->used, data, size);
        out->used += size;
    }
}

void wax_write_bytes(wax_writer *out, wax_bytes bytes)
{
    put(out, bytes.data, bytes.size);
}

/* The last `size` bytes of a number, big-endian. */
static void write_number(wax_writer *out, uint32_t value, size_t size)
{
    uint8_t bytes[4];

    for (size_t i = size; i > 0; i--) {
        bytes[i - 1] = (uint8_t)value;
        value >>= 8;
    }
    put(out, bytes, size);
}

void wax_write_u8(wax_writer *out, uint8_t value)
{
    write_number(out, value, 1);
}

void wax_write_u16(wax_writer *out, uint16_t value)
{
    write_number(out, value, 2);
}

void wax_write_u32(wax_writer *out, uint32_t value)
{
    write_number(out, value, 4);
}

size_t wax_varint_encode(uint8_t room[static 4], uint32_t value)
{
    size_t size = 0;

    wax_assert(value <= WAX_VARINT_MAX);
    for (; value >= 0x80U; value >>= 7) {
        room[size++] = (uint8_t)(value | 0x80U);
    }
    room[size] = (uint8_t)value;
    return size + 1;
}

void wax_write_varint(wax_writer *out, uint32_t value)
{
    uint8_t bytes[4];
    size_t size = wax_varint_encode(bytes, value);

    put(out, bytes, size);
}

void wax_write_blob(wax_writer *out, wax_bytes bytes)
{
    if (bytes.size > UINT16_MAX) {
        out->status = WAX_FULL;
    }
    wax_write_u16(out, (uint16_t)bytes.size);
    put(out, bytes.data, bytes.size);
}

size_t wax_varint_size(uint32_t value)
{
    return value < 128U ? 1 : value < 16384U ? 2 : value < 2097152U ? 3 : 4;
}

void wax_write_decimal(wax_writer *out, uint64_t number)
{
    uint8_t digits[20];
    size_t first = sizeof digits;

    do {
        digits[--first] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(out, digits + first, sizeof digits - first);
}
