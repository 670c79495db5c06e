/* The devices of wax gateway, each with its connection to the broker. */
#include "tools/dial.h"
#include "tools/gateway_parts.h"
#include "tools/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS_MAX = 32,
    LINGER_MS = 2000, /* for the broker's end of a connection */
    OWN_WAIT_MS = 500,
    OWN_WAIT_MAX_MS = 30000,
};

/* --- Begin and end of a device --- */

static void on_timer(wax_timer *timer, uint64_t now_ms)
{
    (void)now_ms;
    gateway_run(WAX_OWNER(timer, struct device, timer));
}

static void on_remote(wax_watch *watch, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    gateway_run(WAX_OWNER(watch, struct device, remote.watch));
}

static struct device *device_make(struct hub *hub, const struct peer *peer)
{
    struct device *device = calloc(1, sizeof *device);
    size_t out_size = GATEWAY_OUT_SIZE + hub->config.username.size + hub->config.password.size;

    if (device == NULL ||
        !tools_side_open(&device->remote, &hub->loop, GATEWAY_IN_SIZE, out_size)) {
        if (device != NULL) {
            tools_side_close(&device->remote);
        }
        free(device);
        wax_log_write(&hub->log, WAX_ERROR, "device_refused reason=no memory");
        return NULL;
    }
    device->hub = hub;
    device->peer = *peer;
    device->timer.due = on_timer;
    device->dialling.settings = &hub->settings;
    device->dialling.status = WAX_CLOSED;
    device->name = gateway_name_of(peer);
    wax_link_init(&device->all);
    wax_link_append(&hub->devices, &device->all);
    hub->device_count++;
    return device;
}

/* Makes room for another one with the same peer: this one is nobody's any more. */
static void device_leave(struct device *device)
{
    struct hub *hub = device->hub;
    struct device **at = gateway_find(hub, &device->peer);

    if (hub->own == device) {
        hub->own = NULL;
    } else if (*at == device) {
        *at = device->next;
    }
    device->next = NULL;
}

static void device_free(struct device *device)
{
    struct hub *hub = device->hub;

    wax_loop_stop(&hub->loop, &device->timer);
    wax_link_remove(&device->all);
    hub->device_count--;
    tools_side_close(&device->remote);
    if (device->dialling.status == WAX_OK) {
        wax_transport_release(device->dialling.transport);
    }
    wax_wipe(&device->client, sizeof device->client);
    free(device);
}

/* What the log calls a device. */
static wax_bytes id_of(const struct device *device)
{
    return wax_bytes_of(device->client.id, device->client.id_size);
}

static void tell(struct device *device)
{
    wax_sn_client *client = &device->client;
    wax_bytes id = id_of(device);
    bool has_ended = client->state == WAX_SN_ENDED;

    if (client->fault != NULL && !has_ended) {
        wax_log_write(&device->hub->log, WAX_WARNING, "device_fault device=%.*s peer=%s reason=%s",
                      (int)id.size, (const char *)id.data, device->name.text, client->fault);
        client->fault = NULL;
    }
    if (!device->was_told && client->state == WAX_SN_ACTIVE) {
        device->was_told = true;
        device->hub->own_wait_ms = client->is_own ? OWN_WAIT_MS : device->hub->own_wait_ms;
        wax_log_write(&device->hub->log, WAX_NOTICE, "device_connected device=%.*s peer=%s",
                      (int)id.size, (const char *)id.data, device->name.text);
    }
}

static void tell_end(struct device *device)
{
    const wax_sn_client *client = &device->client;
    wax_bytes id = id_of(device);

    wax_log_write(&device->hub->log, client->fault == NULL ? WAX_NOTICE : WAX_WARNING,
                  "device_ended device=%.*s peer=%s dropped=%u reason=%s", (int)id.size,
                  (const char *)id.data, device->name.text, client->dropped_count,
                  client->fault == NULL ? "it said good-bye" : client->fault);
}

/* --- Dialling --- */

static void dial(wax_job *job)
{
    struct dialling *dialling = WAX_OWNER(job, struct dialling, job);

    dialling->status = tools_dial(dialling->settings, &dialling->transport, dialling->fault,
                                  sizeof dialling->fault);
}

