/* What a sealed text begins with, as it is written. [5] */
#include "seal/text.h"

size_t text_front_size(wax_bytes fields)
{
    return 1 + (fields.size > 0 ? 2 + fields.size : 0);
}

void text_write_front(wax_writer *out, unsigned flags, wax_bytes fields)
{
    wax_write_u8(out, (uint8_t)(flags | (fields.size > 0 ? FLAG_FIELDS : 0U)));
    if (fields.size > 0) {
        wax_write_blob(out, fields);
    }
}
