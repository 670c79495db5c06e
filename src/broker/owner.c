/* Whose a session is: a name alone does not tell, since each listener may ask somebody else for it.
 */
#include "broker/owner.h"

static bool is_same(const char *one, const char *other)
{
    return wax_bytes_equal(wax_bytes_of_text(one), wax_bytes_of_text(other));
}

static bool has_proven_names(const wax_listener_config *listener)
{
    return listener->use_identity_as_username || listener->use_subject_as_username;
}

/* What vouches for the name in a certificate, or of a key. */
static bool has_same_authorities(const wax_listener_config *one, const wax_listener_config *other)
{
    return one->use_subject_as_username == other->use_subject_as_username &&
           one->proxy_protocol == other->proxy_protocol && is_same(one->cafile, other->cafile) &&
           is_same(one->capath, other->capath) && is_same(one->psk_file, other->psk_file);
}

static bool has_same_passwords(const wax_listener_config *one, const wax_listener_config *other)
{
    return is_same(one->password_file, other->password_file) &&
           is_same(one->dynamic_security_file, other->dynamic_security_file) &&
           is_same(one->jwt_keys, other->jwt_keys) && is_same(one->jwt_issuer, other->jwt_issuer) &&
           is_same(one->jwt_audience, other->jwt_audience);
}

/* Whether a name means the same at both. */
static bool has_same_names(const wax_listener_config *one, const wax_listener_config *other)
{
    if (has_proven_names(one) != has_proven_names(other)) {
        return false;
    }
    return has_proven_names(one) ? has_same_authorities(one, other)
                                 : has_same_passwords(one, other);
}

bool is_owner(const struct client *client, const struct connection *connection)
{
    const wax_config *config = &connection->worker->settings->config;
    const struct pending *pending = connection->pending;

    if (client->listener >= config->listener_count || client->has_user != pending->has_user ||
        !wax_bytes_equal(client->user, pending->user)) {
        return false;
    }
    return !client->has_user || client->listener == connection->listener ||
           has_same_names(&config->listeners[client->listener],
                          &config->listeners[connection->listener]);
}
