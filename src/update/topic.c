/* Topics: PREFIX/u/ and what it is about. [4] */
#include "update/update.h"

static void begin(wax_writer *out, wax_bytes prefix, wax_bytes name)
{
    wax_write_bytes(out, prefix);
    wax_write_bytes(out, WAX_TEXT("/u/"));
    wax_write_bytes(out, name);
}

void wax_update_manifest_topic(wax_writer *out, wax_bytes prefix, wax_bytes name)
{
    begin(out, prefix, name);
    wax_write_bytes(out, WAX_TEXT("/manifest"));
}

void wax_update_chunk_topic(wax_writer *out, wax_bytes prefix, const wax_update_manifest *manifest,
                            uint32_t index)
{
    begin(out, prefix, manifest->class_name);
    wax_write_u8(out, '/');
    wax_write_decimal(out, manifest->version);
    wax_write_u8(out, '/');
    wax_write_decimal(out, index);
}

void wax_update_status_topic(wax_writer *out, wax_bytes prefix, wax_bytes device)
{
    begin(out, prefix, device);
    wax_write_bytes(out, WAX_TEXT("/status"));
}
