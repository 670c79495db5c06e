/* What the fuzz targets share. The first byte of an input chooses type, version and flags; the rest
 * is what a decoder reads. */
#ifndef WAX_TESTS_FUZZ_H
#define WAX_TESTS_FUZZ_H

#include "../any.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A claim that no input may break. */
static inline void fuzz_require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Bits 4 and 5 of the choice. */
static inline wax_version fuzz_version(uint8_t choice)
{
    return (wax_version)(WAX_VERSION_3_1 + (choice >> 4 & 3U) % 3U);
}

/* Writes a packet that was read, reads it again, and wants the same. */
static inline void fuzz_round_trip(const struct any *any, size_t body_size)
{
    size_t size = body_size + 16;
    uint8_t *room = malloc(size);
    wax_writer out = wax_writer_over(room, size);
    struct any again = {.type = any->type, .version = any->version};
    wax_packet packet;
    wax_reader in;

    fuzz_require(room != NULL);
    fuzz_require(any_write(&out, any) == WAX_OK);
    in = wax_reader_over(wax_writer_bytes(&out));
    fuzz_require(wax_packet_read(&packet, &in, any->version, WAX_PACKET_SIZE_MAX) == WAX_OK);
    fuzz_require(wax_reader_left(&in) == 0 && packet.type == any->type);
    fuzz_require(any_read(&again, packet.flags, packet.body) == WAX_OK);
    fuzz_require(any_same(any, &again));
    free(room);
}

/* Reads the body of one of `count` types, which bits 6 and 7 of the first byte choose; bits 0 to 3
 * are the flags. */
static inline int fuzz_body(const uint8_t *data, size_t size, const wax_packet_type *types,
                            size_t count)
{
    struct any any = {.type = WAX_NO_PACKET};
    wax_bytes body;

    if (size == 0) {
        return 0;
    }
    any.type = types[(size_t)(data[0] >> 6) % count];
    any.version = any.type == WAX_AUTH ? WAX_VERSION_5 : fuzz_version(data[0]);
    body = wax_bytes_of(data + 1, size - 1);
    if (any_read(&any, data[0] & 0x0fU, body) == WAX_OK) {
        fuzz_round_trip(&any, body.size);
    }
    return 0;
}

#endif