static bool start_dialling(struct device *device)
{
    device->dialling.job = (wax_job){.work = dial, .reply = &device->hub->dialled};
    device->is_dialling = wax_pool_submit(device->hub->pool, &device->dialling.job) == WAX_OK;
    return device->is_dialling;
}

/* Puts the connection that was made under the device. False, and `fault` says why. */
static bool attach(struct device *device)
{
    struct dialling *dialling = &device->dialling;
    wax_transport *transport = dialling->transport;
    wax_transport *secured;

    if (dialling->status != WAX_OK) {
        return false;
    }
    dialling->status = WAX_CLOSED; /* the transport is nobody else's now */
    if (!tools_link_stack(&device->hub->settings, device->hub->tls, &transport, &secured,
                          dialling->fault)) {
        wax_transport_release(transport);
        return false;
    }
    if (!tools_side_watch(&device->remote, transport, on_remote)) {
        tools_side_hang_up(&device->remote);
        return false;
    }
    return true;
}

/* --- A turn --- */

/* One call of the machine: where its packets and bytes go. */
struct round {
    wax_writer down;
    wax_writer up;
    wax_sn_turn turn;
};

static void round_begin(struct round *round, struct device *device)
{
    struct hub *hub = device->hub;
    size_t room = gateway_room_for(&device->peer);

    round->down = wax_writer_over(hub->down, room < sizeof hub->down ? room : sizeof hub->down);
    round->up = tools_side_writer(&device->remote);
    round->turn = (wax_sn_turn){wax_clock_ms(), &round->down, &round->up};
}

/* With -d. */
static void tell_packets(const struct device *device, wax_bytes packets)
{
    wax_reader in = wax_reader_over(packets);
    wax_sn_packet packet;
    wax_bytes bytes;

    while (device->hub->settings.is_debug && wax_sn_packet_next(&bytes, &in) == WAX_OK) {
        if (wax_sn_packet_read(&packet, bytes) == WAX_OK) {
            tools_debug(&device->hub->settings, "%s is told %s, %zu bytes", device->name.text,
                        wax_sn_packet_name(packet.type), bytes.size);
        }
    }
}

/* Returns whether something was said. */
static bool round_end(struct round *round, struct device *device)
{
    bool has_said = round->down.used > 0 || round->up.used > device->remote.out_end;

    tools_side_wrote(&device->remote, &round->up);
    tell_packets(device, wax_writer_bytes(&round->down));
    gateway_send(&device->peer, wax_writer_bytes(&round->down));
    tell(device);
    return has_said;
}

static void lose(struct device *device, const char *fault)
{
    struct round round;

    tools_side_hang_up(&device->remote);
    round_begin(&round, device);
    wax_sn_client_lost(&device->client, fault, &round.turn);
    (void)round_end(&round, device);
}

static bool hear(struct device *device)
{
    struct side *remote = &device->remote;
    wax_reader in = wax_reader_over(tools_side_came(remote));
    wax_status status = WAX_OK;
    bool has_heard = false;

    while (status == WAX_OK) {
        struct round round;

        round_begin(&round, device);
        status = wax_sn_client_hear(&device->client, &in, &round.turn);
        has_heard = has_heard || status == WAX_OK;
        (void)round_end(&round, device);
    }
    remote->in_start = remote->in_end - wax_reader_left(&in);
    return has_heard;
}

/* The broker has ended it. */
static void lose_by_broker(struct device *device)
{
    const char *words = wax_transport_explain(device->remote.transport);

    (void)snprintf(device->dialling.fault, sizeof device->dialling.fault, "%s",
                   words[0] != '\0' ? words : "the broker closed the connection");
    lose(device, device->dialling.fault);
}

/* Does with the line what the machine wants. Returns whether something changed. */
static bool obey(struct device *device)
{
    wax_sn_client *client = &device->client;
    struct side *remote = &device->remote;

    switch (client->line) {
    case WAX_SN_LINE_WANTED:
        if (!device->is_dialling && !start_dialling(device)) {
            lose(device, "too many devices connect at once");
            return true;
        }
        return false;
    case WAX_SN_LINE_LEAVING:
        if (tools_side_finish(remote) || wax_clock_ms() >= device->leaves_ms) {
            lose(device, NULL);
            return true;
        }
        return false;
    case WAX_SN_LINE_CUT:
        lose(device, client->fault);
        return true;
    case WAX_SN_LINE_OPENING:
    case WAX_SN_LINE_OPEN:
        if (remote->is_ended && remote->in_start == remote->in_end) {
            lose_by_broker(device);
            return true;
        }
        return false;
    default:
        return false;
    }
}

