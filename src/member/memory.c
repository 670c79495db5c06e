/* How the one block of memory is shared out, and how a member begins and ends. */
#include "member/internal.h"

#include <string.h>

enum { POOL_FACTOR = 16 };

static wax_status keep_mark(wax_keys_mark *self, uint32_t generation, uint64_t version)
{
    struct mark *mark = (struct mark *)self;
    uint8_t record[12];
    wax_writer out = wax_writer_over(record, sizeof(record));
    wax_member_store *store = mark->member->config->store;
    wax_status status = member_secure(mark);

    if (status != WAX_OK) {
        return status;
    }
    wax_write_u32(&out, generation);
    wax_write_u32(&out, (uint32_t)(version >> 32));
    wax_write_u32(&out, (uint32_t)version);
    return store->save(store, WAX_MEMBER_MARK, NULL, wax_writer_bytes(&out));
}

static wax_status save_window(wax_seal_store *self, const uint8_t *group_id,
                              const wax_seal_window *window)
{
    const struct windows *windows = (const struct windows *)self;
    wax_member_store *store = windows->member->config->store;
    uint8_t record[WAX_MEMBER_WINDOW_SIZE];
    wax_writer out = wax_writer_over(record, sizeof(record));
    wax_status status;

    wax_write_u32(&out, window->sender);
    wax_write_u32(&out, window->epoch);
    wax_write_u16(&out, window->window);
    wax_write_bytes(&out, wax_bytes_of(window->secret, sizeof(window->secret)));
    status = store->save(store, WAX_MEMBER_WINDOW, group_id, wax_writer_bytes(&out));
    wax_wipe(record, sizeof(record));
    return status;
}

static wax_status load_window(wax_seal_store *self, const uint8_t *group_id,
                              wax_seal_window *window)
{
    const struct windows *windows = (const struct windows *)self;
    wax_member_store *store = windows->member->config->store;
    uint8_t record[WAX_MEMBER_WINDOW_SIZE];
    size_t size = sizeof(record);
    wax_status status = store->load(store, WAX_MEMBER_WINDOW, group_id, record, &size);
    wax_reader in = wax_reader_over(wax_bytes_of(record, size));

    if (status != WAX_OK) {
        return status;
    }
    window->sender = wax_read_u32(&in);
    window->epoch = wax_read_u32(&in);
    window->window = wax_read_u16(&in);
    if (wax_reader_left(&in) == sizeof(window->secret)) {
        memcpy(window->secret, wax_read_bytes(&in, sizeof(window->secret)).data,
               sizeof(window->secret));
    } else {
        status = WAX_MALFORMED;
    }
    wax_wipe(record, sizeof(record));
    return status;
}

/* Each thing has its place, whether there is memory or it is only counted. */
static wax_member *share_out(const wax_member_config *config, struct pool *memory)
{
    wax_member *member = member_take(memory, 1, sizeof(*member));
    uint8_t *messages[2] = {member_take(memory, 1, config->mailbox_size),
                            member_take(memory, 1, config->mailbox_size)};
    uint8_t *pools[2] = {member_take(memory, POOL_FACTOR, config->mailbox_size),
                         member_take(memory, POOL_FACTOR, config->mailbox_size)};
    struct slot *slots = member_take(memory, config->group_count, sizeof(*slots));
    size_t rooms = WAX_SEAL_ROOM_SIZE(config->message_size);
    uint8_t *room = member_take(memory, 1, rooms);
    uint8_t *text = member_take(memory, 1, config->message_size);
    uint8_t *properties = member_take(memory, 2, config->message_size);
    uint8_t *names = member_take(memory, 3, config->message_size);
    uint8_t *held = member_take(memory, 1, config->hold_size);
    uint8_t *came = member_take(
        memory, 1, config->forgets ? 0 : WAX_MEMBER_CAME_SIZE((size_t)config->sender_count));

    for (size_t i = 0; i < config->group_count; i++) {
        wax_sender_record *senders = member_take(memory, config->sender_count, sizeof(*senders));
        wax_topic_record *topics = member_take(memory, config->topic_count, sizeof(*topics));

        if (slots != NULL) {
            slots[i].opener.senders = senders;
            slots[i].opener.topics = topics;
        }
    }
    if (member == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < 2; i++) {
        member->boxes[i].message = messages[i];
        member->boxes[i].pool = (struct pool){pools[i], POOL_FACTOR * config->mailbox_size, 0};
    }
    member->slots = slots;
    member->room = (wax_seal_room){room, rooms};
    member->text = text;
    member->properties = properties;
    member->names = (wax_seal_room){names, 3 * config->message_size};
    member->talk.room = held;
    member->came = came;
    return member;
}

