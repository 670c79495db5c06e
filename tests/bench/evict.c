/* What it costs to evict one device: from the deed to the last message made, by the authority
 * alone, on one core.
 *
 *   evict_bench [DEVICES...]
 *
 * All devices read and write in one group, and have their mailboxes. Then one is evicted: the epoch
 * is announced, and written in when its time is over, so that each mailbox is made twice; both
 * times are told. The file is in FOLDER (the environment's; else /tmp), so that commits cost what
 * they cost there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "authority/devices.h"

enum { BATCH = 8192, ACK_S = 300 };

static uint64_t seed = 1;
static char path[256];
static char fault[WAX_AUTHORITY_FAULT_SIZE];
static wax_authority *authority;
static wax_authority_deed deed = {
    .who = {(const uint8_t *)"anna", 4},
    .now_s = 1700000000,
};

static double now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void need(wax_status status, const char *what)
{
    if (status != WAX_OK) {
        fprintf(stderr, "evict_bench: %s: %s\n", what,
                authority == NULL ? fault : wax_authority_fault(authority));
        exit(1);
    }
}

static wax_status fill(wax_authority_random *self, void *room, size_t size)
{
    uint8_t *at = room;

    (void)self;
    for (size_t i = 0; i < size; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        at[i] = (uint8_t)(seed >> 56);
    }
    return WAX_OK;
}

static wax_authority_random source = {fill};

/* What was made, and how long it took. */
struct sum {
    size_t count;
    size_t bytes;
    double seconds;
};

static struct sum publish_all(double began)
{
    static wax_authority_message messages[BATCH];
    static uint8_t room[WAX_AUTHORITY_BATCH_ROOM];
    wax_authority_batch batch = {
        .messages = messages, .size = BATCH, .room = room, .room_size = sizeof room};
    struct sum sum = {0};
    wax_status status;

    while ((status = wax_authority_next_batch(authority, &batch)) == WAX_OK) {
        for (size_t i = 0; i < batch.count; i++) {
            sum.bytes += messages[i].topic.size + messages[i].content.size;
        }
        sum.count += batch.count;
        need(wax_authority_sent_batch(authority, messages, batch.count), "sent");
    }
    if (status != WAX_NOT_FOUND) {
        need(status, "next");
    }
    sum.seconds = now() - began;
    return sum;
}

static wax_bytes name_of(size_t at)
{
    static char room[32];

    (void)snprintf(room, sizeof room, "sensor-%06zu", at);
    return wax_bytes_of_text(room);
}

/* Straight into the tables: one by one each newcomer would make all mailboxes of the group anew. */
static void insert(uint64_t id, bool is_hpke)
{
    const struct spot spot = {"devices", id, 1};
    const wax_bytes name = name_of((size_t)id);
    uint8_t secret[WAX_P256_SECRET_SIZE];
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    uint8_t stored[WAX_KEYS_SECRET_SIZE + SECRET_OVERHEAD];

    (void)fill(NULL, secret, sizeof secret);
    secret[0] &= 0x7f;
    if (is_hpke) {
        need(wax_crypto_p256_public(secret, public_key), "key");
        ledger_run(authority,
                   "INSERT INTO devices(id,name,profile,standing,mark,public_key,changed) "
                   "VALUES(?,?,16,1,?,?,1)",
                   (const struct value[]){of_number(id), of_text(name),
                                          of_blob(secret, sizeof secret),
                                          of_blob(public_key, sizeof public_key)});
    } else {
        secret_seal(authority, &spot, wax_bytes_of(secret, sizeof secret), stored);
        ledger_run(
            authority,
            "INSERT INTO devices(id,name,profile,standing,mark,psk,changed) VALUES(?,?,1,1,?,?,1)",
            (const struct value[]){of_number(id), of_text(name), of_blob(secret, sizeof secret),
                                   of_blob(stored, sizeof stored)});
    }
    ledger_run(authority, "INSERT INTO members VALUES(1,?1,3,?1,1,0,0)",
               (const struct value[]){of_number(id)});
}

static void populate(size_t devices, bool is_hpke)
{
    static const wax_bytes filter = {(const uint8_t *)"plant/#", 7};
    const wax_authority_founding founding = {.blinding_variant = 0};
    const uint8_t key[WAX_SEAL_KEY_SIZE] = {3};
    const wax_authority_options options = {path, key, &source, fault};
    const wax_authority_group group = {
        .name = WAX_TEXT("plant"),
        .suite = 1,
        .group_class = 1,
        .tag_size = 16,
        .filters = &filter,
        .filter_count = 1,
        .kept = WAX_AUTHORITY_KEPT_DEFAULT,
        .ack_s = ACK_S,
    };
    uint8_t id[WAX_KEYS_ID_SIZE];

    need(wax_authority_found(&authority, &options, &deed, &founding), "found");
    need(wax_authority_add_group(authority, &deed, &group, id), "group");
    deed_begin(authority);
    for (size_t i = 1; i <= devices; i++) {
        insert(i, is_hpke);
    }
    ledger_run(authority, "UPDATE groups SET next_sender=?",
               (const struct value[]){of_number(devices + 1)});
    need(deed_end(authority), "devices");
}

static void row(size_t devices, bool is_hpke)
{
    const char *folder = getenv("FOLDER");
    struct sum announced;
    struct sum written;
    uint64_t next_s;
    double began;
    double decided;

    (void)snprintf(path, sizeof path, "%s/wax-evict-%d", folder == NULL ? "/tmp" : folder,
                   (int)getpid());
    (void)unlink(path);
    populate(devices, is_hpke);
    (void)publish_all(now());
    began = now();
    need(wax_authority_evict(authority, &deed, name_of(devices / 2)), "evict");
    decided = now() - began;
    announced = publish_all(began);
    began = now();
    need(wax_authority_tick(authority, deed.now_s + ACK_S, &next_s), "tick");
    written = publish_all(began);
    printf("| %zu | %s | %zu | %zu | %.3f | %.2f | %zu | %zu | %.2f |\n", devices,
           is_hpke ? "public keys (HPKE)" : "pre-shared", announced.count, announced.bytes, decided,
           announced.seconds, written.count, written.bytes, written.seconds);
    (void)fflush(stdout);
    wax_authority_close(authority);
    authority = NULL;
    (void)unlink(path);
}

int main(int count, char **words)
{
    static const size_t usual[] = {10, 1000, 100000};

    puts("| devices | keys | messages | bytes | s, the deed | s, to the last message "
         "| at the writing in: messages | bytes | s |");
    puts("|---|---|---|---|---|---|---|---|---|");
    for (int i = 1; i < count; i++) {
        row(strtoul(words[i], NULL, 10), false);
    }
    for (size_t i = 0; count < 2 && i < WAX_COUNT(usual); i++) {
        row(usual[i], false);
    }
    for (size_t i = 0; count < 2 && i < 2; i++) {
        row(usual[i], true);
    }
    return 0;
}
