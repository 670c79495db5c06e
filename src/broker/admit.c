/* Rights that change: what is judged anew when a table or settings come, and when a connection,
 * whose password was judged a while ago, arrives. */
#include "broker/admit.h"

#include "broker/login.h"
#include "broker/standing.h"

void access_settle(struct client *client)
{
    const wax_dynsec_user *user = standing_of(client->worker, client->listener, &client->identity);

    /* What a bridge subscribes to is its `topic` lines; each delivery is judged all the same. */
    if (user != NULL && user->rights != client->rights && client->bridge == NULL) {
        subscribe_judge_again(client);
    }
    client->rights = user == NULL ? 0 : user->rights;
}

void access_renew(struct worker *worker)
{
    for (size_t i = 0; i < worker->clients.bucket_count; i++) {
        for (struct client *at = worker->clients.buckets[i]; at != NULL; at = at->next) {
            at->access = access_of(worker, at->listener, &at->identity);
            access_settle(at);
        }
    }
}

static wax_access_identity identity_of(const struct pending *pending)
{
    return (wax_access_identity){pending->user, pending->has_user, pending->id};
}

void access_note(struct connection *connection)
{
    wax_access_identity identity = identity_of(connection->pending);
    const wax_dynsec_user *user = standing_of(connection->worker, connection->listener, &identity);

    connection->print = user == NULL ? 0 : user->print;
}

wax_status access_admit(const struct connection *connection)
{
    wax_access_identity identity = identity_of(connection->pending);
    const wax_dynsec_user *user = standing_of(connection->worker, connection->listener, &identity);

    if (user == NULL) {
        return WAX_OK;
    }
    if (user->is_disabled ||
        (user->client_id.size > 0 && !wax_bytes_equal(user->client_id, identity.client_id))) {
        return WAX_NOT_AUTHORIZED;
    }
    if (!wax_standing_is_safe(&user->standing, &identity)) {
        return WAX_BAD_CLIENT_ID;
    }
    return user->print == connection->print ? WAX_OK : WAX_SERVER_UNAVAILABLE;
}