static bool step(struct device *device)
{
    struct round round;
    bool has_moved = tools_side_flush(&device->remote);

    if (device->client.line != WAX_SN_LINE_LEAVING) {
        has_moved = tools_side_fill(&device->remote) || has_moved;
        has_moved = hear(device) || has_moved;
    }
    round_begin(&round, device);
    wax_sn_client_tick(&device->client, &round.turn);
    has_moved = round_end(&round, device) || has_moved;
    return obey(device) || has_moved;
}

/* When it is to go on though no byte moves. */
static void wind(struct device *device, bool hurries)
{
    const wax_sn_client *client = &device->client;
    uint64_t at_ms = wax_sn_client_deadline_ms(client);
    bool waits = tools_side_has_output(&device->remote) ||
                 gateway_room_for(&device->peer) < GATEWAY_DOWN_SIZE;

    if (client->has_more && waits) { /* it goes on when that has left */
        at_ms = wax_clock_ms() + device->hub->config.retry_ms;
    }
    if (client->line == WAX_SN_LINE_LEAVING) {
        at_ms = device->leaves_ms;
    }
    wax_loop_start(&device->hub->loop, &device->timer, hurries ? 0 : at_ms);
}

/* Connects the gateway's own connection again, later and later. */
static void own_ended(struct hub *hub)
{
    uint32_t wait_ms = hub->own_wait_ms == 0 ? OWN_WAIT_MS : hub->own_wait_ms;

    hub->own_wait_ms = 2 * wait_ms > OWN_WAIT_MAX_MS ? OWN_WAIT_MAX_MS : 2 * wait_ms;
    wax_loop_start(&hub->loop, &hub->own_again, wax_clock_ms() + wait_ms);
}

static bool is_over(const struct device *device)
{
    return device->client.state == WAX_SN_ENDED && device->client.line != WAX_SN_LINE_LEAVING &&
           device->client.line != WAX_SN_LINE_CUT;
}

/* Ends what is over. */
static void bury(struct device *device)
{
    struct hub *hub = device->hub;
    bool is_own = device->client.is_own;

    tell_end(device);
    device_leave(device);
    if (device->is_dialling) {
        device->is_dead = true; /* the thread still has it */
        wax_loop_stop(&hub->loop, &device->timer);
    } else {
        device_free(device);
    }
    if (is_own) {
        own_ended(hub);
    }
}

void gateway_run(struct device *device)
{
    uint8_t line = device->client.line;
    bool has_moved = true;

    for (size_t i = 0; has_moved && !is_over(device) && i < ROUNDS_MAX; i++) {
        has_moved = step(device);
        if (device->client.line != line && device->client.line == WAX_SN_LINE_LEAVING) {
            device->leaves_ms = wax_clock_ms() + LINGER_MS;
        }
        line = device->client.line;
    }
    if (is_over(device)) {
        bury(device);
    } else {
        wind(device, has_moved);
    }
}

/* --- What comes --- */

static void admit(struct hub *hub, const struct peer *peer, const wax_sn_packet *packet,
                  wax_writer *down)
{
    bool is_allowed = gateway_is_allowed(hub, packet->data);
    wax_sn_packet refusal = {.type = WAX_SN_CONNACK, .code = WAX_SN_CONGESTION};
    struct device *device = NULL;

    if (!is_allowed) {
        refusal.code = WAX_SN_NOT_SUPPORTED;
        wax_log_write(&hub->log, WAX_WARNING, "device_refused device=%.*s peer=%s reason=%s",
                      (int)packet->data.size, (const char *)packet->data.data,
                      gateway_name_of(peer).text, "it is not in the file of --devices");
    } else if (hub->device_count < hub->settings.gateway.devices_max &&
               gateway_rate_takes(&hub->admissions, wax_clock_ms())) {
        device = device_make(hub, peer);
    } else {
        wax_log_write(&hub->log, WAX_WARNING, "device_refused device=%.*s peer=%s reason=%s",
                      (int)packet->data.size, (const char *)packet->data.data,
                      gateway_name_of(peer).text, "too many are connected, or connect at once");
    }
    if (device == NULL) {
        (void)!wax_sn_packet_write(down, &refusal);
        return;
    }
    *gateway_find(hub, peer) = device;
    wax_sn_client_open(&device->client, &hub->config, wax_clock_ms());
}

