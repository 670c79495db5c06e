/* Profile 16: signed by the sender, then sealed to the receiver's public key. */
#include "hpke/hpke.h"
#include "keys/profile.h"

enum { INFO_MAX = 40 };

static wax_bytes make_info(const wax_keys_ends *ends, const struct parcel *parcel,
                           uint8_t room[static INFO_MAX])
{
    wax_writer out = wax_writer_over(room, INFO_MAX);

    wax_write_bytes(&out, parcel->kind->bound_label);
    wax_write_bytes(&out, wax_bytes_of(ends->name_space, WAX_KEYS_ID_SIZE));
    wax_assert(out.status == WAX_OK);
    return wax_writer_bytes(&out);
}

static wax_status encrypt(const wax_keys_ends *ends, const struct parcel *parcel, wax_bytes plain,
                          uint8_t *body)
{
    uint8_t info[INFO_MAX];
    const wax_hpke_ends both = {.peer_public = ends->peer, .info = make_info(ends, parcel, info)};
    wax_hpke hpke;
    wax_status status = wax_hpke_begin_sealing(&hpke, &both, ends->seed, body);

    if (status == WAX_OK) {
        status = wax_hpke_seal(&hpke, parcel->associated, plain, body + WAX_HPKE_ENCAPSULATED_SIZE);
        wax_hpke_end(&hpke);
    }
    return status;
}

static wax_status seal(const wax_keys_ends *ends, const struct parcel *parcel, wax_writer *out,
                       size_t at)
{
    static const uint8_t zeros[WAX_SEAL_TAG_SIZE];
    const wax_keys_bound bound = {parcel->kind->bound_label, parcel->associated};
    const wax_status status = wax_keys_sign(out, at, &bound, ends->own_secret);
    const wax_bytes plain = wax_bytes_of(out->data + at, out->used - at);

    wax_write_bytes(out, wax_bytes_of(zeros, sizeof zeros));
    if (status != WAX_OK || out->status != WAX_OK) {
        return status != WAX_OK ? status : out->status;
    }
    return encrypt(ends, parcel, plain, out->data + at - WAX_HPKE_ENCAPSULATED_SIZE);
}

static wax_status decrypt(const wax_keys_ends *ends, const struct parcel *parcel, uint8_t *body,
                          size_t size)
{
    uint8_t info[INFO_MAX];
    const wax_hpke_ends both = {
        .own_secret = ends->own_secret,
        .info = make_info(ends, parcel, info),
    };
    uint8_t *sealed = body + WAX_HPKE_ENCAPSULATED_SIZE;
    wax_hpke hpke;
    wax_status status = wax_hpke_begin_opening(&hpke, &both, body);

    if (status == WAX_OK) {
        status = wax_hpke_open(&hpke, parcel->associated,
                               wax_bytes_of(sealed, size - WAX_HPKE_ENCAPSULATED_SIZE), sealed);
        wax_hpke_end(&hpke);
    }
    return status;
}

static wax_status open(const wax_keys_ends *ends, const struct parcel *parcel, uint8_t *body,
                       size_t size, wax_bytes *plain)
{
    enum { AROUND = WAX_HPKE_ENCAPSULATED_SIZE + WAX_SEAL_TAG_SIZE };

    const wax_keys_bound bound = {parcel->kind->bound_label, parcel->associated};
    wax_bytes signed_bytes;
    wax_status status;

    if (size < AROUND) {
        return WAX_MALFORMED;
    }
    status = decrypt(ends, parcel, body, size);
    signed_bytes = wax_bytes_of(body + WAX_HPKE_ENCAPSULATED_SIZE, size - AROUND);
    if (status == WAX_OK) {
        status = wax_keys_verify(signed_bytes, &bound, ends->peer, plain);
    }
    if (status != WAX_OK) {
        wax_wipe(body, size);
    }
    return status;
}

const wax_keys_profile wax_keys_hpke = {
    .number = 16,
    .lead = WAX_HPKE_ENCAPSULATED_SIZE,
    .seal = seal,
    .open = open,
};
