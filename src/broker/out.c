/* The output of a connection: gathered over a turn, sent at once. An idle connection has none. */
#include "broker/internal.h"

#include <stdlib.h>
#include <string.h>

void connection_doom(struct connection *connection, wax_status status)
{
    if (connection->status == WAX_OK) {
        connection->status = (uint16_t)status;
        wax_link_append(&connection->worker->doomed, &connection->doomed);
    }
}

size_t out_waiting(const struct connection *connection)
{
    return connection->out_used - connection->out_sent;
}

void out_free(struct connection *connection)
{
    struct worker *worker = connection->worker;

    count_down(worker, COUNT_OUT_BYTES, out_waiting(connection));
    count_down(worker, COUNT_OUT, connection->out_count);
    connection->out_count = 0;
    connection->out_last = (uint32_t)connection->out_used;
    free(connection->out);
    connection->out = NULL;
    connection->out_size = 0;
    connection->out_used = 0;
    connection->out_sent = 0;
    connection->hold_count = 0;
    wax_link_remove(&connection->held);
}

/* Moves what waits to the front. */
static void compact(struct connection *connection)
{
    size_t waiting = out_waiting(connection);

    if (connection->out_sent > 0) {
        memmove(connection->out, connection->out + connection->out_sent, waiting);
        for (unsigned i = 0; i < connection->hold_count; i++) {
            connection->holds[i].at -= connection->out_sent; /* nothing held was sent */
        }
        connection->out_used = waiting;
        connection->out_sent = 0;
    }
}

/* 5, 20 and 80 KiB, of which the last holds what is sent at once; and then twice as much. */
static size_t larger(size_t size)
{
    return size < OUT_FLUSH_SIZE ? size * 4 : size * 2;
}

static size_t first_size(const struct connection *connection)
{
    size_t size = OUT_ROOM_SIZE;

    while (size < connection->out_last && size < OUT_FLUSH_SIZE) {
        size = larger(size);
    }
    return size;
}

bool out_reserve(struct connection *connection, size_t size)
{
    size_t wanted;
    uint8_t *out;

    if (connection->out_size - connection->out_used >= size) {
        return true;
    }
    compact(connection);
    wanted = connection->out_size == 0 ? first_size(connection) : connection->out_size;
    while (wanted - connection->out_used < size) {
        wanted = larger(wanted);
    }
    if (wanted == connection->out_size) {
        return true;
    }
    out = realloc(connection->out, wanted);
    if (out == NULL) {
        connection_doom(connection, WAX_SERVER_BUSY);
        return false;
    }
    connection->out = out;
    connection->out_size = wanted;
    return true;
}

wax_writer out_begin(struct connection *connection, size_t size)
{
    if (!out_reserve(connection, size)) {
        return (wax_writer){.status = WAX_FULL};
    }
    return (wax_writer){
        .data = connection->out,
        .size = connection->out_size,
        .used = connection->out_used,
    };
}

void out_end(struct connection *connection, const wax_writer *out)
{
    struct worker *worker = connection->worker;
    size_t start = connection->out_used;

    if (out->used > start) {
        connection->out_used = out->used;
        connection->out_count++;
        count_up(worker, COUNT_OUT, 1);
        count_up(worker, COUNT_OUT_BYTES, out->used - start);
        count_packet(worker, false, out->data[start]);
        if (worker->traces != NULL) {
            trace_packets(connection, false, wax_bytes_of(out->data + start, out->used - start));
        }
        if (wax_link_is_alone(&connection->dirty)) {
            wax_link_append(&worker->dirty, &connection->dirty);
        }
    }
}

bool out_put(struct connection *connection, wax_bytes packet)
{
    wax_writer out = out_begin(connection, packet.size);

    wax_write_bytes(&out, packet);
    out_end(connection, &out);
    return out.status == WAX_OK;
}

/* --- What waits for the store --- */

void out_hold(struct connection *connection)
{
    unsigned count = connection->hold_count;

    if (count > 0 && (connection->holds[count - 1].mark == WAX_NEVER || count == HOLD_MAX)) {
        connection->holds[count - 1].mark = WAX_NEVER; /* what it holds waits longer */
        return;
    }
    connection->holds[count] = (struct hold){connection->out_used, WAX_NEVER};
    connection->hold_count++;
    if (wax_link_is_alone(&connection->held)) {
        wax_link_append(&connection->worker->held, &connection->held);
    }
}

static void let_go(struct connection *connection, uint64_t durable)
{
    unsigned gone = 0;

    while (gone < connection->hold_count && connection->holds[gone].mark <= durable) {
        gone++;
    }
    if (gone == 0) {
        return;
    }
    connection->hold_count -= gone;
    memmove(connection->holds, connection->holds + gone,
            connection->hold_count * sizeof *connection->holds);
    if (wax_link_is_alone(&connection->dirty)) {
        wax_link_append(&connection->worker->dirty, &connection->dirty);
    }
}

void out_release(struct worker *worker, uint64_t mark, uint64_t durable)
{
    wax_link *next;

    for (wax_link *at = worker->held.next; at != &worker->held; at = next) {
        struct connection *connection = WAX_OWNER(at, struct connection, held);
        struct hold *last = &connection->holds[connection->hold_count - 1];
        next = at->next;
        if (last->mark == WAX_NEVER) {
            last->mark = mark;
        }
        let_go(connection, durable);
        if (connection->hold_count == 0) {
            wax_link_remove(at);
        }
    }
}

/* How much may be sent now. */
static size_t sendable(const struct connection *connection)
{
    size_t end = connection->hold_count > 0 ? connection->holds[0].at : connection->out_used;

    return end - connection->out_sent;
}

void out_flush(struct connection *connection)
{
    wax_status status = WAX_OK;
    size_t sent;

    while (status == WAX_OK && sendable(connection) > 0) {
        wax_bytes bytes = {connection->out + connection->out_sent, sendable(connection)};
        status = wax_transport_send(connection->transport, bytes, &sent);
        connection->out_sent += sent;
        count_up(connection->worker, COUNT_BYTES_SENT, sent);
        count_down(connection->worker, COUNT_OUT_BYTES, sent);
        connection->tally.bytes_out += sent;
    }
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
