/* What stands in a status. */
#include "keys/status.h"

#include "cbor/cbor.h"

const struct letter_kind status_kind = {
    .first = 0xfc,
    .key_label = {(const uint8_t *)"status key",           10},
    .hedge_label = {(const uint8_t *)"status hedge",         12},
    .bound_label = {(const uint8_t *)"sealed-mqtt 1 status", 20},
};

static void check_newest(wax_reader *in, uint64_t *memory)
{
    const bool is_row = wax_cbor_read_array(in) == 2;
    const wax_bytes group = wax_cbor_read_bytes(in);
    const uint64_t epoch = wax_cbor_read_number(in);

    (void)memory;
    wax_require(in, is_row && group.size == WAX_KEYS_ID_SIZE, WAX_MALFORMED);
    wax_require(in, epoch > 0 && epoch <= UINT32_MAX, WAX_MALFORMED);
}

static void check_refusal(wax_reader *in, uint64_t *memory)
{
    const uint64_t kind = wax_cbor_read_number(in);

    (void)memory;
    wax_require(in, kind >= WAX_KEYS_REPLAY && kind <= WAX_KEYS_BAD_SIGNATURE, WAX_MALFORMED);
    (void)wax_cbor_read_number(in);
}

static void check_sealed(wax_reader *in, uint64_t *memory)
{
    const bool is_row = wax_cbor_read_array(in) == 3;
    const wax_bytes group = wax_cbor_read_bytes(in);

    (void)memory;
    wax_require(in, is_row && group.size == WAX_KEYS_ID_SIZE, WAX_MALFORMED);
    (void)wax_cbor_read_number(in);
    (void)wax_cbor_read_number(in);
}

/* clang-format off */
#define STATUS(field) offsetof(wax_keys_status, field)
static const struct field status_fields[] = {
    {1, FIELD_WIDE,   false, STATUS(count),           1, 0,                 NULL,          NULL, 0},
    {2, FIELD_FIXED,  false, STATUS(boot_nonce),      0, WAX_KEYS_ID_SIZE,  NULL,          NULL, 0},
    {3, FIELD_NUMBER, false, STATUS(generation),      0, UINT32_MAX,        NULL,          NULL, 0},
    {4, FIELD_WIDE,   false, STATUS(version),         0, 0,                 NULL,          NULL, 0},
    {5, FIELD_TEXT,   true,  STATUS(firmware),        1, WAX_KEYS_NAME_MAX, NULL,          NULL, 0},
    {6, FIELD_FIXED,  true,  STATUS(firmware_digest), 0, WAX_SHA256_SIZE,   NULL,          NULL, 0},
    {7, FIELD_LIST,   false, STATUS(newest),          0, LIST_MAX,          check_newest,  NULL, 0},
    {8, FIELD_PAIRS,  false, STATUS(refusals),        0, LIST_MAX,          check_refusal, NULL, 0},
    {129, FIELD_LIST, true,  STATUS(sealed),          1, LIST_MAX,          check_sealed,  NULL, 0},
};
#undef STATUS
/* clang-format on */

const struct shape status_shape = {status_fields, WAX_COUNT(status_fields)};
