/* Two clients of one id would throw each other out for ever, and fill the log: after some takeovers
 * in a minute the log says so once, and each newcomer waits, longer and longer, before it takes
 * over. Whoever is connected works on meanwhile. */
#include "broker/quarrel.h"

#include <stdlib.h>

enum {
    SPAN_MS = 60000,
    PEACEFUL_MAX = 10, /* takeovers in a span that are nobody's concern */
    DELAY_FIRST_MS = 1000,
    DELAY_DOUBLINGS_MAX = 5,
};

static uint64_t delay_of(const struct quarrel *quarrel)
{
    uint32_t doublings = quarrel->count - PEACEFUL_MAX;

    return (uint64_t)DELAY_FIRST_MS
           << (doublings < DELAY_DOUBLINGS_MAX ? doublings : DELAY_DOUBLINGS_MAX);
}

static void tell(struct client *client, const struct connection *newcomer)
{
    client->quarrel->is_told = true;
    wax_log_write(&client->worker->broker->log, WAX_WARNING,
                  "client_id_quarrel client=%.*s peer=%s other=%s takeovers=%u reason=two clients "
                  "use one client id: give one of them another",
                  SHOWN(client->id), connection_peer(newcomer).text,
                  connection_peer(client->connection).text, client->quarrel->count);
}

uint64_t quarrel_wait(struct client *client, const struct connection *newcomer)
{
    struct quarrel *quarrel = client->quarrel;
    uint64_t now_ms = client->worker->loop.now_ms;

    if (quarrel == NULL) {
        quarrel = calloc(1, sizeof *quarrel);
        client->quarrel = quarrel;
    }
    if (quarrel == NULL) {
        return 0;
    }
    if (now_ms >= quarrel->since_ms + SPAN_MS && now_ms >= quarrel->until_ms) {
        *quarrel = (struct quarrel){.since_ms = now_ms};
    }
    if (quarrel->count < PEACEFUL_MAX || newcomer->has_waited) {
        quarrel->count++;
        return 0;
    }
    if (!quarrel->is_told) {
        tell(client, newcomer);
    }
    quarrel->until_ms = now_ms + delay_of(quarrel);
    quarrel->since_ms = now_ms;
    return quarrel->until_ms;
}
