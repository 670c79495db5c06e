/* How fast messages are sealed and opened, by suite, size and kind, beside the AEAD alone.
 *
 *   seal_bench [SECONDS]
 *
 * For each row: `raw` is the suite's AEAD on as many bytes, with a key, a nonce and associated data
 * of the same sizes, by the same function that sealing calls; `seal` is wax_sealer_seal(), `open`
 * wax_opener_open(). Each is measured for a fifth of a second or so, five times in turn, and the
 * best of each is taken. One thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ascon/ascon.h"
#include "seal/seal.h"

/* Rooms do not begin at equal places of pages: caches would take them for one. */
enum { ROOM = (1 << 17) + 192, ROUNDS = 5, SENDER = 258, TOPIC_SIZE = 24, HEAD = 64, BATCH = 32 };

static uint8_t sealed_room[BATCH][ROOM];
static uint8_t bound_room[512];
static const uint8_t topic_text[] = "plant/hall-3/temperature";
static double slice_s = 0.1;

static double now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void need(wax_status status, const char *what)
{
    if (status != WAX_OK) {
        fprintf(stderr, "seal_bench: %s: %s\n", what, wax_status_text(status));
        exit(1);
    }
}

/* A sender and a receiver with nothing behind them. */
struct pair {
    wax_seal_group group;
    wax_sealer sealer;
    wax_opener opener;
    wax_sender_record senders[1];
    wax_epoch_key epoch;
    wax_sender_range range;
    wax_sender_key key;
    wax_seal_message message;
    wax_signer signer;
    uint8_t secret[WAX_SECRET_SIZE];
    uint8_t hedge_key[WAX_HEDGE_KEY_SIZE];
    uint8_t signing_secret[WAX_P256_SECRET_SIZE];
    uint8_t signing_key[WAX_P256_PUBLIC_SIZE];
    uint8_t signature[WAX_P256_SIGNATURE_SIZE];
    size_t size;
    wax_bytes envelopes[BATCH];
};

static wax_status load(wax_seal_store *self, const uint8_t *group_id, wax_seal_window *window)
{
    (void)self;
    (void)group_id;
    (void)window;
    return WAX_NOT_FOUND;
}

static wax_status save(wax_seal_store *self, const uint8_t *group_id, const wax_seal_window *window)
{
    (void)self;
    (void)group_id;
    (void)window;
    return WAX_OK;
}

static wax_seal_store store = {load, save};

/* A new epoch and nobody known: windows are finite. */
static void start(struct pair *self)
{
    wax_seal_grant grant;
    uint8_t secret[WAX_SECRET_SIZE];

    self->epoch.epoch++;
    need(wax_seal_sender_secret(&self->group, self->epoch.epoch, self->secret, SENDER, secret),
         "secret");
    grant = (wax_seal_grant){.epoch = self->epoch.epoch, .secret = secret, .first_window = 16};
    need(wax_sealer_start(&self->sealer, &grant), "start");
    memset(self->senders, 0, sizeof self->senders);
}

static void make(struct pair *self, const wax_suite *suite, size_t size, bool is_signed)
{
    const wax_seal_room room = {bound_room, sizeof bound_room};

    *self = (struct pair){
        .group = {.suite = suite, .group_class = WAX_CLASS_STREAM, .tag_size = 16},
          .size = size
    };
    memset(self->secret, 7, sizeof self->secret);
    memset(self->hedge_key, 7, WAX_SECRET_SIZE);
    need(suite->prepare(self->hedge_key), "hedge");
    memset(self->signing_secret, 9, sizeof self->signing_secret);
    need(wax_crypto_p256_public(self->signing_secret, self->signing_key), "key");
    self->signer = (wax_signer){wax_signer_p256_sign, self->signing_secret};
    self->sealer =
        (wax_sealer){.group = &self->group, .store = &store, .room = room, .sender = SENDER};
    self->epoch.secret = self->secret;
    self->range = (wax_sender_range){SENDER, SENDER};
    self->key = (wax_sender_key){SENDER, self->signing_key};
    self->opener = (wax_opener){
        .group = &self->group,
        .room = room,
        .epochs = &self->epoch,
        .epoch_count = 1,
        .epochs_kept = 1,
        .ranges = &self->range,
        .range_count = 1,
        .keys = &self->key,
        .key_count = is_signed ? 1 : 0,
        .verify = wax_verify_p256,
        .senders = self->senders,
        .sender_count = 1,
    };
    self->message = (wax_seal_message){
        .topic = wax_bytes_of(topic_text, TOPIC_SIZE),
        .signer = is_signed ? &self->signer : NULL,
    };
    start(self);
}

static void seal_one(struct pair *self, size_t at)
{
    const wax_seal_buffer buffer = {sealed_room[at], ROOM, HEAD, self->size};

    need(wax_sealer_seal(&self->sealer, &self->message, &buffer, &self->envelopes[at]), "seal");
}

static void open_one(struct pair *self, size_t at)
{
    const wax_seal_arrival arrival = {
        .topic = self->message.topic,
        .envelope = (uint8_t *)(uintptr_t)self->envelopes[at].data,
        .size = self->envelopes[at].size,
    };
    wax_opened opened;

    const wax_status status = wax_opener_open(&self->opener, &arrival, &opened);

    need(status, wax_seal_event_text(opened.event));
    need(opened.payload.size == self->size ? WAX_OK : WAX_MALFORMED, "open");
}

/* What the AEAD gets at least: the text, bound to what a message is bound to. */
static const uint8_t associated[52];

