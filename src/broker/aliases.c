/* Room for topic aliases: only connections that use them have any. */
#include "broker/aliases.h"

#include <stdlib.h>

enum { IN_ROOM_FIRST = 512, OUT_ROOM = 1024 };

/* The aliases with room of this size behind them, or NULL: they are then as they were. */
static wax_aliases *resize(wax_aliases *old, size_t size)
{
    bool is_new = old == NULL;
    wax_aliases *aliases = realloc(old, sizeof *aliases + size);

    if (aliases == NULL) {
        return NULL;
    }
    if (is_new) {
        *aliases = (wax_aliases){.room = NULL};
    }
    aliases->room = (uint8_t *)(aliases + 1);
    aliases->size = size;
    return aliases;
}

wax_status aliases_grow_in(struct connection *connection)
{
    wax_session *session = &connection->session;
    size_t most = (size_t)session->topic_alias_maximum * (4U + UINT16_MAX);
    size_t old_size = session->aliases_in == NULL ? 0 : session->aliases_in->size;
    wax_aliases *aliases;

    if (old_size >= most) {
        return WAX_QUOTA_EXCEEDED;
    }
    aliases = resize(session->aliases_in, old_size == 0 ? IN_ROOM_FIRST : old_size * 2);
    if (aliases == NULL) {
        return WAX_QUOTA_EXCEEDED;
    }
    session->aliases_in = aliases;
    return WAX_OK;
}

void aliases_open_out(struct connection *connection)
{
    wax_session *session = &connection->session;

    if (session->alias_maximum > 0 && session->aliases_out == NULL) {
        session->aliases_out = resize(NULL, OUT_ROOM);
    }
}

void aliases_free(struct connection *connection)
{
    free(connection->session.aliases_in);
    free(connection->session.aliases_out);
}
