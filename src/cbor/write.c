/* Writing: a head in its shortest form, and what strings hold. */
#include "cbor/cbor.h"

enum { FALSE = 20, TRUE = 21 };

static void write_head(wax_writer *out, wax_cbor_kind kind, uint64_t value)
{
    const uint8_t first = (uint8_t)((unsigned)kind << 5U);

    if (value < 24) {
        wax_write_u8(out, (uint8_t)(first | value));
    } else if (value <= UINT8_MAX) {
        wax_write_u8(out, first | 24U);
        wax_write_u8(out, (uint8_t)value);
    } else if (value <= UINT16_MAX) {
        wax_write_u8(out, first | 25U);
        wax_write_u16(out, (uint16_t)value);
    } else if (value <= UINT32_MAX) {
        wax_write_u8(out, first | 26U);
        wax_write_u32(out, (uint32_t)value);
    } else {
        wax_write_u8(out, first | 27U);
        wax_write_u32(out, (uint32_t)(value >> 32U));
        wax_write_u32(out, (uint32_t)value);
    }
}

void wax_cbor_write_number(wax_writer *out, uint64_t value)
{
    write_head(out, WAX_CBOR_NUMBER, value);
}

void wax_cbor_write_bytes(wax_writer *out, wax_bytes bytes)
{
    write_head(out, WAX_CBOR_BYTES, bytes.size);
    wax_write_bytes(out, bytes);
}

void wax_cbor_write_text(wax_writer *out, wax_bytes text)
{
    write_head(out, WAX_CBOR_TEXT, text.size);
    wax_write_bytes(out, text);
}

void wax_cbor_write_array(wax_writer *out, uint64_t count)
{
    write_head(out, WAX_CBOR_ARRAY, count);
}

void wax_cbor_write_map(wax_writer *out, uint64_t count)
{
    write_head(out, WAX_CBOR_MAP, count);
}

void wax_cbor_write_bool(wax_writer *out, bool value)
{
    write_head(out, WAX_CBOR_SIMPLE, value ? TRUE : FALSE);
}
