/* Fields inside of a seal, as they are written. [5] */
#include "seal/seal.h"

void wax_field_write(wax_writer *out, wax_field_type type, wax_bytes value)
{
    wax_write_u8(out, (uint8_t)type);
    wax_write_blob(out, value);
}

void wax_field_write_number(wax_writer *out, wax_field_type type, uint64_t number)
{
    uint8_t room[8];
    wax_writer value = wax_writer_over(room, sizeof room);

    wax_write_u32(&value, (uint32_t)(number >> 32));
    wax_write_u32(&value, (uint32_t)number);
    wax_field_write(out, type, wax_writer_bytes(&value));
}

void wax_field_write_user(wax_writer *out, wax_bytes name, wax_bytes value)
{
    const size_t size = 2 + name.size + value.size;

    wax_write_u8(out, WAX_FIELD_USER_PROPERTY);
    if (size > UINT16_MAX) {
        out->status = WAX_FULL;
    }
    wax_write_u16(out, (uint16_t)size);
    wax_write_blob(out, name);
    wax_write_bytes(out, value);
}