static void raw_ascon(size_t size, uint8_t *text, const uint8_t *key, bool opens)
{
    const wax_ascon_sealing sealing = {key, key, wax_bytes_of(associated, sizeof associated), 16};

    if (opens) {
        need(wax_ascon_unseal(&sealing, wax_bytes_of(text, size + 16), text), "raw");
    } else {
        wax_ascon_seal(&sealing, wax_bytes_of(text, size), text);
    }
}

static void raw_one(const struct pair *self, size_t at, bool opens)
{
    static const uint8_t key[32] = {1, 2, 3};
    const wax_cipher cipher =
        self->group.suite->number == 1 ? WAX_CHACHA20_POLY1305 : WAX_AES_128_CCM;
    const wax_sealing sealing = {key, key, wax_bytes_of(associated, sizeof associated), cipher};
    uint8_t *text = sealed_room[at];

    if (self->group.suite->number == 2) {
        raw_ascon(self->size, text, key, opens);
    } else if (opens) {
        need(wax_crypto_unseal(&sealing, wax_bytes_of(text, self->size + 16), text), "raw");
    } else {
        need(wax_crypto_seal(&sealing, wax_bytes_of(text, self->size), text), "raw");
    }
}

static void raw_seal(struct pair *self, size_t at)
{
    raw_one(self, at, false);
}

static void raw_open(struct pair *self, size_t at)
{
    raw_one(self, at, true);
}

/* The hash of the hedge alone, over the same size. */
static void raw_hash(struct pair *self, size_t at)
{
    const wax_bytes parts[] = {wax_bytes_of(associated, sizeof associated),
                               wax_bytes_of(sealed_room[at], self->size)};
    uint8_t hedge[WAX_HEDGE_SIZE];

    need(self->group.suite->hash(self->hedge_key, parts, WAX_COUNT(parts), hedge), "hash");
}

/* The signature alone, over the same size. */
static void raw_sign(struct pair *self, size_t at)
{
    const wax_bytes text = wax_bytes_of(sealed_room[0], self->size);

    (void)at;
    if (self->message.signer != NULL) {
        need(wax_crypto_p256_sign(self->signing_secret, text, self->signature), "sign");
    }
}

static void raw_verify(struct pair *self, size_t at)
{
    const wax_bytes text = wax_bytes_of(sealed_room[0], self->size);

    (void)at;
    if (self->message.signer != NULL) {
        need(wax_crypto_p256_verify(self->signing_key, text, self->signature), "verify");
    }
}

enum { RAW_SEAL, RAW_OPEN, HASH, SEAL, OPEN, SIGN, VERIFY, SUBJECTS };

/* What is sealed stays to be opened, and what is signed to be verified. */
static void (*const subjects[SUBJECTS])(struct pair *, size_t) = {
    [RAW_SEAL] = raw_seal, [RAW_OPEN] = raw_open, [HASH] = raw_hash,     [SEAL] = seal_one,
    [OPEN] = open_one,     [SIGN] = raw_sign,     [VERIFY] = raw_verify,
};

/* Seconds for one of each: the best so far. */
static void measure(struct pair *self, double *best)
{
    double spent[SUBJECTS] = {0};
    size_t count = 0;

    for (double began = now(); now() - began < slice_s || count == 0; count += BATCH) {
        for (size_t i = 0; i < SUBJECTS; i++) {
            const double start_s = now();

            for (size_t at = 0; at < BATCH; at++) {
                subjects[i](self, at);
            }
            spent[i] += now() - start_s;
        }
        if (self->sealer.window > 60000) {
            start(self);
        }
    }
    for (size_t i = 0; i < SUBJECTS; i++) {
        spent[i] /= (double)count;
        best[i] = best[i] == 0 || spent[i] < best[i] ? spent[i] : best[i];
    }
}

static void row(const wax_suite *suite, const char *name, size_t size, bool is_signed)
{
    static struct pair pair;
    double best[SUBJECTS] = {0};
    double sealing;
    double opening;

    make(&pair, suite, size, is_signed);
    for (int i = 0; i < ROUNDS; i++) {
        measure(&pair, best);
    }
    sealing = best[RAW_SEAL] + best[SIGN];
    opening = best[RAW_OPEN] + best[VERIFY];
    printf("| %s%s | %zu | %.0f | %.0f | %.0f %% | %.0f %% | %.0f | %.0f | %.0f %% | %zu |\n", name,
           is_signed ? ", signed" : "", size, 1 / sealing, 1 / best[SEAL],
           100 * sealing / best[SEAL], 100 * sealing / (sealing + best[HASH]), 1 / opening,
           1 / best[OPEN], 100 * opening / best[OPEN], pair.envelopes[0].size - size);
    (void)fflush(stdout);
}

int main(int count, char **words)
{
    static const struct {
        const wax_suite *suite;
        const char *name;
    } suites[] = {
        {&wax_suite_chacha, "1 ChaCha20-Poly1305"},
        {&wax_suite_ascon,  "2 Ascon"            },
        {&wax_suite_ccm,    "3 AES-CCM"          },
    };
    static const size_t sizes[] = {16, 64, 256, 1024, 4096, 65536};

    slice_s = count > 1 ? strtod(words[1], NULL) : slice_s;
    puts("| suite | bytes | AEAD/s | sealed/s | of the AEAD | at most | AEAD opened/s | opened/s "
         "| of the AEAD | overhead |");
    puts("|---|---|---|---|---|---|---|---|---|---|");
    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < WAX_COUNT(suites); i++) {
            for (size_t k = 0; k < WAX_COUNT(sizes); k++) {
                row(suites[i].suite, suites[i].name, sizes[k], kind == 1);
            }
        }
    }
    return 0;
}
