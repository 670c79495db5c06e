/* Who may do what: the rights of clients, put together from the ACL file of their listener and from
 * the table of dynamic security. */
#include "broker/standing.h"

/* A bridge without a user of its own: its `topic` lines alone bound it. */
static bool is_trusted(uint16_t listener, const wax_access_identity *identity)
{
    return listener == WAX_CONFIG_INNER && !identity->has_user;
}

const wax_dynsec_user *standing_of(const struct worker *worker, uint16_t listener,
                                   const wax_access_identity *identity)
{
    bool is_under = worker->settings->config.listeners[listener].dynamic_security_file != NULL;

    return worker->table == NULL || !is_under || is_trusted(listener, identity)
               ? NULL
               : wax_dynsec_find(worker->table, identity);
}

wax_access access_of(const struct worker *worker, uint16_t listener,
                     const wax_access_identity *identity)
{
    const struct policy *policy = &worker->settings->policies[listener];
    const wax_dynsec_user *user = standing_of(worker, listener, identity);
    bool is_ruled = policy->has_rules && !is_trusted(listener, identity);
    wax_access access = wax_rules_for(is_ruled ? &policy->rules : NULL, identity);

    wax_access_stand(&access, user == NULL ? NULL : &user->standing);
    return access;
}

bool is_stranger(const struct client *client)
{
    return client->access.rules == NULL && client->access.standing == NULL && !client->has_user &&
           client->bridge == NULL && !client->worker->settings->config.sys_anonymous;
}

bool is_claimed(const struct worker *worker, wax_bytes topic)
{
    return worker->broker->steward != NULL && wax_bytes_start_with(topic, WAX_TEXT(CONTROL_PREFIX));
}
