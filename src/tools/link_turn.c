/* A link runs: connections come and go, bytes move, signals stop it. */
#include "tools/dial.h"
#include "tools/link.h"
#include "tools/refusal.h"
#include "tools/scram.h"
#include "tools/sealed_link.h"
#include "tools/trace.h"
#include "tools/web.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    ROOM_MS = 20,      /* how often to look whether there is room, when nothing else tells */
    TURN_MAX_MS = 500, /* a signal that comes between the look and the wait is seen that late */
    FINISH_MS = 5000,
    LINGER_MS = 2000,
};

static volatile sig_atomic_t stopped;
static int obeyed; /* the signal that LINK_STOPPED was told for */

static void note_signal(int number)
{
    stopped = number;
}

void tools_link_obey_signal(void)
{
    if (obeyed != 0) {
        (void)raise(obeyed); /* its handler is gone since it came */
    }
}

/* A second signal of the same kind ends the process at once. */
static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND};

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

/* Ends a connection so that the broker gets all we said: what is closed with unread bytes in it is
 * reset, and our last acknowledgements with it. */
static void leave(const struct link *link)
{
    uint64_t until_ms = wax_clock_ms() + LINGER_MS;
    wax_status status = wax_transport_close(link->transport);
    uint8_t room[4096];
    size_t received;

    while (status == WAX_MORE && tools_dial_wait(link->transport, until_ms)) {
        status = wax_transport_close(link->transport);
    }
    do {
        status = wax_transport_receive(link->transport, room, sizeof room, &received);
    } while (status == WAX_OK ||
             (status == WAX_MORE && tools_dial_wait(link->transport, until_ms)));
}

static enum link_turn end(struct link *link, int code)
{
    link->code = code;
    if (code != EXIT_GOOD && !link->is_silent) {
        tools_say(link->settings, "%s", link->fault);
    }
    return LINK_ENDED;
}

bool tools_link_stack(const struct settings *settings, wax_tls_context *tls,
                      wax_transport **transport, wax_transport **secured, char fault[static 800])
{
    wax_transport *upgraded;

    *secured = NULL;
    if (tls != NULL) {
        *secured = wax_tls_connect(tls, *transport, settings->host);
        if (*secured == NULL) {
            (void)snprintf(fault, 800, "'%s' is no name that TLS can check", settings->host);
            return false;
        }
        *transport = *secured;
    }
    if (settings->uses_websocket) {
        upgraded = tools_web_open(settings, *transport);
        if (upgraded == NULL) {
            (void)snprintf(fault, 800, "'%s' is no name of a host", settings->host);
            return false;
        }
        *transport = upgraded;
    }
    return true;
}

/* Puts on top what -d wants. */
static bool put_trace(struct link *link)
{
    const struct settings *settings = link->settings;
    const struct trace_settings wanted = {
        .out = stdout,
        .version = link->config.version,
        .client_id = link->config.client_id,
        .tells_subscriptions = settings->tool == TOOL_SUB && !settings->is_quiet,
    };
    wax_transport *traced = tools_trace_open(&wanted, link->transport);

    link->transport = traced != NULL ? traced : link->transport;
    return traced != NULL;
}

/* Dials, and puts TLS upon it. */
static bool connect_to(struct link *link)
{
    const struct settings *settings = link->settings;

    if (tools_dial(settings, &link->transport, link->fault, sizeof link->fault) != WAX_OK) {
        return false;
    }
    if (!tools_link_stack(settings, link->tls, &link->transport, &link->secured, link->fault)) {
        tools_link_hang_up(link);
        return false;
    }
    if (settings->is_debug && !put_trace(link)) {
        (void)snprintf(link->fault, sizeof link->fault, "there is not enough memory");
        tools_link_hang_up(link);
        return false;
    }
    if (link->scram != NULL && tools_scram_begin(link->scram, &link->config.properties) != WAX_OK) {
        (void)snprintf(link->fault, sizeof link->fault, "the user name is too long for --scram");
        tools_link_hang_up(link);
        return false;
    }
    if (link->sealed != NULL && !tools_sealed_link_will(link)) {
        tools_link_hang_up(link);
        return false;
    }
    if (wax_client_attach(&link->client, link->transport, wax_clock_ms()) != WAX_OK) {
        (void)snprintf(link->fault, sizeof link->fault, "CONNECT is too large");
        tools_link_hang_up(link);
        return false;
    }
    return true;
}

/* The application's answer to WAX_CLIENT_WANTS_CONNECTION. False when the end has come. */
static bool dial(struct link *link)
{
    if (connect_to(link)) {
        return true;
    }
    if (!link->was_open && !link->persists) {
        size_t used = strlen(link->fault);

        (void)snprintf(link->fault + used, sizeof link->fault - used,
                       "; are host and port right, and does a broker run there? `wax doctor` finds "
                       "out more");
        link->status = WAX_IO;
        return false;
    }
    if (link->persists) {
        tools_say(link->settings, "%s; trying again", link->fault);
    } else {
        tools_debug(link->settings, "%s; trying again", link->fault);
    }
    wax_client_detach(&link->client, wax_clock_ms());
    return true;
}

