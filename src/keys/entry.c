/* The log: each entry holds the digest of the one before. */
#include "cbor/cbor.h"
#include "keys/follow.h"
#include "keys/signed.h"

/* A name, and a text or a number. */
static void check_detail(wax_reader *in, uint64_t *memory)
{
    (void)memory;
    wax_require(in, wax_cbor_read_text(in).size > 0, WAX_MALFORMED);
    if (wax_cbor_peek(in) == WAX_CBOR_TEXT) {
        wax_require(in, wax_cbor_read_text(in).size > 0, WAX_MALFORMED);
    } else {
        (void)wax_cbor_read_number(in);
    }
}

/* clang-format off */
#define ENTRY(field) offsetof(wax_keys_entry, field)
static const struct field fields[] = {
    {1, FIELD_WIDE,  false, ENTRY(number),   1, 0,                 NULL,         NULL, 0},
    {2, FIELD_FIXED, false, ENTRY(previous), 0, WAX_SHA256_SIZE,   NULL,         NULL, 0},
    {3, FIELD_WIDE,  false, ENTRY(time_s),   0, 0,                 NULL,         NULL, 0},
    {4, FIELD_TEXT,  false, ENTRY(who),      0, WAX_KEYS_NAME_MAX, NULL,         NULL, 0},
    {5, FIELD_TEXT,  false, ENTRY(what),     1, WAX_KEYS_NAME_MAX, NULL,         NULL, 0},
    {6, FIELD_TEXT,  false, ENTRY(on),       0, WAX_KEYS_NAME_MAX, NULL,         NULL, 0},
    {7, FIELD_PAIRS, false, ENTRY(details),  0, LIST_MAX,          check_detail, NULL, 0},
};
#undef ENTRY
/* clang-format on */

static const struct shape shape = {fields, WAX_COUNT(fields)};

#define LABEL WAX_TEXT("sealed-mqtt 1 log")

/* What may be done. */
static bool is_deed(wax_bytes what)
{
    static const char *const deeds[] = {
        "create", "group",    "enrol",  "grant",   "revoke", "evict",
        "rotate", "activate", "retire", "restore", "rule",
    };
    bool is_found = false;

    for (size_t i = 0; i < WAX_COUNT(deeds); i++) {
        is_found = is_found || wax_bytes_equal(what, wax_bytes_of_text(deeds[i]));
    }
    return is_found;
}

/* An entry as a link of its chain. */
static struct keys_link link_of(const wax_keys_entry *entry, wax_bytes content)
{
    return (struct keys_link){
        .number = entry->number,
        .previous = entry->previous,
        .content = content,
        .has_no_gaps = true,
    };
}

wax_status wax_keys_entry_write(wax_writer *out, const wax_keys_signing *by,
                                wax_keys_followed *followed, const wax_keys_entry *entry)
{
    wax_keys_entry numbered = *entry;
    wax_keys_entry scratch = {.number = 0};
    const struct signed_map map = {LABEL, &shape, &numbered};
    const size_t start = out->used;
    wax_status status;

    numbered.number = followed->number + 1;
    numbered.previous = followed->digest;
    status = is_deed(entry->what) ? signed_write(out, by, &map, &scratch) : WAX_INVALID;
    if (status == WAX_OK) {
        const struct keys_link link =
            link_of(&numbered, wax_bytes_of(out->data + start, out->used - start));

        status = keys_follow(followed, &link);
    }
    if (status != WAX_OK) {
        out->used = start;
    }
    return status;
}

wax_status wax_keys_entry_read(wax_keys_entry *entry, const wax_keys_signing *by,
                               wax_keys_followed *followed, wax_bytes signed_bytes)
{
    const struct signed_map map = {LABEL, &shape, NULL};
    wax_status status;

    *entry = (wax_keys_entry){.number = 0};
    status = signed_read(signed_bytes, by, &map, entry);
    if (status == WAX_OK && !is_deed(entry->what)) {
        status = WAX_MALFORMED;
    }
    if (status == WAX_OK) {
        const struct keys_link link = link_of(entry, signed_bytes);

        status = keys_follow(followed, &link);
    }
    if (status != WAX_OK) {
        *entry = (wax_keys_entry){.number = 0};
    }
    return status;
}
