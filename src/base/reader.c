/* The cursor over bytes that came in. */
#include "base/base.h"

wax_reader wax_reader_over(wax_bytes bytes)
{
    return (wax_reader){bytes.data, bytes.size == 0 ? bytes.data : bytes.data + bytes.size, WAX_OK};
}

size_t wax_reader_left(const wax_reader *in)
{
    return (size_t)(in->end - in->at);
}

wax_bytes wax_reader_rest(const wax_reader *in)
{
    return (wax_bytes){in->at, wax_reader_left(in)};
}

void wax_require(wax_reader *in, bool holds, wax_status status)
{
    if (!holds && in->status == WAX_OK) {
        in->status = status;
        in->at = in->end;
    }
}

wax_bytes wax_read_bytes(wax_reader *in, size_t size)
{
    wax_bytes bytes = {in->at, size};

    wax_require(in, size <= wax_reader_left(in), WAX_MALFORMED);
    if (in->status != WAX_OK) {
        return (wax_bytes){NULL, 0};
    }
    in->at += size;
    return bytes;
}

uint32_t wax_read_number(wax_reader *in, size_t size)
{
    wax_bytes bytes = wax_read_bytes(in, size);
    uint32_t number = 0;

    for (size_t i = 0; i < size && bytes.size > 0; i++) {
        number = number << 8 | bytes.data[i];
    }
    return number;
}

uint8_t wax_read_u8(wax_reader *in)
{
    return (uint8_t)wax_read_number(in, 1);
}

uint16_t wax_read_u16(wax_reader *in)
{
    return (uint16_t)wax_read_number(in, 2);
}

uint32_t wax_read_u32(wax_reader *in)
{
    return wax_read_number(in, 4);
}

uint32_t wax_read_varint(wax_reader *in)
{
    uint32_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        byte = wax_read_u8(in);
        value |= (uint32_t)(byte & 0x7fU) << shift;
        shift += 7;
    } while ((byte & 0x80U) != 0 && shift < 28);

    wax_require(in, byte < 0x80U && (byte != 0 || shift == 7), WAX_MALFORMED); /* [MQTT-1.5.5-1] */
    return in->status == WAX_OK ? value : 0;
}

wax_bytes wax_read_blob(wax_reader *in)
{
    return wax_read_bytes(in, wax_read_u16(in));
}

wax_bytes wax_read_text(wax_reader *in)
{
    wax_bytes text = wax_read_blob(in);

    wax_require(in, wax_utf8_is_valid(text), WAX_MALFORMED); /* [MQTT-1.5.4-1] [MQTT-1.5.4-2] */
    return in->status == WAX_OK ? text : (wax_bytes){NULL, 0};
}
