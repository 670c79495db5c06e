/* What a letter is bound to. */
#include "keys/letter.h"

wax_bytes letter_associated(wax_writer *out, const wax_keys_ends *ends, wax_bytes head)
{
    wax_write_bytes(out, head);
    wax_write_bytes(out, (wax_bytes){ends->name_space, WAX_KEYS_ID_SIZE});
    wax_write_blob(out, ends->topic);
    return wax_writer_bytes(out);
}
