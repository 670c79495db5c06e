/* Manifests: a map that is signed, and short enough to be read in the order of the wire. [2] */
#include "update/update.h"

#include "cbor/cbor.h"
#include "keys/keys.h"

/* Keys of the map. */
enum { VENDOR = 1, CLASS, VERSION, MINIMUM, SIZE, DIGEST, CHUNK_SIZE, ROOT, LABEL };

enum { CHUNK_UNIT = 64 };

/* What tells these signatures from all others that a key may make. */
static const wax_keys_bound bound = {
    {(const uint8_t *)"wax-update 1 manifest", sizeof "wax-update 1 manifest" - 1},
    {(const uint8_t *)"",                      0                                 },
};

static bool is_plain(wax_bytes text, size_t most)
{
    bool holds = text.size > 0 && text.size <= most && wax_utf8_is_valid(text);

    for (size_t i = 0; holds && i < text.size; i++) {
        holds = text.data[i] >= 0x20 && text.data[i] != 0x7f;
    }
    return holds;
}

bool wax_update_is_name(wax_bytes name)
{
    bool holds = is_plain(name, WAX_UPDATE_NAME_MAX);

    for (size_t i = 0; holds && i < name.size; i++) {
        holds = name.data[i] != '/' && name.data[i] != '+' && name.data[i] != '#';
    }
    return holds;
}

/* Whether a device could take it. */
static bool is_sound(const wax_update_manifest *manifest)
{
    return wax_update_is_name(manifest->vendor) && wax_update_is_name(manifest->class_name) &&
           manifest->version > manifest->minimum && manifest->size > 0 &&
           manifest->chunk_size >= WAX_UPDATE_CHUNK_MIN &&
           manifest->chunk_size <= WAX_UPDATE_CHUNK_MAX && manifest->chunk_size % CHUNK_UNIT == 0 &&
           wax_update_chunk_count(manifest) <= WAX_UPDATE_CHUNKS_MAX &&
           (manifest->label.size == 0 || is_plain(manifest->label, WAX_UPDATE_LABEL_MAX));
}

static void write_number(wax_writer *out, uint8_t key, uint32_t value)
{
    wax_cbor_write_number(out, key);
    wax_cbor_write_number(out, value);
}

static void write_text(wax_writer *out, uint8_t key, wax_bytes text)
{
    wax_cbor_write_number(out, key);
    wax_cbor_write_text(out, text);
}

static void write_digest(wax_writer *out, uint8_t key, const uint8_t *digest)
{
    wax_cbor_write_number(out, key);
    wax_cbor_write_bytes(out, wax_bytes_of(digest, WAX_SHA256_SIZE));
}

wax_status wax_update_manifest_write(wax_writer *out, const wax_update_manifest *manifest,
                                     const uint8_t secret[static WAX_P256_SECRET_SIZE])
{
    const size_t start = out->used;
    const bool has_label = manifest->label.size > 0;
    wax_status status;

    if (!is_sound(manifest)) {
        return WAX_INVALID;
    }
    wax_cbor_write_map(out, has_label ? LABEL : ROOT);
    write_text(out, VENDOR, manifest->vendor);
    write_text(out, CLASS, manifest->class_name);
    write_number(out, VERSION, manifest->version);
    write_number(out, MINIMUM, manifest->minimum);
    write_number(out, SIZE, manifest->size);
    write_digest(out, DIGEST, manifest->digest);
    write_number(out, CHUNK_SIZE, manifest->chunk_size);
    write_digest(out, ROOT, manifest->root);
    if (has_label) {
        write_text(out, LABEL, manifest->label);
    }
    status = wax_writer_end(out, start);
    return status == WAX_OK ? wax_keys_sign(out, start, &bound, secret) : status;
}

static void read_key(wax_reader *in, uint8_t key)
{
    wax_require(in, wax_cbor_read_number(in) == key, WAX_MALFORMED);
}

static uint32_t read_number(wax_reader *in, uint8_t key)
{
    uint64_t value;

    read_key(in, key);
    value = wax_cbor_read_number(in);
    wax_require(in, value <= UINT32_MAX, WAX_MALFORMED);
    return in->status == WAX_OK ? (uint32_t)value : 0;
}

static wax_bytes read_text(wax_reader *in, uint8_t key)
{
    read_key(in, key);
    return wax_cbor_read_text(in);
}

static const uint8_t *read_digest(wax_reader *in, uint8_t key)
{
    wax_bytes digest;

    read_key(in, key);
    digest = wax_cbor_read_bytes(in);
    wax_require(in, digest.size == WAX_SHA256_SIZE, WAX_MALFORMED);
    return digest.data;
}

static wax_status read_map(wax_update_manifest *manifest, wax_bytes payload)
{
    wax_reader in = wax_reader_over(payload);
    const uint64_t pairs = wax_cbor_read_map(&in);

    manifest->vendor = read_text(&in, VENDOR);
    manifest->class_name = read_text(&in, CLASS);
    manifest->version = read_number(&in, VERSION);
    manifest->minimum = read_number(&in, MINIMUM);
    manifest->size = read_number(&in, SIZE);
    manifest->digest = read_digest(&in, DIGEST);
    manifest->chunk_size = read_number(&in, CHUNK_SIZE);
    manifest->root = read_digest(&in, ROOT);
    manifest->label = pairs == LABEL ? read_text(&in, LABEL) : wax_bytes_of(NULL, 0);
    wax_require(&in, pairs == ROOT || (pairs == LABEL && manifest->label.size > 0), WAX_MALFORMED);
    wax_require(&in, wax_reader_left(&in) == 0, WAX_MALFORMED);
    wax_require(&in, is_sound(manifest), WAX_MALFORMED);
    return in.status;
}

wax_status wax_update_manifest_read(wax_update_manifest *manifest, wax_bytes message,
                                    const uint8_t anchors[static WAX_P256_PUBLIC_SIZE],
                                    size_t anchor_count)
{
    wax_bytes payload = wax_bytes_of(NULL, 0);
    wax_status status = message.size <= WAX_UPDATE_MESSAGE_MAX ? WAX_UNTRUSTED : WAX_MALFORMED;

    *manifest = (wax_update_manifest){.version = 0};
    for (size_t i = 0; status == WAX_UNTRUSTED && i < anchor_count; i++) {
        status = wax_keys_verify(message, &bound, anchors + i * WAX_P256_PUBLIC_SIZE, &payload);
    }
    if (status == WAX_OK) {
        status = read_map(manifest, payload);
    }
    if (status != WAX_OK) {
        *manifest = (wax_update_manifest){.version = 0};
    }
    return status;
}

uint32_t wax_update_chunk_count(const wax_update_manifest *manifest)
{
    return (manifest->size - 1) / manifest->chunk_size + 1;
}

uint32_t wax_update_chunk_size(const wax_update_manifest *manifest, uint32_t index)
{
    const uint32_t start = index * manifest->chunk_size;
    const uint32_t left = manifest->size - start;

    return left < manifest->chunk_size ? left : manifest->chunk_size;
}
