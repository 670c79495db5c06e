/* wax import: the sessions. Each is made by a connection with its client id, which subscribes and
 * leaves. */
#include "tools/import_sessions.h"
#include "os/os.h"
#include "tools/link.h"

#include <stdio.h>

enum {
    QUEUE_SIZE = 256 * 1024, /* more than the largest subscription */
    NEVER_SENT = 2,          /* retain handling: the client has the retained messages already */
};

/* One session that is being made. */
struct maker {
    struct import *import;
    const wax_import_session *session;
    struct link link;
    size_t next; /* the first subscription that was not asked for */
    size_t answered_count;
    size_t refused_count;
};

static void fail(const struct maker *maker, const char *why)
{
    tools_takeover_fail(maker->import, "the session of", maker->session->client.client_id, why);
}

static wax_status ask_one(struct maker *maker, const wax_import_subscription *row)
{
    uint8_t room[8];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_subscription subscription = row->subscription;
    uint32_t token;

    subscription.retain_handling = NEVER_SENT;
    if (row->identifier != 0) {
        wax_property_write_number(&out, WAX_SUBSCRIPTION_ID, row->identifier);
    }
    return wax_client_subscribe(&maker->link.client,
                                &(wax_client_request){&subscription, 1, wax_writer_bytes(&out)},
                                &token);
}

/* Asks for what can be asked for now. */
static void ask_all(struct maker *maker)
{
    maker->link.wants_room = false;
    for (; maker->next < maker->session->subscription_count; maker->next++) {
        const wax_import_subscription *row = &maker->session->subscriptions[maker->next];
        wax_status status =
            wax_utf8_is_valid(row->subscription.filter) ? ask_one(maker, row) : WAX_INVALID;

        if (status == WAX_FULL) {
            maker->link.wants_room = true;
            return;
        }
        if (status != WAX_OK) {
            maker->refused_count++;
            maker->answered_count++;
        }
    }
}

static void note_answer(struct maker *maker, const wax_client_event *event)
{
    bool is_granted = event->status == WAX_OK && event->suback.reasons.size == 1 &&
                      event->suback.reasons.data[0] < 0x80;

    maker->answered_count++;
    maker->refused_count += is_granted ? 0 : 1;
}

/* Goes on as far as it can. Returns whether every subscription was answered. */
static bool go_on(struct maker *maker)
{
    if (!maker->link.was_open) {
        return false;
    }
    ask_all(maker);
    return maker->answered_count == maker->session->subscription_count;
}

/* Returns WAX_OK once the session is there. */
static wax_status run(struct maker *maker)
{
    wax_client_event event;

    for (;;) {
        enum link_turn turn = tools_link_next(&maker->link, &event);

        if (turn == LINK_ENDED) {
            fail(maker, maker->link.fault);
            return maker->link.status == WAX_IO ? WAX_IO : WAX_NOT_AUTHORIZED;
        }
        if (turn == LINK_STOPPED) {
            (void)tools_link_finish(&maker->link, EXIT_WRONG);
            return WAX_IO;
        }
        if (turn == LINK_EVENT && event.type == WAX_CLIENT_SUBSCRIBED) {
            note_answer(maker, &event);
        }
        if (go_on(maker)) {
            (void)tools_link_finish(&maker->link, EXIT_GOOD);
            return WAX_OK;
        }
    }
}

/* Makes one session. Returns WAX_IO when there is no broker to ask for another one. */
static wax_status make(struct maker *maker)
{
    const struct import *import = maker->import;
    const wax_import_client *client = &maker->session->client;
    uint32_t left_s = wax_import_seconds_left(client->expires_s, import->now_s);
    wax_status status = WAX_IO;

    if (tools_link_open(&maker->link, import->settings, QUEUE_SIZE)) {
        maker->link.is_silent = true;
        maker->link.config.connects_once = true;
        maker->link.config.client_id = client->client_id;
        maker->link.config.clean_start = false;
        maker->link.config.acknowledges = false; /* what comes is for the client to receive */
        maker->link.config.session_expiry_s =
            left_s < client->session_expiry_s ? left_s : client->session_expiry_s;
        status = run(maker);
    }
    tools_link_close(&maker->link);
    if (status == WAX_OK && maker->refused_count > 0) {
        fail(maker, "the broker refused some of its subscriptions");
    }
    return status;
}

struct tally {
    size_t made;
    size_t over;
    size_t foreign;
    size_t subscriptions;
};

static void tell(const struct import *import, const struct tally *tally)
{
    (void)printf("%zu of %zu sessions were taken over, with %zu subscriptions", tally->made,
                 import->contents->session_count, tally->subscriptions);
    if (tally->over > 0) {
        (void)printf("; %zu had expired", tally->over);
    }
    if (tally->foreign > 0) {
        (void)printf("; %zu belong to other users, or the file does not tell", tally->foreign);
    }
    (void)putchar('\n');
}

int tools_import_sessions(struct import *import)
{
    const wax_import_contents *contents = import->contents;
    struct tally tally = {0};
    wax_status status = WAX_OK;

    for (size_t i = 0; i < contents->session_count && status != WAX_IO; i++) {
        static struct maker maker;
        const wax_import_session *session = &contents->sessions[i];

        tools_takeover_progress(import, "sessions", i, contents->session_count);
        if (tools_takeover_is_over(import, session)) {
            tally.over++;
        } else if (!tools_takeover_is_ours(import, session)) {
            tally.foreign++;
        } else {
            maker = (struct maker){.import = import, .session = session};
            status = make(&maker);
            tally.made += status == WAX_OK ? 1 : 0;
            tally.subscriptions +=
                status == WAX_OK ? maker.answered_count - maker.refused_count : 0;
        }
    }
    tools_takeover_progress(import, "sessions", contents->session_count, contents->session_count);
    tell(import, &tally);
    return status == WAX_IO ? EXIT_WRONG : EXIT_GOOD;
}
