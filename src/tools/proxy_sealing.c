/* Programs behind the proxy seal and open as one member; what has come is remembered for each. */
#include "tools/proxy_parts.h"

#include <stdlib.h>
#include <string.h>

enum { GRACE_MS = 2000, GRACE_AGAIN_MS = 20000 };

static const wax_member_reader_limits limits = {64, 512};
static const wax_member_reader_limits blank_limits = {1, 1};

static wax_member *member_of(const struct gateway *proxy)
{
    return tools_sealed_member(proxy->link.sealed);
}

/* --- Sealing --- */

/* Whether a topic is the authority's, where programs have nothing to say. */
static bool is_authoritys(const struct gateway *proxy, wax_bytes topic)
{
    wax_bytes prefix = tools_sealed_prefix(proxy->link.sealed);

    return wax_bytes_start_with(topic, prefix) &&
           (topic.size == prefix.size || topic.data[prefix.size] == '/');
}

static wax_status seal(struct rewrite_sealing *self, const wax_publish *message, bool is_will,
                       wax_publish *made)
{
    const struct gateway *proxy = ((const struct connection *)self)->proxy;
    struct sealed *sealed = proxy->link.sealed;
    wax_status status = is_will ? tools_sealed_make_will(sealed, message, made)
                                : tools_sealed_make(sealed, message, made);

    if (status == WAX_NOT_FOUND && proxy->settings.lets_clear &&
        !is_authoritys(proxy, message->topic)) {
        *made = *message;
        return WAX_OK;
    }
    return status;
}

static wax_status filter(struct rewrite_sealing *self, wax_bytes wanted, wax_writer *out)
{
    return wax_member_filter(member_of(((const struct connection *)self)->proxy), wanted, out);
}

static const char *explain(wax_status status)
{
    return status == WAX_INVALID ? "a Will needs a topic of class state"
           : status == WAX_TOO_LARGE
               ? "the message is too large once it is sealed; nothing was sent"
               : tools_sealed_explain(status);
}

/* --- Opening --- */

/* A mailbox comes by another connection than messages do, and may be overtaken by them. */
static bool may_wait(struct connection *connection, wax_seal_event event)
{
    uint64_t now_ms = wax_clock_ms();

    if ((event != WAX_SEAL_OLD_EPOCH && event != WAX_SEAL_UNKNOWN_SENDER) ||
        now_ms < connection->grace_again_ms) {
        return false;
    }
    connection->grace_ms = now_ms + GRACE_MS;
    connection->grace_again_ms = now_ms + GRACE_AGAIN_MS;
    connection->grace_keys = connection->proxy->keys_count;
    return true;
}

static bool is_waiting(const struct connection *connection)
{
    return connection->grace_keys == connection->proxy->keys_count &&
           wax_clock_ms() < connection->grace_ms;
}

/* Opens what came before and is owed to the program all the same. */
static wax_status open_again(const struct gateway *proxy, const wax_publish *came,
                             wax_member_arrival *arrival)
{
    wax_status status =
        wax_member_unseal_for(member_of(proxy), proxy->blank, came, wax_clock_wall_ms(), arrival);

    wax_member_reader_forget(proxy->blank);
    return status;
}

static bool came_before(const wax_member_arrival *arrival)
{
    return (arrival->outcome == WAX_MEMBER_REFUSED && (arrival->opened.event == WAX_SEAL_REPLAY ||
                                                       arrival->opened.event == WAX_SEAL_ROLLBACK));
}

static enum rewrite_verdict judge(struct connection *connection, bool is_owed,
                                  const wax_member_arrival *arrival, const char **why)
{
    switch (arrival->outcome) {
    case WAX_MEMBER_OPENED:
        return arrival->opened.is_again && !arrival->message.retain && !is_owed ? REWRITE_PASS_OVER
                                                                                : REWRITE_DELIVER;
    case WAX_MEMBER_CLEAR:
        *why = "its topic belongs to no group that this device is in";
        return connection->proxy->settings.lets_clear ? REWRITE_DELIVER : REWRITE_REFUSE;
    case WAX_MEMBER_EARLY:
        return REWRITE_WAIT;
    case WAX_MEMBER_REFUSED:
        break;
    }
    *why = wax_seal_event_text(arrival->opened.event);
    return may_wait(connection, arrival->opened.event) ? REWRITE_WAIT : REWRITE_REFUSE;
}

