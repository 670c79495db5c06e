/* How a tool gets a connection: directly, through a proxy, or to a broker that the DNS names. */
#include "tools/dial.h"
#include "tools/socks.h"
#include "tools/srv.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum {
    DIAL_TIMEOUT_MS = 20000,
};

bool tools_dial_wait(const wax_transport *transport, uint64_t until_ms)
{
    uint64_t now_ms = wax_clock_ms();
    struct pollfd watched = {.fd = wax_socket_descriptor(transport)};

    if (now_ms >= until_ms) {
        return false;
    }
    watched.events = (short)(((transport->waits & WAX_WAITS_TO_READ) != 0 ? POLLIN : 0) |
                             ((transport->waits & WAX_WAITS_TO_WRITE) != 0 ? POLLOUT : 0));
    return poll(&watched, 1, (int)(until_ms - now_ms)) > 0;
}

/* Sends all of it, or says why not. */
static wax_status send_all(wax_transport *transport, wax_bytes bytes, uint64_t until_ms)
{
    wax_status status = WAX_OK;
    size_t sent;

    while (bytes.size > 0 && status == WAX_OK) {
        status = wax_transport_send(transport, bytes, &sent);
        if (status == WAX_OK) {
            bytes = wax_bytes_of(bytes.data + sent, bytes.size - sent);
        } else if (status == WAX_MORE && tools_dial_wait(transport, until_ms)) {
            status = WAX_OK;
        }
    }
    return status;
}

/* Waits for more bytes of an answer. */
static wax_status receive_more(wax_transport *transport, wax_writer *answer, uint64_t until_ms)
{
    wax_status status;
    size_t received;

    wax_assert(answer->used < answer->size);
    do {
        status = wax_transport_receive(transport, answer->data + answer->used, 1, &received);
    } while (status == WAX_MORE && tools_dial_wait(transport, until_ms));
    answer->used += status == WAX_OK ? received : 0;
    return status;
}

static const char *why(const struct socks *socks, wax_transport *transport, wax_status status)
{
    if (socks->fault != NULL) {
        return socks->fault;
    }
    if (status == WAX_CLOSED) {
        return "it closed the connection";
    }
    return status == WAX_MORE ? "it does not answer" : wax_transport_explain(transport);
}

/* Asks the proxy at the other end for a connection to the broker. */
static wax_status pass_proxy(wax_transport *transport, struct socks *socks, char *fault,
                             size_t fault_size)
{
    uint64_t until_ms = wax_clock_ms() + DIAL_TIMEOUT_MS;
    uint8_t said[SOCKS_SEND_SIZE];
    uint8_t heard[SOCKS_TAKE_SIZE];
    wax_writer answer = wax_writer_over(heard, sizeof heard);
    wax_status status = WAX_OK;

    while (status == WAX_OK && socks->state != SOCKS_DONE) {
        wax_writer out = wax_writer_over(said, sizeof said);
        wax_reader in = wax_reader_over(wax_writer_bytes(&answer));
        wax_status step = tools_socks_step(socks, &in, &out);

        if (wax_reader_left(&in) == 0) {
            answer.used = 0;
        }
        if (step == WAX_MORE) {
            status = send_all(transport, wax_writer_bytes(&out), until_ms);
            status = status == WAX_OK ? receive_more(transport, &answer, until_ms) : status;
        } else {
            status = step;
        }
        wax_wipe(said, sizeof said);
    }
    if (status != WAX_OK) {
        (void)snprintf(fault, fault_size, "the proxy %s port %u does not connect to %s port %u: %s",
                       socks->proxy->host, socks->proxy->port, socks->host, socks->port,
                       why(socks, transport, status));
    }
    return status == WAX_OK ? WAX_OK : WAX_IO;
}

static wax_status dial_through(const struct settings *settings, wax_dial *dial,
                               wax_transport **transport, char *fault, size_t fault_size)
{
    struct socks socks = {.proxy = &settings->proxy, .host = dial->host, .port = dial->port};
    wax_status status;

    dial->host = settings->proxy.host;
    dial->port = (uint16_t)settings->proxy.port;
    status = wax_socket_dial(dial, transport, fault, fault_size);
    if (status == WAX_OK) {
        status = pass_proxy(*transport, &socks, fault, fault_size);
        if (status != WAX_OK) {
            wax_transport_release(*transport);
            *transport = NULL;
        }
    }
    return status;
}

/* Tries the brokers of a domain, one after the other. */
static wax_status dial_domain(const struct settings *settings, const wax_dial *dial,
                              wax_transport **transport, char *fault, size_t fault_size)
{
    struct srv records[SRV_MAX];
    size_t count = tools_srv_find(settings->host, tools_settings_use_tls(settings), records, fault,
                                  fault_size);
    wax_status status = WAX_IO;

    for (size_t i = 0; i < count && status != WAX_OK; i++) {
        wax_dial next = *dial;

        next.host = records[i].host;
        next.port = records[i].port;
        tools_debug(settings, "%s has a broker at %s port %u", settings->host, next.host,
                    next.port);
        status = wax_socket_dial(&next, transport, fault, fault_size);
    }
    return status;
}

wax_status tools_dial(const struct settings *settings, wax_transport **transport, char *fault,
                      size_t fault_size)
{
    wax_dial dial = {
        .host = settings->unix_path != NULL ? settings->unix_path : settings->host,
        .port = (uint16_t)settings->port,
        .bind_address = settings->bind_address,
        .timeout_ms = DIAL_TIMEOUT_MS,
        .no_delay = settings->no_delay,
    };

    if (settings->proxy.host != NULL) {
        return dial_through(settings, &dial, transport, fault, fault_size);
    }
    if (settings->uses_srv) {
        return dial_domain(settings, &dial, transport, fault, fault_size);
    }
    return wax_socket_dial(&dial, transport, fault, fault_size);
}
