/* The client's end of a connection: the client room over a socket, a meter and, where the level has
 * it, TLS. */
#include "levels/inner.h"
#include "os/os.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    RECEIVE_SIZE = 1024,
    SEND_SPARE = 512, /* beside a piece: heads of packets */
    QUEUE_SIZE = 256, /* requests, and records of streams */
    SESSION_SIZE = 8192,
    TCP_CONNECT_MS = 10000,
    STEP_MS = 200,
};

bool levels_fail(wax_levels_result *result, wax_status status, const char *format, ...)
{
    va_list arguments;

    if (result->fault[0] == '\0') {
        bool is_memory = levels_heap_has_refused();

        result->status = is_memory ? WAX_FULL : status;
        va_start(arguments, format);
        (void)vsnprintf(result->fault, sizeof result->fault, format, arguments);
        va_end(arguments);
        if (is_memory) {
            (void)snprintf(result->fault, sizeof result->fault,
                           "the memory limit does not hold what this level takes");
        }
    }
    return false;
}

static bool fail_without_memory(wax_levels_result *result)
{
    return levels_fail(result, WAX_FULL, "there is not enough memory");
}

/* ---- Rooms and contexts ---- */

static bool make_tls(struct levels_end *end)
{
    uint8_t key[sizeof WAX_LEVELS_PSK / 2];
    char ca[96];
    char certificate[96];
    char own_key[96];
    wax_tls_settings settings = {
        .oldest_version = end->row->version,
        .newest_version = end->row->version,
    };
    wax_problem problem;
    unsigned byte;

    (void)snprintf(ca, sizeof ca, "%s/ca.crt", end->plan->folder);
    (void)snprintf(certificate, sizeof certificate, "%s/client.crt", end->plan->folder);
    (void)snprintf(own_key, sizeof own_key, "%s/client.key", end->plan->folder);
    if (end->row->door == WAX_DOOR_PSK) {
        for (size_t i = 0; i < sizeof key; i++) {
            /* NOLINTNEXTLINE(cert-err34-c): a constant of ours */
            (void)sscanf(&WAX_LEVELS_PSK[2 * i], "%2x", &byte);
            key[i] = (uint8_t)byte;
        }
        settings.psk_identity = WAX_LEVELS_USER;
        settings.psk_key = wax_bytes_of(key, sizeof key);
    } else {
        settings.cafile = ca;
    }
    if (end->row->door == WAX_DOOR_MUTUAL) {
        settings.certfile = certificate;
        settings.keyfile = own_key;
    }
    return wax_tls_make_client(&settings, &end->tls, &problem) == WAX_OK ||
           levels_fail(end->result, WAX_IO, "TLS: %.200s", problem.text);
}

static bool make_rooms(struct levels_end *end)
{
    size_t send_size = end->plan->chunk + SEND_SPARE;

    end->rooms = levels_take(RECEIVE_SIZE + send_size + QUEUE_SIZE);
    end->session = end->plan->resumes ? levels_take(SESSION_SIZE) : NULL;
    if (end->rooms == NULL || (end->plan->resumes && end->session == NULL)) {
        return fail_without_memory(end->result);
    }
    end->config = (wax_client_config){
        .version = WAX_VERSION_3_1_1,
        .clean_start = true,
        .acknowledges = true,
        .streams = true,
        .connects_once = true,
        .connect_timeout_ms = end->plan->patience_ms,
        .receive_room = end->rooms,
        .receive_size = RECEIVE_SIZE,
        .send_room = end->rooms + RECEIVE_SIZE,
        .send_size = send_size,
        .queue_room = end->rooms + RECEIVE_SIZE + send_size,
        .queue_size = QUEUE_SIZE,
        .outgoing_slots = end->slots,
        .outgoing_count = 2,
        .incoming_slots = end->slots + 2,
        .incoming_count = 2,
    };
    if (end->row->door == WAX_DOOR_LOGIN) {
        end->config.username = wax_bytes_of_text(WAX_LEVELS_USER);
        end->config.password = wax_bytes_of_text(WAX_LEVELS_PASSWORD);
    }
    return true;
}

bool levels_end_open(struct levels_end *end, const wax_levels_plan *plan, wax_levels_result *result)
{
    *end = (struct levels_end){.plan = plan, .result = result, .row = &wax_levels[plan->level]};
    (void)snprintf(end->topic, sizeof end->topic, "wax-bench/levels/%ld", (long)getpid());
    return (end->row->version == WAX_TLS_ANY || make_tls(end)) && make_rooms(end);
}

static void hang_up(struct levels_end *end)
{
    if (end->transport != NULL) {
        wax_transport_release(end->transport);
    }
    end->transport = NULL;
    end->secured = NULL;
}

void levels_end_close(struct levels_end *end)
{
    hang_up(end);
    wax_tls_release(end->tls);
    levels_give(end->session);
    levels_give(end->rooms);
}

/* ---- Turns ---- */

/* Waits until the descriptor is ready for that, at most for a step: then the client looks itself,
 * as the tools do. */
