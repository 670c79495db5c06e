/* Signed maps. */
#include "keys/signed.h"

wax_keys_bound signed_bound(wax_bytes label, const uint8_t *name_space)
{
    return (wax_keys_bound){label, wax_bytes_of(name_space, WAX_KEYS_ID_SIZE)};
}

wax_status signed_write(wax_writer *out, const wax_keys_signing *by, const struct signed_map *map,
                        void *scratch)
{
    const wax_keys_bound bound = signed_bound(map->label, by->name_space);
    const size_t start = out->used;
    wax_status status = fields_write_all(out, map->shape, map->object, scratch);

    if (status == WAX_OK) {
        status = wax_keys_sign(out, start, &bound, by->secret);
    }
    if (status != WAX_OK) {
        out->used = start;
    }
    return status;
}

wax_status signed_read(wax_bytes bytes, const wax_keys_signing *by, const struct signed_map *map,
                       void *object)
{
    const wax_keys_bound bound = signed_bound(map->label, by->name_space);
    wax_bytes payload;
    const wax_status status = wax_keys_verify(bytes, &bound, by->public_key, &payload);

    return status == WAX_OK ? fields_read_all(payload, map->shape, object) : status;
}