static enum link_turn refuse(struct link *link, const wax_client_event *event)
{
    wax_property text = {
        .value = {NULL, 0}
    };

    (void)wax_property_find(event->connack.properties, WAX_REASON_STRING, &text);
    (void)snprintf(link->fault, sizeof link->fault, "the broker refused the connection: %s%s%.*s",
                   tools_refusal_text(event->reason), text.value.size > 0 ? "; it says: " : "",
                   (int)text.value.size, text.value.size > 0 ? (const char *)text.value.data : "");
    link->is_refused = true;
    link->status = (wax_status)event->reason;
    link->reason = event->reason;
    tools_link_hang_up(link);
    return end(link, tools_refusal_code(event->reason, link->settings->version));
}

/* Whether it is refused for now only, and somebody waits for it. */
static bool is_tried_again(struct link *link, const wax_client_event *event)
{
    if (!link->persists ||
        (event->reason != WAX_SERVER_UNAVAILABLE && event->reason != WAX_SERVER_BUSY)) {
        return false;
    }
    tools_say(link->settings, "the broker refused the connection: %s; trying again",
              tools_refusal_text(event->reason));
    tools_link_hang_up(link);
    return true;
}

/* Ends a connection to a broker that does not prove itself. */
static bool distrust(struct link *link, const char *reason)
{
    (void)snprintf(link->fault, sizeof link->fault, "--scram: %s", reason);
    link->status = WAX_UNTRUSTED;
    tools_link_hang_up(link);
    return false;
}

/* Answers AUTH. Returns whether the connection goes on. */
static bool prove(struct link *link, const wax_notice *asked)
{
    wax_notice answer;
    const char *fault = tools_scram_answer(link->scram, asked->properties, &answer);

    if (fault == NULL && wax_client_authenticate(&link->client, &answer) != WAX_OK) {
        fault = "the broker takes no answer";
    }
    return fault == NULL || distrust(link, fault);
}

/* Whether the broker that lets us in is the one that knows the password. */
static bool is_proven(struct link *link, const wax_client_event *event)
{
    return link->scram == NULL || tools_scram_is_proven(link->scram, event->connack.properties) ||
           distrust(link, "the broker does not prove that it knows the password: it is not the one "
                          "that this user belongs to");
}

/* What the transport says, or what the status means. */
static void explain(struct link *link, const wax_client_event *event)
{
    const char *words = "";
    const char *next = "";

    if (event->status == WAX_UNTRUSTED || event->status == WAX_IO ||
        event->status == WAX_PROTOCOL_ERROR) {
        words = wax_transport_explain(link->transport);
    } else if (event->status == WAX_CLOSED) {
        words = link->was_open ? "the broker closed the connection"
                               : "the broker closed the connection without an answer to CONNECT";
        next = link->was_open ? ""
                              : "; is this a port for plain MQTT, or for TLS? `wax doctor` "
                                "finds out more";
    }
    if (event->status == WAX_MALFORMED && !link->was_open) {
        next = "; perhaps the broker does not speak this version of MQTT: try -V 311";
    }
    if (words[0] == '\0') {
        words = wax_status_text((wax_status)event->status);
    }
    if (event->notice.reason >= 0x80) {
        words = wax_status_text((wax_status)event->notice.reason);
    }
    (void)snprintf(link->fault, sizeof link->fault, "the connection was lost: %s%s", words, next);
    if (!link->was_open && link->secured != NULL && !wax_tls_is_ready(link->secured)) {
        (void)snprintf(link->fault, sizeof link->fault, "TLS failed: %s",
                       event->status == WAX_CLOSED
                           ? "the broker closed the connection during the handshake; is this a "
                             "port for plain MQTT? `wax doctor` finds out more"
                           : words);
    }
}

/* Says whether the client will try again; if not, the end has come. */
static bool lose(struct link *link, const wax_client_event *event)
{
    bool is_tls = link->secured != NULL &&
                  (!wax_tls_is_ready(link->secured) || event->status == WAX_UNTRUSTED ||
                   (!link->was_open && event->status == WAX_IO));

    link->status = (wax_status)event->status;
    link->reason = event->notice.reason;
    if (event->status == WAX_OK) {
        leave(link);
        tools_link_hang_up(link);
        link->code = EXIT_GOOD;
        return false;
    }
    explain(link, event);
    tools_link_hang_up(link);
    link->code = is_tls ? EXIT_TLS : event->notice.reason >= 0x80 ? EXIT_SENT_AWAY : EXIT_LOST;
    if ((!link->was_open && !link->persists) || link->client.state == WAX_CLIENT_ENDED) {
        return false;
    }
    tools_say(link->settings, "%s; trying again", link->fault);
    return true;
}

