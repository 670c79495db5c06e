/* What is in a database of Mosquitto, for people and as JSON. */
#include "tools/import_show.h"
#include "tools/json.h"

#include <stdio.h>

/* --- For people --- */

static void show_message(const wax_import_message *message, unsigned qos, int64_t now_s)
{
    uint32_t left_s = wax_import_seconds_left(message->expires_s, now_s);

    tools_takeover_show(message->topic);
    (void)printf("  QoS %u, %zu bytes", qos, message->payload.size);
    if (left_s == 0) {
        (void)printf(", expired");
    } else if (left_s != UINT32_MAX) {
        (void)printf(", expires in %u s", left_s);
    }
    (void)putchar('\n');
}

static void show_subscription(const wax_import_subscription *row)
{
    (void)printf("  subscribed to ");
    tools_takeover_show(row->subscription.filter);
    (void)printf("  QoS %u%s%s", row->subscription.qos,
                 row->subscription.no_local ? ", no local" : "",
                 row->subscription.retain_as_published ? ", retain as published" : "");
    if (row->identifier != 0) {
        (void)printf(", identifier %u", row->identifier);
    }
    (void)putchar('\n');
}

static void show_session(const struct import *import, const wax_import_session *session)
{
    uint32_t left_s = wax_import_seconds_left(session->client.expires_s, import->now_s);

    (void)printf("session ");
    tools_takeover_show(session->client.client_id);
    if (session->client.username.size > 0) {
        (void)printf("  of ");
        tools_takeover_show(session->client.username);
        (void)printf("%s", session->client.is_owner_known ? "" : ", perhaps");
    }
    if (tools_takeover_is_over(import, session)) {
        (void)printf("  expired");
    } else if (left_s != UINT32_MAX) {
        (void)printf("  expires in %u s", left_s);
    }
    (void)putchar('\n');
    for (size_t i = 0; i < session->subscription_count; i++) {
        show_subscription(&session->subscriptions[i]);
    }
    for (size_t i = 0; i < session->queued_count; i++) {
        (void)printf("  queued ");
        show_message(session->queued[i].message, session->queued[i].qos, import->now_s);
    }
}

struct left_row {
    size_t count;
    const char *text;
};

static void show_left_out(const wax_import_contents *contents)
{
    const struct left_row rows[] = {
        {contents->incoming_count,        "messages at QoS 2 that their senders have not released"  },
        {contents->received_count,        "messages at QoS 2 that their clients have already"       },
        {contents->homeless_count,        "subscriptions and messages of clients that are not there"},
        {contents->missing_count,         "references to messages that are not there"               },
        {contents->lost_properties_count,
         "messages without properties: MQTT does not allow what it has"                             },
        {contents->skipped_count,         "chunks of an unknown kind"                               },
    };

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].count > 0) {
            (void)printf("%8zu %s\n", rows[i].count, rows[i].text);
        }
    }
}

static void show_text(const struct import *import)
{
    const wax_import_contents *contents = import->contents;
    bool is_verbose = import->settings->is_verbose;

    (void)printf("%s: version %u, written %s\n", import->settings->operand, contents->version,
                 contents->config.was_shut_down ? "at the broker's end" : "while the broker ran");
    (void)printf(
        "%8zu retained messages\n%8zu sessions\n%8zu subscriptions\n%8zu queued messages\n",
        contents->retained_count, contents->session_count, contents->subscription_count,
        contents->queued_count);
    show_left_out(contents);
    for (size_t i = 0; is_verbose && i < contents->retained_count; i++) {
        (void)printf("retained ");
        show_message(contents->retained[i], contents->retained[i]->qos, import->now_s);
    }
    for (size_t i = 0; is_verbose && i < contents->session_count; i++) {
        show_session(import, &contents->sessions[i]);
    }
}

/* --- As JSON --- */

static void write_member(const char *name, wax_bytes text)
{
    (void)printf("\"%s\":", name);
    tools_json_write_bytes(stdout, text);
}

static void write_message(const wax_import_message *message, unsigned qos)
{
    (void)putchar('{');
    write_member("topic", message->topic);
    (void)printf(",\"qos\":%u,\"expires\":%lld", qos, (long long)message->expires_s);
    tools_json_write_properties(stdout, message->properties);
    (void)putchar(',');
    write_member("payload", message->payload);
    if (message->source_username.size > 0) {
        (void)putchar(',');
        write_member("source-username", message->source_username);
    }
    (void)putchar(',');
    write_member("source-id", message->source_id);
    (void)putchar('}');
}

static const char *comma(size_t index)
{
    return index == 0 ? "\n" : ",\n";
}

static void write_subscription(const wax_import_subscription *row)
{
    const wax_subscription *subscription = &row->subscription;

    (void)putchar('{');
    write_member("filter", subscription->filter);
    (void)printf(",\"qos\":%u,\"no-local\":%s,\"retain-as-published\":%s,\"identifier\":%u}",
                 subscription->qos, subscription->no_local ? "true" : "false",
                 subscription->retain_as_published ? "true" : "false", row->identifier);
}

static void write_session(const wax_import_session *session)
{
    (void)putchar('{');
    write_member("client-id", session->client.client_id);
    (void)putchar(',');
    write_member("username", session->client.username);
    (void)printf(
        ",\"is-owner-known\":%s,\"session-expiry\":%u,\"expires\":%lld,\"subscriptions\":[",
        session->client.is_owner_known ? "true" : "false", session->client.session_expiry_s,
        (long long)session->client.expires_s);
    for (size_t i = 0; i < session->subscription_count; i++) {
        (void)fputs(i == 0 ? "" : ",", stdout);
        write_subscription(&session->subscriptions[i]);
    }
    (void)fputs("],\"queued\":[", stdout);
    for (size_t i = 0; i < session->queued_count; i++) {
        (void)fputs(i == 0 ? "" : ",", stdout);
        write_message(session->queued[i].message, session->queued[i].qos);
    }
    (void)fputs("]}", stdout);
}

static void write_json(const wax_import_contents *contents)
{
    (void)printf("{\"version\":%u,\"was-shut-down\":%s,\"is-whole\":%s,\"retained\":[",
                 contents->version, contents->config.was_shut_down ? "true" : "false",
                 contents->fault.text == NULL ? "true" : "false");
    for (size_t i = 0; i < contents->retained_count; i++) {
        (void)fputs(comma(i), stdout);
        write_message(contents->retained[i], contents->retained[i]->qos);
    }
    (void)fputs("],\"sessions\":[", stdout);
    for (size_t i = 0; i < contents->session_count; i++) {
        (void)fputs(comma(i), stdout);
        write_session(&contents->sessions[i]);
    }
    (void)puts("]}");
}

void tools_import_show(const struct import *import)
{
    if (import->settings->shows_json) {
        write_json(import->contents);
    } else {
        show_text(import);
    }
}
