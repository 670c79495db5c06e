/* The packets of some clients, told to an administrator as they come and go. A worker looks at them
 * only while somebody traces; what the reader is too slow for is counted and left out. */
#include "broker/login.h"

#include "broker/control.h"

#include <stdlib.h>

enum { PAYLOAD_SHOWN_MAX = 256 };

struct traces {
    struct trace *items[TRACE_MAX];
    size_t count;
};

/* --- Holding --- */

void trace_release(struct trace *trace)
{
    if (atomic_fetch_sub(&trace->holders, 1) == 1) {
        free(trace);
    }
}

void trace_end(struct trace *trace)
{
    trace->peer = NULL;
    atomic_store(&trace->is_ended, true);
    trace_release(trace);
}

void trace_note_free(struct trace_note *note)
{
    atomic_fetch_sub(&note->trace->backlog, note->lines.used);
    trace_release(note->trace);
    lines_free(&note->lines);
    free(note);
}

/* Lets go of those that have ended, or of all. */
static void sweep(struct worker *worker, bool all)
{
    struct traces *traces = worker->traces;
    size_t count = 0;

    for (size_t i = 0; traces != NULL && i < traces->count; i++) {
        if (all || atomic_load(&traces->items[i]->is_ended)) {
            trace_release(traces->items[i]);
        } else {
            traces->items[count++] = traces->items[i];
        }
    }
    if (traces != NULL) {
        traces->count = count;
    }
    if (count == 0) {
        free(traces);
        worker->traces = NULL;
    }
}

void trace_forget_all(struct worker *worker)
{
    sweep(worker, true);
}

wax_status trace_add(struct worker *worker, struct trace *trace)
{
    sweep(worker, false);
    if (worker->traces == NULL) {
        worker->traces = calloc(1, sizeof *worker->traces);
    }
    if (worker->traces == NULL || worker->traces->count == TRACE_MAX) {
        return WAX_FULL;
    }
    atomic_fetch_add(&trace->holders, 1);
    worker->traces->items[worker->traces->count++] = trace;
    return WAX_OK;
}

/* --- Telling --- */

/* A packet, as one line tells it. */
struct sight {
    const struct trace *trace;
    const struct connection *connection;
    wax_packet packet;
    wax_publish publish;
    const char *direction;
    wax_bytes id;
    unsigned missed;
};

static void write_publish(wax_json *json, const struct sight *sight)
{
    const wax_publish *publish = &sight->publish;
    uint32_t alias = wax_property_number(publish->properties, WAX_TOPIC_ALIAS, 0);
    wax_bytes payload = publish->payload;

    wax_json_member_text(json, "topic", publish->topic);
    if (alias != 0) {
        wax_json_member_number(json, "alias", alias);
    }
    wax_json_member_number(json, "qos", publish->qos);
    wax_json_member_bool(json, "retain", publish->retain);
    if (publish->qos > 0) {
        wax_json_member_number(json, "packet_id", publish->packet_id);
        wax_json_member_bool(json, "dup", publish->duplicate);
    }
    wax_json_member_number(json, "payload_size", payload.size);
    if (sight->trace->shows_payload) {
        payload.size = payload.size < PAYLOAD_SHOWN_MAX ? payload.size : PAYLOAD_SHOWN_MAX;
        wax_json_member_text(json, "payload", payload);
    }
}

/* Acknowledgements begin with the packet id. */
static bool has_packet_id(const wax_packet *packet)
{
    return packet->type >= WAX_PUBACK && packet->type <= WAX_UNSUBACK && packet->body.size >= 2;
}

static void write_sight(wax_json *json, const void *subject)
{
    const struct sight *sight = subject;
    const wax_packet *packet = &sight->packet;

    wax_json_member_number(json, "at_ms", wax_clock_wall_ms());
    wax_json_member_text(json, "direction", wax_bytes_of_text(sight->direction));
    wax_json_member_text(json, "packet", wax_bytes_of_text(wax_packet_name(packet->type)));
    wax_json_member_text(json, "client", sight->id);
    wax_json_member_text(json, "address",
                         wax_bytes_of_text(connection_peer(sight->connection).text));
    wax_json_member_number(json, "size", (uint64_t)packet->head_size + packet->body_size);
    if (packet->type == WAX_PUBLISH) {
        write_publish(json, sight);
    } else if (has_packet_id(packet)) {
        wax_json_member_number(json, "packet_id",
                               (uint64_t)packet->body.data[0] << 8 | packet->body.data[1]);
    }
    if (sight->missed > 0) {
        wax_json_member_number(json, "missed", sight->missed);
    }
}

static void tell(struct trace *trace, struct sight *sight)
{
    struct trace_note *note;
    wax_letters letters = {NULL, NULL};

    note = atomic_load(&trace->backlog) < TRACE_BACKLOG_MAX ? calloc(1, sizeof *note) : NULL;
    if (note == NULL) {
        atomic_fetch_add(&trace->missed, 1);
        return;
    }
    sight->trace = trace;
    sight->missed = atomic_exchange(&trace->missed, 0);
    lines_add(&note->lines, write_sight, sight);
    note->note = (struct note){.arrive = trace->arrive, .is_trace = true};
    note->trace = trace;
    atomic_fetch_add(&trace->holders, 1);
    atomic_fetch_add(&trace->backlog, note->lines.used);
    wax_letters_append(&letters, &note->note.letter);
    wax_mailbox_post(&trace->control->mailbox, &letters);
}

static bool concerns(const struct trace *trace, wax_bytes id, wax_bytes user)
{
    return wax_bytes_equal(trace->by_user ? user : id, wax_bytes_of(trace->name, trace->size));
}

/* Who it is about; a connection that says CONNECT has no client yet. */
static void identify(const struct connection *connection, wax_bytes *id, wax_bytes *user)
{
    if (connection->client != NULL) {
        *id = connection->client->id;
        *user = connection->client->user;
    } else if (connection->pending != NULL) {
        *id = connection->pending->id;
        *user = connection->pending->user;
    }
}

/* Tells all whom it concerns. */
static void tell_all(struct traces *traces, struct sight *sight, wax_bytes user)
{
    for (size_t i = 0; i < traces->count; i++) {
        if (!atomic_load(&traces->items[i]->is_ended) &&
            concerns(traces->items[i], sight->id, user)) {
            tell(traces->items[i], sight);
        }
    }
}

void trace_packets(struct connection *connection, bool is_incoming, wax_bytes bytes)
{
    struct sight sight = {.connection = connection, .direction = is_incoming ? "in" : "out"};
    wax_version version = (wax_version)connection->session.version;
    wax_reader in = wax_reader_over(bytes);
    wax_bytes user = {NULL, 0};

    identify(connection, &sight.id, &user);
    while (wax_packet_read(&sight.packet, &in, version, WAX_PACKET_SIZE_MAX) == WAX_OK) {
        if (sight.packet.type == WAX_PUBLISH &&
            wax_publish_read(&sight.publish, &sight.packet) != WAX_OK) {
            continue;
        }
        tell_all(connection->worker->traces, &sight, user);
    }
}
