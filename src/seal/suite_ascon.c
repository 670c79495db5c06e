/* Suite 2: Ascon alone, for devices with room for nothing else. */
#include <string.h>

#include "ascon/ascon.h"
#include "seal/seal.h"

static void begin(wax_ascon_hash *hash, wax_bytes label, const uint8_t *secret)
{
    wax_ascon_cxof_start(hash, label);
    wax_ascon_hash_update(hash, (wax_bytes){secret, WAX_SECRET_SIZE});
}

static wax_status derive(const uint8_t *secret, wax_bytes info, uint8_t *result, size_t size)
{
    wax_ascon_hash hash;

    begin(&hash, info, secret);
    wax_ascon_hash_finish(&hash, result, size);
    return WAX_OK;
}

/* The label and the key end with a block each, so that the state is all that is left of them. */
static wax_status prepare(uint8_t *key)
{
    wax_ascon_hash hash;

    begin(&hash, WAX_TEXT("sealed-mqtt 1 hedge"), key);
    memcpy(key, hash.state, sizeof hash.state);
    wax_wipe(&hash, sizeof hash);
    return WAX_OK;
}

static wax_status compute_hash(const uint8_t *key, const wax_bytes *parts, size_t count,
                               uint8_t *result)
{
    wax_ascon_hash hash = {.pending = 0};

    memcpy(hash.state, key, sizeof hash.state);
    for (size_t i = 0; i < count; i++) {
        wax_ascon_hash_update(&hash, parts[i]);
    }
    wax_ascon_hash_finish(&hash, result, WAX_HEDGE_SIZE);
    return WAX_OK;
}

/* A box, as the cipher wants it. */
struct task {
    wax_ascon_sealing sealing;
    uint8_t nonce[WAX_ASCON_NONCE_SIZE];
};

static void plan(struct task *task, const wax_box *box, const uint8_t *hedge)
{
    wax_writer out = wax_writer_over(task->nonce, sizeof task->nonce);

    task->sealing = (wax_ascon_sealing){.key = box->key,
                                        .nonce = task->nonce,
                                        .associated = box->associated,
                                        .tag_size = box->tag_size};
    wax_write_u32(&out, box->number);
    wax_write_u32(&out, 0);
    wax_write_bytes(&out, (wax_bytes){hedge, WAX_HEDGE_SIZE});
}

static wax_status seal_text(const wax_box *box, const uint8_t *hedge, wax_bytes plain,
                            uint8_t *sealed)
{
    struct task task;

    plan(&task, box, hedge);
    wax_ascon_seal(&task.sealing, plain, sealed);
    return WAX_OK;
}

static wax_status open_text(const wax_box *box, const uint8_t *hedge, wax_bytes sealed,
                            uint8_t *plain)
{
    struct task task;

    plan(&task, box, hedge);
    return wax_ascon_unseal(&task.sealing, sealed, plain);
}

const wax_suite wax_suite_ascon = {.number = 2,
                                   .key_size = WAX_ASCON_KEY_SIZE,
                                   .tag_size_min = WAX_ASCON_TAG_SIZE_MIN,
                                   .derive = derive,
                                   .prepare = prepare,
                                   .hash = compute_hash,
                                   .seal = seal_text,
                                   .open = open_text};
