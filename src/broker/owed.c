/* Acknowledgements that wait until what they acknowledge is safe. */
#include "broker/internal.h"

#include <stdlib.h>
#include <string.h>

void owe(struct connection *connection, uint8_t type, uint16_t packet_id, uint8_t reason)
{
    struct worker *worker = connection->worker;

    if (worker->owed_count == worker->owed_size) {
        size_t size = worker->owed_size == 0 ? 64 : worker->owed_size * 2;
        struct owed *owed = realloc(worker->owed, size * sizeof *owed);
        if (owed == NULL) {
            connection_doom(connection, WAX_SERVER_BUSY);
            return;
        }
        worker->owed = owed;
        worker->owed_size = size;
    }
    worker->owed[worker->owed_count++] = (struct owed){
        .client = connection->client,
        .connection = connection->number,
        .mark = WAX_NEVER, /* the turn's commit is still to come */
        .packet_id = packet_id,
        .type = type,
        .reason = reason,
    };
}

/* Sends one; an exchange of a session that is offline goes on without a word. */
static void settle(const struct owed *owed)
{
    struct client *client = owed->client;
    struct connection *connection = client->connection;
    bool is_same = connection != NULL && connection->number == owed->connection;
    bool is_open = connection != NULL && connection->session.state == WAX_SESSION_OPEN;
    wax_writer out;

    if (is_open && (is_same || owed->type != WAX_PUBACK)) {
        out = out_begin(connection, WAX_ANSWER_SIZE_MAX);
        if (wax_session_acknowledge(&connection->session, (wax_packet_type)owed->type,
                                    owed->packet_id, owed->reason, &out) == WAX_OK) {
            out_end(connection, &out);
        }
    } else if (owed->type != WAX_PUBACK) {
        (void)wax_flows_acknowledge(owed->type == WAX_PUBREL ? &client->outgoing
                                                             : &client->incoming,
                                    (wax_packet_type)owed->type, owed->packet_id, owed->reason);
    }
}

void owed_release(struct worker *worker)
{
    wax_store *store = worker->broker->store;
    uint64_t mark = store->kind->commit(store, &worker->changes);
    uint64_t durable = store->kind->durable(store);
    size_t done = 0;

    for (size_t i = worker->owed_count; i > 0 && worker->owed[i - 1].mark == WAX_NEVER; i--) {
        worker->owed[i - 1].mark = mark;
    }
    while (done < worker->owed_count && worker->owed[done].mark <= durable) {
        if (worker->owed[done].client != NULL) {
            settle(&worker->owed[done]); /* in order [MQTT-4.6.0-2] [MQTT-4.6.0-3] */
        }
        done++;
    }
    worker->owed_count -= done;
    if (done > 0 && worker->owed_count > 0) {
        memmove(worker->owed, worker->owed + done, worker->owed_count * sizeof *worker->owed);
    }
}

void owed_forget(struct worker *worker, const struct client *client)
{
    for (size_t i = 0; i < worker->owed_count; i++) {
        if (worker->owed[i].client == client) {
            worker->owed[i].client = NULL;
        }
    }
}