size_t wax_member_memory_size(const wax_member_config *config)
{
    struct pool counted = {NULL, SIZE_MAX, 0};

    (void)share_out(config, &counted);
    return counted.used;
}

static bool is_sound(const wax_member_config *config)
{
    bool has_keys = config->profile != NULL &&
                    (config->psk != NULL || (config->own_secret != NULL && config->keeper != NULL &&
                                             config->random != NULL));

    return has_keys && config->device.size != 0 && config->device.size <= WAX_KEYS_NAME_MAX &&
           config->prefix.size + config->device.size + 3 <= WAX_KEYS_TOPIC_MAX &&
           config->name_space != NULL && config->suite != NULL && config->store != NULL &&
           config->mailbox_size != 0 && config->message_size != 0 &&
           config->message_size <= WAX_SEAL_TEXT_MAX && config->sender_count != 0;
}

/* A record that is a number in big-endian bytes; 0 when there is none. */
static wax_status load(const wax_member *member, wax_member_record record, uint8_t *room,
                       size_t size)
{
    wax_member_store *store = member->config->store;
    size_t got = size;
    wax_status status = store->load(store, record, NULL, room, &got);

    if (status == WAX_NOT_FOUND) {
        memset(room, 0, size);
        return WAX_OK;
    }
    return status == WAX_OK && got != size ? WAX_MALFORMED : status;
}

static uint64_t number_at(const uint8_t *bytes, size_t size)
{
    uint64_t number = 0;

    for (size_t i = 0; i < size; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

static wax_status load_numbers(wax_member *member)
{
    uint8_t mark[12];
    uint8_t count[8];
    wax_status status = load(member, WAX_MEMBER_MARK, mark, sizeof(mark));

    if (status == WAX_OK) {
        member->mark.base.generation = (uint32_t)number_at(mark, 4);
        member->mark.base.version = number_at(mark + 4, 8);
        status = load(member, WAX_MEMBER_COUNT, count, sizeof(count));
    }
    if (status == WAX_OK) {
        member->count = number_at(count, sizeof(count));
    }
    return status;
}

/* The mailbox of the last time. One that does not open any more is as good as none: the broker has
 * a better one. */
static wax_status load_mailbox(wax_member *member)
{
    wax_member_store *store = member->config->store;
    size_t size = member->config->mailbox_size;
    uint8_t *room = member->properties; /* nothing else uses it yet */
    wax_status status;

    if (size > 2 * member->config->message_size) {
        size = 2 * member->config->message_size;
    }
    status = store->load(store, WAX_MEMBER_MAILBOX, NULL, room, &size);
    if (status == WAX_OK) {
        (void)!member_take_mailbox(member, wax_bytes_of(room, size), true);
        wax_wipe(room, size);
    }
    return status == WAX_NOT_FOUND || status == WAX_FULL ? WAX_OK : status;
}

wax_status wax_member_open(wax_member **member, const wax_member_config *config,
                           const uint8_t boot_nonce[static WAX_KEYS_ID_SIZE], uint8_t *memory,
                           size_t size)
{
    struct pool pool = {memory, size, 0};
    wax_member *self;
    wax_status status;

    if (!is_sound(config) || size < wax_member_memory_size(config)) {
        return WAX_INVALID;
    }
    self = share_out(config, &pool);
    wax_assert(self != NULL);
    self->config = config;
    self->mark = (struct mark){.base = {.keep = keep_mark}, .member = self};
    self->windows = (struct windows){
        {load_window, save_window},
        self
    };
    self->signer = (wax_signer){config->sign, config->own_secret};
    self->talk.until_ms = WAX_NEVER;
    self->talk.again_ms = WAX_NEVER;
    memcpy(self->boot_nonce, boot_nonce, sizeof(self->boot_nonce));
    status = load_numbers(self);
    if (status == WAX_OK) {
        status = load_mailbox(self);
    }
    if (status == WAX_OK) {
        *member = self;
    } else {
        wax_member_close(self);
    }
    return status;
}

void wax_member_close(wax_member *member)
{
    wax_wipe(member, wax_member_memory_size(member->config));
}

bool wax_member_has_keys(const wax_member *member)
{
    return member->current != NULL;
}

bool wax_member_is_fresh(const wax_member *member)
{
    const uint8_t *told = member->current == NULL ? NULL : member->current->mailbox.boot_nonce;

    return told != NULL && memcmp(told, member->boot_nonce, sizeof(member->boot_nonce)) == 0;
}

uint32_t wax_member_refused(const wax_member *member, wax_seal_event event)
{
    return (size_t)event < REFUSAL_COUNT ? member->refused[event] : 0;
}
