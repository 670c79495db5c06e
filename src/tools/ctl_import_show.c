/* What is in a database of Mosquitto, for people and as JSON. */
#include "tools/ctl_import_show.h"
#include "tools/json.h"

/* --- For people --- */

/* A word of the file; its control characters could tell a terminal what to do. */
static void show_word(wax_bytes word)
{
    for (size_t i = 0; i < word.size; i++) {
        (void)putchar(word.data[i] < 0x20 || word.data[i] == 0x7f ? '?' : word.data[i]);
    }
}

static void show_left(uint32_t left_s)
{
    if (left_s == 0) {
        (void)fputs(", expired", stdout);
    } else if (left_s != UINT32_MAX) {
        (void)printf(", expires in %u s", left_s);
    }
}

static void show_message(const wax_import_message *message, unsigned qos, int64_t now_s)
{
    show_word(message->topic);
    (void)printf("  QoS %u, %zu bytes", qos, message->payload.size);
    show_left(wax_import_seconds_left(message->expires_s, now_s));
    (void)putchar('\n');
}

static void show_subscription(const wax_import_subscription *row)
{
    (void)fputs("  subscribed to ", stdout);
    show_word(row->subscription.filter);
    (void)printf("  QoS %u%s%s", row->subscription.qos,
                 row->subscription.no_local ? ", no local" : "",
                 row->subscription.retain_as_published ? ", retain as published" : "");
    if (row->identifier != 0) {
        (void)printf(", identifier %u", row->identifier);
    }
    (void)putchar('\n');
}

static void show_owner(const struct import *import, const wax_import_session *session)
{
    wax_bytes owner;

    if (!ctl_takeover_owner(import, session, &owner)) {
        (void)fputs("  of whom the file does not tell", stdout);
    } else if (owner.size > 0) {
        (void)fputs("  of ", stdout);
        show_word(owner);
    }
}

static void show_session(const struct import *import, const wax_import_session *session)
{
    (void)fputs("session ", stdout);
    show_word(session->client.client_id);
    show_owner(import, session);
    show_left(ctl_takeover_is_over(import, session)
                  ? 0
                  : wax_import_seconds_left(session->client.expires_s, import->now_s));
    (void)putchar('\n');
    for (size_t i = 0; i < session->subscription_count; i++) {
        show_subscription(&session->subscriptions[i]);
    }
    for (size_t i = 0; i < session->queued_count; i++) {
        (void)fputs("  queued ", stdout);
        show_message(session->queued[i].message, session->queued[i].qos, import->now_s);
    }
}

static void show_text(const struct import *import)
{
    const wax_import_contents *contents = import->contents;

    (void)printf("%s: version %u, written %s\n", import->link->settings->words[0],
                 contents->version,
                 contents->config.was_shut_down ? "at the broker's end" : "while the broker ran");
    for (size_t i = 0; i < contents->retained_count; i++) {
        (void)fputs("retained ", stdout);
        show_message(contents->retained[i], contents->retained[i]->qos, import->now_s);
    }
    for (size_t i = 0; i < contents->session_count; i++) {
        show_session(import, &contents->sessions[i]);
    }
}

/* --- As JSON --- */

static void write_member(const char *name, wax_bytes text)
{
    (void)printf(",\"%s\":", name);
    tools_json_write_bytes(stdout, text);
}

static void write_message(const wax_import_message *message, unsigned qos)
{
    (void)printf("\"qos\":%u,\"expires_at\":%lld", qos, (long long)message->expires_s);
    write_member("topic", message->topic);
    tools_json_write_properties(stdout, message->properties);
    write_member("payload", message->payload);
    if (message->source_username.size > 0) {
        write_member("user", message->source_username);
    }
    write_member("client", message->source_id);
    (void)putchar('}');
}

static const char *word_of(bool claim)
{
    return claim ? "true" : "false";
}

static void write_subscription(const wax_import_subscription *row)
{
    const wax_subscription *subscription = &row->subscription;

    (void)printf("{\"qos\":%u,\"no_local\":%s,\"retain_as_published\":%s,\"retain_handling\":%u",
                 subscription->qos, word_of(subscription->no_local),
                 word_of(subscription->retain_as_published), subscription->retain_handling);
    if (row->identifier != 0) {
        (void)printf(",\"identifier\":%u", row->identifier);
    }
    write_member("filter", subscription->filter);
    (void)putchar('}');
}

static void write_session(const struct import *import, const wax_import_session *session)
{
    wax_bytes owner;

    (void)fputs("{\"what\":\"session\"", stdout);
    write_member("id", session->client.client_id);
    if (!ctl_takeover_owner(import, session, &owner)) {
        (void)fputs(",\"user\":null", stdout);
    } else {
        write_member("user", owner);
    }
    (void)printf(",\"expiry_s\":%u,\"expires_at\":%lld,\"subscriptions\":[",
                 session->client.session_expiry_s, (long long)session->client.expires_s);
    for (size_t i = 0; i < session->subscription_count; i++) {
        (void)fputs(i == 0 ? "" : ",", stdout);
        write_subscription(&session->subscriptions[i]);
    }
    (void)fputs("],\"queued\":[", stdout);
    for (size_t i = 0; i < session->queued_count; i++) {
        (void)fputs(i == 0 ? "{" : ",{", stdout);
        write_message(session->queued[i].message, session->queued[i].qos);
    }
    (void)puts("]}");
}

static void write_json(const struct import *import)
{
    const wax_import_contents *contents = import->contents;

    (void)printf("{\"what\":\"file\",\"version\":%u,\"was_shut_down\":%s,\"is_whole\":%s}\n",
                 contents->version, word_of(contents->config.was_shut_down),
                 word_of(contents->fault.text == NULL));
    for (size_t i = 0; i < contents->retained_count; i++) {
        (void)fputs("{\"what\":\"retained\",", stdout);
        write_message(contents->retained[i], contents->retained[i]->qos);
        (void)putchar('\n');
    }
    for (size_t i = 0; i < contents->session_count; i++) {
        write_session(import, &contents->sessions[i]);
    }
}

void ctl_import_show(const struct import *import)
{
    (import->link->settings->is_json ? write_json : show_text)(import);
}
