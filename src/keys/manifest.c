/* Manifests: what anybody may know of a group. */
#include <string.h>

#include "keys/checks.h"
#include "keys/follow.h"
#include "keys/signed.h"

/* clang-format off */
#define MANIFEST(field) offsetof(wax_keys_manifest, field)
static const struct field fields[] = {
    { 1, FIELD_WIDE,   false, MANIFEST(version),     1, 0,                    NULL,         NULL, 0},
    { 2, FIELD_NUMBER, false, MANIFEST(generation),  0, UINT32_MAX,           NULL,         NULL, 0},
    { 3, FIELD_FIXED,  false, MANIFEST(name_space),  0, WAX_KEYS_ID_SIZE,     NULL,         NULL, 0},
    { 4, FIELD_FIXED,  false, MANIFEST(group),       0, WAX_KEYS_ID_SIZE,     NULL,         NULL, 0},
    { 5, FIELD_TEXT,   false, MANIFEST(name),        1, WAX_KEYS_NAME_MAX,    NULL,         NULL, 0},
    { 6, FIELD_NUMBER, false, MANIFEST(suite),       1, 3,                    NULL,         NULL, 0},
    { 7, FIELD_NUMBER, false, MANIFEST(group_class), 0, 1,                    NULL,         NULL, 0},
    { 8, FIELD_NUMBER, false, MANIFEST(tag_size),    8, 16,                   NULL,         NULL, 0},
    { 9, FIELD_LIST,   false, MANIFEST(filters),     1, LIST_MAX,             check_text,   NULL, 0},
    {10, FIELD_NUMBER, false, MANIFEST(write_epoch), 1, UINT32_MAX,           NULL,         NULL, 0},
    {11, FIELD_NUMBER, false, MANIFEST(epoch_s),     0, UINT32_MAX,           NULL,         NULL, 0},
    {12, FIELD_NUMBER, false, MANIFEST(kept),        1, 255,                  NULL,         NULL, 0},
    {13, FIELD_FIXED,  false, MANIFEST(keeper),      0, WAX_P256_PUBLIC_SIZE, NULL,         NULL, 0},
    {14, FIELD_LIST,   false, MANIFEST(senders),     0, LIST_MAX,             check_sender, NULL, 0},
    {15, FIELD_PAIRS,  true,  MANIFEST(signers),     0, LIST_MAX,             check_signer, NULL, 0},
    {16, FIELD_LIST,   true,  MANIFEST(padding),     1, LIST_MAX,             check_number, NULL, 0},
    {17, FIELD_FIXED,  false, MANIFEST(previous),    0, WAX_SHA256_SIZE,      NULL,         NULL, 0},
    {18, FIELD_WIDE,   false, MANIFEST(log_number),  1, 0,                    NULL,         NULL, 0},
};
#undef MANIFEST
/* clang-format on */

static const struct shape shape = {fields, WAX_COUNT(fields)};

#define LABEL WAX_TEXT("sealed-mqtt 1 manifest")

static bool is_sound(const wax_keys_manifest *manifest)
{
    return check_suite(manifest->suite, manifest->tag_size) && manifest->senders.count % 2 == 0 &&
           check_padding(&manifest->padding);
}

wax_status wax_keys_manifest_write(wax_writer *out, const wax_keys_signing *by,
                                   const wax_keys_manifest *manifest)
{
    const struct signed_map map = {LABEL, &shape, manifest};
    wax_keys_manifest scratch = {.version = 0};

    return is_sound(manifest) ? signed_write(out, by, &map, &scratch) : WAX_INVALID;
}

/* Whether the topic's last level is the group's id in hexadecimal digits. */
static bool is_for(wax_bytes topic, const uint8_t *group)
{
    char digits[2 * WAX_KEYS_ID_SIZE + 1];
    const size_t size = sizeof digits - 1;

    wax_hex_encode(wax_bytes_of(group, WAX_KEYS_ID_SIZE), digits);
    return topic.size > size && topic.data[topic.size - size - 1] == '/' &&
           wax_bytes_equal(wax_bytes_of(topic.data + topic.size - size, size),
                           wax_bytes_of(digits, size));
}

static wax_status judge(const wax_keys_manifest *manifest, const wax_keys_signing *by,
                        wax_bytes topic)
{
    if (!is_sound(manifest)) {
        return WAX_MALFORMED;
    }
    return memcmp(manifest->name_space, by->name_space, WAX_KEYS_ID_SIZE) == 0 &&
                   is_for(topic, manifest->group)
               ? WAX_OK
               : WAX_UNTRUSTED;
}

wax_status wax_keys_manifest_read(wax_keys_manifest *manifest, const wax_keys_signing *by,
                                  wax_keys_followed *followed, const wax_keys_posted *posted)
{
    const struct signed_map map = {LABEL, &shape, NULL};
    wax_status status;

    *manifest = (wax_keys_manifest){.version = 0};
    status = signed_read(posted->content, by, &map, manifest);
    if (status == WAX_OK) {
        status = judge(manifest, by, posted->topic);
    }
    if (status == WAX_OK) {
        const struct keys_link link = {
            .number = manifest->version,
            .generation = manifest->generation,
            .previous = manifest->previous,
            .content = posted->content,
        };

        status = keys_follow(followed, &link);
    }
    if (status != WAX_OK) {
        *manifest = (wax_keys_manifest){.version = 0};
    }
    return status;
}