/* Waits for bytes, input, or the time when something is due. Returns whether there is input. */
static bool wait(struct link *link, uint64_t now_ms)
{
    uint64_t due_ms = tools_sealed_link_deadline_ms(link);
    unsigned waits = link->transport == NULL ? 0 : wax_client_waits(&link->client);
    struct pollfd watched[] = {
        {.fd = link->input, .events = POLLIN},
        {.fd = -1                },
    };
    int wait_ms = link->wants_room && (waits & WAX_WAITS_TO_WRITE) == 0 ? ROOM_MS : TURN_MAX_MS;

    due_ms = link->wake_ms < due_ms ? link->wake_ms : due_ms;
    if (due_ms <= now_ms) {
        wait_ms = 0;
    } else if (due_ms - now_ms < (uint64_t)wait_ms) {
        wait_ms = (int)(due_ms - now_ms);
    }
    if (waits != 0) {
        watched[1].fd = wax_socket_descriptor(link->transport);
        watched[1].events = (short)(((waits & WAX_WAITS_TO_READ) != 0 ? POLLIN : 0) |
                                    ((waits & WAX_WAITS_TO_WRITE) != 0 ? POLLOUT : 0));
    }
    return poll(watched, WAX_COUNT(watched), wait_ms) > 0 && watched[0].revents != 0;
}

/* Deals with what is not for the tool. Returns whether `turn` is to be returned. */
static bool handle(struct link *link, const wax_client_event *event, enum link_turn *turn)
{
    *turn = LINK_EVENT;
    switch (event->type) {
    case WAX_CLIENT_NOTHING:
        return false;
    case WAX_CLIENT_WANTS_CONNECTION:
        if (stopped != 0) {
            obeyed = stopped;
            *turn = LINK_STOPPED;
            return true;
        }
        if (dial(link)) {
            return false;
        }
        *turn = end(link, EXIT_WRONG);
        return true;
    case WAX_CLIENT_REFUSED:
        if (is_tried_again(link, event)) {
            return false;
        }
        *turn = refuse(link, event);
        return true;
    case WAX_CLIENT_DISCONNECTED:
        if (lose(link, event)) {
            return false;
        }
        *turn = end(link, link->code);
        return true;
    case WAX_CLIENT_CONNECTED:
        if (link->sealed != NULL && link->is_ready) {
            return true; /* the second time: the keys have come */
        }
        if (!is_proven(link, event)) {
            *turn = end(link, EXIT_WRONG);
            return true;
        }
        link->was_open = true;
        link->is_ready = link->sealed == NULL;
        return link->is_ready;
    case WAX_CLIENT_AUTHENTICATE:
        if (link->scram != NULL && !prove(link, &event->notice)) {
            *turn = end(link, EXIT_WRONG);
        }
        return link->scram == NULL || *turn != LINK_EVENT;
    default:
        return true;
    }
}

/* Whether the next piece of a message that goes out in pieces can follow at once. */
static bool has_drained(const wax_client *client)
{
    return client->is_streaming && client->send_start == client->send_end;
}

enum link_turn tools_link_next(struct link *link, wax_client_event *event)
{
    enum link_turn turn = LINK_EVENT;
    bool has_waited = false;
    bool has_event;

    if (!link->is_watched) {
        link->is_watched = true;
        watch_signals();
    }
    for (;;) {
        uint64_t now_ms = wax_clock_ms();

        if (stopped != 0) {
            obeyed = stopped;
            return LINK_STOPPED;
        }
        if (link->wake_ms <= now_ms) {
            link->wake_ms = WAX_NEVER;
            return LINK_DUE;
        }
        has_event = link->sealed == NULL ? wax_client_poll(&link->client, now_ms, event)
                                         : tools_sealed_link_poll(link, now_ms, event);
        if (has_event && handle(link, event, &turn)) {
            return turn;
        }
        if (has_event && link->sealed != NULL) {
            return LINK_MOVED; /* what sealing itself had asked for may have been waited for */
        }
        if (has_event) {
            continue;
        }
        if (link->wants_room && (has_waited || has_drained(&link->client))) {
            return LINK_MOVED;
        }
        if (wait(link, now_ms)) {
            return LINK_INPUT;
        }
        has_waited = true;
    }
}

int tools_link_finish(struct link *link, int code)
{
    enum link_turn turn = LINK_EVENT;
    wax_client_event event;

    link->is_silent = true;
    link->input = -1;
    link->wants_room = false;
    link->wake_ms = wax_clock_ms() + FINISH_MS;
    stopped = 0;
    if (link->sealed != NULL) {
        tools_sealed_finish(link->sealed);
    }
    if (link->transport != NULL) {
        wax_client_disconnect(&link->client, link->farewell);
        while (turn == LINK_EVENT) {
            turn = tools_link_next(link, &event);
        }
    }
    return code;
}