static enum rewrite_verdict open_message(struct rewrite_sealing *self, const wax_publish *came,
                                         bool is_owed, wax_publish *opened, const char **why)
{
    struct connection *connection = (struct connection *)self;
    const struct gateway *proxy = connection->proxy;
    wax_member_arrival arrival;
    wax_status status;

    if (is_waiting(connection)) {
        return REWRITE_WAIT;
    }
    status = wax_member_unseal_for(member_of(proxy), connection->program->reader, came,
                                   wax_clock_wall_ms(), &arrival);
    if (status == WAX_OK && is_owed && came_before(&arrival)) {
        status = open_again(proxy, came, &arrival);
    }
    if (status != WAX_OK) {
        *why = status == WAX_TOO_LARGE ? "it is too large" : wax_status_text(status);
        return REWRITE_REFUSE;
    }
    *opened = arrival.message;
    return judge(connection, is_owed, &arrival, why);
}

/* --- Programs --- */

static struct program *program_new(const struct gateway *proxy)
{
    struct program *program = calloc(1, sizeof *program);
    uint8_t *memory;

    if (program == NULL) {
        return NULL;
    }
    program->reader_size = wax_member_reader_size(member_of(proxy), &limits);
    memory = calloc(1, program->reader_size);
    if (memory == NULL) {
        free(program);
        return NULL;
    }
    program->reader = wax_member_reader_open(member_of(proxy), &limits, memory);
    return program;
}

static void program_free(struct program *program)
{
    if (program != NULL) {
        wax_wipe(program->reader, program->reader_size);
        free(program->reader);
        free(program);
    }
}

/* The place of a program: its own, an empty one, or that of who was away for longest. There are
 * more places than connections. */
static struct program **find_place(struct gateway *proxy, uint64_t name, bool is_nameless)
{
    struct program **best = NULL;

    for (size_t i = 0; i < PROXY_PROGRAMS_MAX; i++) {
        struct program **place = &proxy->programs[i];

        if (*place != NULL && !is_nameless && !(*place)->is_nameless && (*place)->name == name) {
            return place;
        }
        if ((*place == NULL && (best == NULL || *best != NULL)) ||
            (*place != NULL && (*place)->user_count == 0 &&
             (best == NULL || (*best != NULL && (*place)->used_ms < (*best)->used_ms)))) {
            best = place;
        }
    }
    wax_assert(best != NULL);
    return best;
}

bool proxy_program_take(struct connection *connection, wax_bytes client_id)
{
    struct gateway *proxy = connection->proxy;
    uint64_t name = wax_hash(proxy->hash_key, client_id);
    bool is_nameless = client_id.size == 0;
    struct program **place = find_place(proxy, name, is_nameless);

    if (*place == NULL || is_nameless || (*place)->name != name || (*place)->is_nameless) {
        program_free(*place);
        *place = program_new(proxy);
        if (*place == NULL) {
            return false;
        }
        (*place)->name = name;
        (*place)->is_nameless = is_nameless;
    }
    (*place)->user_count++;
    connection->program = *place;
    connection->sealing = (struct rewrite_sealing){seal, filter, open_message, explain};
    connection->rewrite.sealing = &connection->sealing;
    connection->rewrite.memory = &(*place)->memory;
    return true;
}

void proxy_program_leave(struct connection *connection)
{
    if (connection->program != NULL) {
        connection->program->user_count--;
        connection->program->used_ms = wax_clock_ms();
        connection->program = NULL;
    }
}

bool proxy_programs_open(struct gateway *proxy)
{
    uint8_t *memory = calloc(1, wax_member_reader_size(member_of(proxy), &blank_limits));

    proxy->scratch = malloc(REWRITE_SCRATCH);
    if (memory != NULL) {
        proxy->blank = wax_member_reader_open(member_of(proxy), &blank_limits, memory);
    }
    wax_os_random(proxy->hash_key, sizeof proxy->hash_key);
    return memory != NULL && proxy->scratch != NULL;
}

void proxy_programs_close(struct gateway *proxy)
{
    for (size_t i = 0; i < PROXY_PROGRAMS_MAX; i++) {
        program_free(proxy->programs[i]);
    }
    if (proxy->scratch != NULL) {
        wax_wipe(proxy->scratch, REWRITE_SCRATCH);
    }
    free(proxy->blank);
    free(proxy->scratch);
}
