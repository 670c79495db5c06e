/* The output of a connection: gathered over a turn, sent at once. An idle connection has none. */
#include "broker/internal.h"

#include <stdlib.h>
#include <string.h>

/* Output from `at` on waits for a mark. */
struct hold {
    size_t at;
    uint64_t mark; /* WAX_NEVER: the commit of this turn, whose mark is not known yet */
};

/* What is gathered; it goes when all is sent. */
struct output {
    struct connection *connection;
    wax_link dirty; /* in the worker's ring while there is output to send */
    wax_link held;  /* while output waits for the store */
    struct hold holds[HOLD_MAX];
    unsigned hold_count;
    uint32_t count; /* packets in it, or sent in part */
    size_t size;
    size_t used;
    size_t sent;
    uint8_t bytes[];
};

void connection_doom(struct connection *connection, wax_status status)
{
    if (connection->status == WAX_OK) {
        connection->status = (uint16_t)status;
        wax_link_remove(&connection->due); /* nothing more is read */
        wax_link_append(&connection->worker->doomed, &connection->due);
    }
}

size_t out_waiting(const struct connection *connection)
{
    const struct output *output = connection->output;

    return output == NULL ? 0 : output->used - output->sent;
}

void out_free(struct connection *connection)
{
    struct worker *worker = connection->worker;
    struct output *output = connection->output;

    if (output != NULL) {
        count_down(worker, COUNT_OUT_BYTES, out_waiting(connection));
        count_down(worker, COUNT_OUT, output->count);
        wax_link_remove(&output->dirty);
        wax_link_remove(&output->held);
        free(output);
        connection->output = NULL;
    }
}

/* Moves what waits to the front. */
static void compact(struct output *output)
{
    size_t waiting = output->used - output->sent;

    if (output->sent > 0) {
        memmove(output->bytes, output->bytes + output->sent, waiting);
        for (unsigned i = 0; i < output->hold_count; i++) {
            output->holds[i].at -= output->sent; /* nothing held was sent */
        }
        output->used = waiting;
        output->sent = 0;
    }
}

static void enter(wax_link *ring, wax_link *member)
{
    if (wax_link_is_alone(member)) {
        wax_link_append(ring, member);
    }
}

/* Gives the output room for `size` bytes; without memory it is as it was. */
static bool resize(struct connection *connection, size_t size)
{
    struct worker *worker = connection->worker;
    struct output *old = connection->output;
    bool is_new = old == NULL;
    bool is_dirty = !is_new && !wax_link_is_alone(&old->dirty);
    bool is_held = !is_new && !wax_link_is_alone(&old->held);
    struct output *output;

    if (!is_new) { /* rings do not follow what moves */
        wax_link_remove(&old->dirty);
        wax_link_remove(&old->held);
    }
    output = realloc(old, sizeof *output + size);
    if (output != NULL) {
        connection->output = output;
        if (is_new) {
            *output = (struct output){.connection = connection};
        }
        output->size = size;
        wax_link_init(&output->dirty);
        wax_link_init(&output->held);
    }
    if (is_dirty) {
        enter(&worker->dirty, &connection->output->dirty);
    }
    if (is_held) {
        enter(&worker->held, &connection->output->held);
    }
    return output != NULL;
}

/* Makes room where there is too little. */
static bool grow(struct connection *connection, size_t size)
{
    struct output *output = connection->output;
    size_t used = 0;
    size_t wanted = OUT_ROOM_SIZE;

    if (output != NULL) {
        compact(output);
        used = output->used;
        wanted = output->size;
    }
    /* 5, 20 and 80 KiB, of which the last holds what is sent at once: little is copied. */
    while (wanted - used < size) {
        wanted *= wanted < OUT_FLUSH_SIZE ? 4 : 2;
    }
    if ((output == NULL || wanted > output->size) && !resize(connection, wanted)) {
        connection_doom(connection, WAX_SERVER_BUSY);
        return false;
    }
    return true;
}

bool out_reserve(struct connection *connection, size_t size)
{
    const struct output *output = connection->output;

    return (output != NULL && output->size - output->used >= size) || grow(connection, size);
}

wax_writer out_begin(struct connection *connection, size_t size)
{
    if (!out_reserve(connection, size)) {
        return (wax_writer){.status = WAX_FULL};
    }
    return (wax_writer){
        .data = connection->output->bytes,
        .size = connection->output->size,
        .used = connection->output->used,
    };
}

