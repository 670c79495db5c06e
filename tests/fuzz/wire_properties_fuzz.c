/* Properties from a stranger. The first byte chooses where they stand. */
#include "fuzz.h"

/* Writes every property again: the same bytes come out. */
static void check_properties(wax_bytes properties)
{
    uint8_t *room = malloc(properties.size + 1);
    wax_writer out = wax_writer_over(room, properties.size);
    wax_reader in = wax_reader_over(properties);
    wax_property property, first;

    fuzz_require(room != NULL);
    while (wax_property_next(&in, &property)) {
        fuzz_require(wax_property_find(properties, property.id, &first));
        wax_property_write(&out, &property);
    }
    fuzz_require(in.status == WAX_OK && out.status == WAX_OK);
    fuzz_require(wax_bytes_equal(wax_writer_bytes(&out), properties));
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_reader in;
    wax_property property;
    wax_bytes properties;

    if (size == 0) {
        return 0;
    }
    in = wax_reader_over(wax_bytes_of(data + 1, size - 1));
    properties = wax_read_properties(&in, (wax_packet_type)(data[0] & 0x0fU));
    if (in.status == WAX_OK) {
        check_properties(properties);
    }
    /* Nothing but checked bytes should come here; others must do no harm either. */
    in = wax_reader_over(wax_bytes_of(data + 1, size - 1));
    while (wax_property_next(&in, &property)) {
    }
    return 0;
}
