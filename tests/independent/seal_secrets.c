/* Sealing, and the keys for it, with secrets and texts that valgrind takes for uninitialised: it
 * reports every branch and every address that would depend on one. With the argument "leak" there
 * is one, which must be found. */
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "seal/seal.h"

/* Which suite; those of a library are compiled with that library. */
#ifndef SUITE
#define SUITE       wax_suite_ascon
#define SECRETS_TAG 8
#endif

enum { SIZE = 200, ROOM = 400 };

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

/* What is known to all: whether it worked. */
static void expect(wax_status status, const char *what)
{
    VALGRIND_MAKE_MEM_DEFINED(&status, sizeof status);
    if (status != WAX_OK) {
        (void)puts(what);
    }
}

static void seal_and_open(wax_sealer *sealer, size_t size)
{
    const wax_seal_message message = {.topic = WAX_TEXT("home/hall/temp")};
    uint8_t buffer[ROOM];
    wax_seal_buffer room = {.data = buffer,
                            .size = sizeof buffer,
                            .payload_at = WAX_SEAL_HEAD_MAX,
                            .payload_size = size};
    wax_box box = {.suite = sealer->group->suite,
                   .key = sealer->key,
                   .number = sealer->window * WAX_WINDOW_SIZE + sealer->place,
                   .tag_size = sealer->group->tag_size};
    wax_bytes envelope;
    wax_bytes plain;
    size_t header;

    VALGRIND_MAKE_MEM_UNDEFINED(buffer + room.payload_at, size);
    expect(wax_sealer_seal(sealer, &message, &room, &envelope), "it is not sealed");
    /* What it is bound to still stands in the room. */
    header = envelope.size - WAX_HEDGE_SIZE - 1 - size - box.tag_size;
    box.associated = wax_bytes_of(sealer->room.data, header + 8 + 4 + 2 + 2 + message.topic.size);
    expect(wax_box_open(&box, (uint8_t *)(uintptr_t)envelope.data + header, envelope.size - header,
                        &plain),
           "what was sealed does not open");
}

int main(int argc, char **argv)
{
    static uint8_t room[WAX_SEAL_ROOM_SIZE(64)];
    wax_seal_store store = {.load = load, .save = save};
    const wax_seal_group group = {
        .suite = &SUITE, .group_class = WAX_CLASS_STREAM, .tag_size = SECRETS_TAG};
    wax_sealer sealer = {
        .group = &group, .store = &store, .room = {room, sizeof room},
                .sender = 258
    };
    uint8_t secret[WAX_SECRET_SIZE] = {0};
    const wax_seal_grant grant = {.epoch = 1, .secret = secret, .first_window = 3};

    (void)argv;
    VALGRIND_MAKE_MEM_UNDEFINED(secret, sizeof secret);
    expect(wax_seal_sender_secret(&group, 1, secret, 258, secret), "no secret is derived");
    expect(wax_sealer_start(&sealer, &grant), "the sender does not start");
    for (size_t size = 0; size < SIZE; size += 7) {
        seal_and_open(&sealer, size);
    }
    if (argc > 1 && secret[0] == 0) {
        (void)puts("a leak");
    }
    return 0;
}