void out_end(struct connection *connection, const wax_writer *out)
{
    struct worker *worker = connection->worker;
    struct output *output = connection->output;
    size_t start = output == NULL ? 0 : output->used;

    if (output != NULL && out->used > start) {
        output->used = out->used;
        output->count++;
        count_up(worker, COUNT_OUT, 1);
        count_up(worker, COUNT_OUT_BYTES, out->used - start);
        count_packet(worker, false, out->data[start]);
        if (worker->traces != NULL) {
            trace_packets(connection, false, wax_bytes_of(out->data + start, out->used - start));
        }
        enter(&worker->dirty, &output->dirty);
    }
}

void out_append(struct connection *connection, const wax_writer *answer)
{
    if (answer->used > 0) {
        wax_writer out = out_begin(connection, answer->used);
        wax_write_bytes(&out, wax_writer_bytes(answer));
        out_end(connection, &out);
    }
}

struct connection *out_take_dirty(struct worker *worker)
{
    struct output *output;

    if (wax_link_is_alone(&worker->dirty)) {
        return NULL;
    }
    output = WAX_OWNER(worker->dirty.next, struct output, dirty);
    wax_link_remove(&output->dirty);
    return output->connection;
}

void out_depart(struct connection *connection)
{
    if (connection->output != NULL) {
        wax_link_remove(&connection->output->dirty);
    }
}

/* --- What waits for the store --- */

void out_hold(struct connection *connection)
{
    struct output *output;
    unsigned count;

    if (!out_reserve(connection, 0)) {
        return; /* the connection ends */
    }
    output = connection->output;
    count = output->hold_count;
    if (count > 0 && (output->holds[count - 1].mark == WAX_NEVER || count == HOLD_MAX)) {
        output->holds[count - 1].mark = WAX_NEVER; /* what it holds waits longer */
        return;
    }
    output->holds[count] = (struct hold){output->used, WAX_NEVER};
    output->hold_count++;
    enter(&connection->worker->held, &output->held);
}

static void let_go(struct output *output, uint64_t durable)
{
    unsigned gone = 0;

    while (gone < output->hold_count && output->holds[gone].mark <= durable) {
        gone++;
    }
    if (gone == 0) {
        return;
    }
    output->hold_count -= gone;
    memmove(output->holds, output->holds + gone, output->hold_count * sizeof *output->holds);
    enter(&output->connection->worker->dirty, &output->dirty);
}

void out_release(struct worker *worker, uint64_t mark, uint64_t durable)
{
    wax_link *next;

    for (wax_link *at = worker->held.next; at != &worker->held; at = next) {
        struct output *output = WAX_OWNER(at, struct output, held);
        struct hold *last = &output->holds[output->hold_count - 1];
        next = at->next;
        if (last->mark == WAX_NEVER) {
            last->mark = mark;
        }
        let_go(output, durable);
        if (output->hold_count == 0) {
            wax_link_remove(at);
        }
    }
}

/* How much may be sent now. */
static size_t sendable(const struct output *output)
{
    size_t end = output->hold_count > 0 ? output->holds[0].at : output->used;

    return end - output->sent;
}

/* Sends until nothing more may go, or can. */
static wax_status send_some(struct connection *connection, struct output *output)
{
    wax_status status = WAX_OK;
    size_t sent;

    while (status == WAX_OK && sendable(output) > 0) {
        wax_bytes bytes = {output->bytes + output->sent, sendable(output)};
        status = wax_transport_send(connection->transport, bytes, &sent);
        output->sent += sent;
        count_up(connection->worker, COUNT_BYTES_SENT, sent);
        count_down(connection->worker, COUNT_OUT_BYTES, sent);
        connection->tally.bytes_out += sent;
    }
    return status;
}

void out_flush(struct connection *connection)
{
    wax_status status =
        connection->output == NULL ? WAX_OK : send_some(connection, connection->output);

    connection->is_blocked = status == WAX_MORE;
    if (status == WAX_OK && out_waiting(connection) == 0) {
        out_free(connection);
    } else if (status == WAX_OK) {
        return; /* the rest waits for the store */
    } else if (status != WAX_MORE) {
        out_free(connection);
        connection_doom(connection, status);
    }
}
