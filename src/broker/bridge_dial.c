/* How a bridge finds the other broker: names are looked up by a pool of threads. */
#include "broker/bridges.h"

#include <stdio.h>
#include <stdlib.h>

enum { HOST_SIZE = 256, PROBE_TIMEOUT_MS = 5000 };

/* A look-up on its way. */
struct dial {
    wax_job job;           /* first: it comes back as this */
    struct bridge *bridge; /* NULL once nobody waits for it */
    char host[HOST_SIZE];
    char bind_host[HOST_SIZE]; /* "": any */
    uint16_t port;
    bridge_answer *answer;
    wax_addresses found;
    wax_addresses from;
    wax_status status;
    char fault[BRIDGE_FAULT_SIZE];
};

static void look_up(wax_job *job)
{
    struct dial *dial = (struct dial *)(void *)job;

    dial->status =
        wax_socket_resolve(dial->host, dial->port, &dial->found, dial->fault, sizeof dial->fault);
    if (dial->status == WAX_OK && dial->bind_host[0] != '\0') {
        dial->status =
            wax_socket_resolve(dial->bind_host, 0, &dial->from, dial->fault, sizeof dial->fault);
    }
}

static void probe(wax_job *job)
{
    struct dial *dial = (struct dial *)(void *)job;
    wax_dial wanted = {.host = dial->host,
                       .port = dial->port,
                       .bind_address = dial->bind_host[0] == '\0' ? NULL : dial->bind_host,
                       .timeout_ms = PROBE_TIMEOUT_MS};
    wax_transport *transport;

    dial->status = wax_socket_dial(&wanted, &transport, dial->fault, sizeof dial->fault);
    if (dial->status == WAX_OK) {
        wax_transport_release(transport);
    }
}

void bridge_forget_dial(struct bridge *bridge)
{
    if (bridge->dial != NULL) {
        bridge->dial->bridge = NULL;
        bridge->dial = NULL;
    }
}

static wax_status submit(struct bridge *bridge, size_t which, void (*work)(wax_job *job),
                         bridge_answer *answer)
{
    const wax_bridge_config *config = bridge->config;
    const wax_bridge_address *address = &config->addresses[which];
    struct dial *dial = calloc(1, sizeof *dial);

    if (dial == NULL) {
        return WAX_FULL;
    }
    dial->job.work = work;
    dial->job.reply = &bridge->worker->dials;
    dial->answer = answer;
    dial->status = WAX_IO; /* until it is done */
    dial->port = address->port;
    snprintf(dial->host, sizeof dial->host, "%s", address->host);
    snprintf(dial->bind_host, sizeof dial->bind_host, "%s",
             config->bind_address == NULL ? "" : config->bind_address);
    if (wax_pool_submit(bridge->worker->broker->dialers, &dial->job) != WAX_OK) {
        free(dial);
        return WAX_FULL;
    }
    bridge_forget_dial(bridge);
    dial->bridge = bridge;
    bridge->dial = dial;
    return WAX_OK;
}

wax_status bridge_look_up(struct bridge *bridge, bridge_answer *answer)
{
    return submit(bridge, bridge->address, look_up, answer);
}

wax_status bridge_probe(struct bridge *bridge, bridge_answer *answer)
{
    return submit(bridge, 0, probe, answer);
}

static void on_dial(struct dial *dial)
{
    struct bridge *bridge = dial->bridge;

    if (bridge == NULL) {
        return;
    }
    bridge->dial = NULL;
    if (bridge->worker->is_stopping) {
        return;
    }
    if (dial->found.count > 0) {
        bridge->found = dial->found;
        bridge->from = dial->from;
    }
    dial->answer(bridge, dial->status, dial->fault);
}

void bridge_on_dials(wax_watch *watch, bool readable, bool writable)
{
    wax_mailbox *mailbox = WAX_OWNER(watch, wax_mailbox, watch);
    wax_letters letters = wax_mailbox_take(mailbox);
    wax_letter *letter;

    (void)readable;
    (void)writable;
    while ((letter = wax_letters_take(&letters)) != NULL) {
        struct dial *dial = (struct dial *)(void *)letter;
        on_dial(dial);
        free(dial);
    }
}
