/* What both ways of derivation have in common. */
#include "keys/derive.h"

void derive_write_info(wax_writer *out, const struct derivation *from)
{
    wax_write_bytes(out, WAX_TEXT("sealed-mqtt 1 "));
    wax_write_bytes(out, from->label);
    wax_write_u8(out, 0);
    wax_write_u8(out, from->suite);
    wax_write_bytes(out, from->context);
    wax_assert(out->status == WAX_OK);
}
