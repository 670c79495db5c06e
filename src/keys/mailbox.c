/* What stands in a mailbox. */
#include "keys/mailbox.h"

#include "cbor/cbor.h"
#include "keys/checks.h"

const struct letter_kind mailbox_kind = {
    .first = 0xfb,
    .has_generation = true,
    .key_label = {(const uint8_t *)"mailbox key",           11},
    .hedge_label = {(const uint8_t *)"mailbox hedge",         13},
    .bound_label = {(const uint8_t *)"sealed-mqtt 1 mailbox", 21},
};

static void check_epoch(wax_reader *in, uint64_t *memory)
{
    const bool is_row = wax_cbor_read_array(in) == 3;
    const uint64_t epoch = wax_cbor_read_number(in);
    const uint64_t what = wax_cbor_read_number(in);
    const wax_bytes secret = wax_cbor_read_bytes(in);

    wax_require(in, is_row && epoch > *memory && epoch <= UINT32_MAX, WAX_MALFORMED);
    wax_require(in, what <= WAX_KEYS_CLASS_SECRET, WAX_MALFORMED);
    wax_require(in, secret.size == WAX_KEYS_SECRET_SIZE, WAX_MALFORMED);
    *memory = epoch;
}

enum { WINDOW_SIZE = 4096, POSITION_MAX = 0xfffffff, EPOCHS_MAX = 255 };

static void check_floor(wax_reader *in, uint64_t *memory)
{
    const uint64_t sender = wax_cbor_read_number(in);
    const bool is_row = wax_cbor_read_array(in) == 2;
    const uint64_t epoch = wax_cbor_read_number(in);
    const uint64_t position = wax_cbor_read_number(in);

    (void)memory;
    wax_require(in, sender > 0 && sender <= WAX_KEYS_SENDER_MAX, WAX_MALFORMED);
    wax_require(in, is_row && epoch > 0 && epoch <= UINT32_MAX, WAX_MALFORMED);
    wax_require(in, position <= POSITION_MAX, WAX_MALFORMED);
}

/* clang-format off */
#define GROUP(field) offsetof(wax_keys_group, field)
static const struct field group_fields[] = {
    { 1, FIELD_FIXED,  false, GROUP(id),             0, WAX_KEYS_ID_SIZE,    NULL,         NULL, 0},
    { 2, FIELD_NUMBER, false, GROUP(suite),          1, 3,                   NULL,         NULL, 0},
    { 3, FIELD_NUMBER, false, GROUP(group_class),    0, 1,                   NULL,         NULL, 0},
    { 4, FIELD_NUMBER, false, GROUP(tag_size),       8, 16,                  NULL,         NULL, 0},
    { 5, FIELD_NUMBER, false, GROUP(role),           1, 3,                   NULL,         NULL, 0},
    { 6, FIELD_LIST,   false, GROUP(filters),        1, LIST_MAX,            check_text,   NULL, 0},
    { 7, FIELD_NUMBER, true,  GROUP(sender),         1, WAX_KEYS_SENDER_MAX, NULL,         NULL, 0},
    { 8, FIELD_NUMBER, true,  GROUP(write_epoch),    1, UINT32_MAX,          NULL,         NULL, 0},
    { 9, FIELD_NUMBER, false, GROUP(kept),           1, EPOCHS_MAX,          NULL,         NULL, 0},
    {10, FIELD_LIST,   false, GROUP(epochs),         0, EPOCHS_MAX,          check_epoch,  NULL, 0},
    {11, FIELD_NUMBER, true,  GROUP(first_position), 0, POSITION_MAX,        NULL,         NULL, WAX_KEYS_NONE},
    {12, FIELD_LIST,   false, GROUP(senders),        0, LIST_MAX,            check_sender, NULL, 0},
    {13, FIELD_PAIRS,  true,  GROUP(signers),        0, LIST_MAX,            check_signer, NULL, 0},
    {14, FIELD_LIST,   true,  GROUP(padding),        1, LIST_MAX,            check_number, NULL, 0},
    {15, FIELD_BOOL,   true,  GROUP(signs),          0, 0,                   NULL,         NULL, 0},
    {16, FIELD_NUMBER, true,  GROUP(chunk_size),    64, 1U << 20U,           NULL,         NULL, WAX_KEYS_CHUNK_SIZE},
    {17, FIELD_PAIRS,  true,  GROUP(floors),         0, LIST_MAX,            check_floor,  NULL, 0},
};
#undef GROUP
/* clang-format on */

const struct shape group_shape = {group_fields, WAX_COUNT(group_fields)};