static bool await(struct levels_end *end, unsigned waits)
{
    struct pollfd wanted = {.fd = wax_socket_descriptor(end->transport)};
    int count;

    wanted.events = (short)((waits & WAX_WAITS_TO_READ) != 0 ? POLLIN : 0);
    wanted.events = (short)(wanted.events | ((waits & WAX_WAITS_TO_WRITE) != 0 ? POLLOUT : 0));
    count = poll(&wanted, 1, STEP_MS);
    end->idle_ms = count > 0 ? 0 : end->idle_ms + STEP_MS;
    return end->idle_ms < end->plan->patience_ms ||
           levels_fail(end->result, WAX_IO, "the broker said nothing for %u s",
                       end->plan->patience_ms / 1000);
}

static bool judge(struct levels_end *end, const wax_client_event *event)
{
    const char *words = end->transport != NULL ? wax_transport_explain(end->transport) : "";

    if (event->type == WAX_CLIENT_REFUSED) {
        return levels_fail(end->result, WAX_IO, "the broker refused the connection: %s",
                           wax_status_text((wax_status)event->reason));
    }
    if (event->type == WAX_CLIENT_DISCONNECTED && event->status != WAX_OK) {
        return levels_fail(end->result, WAX_IO, "the connection was lost: %s",
                           words[0] != '\0' ? words : wax_status_text((wax_status)event->status));
    }
    if ((event->type == WAX_CLIENT_SENT || event->type == WAX_CLIENT_DELIVERED ||
         event->type == WAX_CLIENT_SUBSCRIBED) &&
        event->status != WAX_OK) {
        return levels_fail(end->result, WAX_IO, "the broker did not take it: %s",
                           wax_status_text((wax_status)event->status));
    }
    if (event->type == WAX_CLIENT_SENT || event->type == WAX_CLIENT_DELIVERED) {
        end->told = event->token;
    }
    return true;
}

bool levels_end_await(struct levels_end *end)
{
    return await(end, wax_client_waits(&end->client));
}

bool levels_end_turn(struct levels_end *end, wax_client_event *event)
{
    event->type = WAX_CLIENT_NOTHING;
    if (wax_client_poll(&end->client, wax_clock_ms(), event)) {
        return judge(end, event);
    }
    return levels_end_await(end);
}

bool levels_end_flush(struct levels_end *end)
{
    wax_client_event event;
    bool is_good = true;

    while (is_good && wax_client_poll(&end->client, wax_clock_ms(), &event)) {
        is_good = judge(end, &event);
    }
    return is_good;
}

/* ---- Connections ---- */

static bool dial(struct levels_end *end)
{
    const wax_dial where = {
        .host = "127.0.0.1",
        .port = end->plan->port,
        .timeout_ms = TCP_CONNECT_MS,
        .no_delay = true,
    };
    wax_transport *secured;

    if (wax_socket_dial(&where, &end->transport, end->result->fault, sizeof end->result->fault) !=
        WAX_OK) {
        end->result->status = WAX_IO;
        end->transport = NULL;
        return false;
    }
    end->result->fault[0] = '\0';
    end->transport = levels_meter_open(&end->meter, end->transport);
    if (end->tls == NULL) {
        return true;
    }
    secured = wax_tls_connect(end->tls, end->transport, "127.0.0.1");
    if (secured == NULL) {
        return fail_without_memory(end->result);
    }
    end->transport = secured;
    end->secured = secured;
    return end->session_size == 0 ||
           wax_tls_offer_session(secured, wax_bytes_of(end->session, end->session_size)) ==
               WAX_OK ||
           levels_fail(end->result, WAX_INVALID, "the saved session of TLS is damaged");
}

bool levels_end_connect(struct levels_end *end)
{
    wax_client_event event;

    /* Each has an id of its own: the broker may not have seen the end of the one before. */
    (void)snprintf(end->client_id, sizeof end->client_id, "wax-levels-%ld-%s%u", (long)getpid(),
                   end->is_reader ? "r" : "", end->connect_count++);
    end->config.client_id = wax_bytes_of_text(end->client_id);
    if (!dial(end) ||
        wax_client_open(&end->client, &end->config, (uint32_t)getpid(), wax_clock_ms()) != WAX_OK ||
        !levels_end_turn(end, &event) || event.type != WAX_CLIENT_WANTS_CONNECTION ||
        wax_client_attach(&end->client, end->transport, wax_clock_ms()) != WAX_OK) {
        return levels_fail(end->result, WAX_INVALID, "the client does not start");
    }
    do {
        if (!levels_end_turn(end, &event)) {
            return false;
        }
    } while (event.type != WAX_CLIENT_CONNECTED);
    return true;
}

void levels_end_leave(struct levels_end *end)
{
    wax_client_event event = {.type = WAX_CLIENT_NOTHING};
    wax_writer session;

    if (end->transport == NULL) {
        return;
    }
    if (end->session != NULL && end->secured != NULL) {
        session = wax_writer_over(end->session, SESSION_SIZE);
        if (wax_tls_save_session(end->secured, &session) == WAX_OK) {
            end->session_size = session.used;
        }
    }
    wax_client_disconnect(&end->client, WAX_REASON_SUCCESS);
    while (end->client.state != WAX_CLIENT_ENDED && levels_end_turn(end, &event)) {
    }
    while (wax_transport_close(end->transport) == WAX_MORE && await(end, end->transport->waits)) {
    }
    hang_up(end);
}
