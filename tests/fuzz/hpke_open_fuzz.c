/* HPKE as the receiver: whatever a stranger encapsulates and seals, it opens only if it was sealed,
 * and the seeds of the corpus are. The first byte says whether the sender must have a name. */
#include "fuzz.h"

#include "hpke/hpke.h"

/* A pair that everybody knows: the bytes of the seed are zero. */
static void make_receiver(wax_hpke_ends *ends, uint8_t secret[static WAX_P256_SECRET_SIZE])
{
    static uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    const uint8_t seed[WAX_HPKE_SEED_SIZE] = {0};

    fuzz_require(wax_hpke_pair(wax_bytes_of(seed, sizeof seed), secret, public_key) == WAX_OK);
    *ends = (wax_hpke_ends){.own_secret = secret, .peer_public = public_key};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t secret[WAX_P256_SECRET_SIZE];
    static wax_hpke_ends ends;
    wax_hpke_ends now;
    wax_hpke self;
    wax_bytes sealed;
    uint8_t *plain;

    if (ends.own_secret == NULL) {
        make_receiver(&ends, secret);
    }
    if (size < 1 + WAX_HPKE_ENCAPSULATED_SIZE) {
        return 0;
    }
    now = ends;
    now.peer_public = (data[0] & 1U) != 0 ? ends.peer_public : NULL;
    if (wax_hpke_begin_opening(&self, &now, data + 1) != WAX_OK) {
        return 0;
    }
    sealed =
        wax_bytes_of(data + 1 + WAX_HPKE_ENCAPSULATED_SIZE, size - 1 - WAX_HPKE_ENCAPSULATED_SIZE);
    plain = malloc(sealed.size + 1);
    fuzz_require(plain != NULL);
    if (wax_hpke_open(&self, wax_bytes_of(NULL, 0), sealed, plain) == WAX_OK) {
        fuzz_require(self.sequence == 1);
        fuzz_require(wax_hpke_open(&self, wax_bytes_of(NULL, 0), sealed, plain) == WAX_UNTRUSTED);
    } else {
        fuzz_require(self.sequence == 0);
    }
    free(plain);
    wax_hpke_end(&self);
    return 0;
}