static void give(struct device *device, const wax_sn_packet *packet)
{
    struct round round;

    round_begin(&round, device);
    wax_sn_client_take(&device->client, packet, &round.turn);
    (void)round_end(&round, device);
    gateway_run(device);
}

static void forward(struct hub *hub, const wax_sn_packet *packet)
{
    if (hub->own != NULL && gateway_rate_takes(&hub->forwarded, wax_clock_ms())) {
        give(hub->own, packet);
    }
}

/* A peer that is not connected. */
static void greet(struct hub *hub, const struct peer *peer, const wax_sn_packet *packet)
{
    uint8_t room[8];
    wax_writer down = wax_writer_over(room, sizeof room);

    switch (wax_sn_greet(packet, (uint8_t)hub->settings.gateway.id, &down)) {
    case WAX_SN_ADMIT:
        admit(hub, peer, packet, &down);
        break;
    case WAX_SN_FORWARD:
        forward(hub, packet);
        break;
    case WAX_SN_ANSWER:
    case WAX_SN_IGNORE:
        break;
    }
    if (down.used > 0 && gateway_rate_takes(&hub->answers, wax_clock_ms())) {
        gateway_send(peer, wax_writer_bytes(&down));
    }
}

void gateway_take(struct hub *hub, const struct peer *peer, wax_bytes bytes)
{
    wax_sn_packet packet;
    struct device *device = *gateway_find(hub, peer);

    if (wax_sn_packet_read(&packet, bytes) != WAX_OK) {
        return; /* noise, or another protocol */
    }
    if (hub->settings.is_debug) {
        tools_debug(&hub->settings, "%s says %s, %zu bytes", gateway_name_of(peer).text,
                    wax_sn_packet_name(packet.type), bytes.size);
    }
    if (packet.type == WAX_SN_CONNECT && device != NULL && !gateway_is_allowed(hub, packet.data)) {
        return;
    }
    if (device == NULL || packet.type == WAX_SN_SEARCHGW) {
        greet(hub, peer, &packet);
        device = device == NULL ? *gateway_find(hub, peer) : NULL;
    }
    if (device != NULL) {
        give(device, &packet);
    }
}

/* --- What the loop calls --- */

static void on_attached(struct device *device)
{
    struct round round;

    device->is_dialling = false;
    if (device->client.line != WAX_SN_LINE_WANTED) {
        return;
    }
    if (!attach(device)) {
        lose(device, device->dialling.fault);
        return;
    }
    round_begin(&round, device);
    wax_sn_client_attach(&device->client, &round.turn);
    (void)round_end(&round, device);
}

void gateway_on_dialled(wax_watch *watch, bool readable, bool writable)
{
    wax_mailbox *mailbox = WAX_OWNER(watch, wax_mailbox, watch);
    wax_letters letters = wax_mailbox_take(mailbox);
    wax_letter *letter;

    (void)readable;
    (void)writable;
    while ((letter = wax_letters_take(&letters)) != NULL) {
        struct device *device = WAX_OWNER(letter, struct device, dialling.job.letter);

        if (device->is_dead) {
            device_free(device);
        } else {
            on_attached(device);
            gateway_run(device);
        }
    }
}

void gateway_open_own(struct hub *hub)
{
    const struct peer nobody = {.address_size = 0};
    struct device *device = device_make(hub, &nobody);

    if (device == NULL) {
        own_ended(hub);
        return;
    }
    hub->own = device;
    wax_sn_client_open_own(&device->client, &hub->config,
                           wax_bytes_of_text(hub->settings.client_id), wax_clock_ms());
    gateway_run(device);
}

void gateway_end_all(struct hub *hub)
{
    wax_link *next;

    for (wax_link *at = hub->devices.next; at != &hub->devices; at = next) {
        struct device *device = WAX_OWNER(at, struct device, all);
        struct round round;

        next = at->next;
        if (!device->is_dead) {
            round_begin(&round, device);
            wax_sn_client_end(&device->client, &round.turn);
            (void)round_end(&round, device);
            (void)tools_side_flush(&device->remote);
            (void)tools_side_finish(&device->remote);
            device_leave(device);
        }
        device_free(device);
    }
}
