/* SUBSCRIBE and UNSUBSCRIBE from a stranger, and each of their filters. */
#include "fuzz.h"

/* Writes every filter again: the same bytes come out. */
static void check_filters(const struct any *any)
{
    wax_bytes filters = any->subscribe.filters;
    uint8_t *room = malloc(filters.size);
    wax_writer out = wax_writer_over(room, filters.size);
    wax_reader in = wax_reader_over(filters);
    wax_subscription subscription;

    fuzz_require(room != NULL);
    while (wax_subscription_next(&in, any->type, any->version, &subscription)) {
        wax_subscription_write(&out, &subscription, any->type, any->version);
    }
    fuzz_require(in.status == WAX_OK && wax_bytes_equal(wax_writer_bytes(&out), filters));
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const wax_packet_type types[] = {WAX_SUBSCRIBE, WAX_UNSUBSCRIBE};
    struct any any = {.type = WAX_NO_PACKET};

    if (size == 0) {
        return 0;
    }
    any.type = types[(data[0] >> 6) % 2U];
    any.version = fuzz_version(data[0]);
    if (any_read(&any, 0, wax_bytes_of(data + 1, size - 1)) == WAX_OK) {
        check_filters(&any);
    }
    return fuzz_body(data, size, types, WAX_COUNT(types));
}
