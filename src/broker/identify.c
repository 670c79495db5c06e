/* Who a CONNECT claims to come from, and under which client id. */
#include "broker/identify.h"

#include "broker/exchange.h"
#include "web/web.h"

#include <stdio.h>

/* The user name of the certificate that a proxy has seen, where it does TLS in our place. */
static wax_status identify_by_proxy(const struct connection *connection, struct pending *pending)
{
    const wax_listener_config *listener = login_listener(connection);
    const wax_proxy_header *header = wax_proxy_header_of(connection->transport);

    if (listener->require_certificate && (header == NULL || !header->has_certificate)) {
        return WAX_NOT_AUTHORIZED;
    }
    if (!listener->use_identity_as_username) {
        return WAX_OK;
    }
    if (header == NULL || header->common_name.size == 0) {
        return WAX_BAD_LOGIN;
    }
    snprintf(pending->subject, sizeof pending->subject, "%.*s", (int)header->common_name.size,
             (const char *)header->common_name.data);
    pending->user = wax_bytes_of_text(pending->subject);
    pending->has_user = true;
    pending->is_proven = true;
    return WAX_OK;
}

/* The name that TLS proves; "" if it proves none. A key shared beforehand proves its identity. */
static const char *proven_name(const wax_listener_config *listener, const wax_tls_peer *peer)
{
    if (listener->use_subject_as_username) {
        return peer->has_certificate ? peer->subject : "";
    }
    return peer->has_certificate ? peer->common_name : peer->psk_identity;
}

/* The user name that TLS proves, where the listener wants that. */
static wax_status identify_by_tls(struct connection *connection, struct pending *pending)
{
    const wax_listener_config *listener = login_listener(connection);
    const wax_transport *tls = wax_tls_find(connection->transport);
    wax_tls_peer peer;

    if (listener->proxy_protocol == 2 && !wax_config_has_tls(listener)) {
        return identify_by_proxy(connection, pending);
    }
    if (!listener->use_identity_as_username && !listener->use_subject_as_username) {
        return WAX_OK;
    }
    if (tls == NULL || wax_tls_read_peer(tls, &peer) != WAX_OK) {
        return WAX_BAD_LOGIN;
    }
    snprintf(pending->subject, sizeof pending->subject, "%s", proven_name(listener, &peer));
    if (pending->subject[0] == '\0') {
        return WAX_BAD_LOGIN;
    }
    pending->user = wax_bytes_of_text(pending->subject);
    pending->has_user = true;
    pending->is_proven = true;
    return WAX_OK;
}

/* A client id for whoever brought none. [MQTT-3.1.3-6] */
static void assign_id(const struct connection *connection, struct pending *pending)
{
    const char *prefix = login_listener(connection)->auto_id_prefix;
    uint64_t random[2];

    wax_os_random(random, sizeof random);
    snprintf(pending->assigned_id, sizeof pending->assigned_id, "%.50s%016llX%016llX",
             prefix == NULL ? "" : prefix, (unsigned long long)random[0],
             (unsigned long long)random[1]);
    pending->id = wax_bytes_of_text(pending->assigned_id);
    pending->is_assigned = true;
}

wax_status identify_client(struct connection *connection, struct pending *pending)
{
    const struct policy *policy = login_policy(connection);
    const char *prefix = connection->worker->settings->config.clientid_prefixes;
    wax_access_identity identity;

    if (login_listener(connection)->use_username_as_clientid) {
        if (!pending->has_user || pending->user.size == 0) {
            return WAX_NOT_AUTHORIZED;
        }
        pending->id = pending->user;
        pending->is_assigned = pending->connect.client_id.size == 0;
    }
    if (pending->id.size == 0) {
        assign_id(connection, pending);
    }
    if (!wax_bytes_start_with(pending->id, wax_bytes_of_text(prefix))) {
        return WAX_BAD_CLIENT_ID;
    }
    identity = (wax_access_identity){pending->user, pending->has_user, pending->id};
    return wax_identity_is_safe(policy->has_rules ? &policy->rules : NULL, &identity)
               ? WAX_OK
               : WAX_BAD_CLIENT_ID;
}

wax_status identify(struct connection *connection, struct pending *pending)
{
    wax_status status;

    pending->user = pending->connect.username;
    pending->has_user = pending->connect.has_username;
    pending->id = pending->connect.client_id;
    status = identify_by_tls(connection, pending);
    if (status == WAX_OK && connection->session.has_authentication) {
        status = exchange_identify(connection, pending);
    }
    pending->is_token = !pending->is_proven && connection->exchange == NULL &&
                        login_policy(connection)->tokens.key_count > 0 &&
                        wax_token_is_meant(pending->connect.password);
    return status != WAX_OK || pending->is_token ? status : identify_client(connection, pending);
}