/* Whether a writer has what it writes with, and nobody the class's secret where there is none. */
static bool epochs_are_sound(const wax_keys_group *group)
{
    wax_keys_list rest = group->epochs;
    bool has_write_epoch = (group->role & WAX_KEYS_WRITES) == 0;
    bool is_sound = true;
    wax_keys_epoch row;

    while (wax_keys_next_epoch(&rest, &row)) {
        has_write_epoch = has_write_epoch || row.epoch == group->write_epoch;
        is_sound = is_sound && (row.what != WAX_KEYS_CLASS_SECRET || group->group_class == 0);
    }
    return has_write_epoch && is_sound;
}

static bool group_is_sound(const wax_keys_group *group)
{
    const bool writes = (group->role & WAX_KEYS_WRITES) != 0;

    return check_suite(group->suite, group->tag_size) && writes == (group->sender != 0) &&
           epochs_are_sound(group) && group->senders.count % 2 == 0 &&
           check_padding(&group->padding) &&
           (group->first_position == WAX_KEYS_NONE || group->first_position % WINDOW_SIZE == 0);
}

static void check_group(wax_reader *in, uint64_t *memory)
{
    wax_keys_group group = {.role = 0};

    (void)memory;
    fields_read(in, &group_shape, &group);
    wax_require(in, in->status != WAX_OK || group_is_sound(&group), WAX_MALFORMED);
}

bool wax_keys_next_group(wax_keys_list *groups, wax_keys_group *group)
{
    wax_reader in = wax_reader_over(groups->items);

    *group = (wax_keys_group){.role = 0};
    if (groups->count == 0) {
        return false;
    }
    fields_read(&in, &group_shape, group);
    groups->items = wax_reader_rest(&in);
    groups->count = in.status == WAX_OK ? groups->count - 1 : 0;
    return in.status == WAX_OK;
}

/* What the authority is: two keys that stand in the mailbox itself. */
struct authority {
    const uint8_t *registrar;
    const uint8_t *keeper;
};

/* clang-format off */
static const struct field authority_fields[] = {
    {1, FIELD_FIXED, false, offsetof(struct authority, registrar), 0, WAX_P256_PUBLIC_SIZE, NULL, NULL, 0},
    {2, FIELD_FIXED, false, offsetof(struct authority, keeper),    0, WAX_P256_PUBLIC_SIZE, NULL, NULL, 0},
};

#define BLINDING(field) offsetof(wax_keys_blinding, field)
static const struct field blinding_fields[] = {
    {1, FIELD_FIXED,  false, BLINDING(key),      0, WAX_KEYS_SECRET_SIZE, NULL,       NULL, 0},
    {2, FIELD_NUMBER, false, BLINDING(variant),  1, 2,                    NULL,       NULL, 0},
    {3, FIELD_NUMBER, false, BLINDING(hash),     1, 2,                    NULL,       NULL, 0},
    {4, FIELD_LIST,   true,  BLINDING(patterns), 1, LIST_MAX,             check_text, NULL, 0},
};
#undef BLINDING

static const struct shape authority_shape = {authority_fields, WAX_COUNT(authority_fields)};
static const struct shape blinding_shape = {blinding_fields, WAX_COUNT(blinding_fields)};

#define MAILBOX(field) offsetof(wax_keys_mailbox, field)
static const struct field mailbox_fields[] = {
    {1, FIELD_WIDE,   false, MAILBOX(version),    1, 0,                 NULL,        NULL,             0},
    {2, FIELD_NUMBER, false, MAILBOX(generation), 0, UINT32_MAX,        NULL,        NULL,             0},
    {3, FIELD_TEXT,   false, MAILBOX(device),     1, WAX_KEYS_NAME_MAX, NULL,        NULL,             0},
    {4, FIELD_LIST,   false, MAILBOX(groups),     0, LIST_MAX,          check_group, NULL,             0},
    {5, FIELD_OBJECT, false, MAILBOX(registrar),  0, 0,                 NULL,        &authority_shape, 0},
    {6, FIELD_FIXED,  true,  MAILBOX(boot_nonce), 0, WAX_KEYS_ID_SIZE,  NULL,        NULL,             0},
    {7, FIELD_OBJECT, true,  MAILBOX(blinding),   0, 0,                 NULL,        &blinding_shape,  0},
};
#undef MAILBOX
/* clang-format on */

const struct shape mailbox_shape = {mailbox_fields, WAX_COUNT(mailbox_fields)};

_Static_assert(offsetof(wax_keys_mailbox, keeper) - offsetof(wax_keys_mailbox, registrar) ==
                   offsetof(struct authority, keeper),
               "the authority's keys stand side by side");

bool mailbox_is_sound(const wax_keys_mailbox *mailbox)
{
    return mailbox->blinding.key == NULL || mailbox->blinding.variant == 2 ||
           mailbox->blinding.patterns.count == 0;
}
