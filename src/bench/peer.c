/* One connection: filters below, packets above, and what waits between them. */
#include "bench/inner.h"
#include "web/web.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_FIRST = 256, CONNECT_SIZE_MAX = 140 };

void peer_touch(struct peer *peer)
{
    if (!peer->is_dirty) {
        peer->is_dirty = true;
        peer->next_dirty = peer->crowd->dirty;
        peer->crowd->dirty = peer;
    }
}

size_t peer_unsent(const struct peer *peer)
{
    return peer->out_used - peer->out_start;
}

/* Makes a block at least that large. */
static bool grow(uint8_t **block, size_t *size, size_t wanted)
{
    size_t next = *size == 0 ? ROOM_FIRST : *size;
    uint8_t *grown;

    while (next < wanted) {
        next *= 2;
    }
    if (next == *size) {
        return true;
    }
    grown = realloc(*block, next);
    if (grown == NULL) {
        return false;
    }
    *block = grown;
    *size = next;
    return true;
}

uint8_t *peer_room(struct peer *peer, size_t size)
{
    uint8_t *room;

    if (peer->out_start > 0 && peer->out_used + size > peer->out_size) {
        memmove(peer->out, peer->out + peer->out_start, peer_unsent(peer));
        peer->out_used -= peer->out_start;
        peer->out_start = 0;
    }
    if (!grow(&peer->out, &peer->out_size, peer->out_used + size)) {
        crowd_fail(peer->crowd, "there is not enough memory");
        return NULL;
    }
    room = peer->out + peer->out_used;
    peer->out_used += size;
    peer_touch(peer);
    return room;
}

void peer_put(struct peer *peer, wax_bytes bytes)
{
    uint8_t *room = peer_room(peer, bytes.size);

    if (room != NULL) {
        memcpy(room, bytes.data, bytes.size);
    }
}

void peer_put_empty(struct peer *peer, wax_packet_type type)
{
    uint8_t room[4];
    wax_writer out = wax_writer_over(room, sizeof room);

    if (wax_packet_write_empty(&out, type) == WAX_OK) {
        peer_put(peer, wax_writer_bytes(&out));
    }
}

void peer_acknowledge(struct peer *peer, wax_packet_type type, uint16_t packet_id)
{
    wax_notice acknowledgement = {.type = type, .packet_id = packet_id};
    uint8_t room[8];
    wax_writer out = wax_writer_over(room, sizeof room);

    if (wax_notice_write(&out, &acknowledgement, peer->crowd->plan->version) == WAX_OK) {
        peer_put(peer, wax_writer_bytes(&out));
    }
}

void peer_subscribe(struct peer *peer, uint16_t packet_id,
                    void (*write)(void *context, wax_writer *filters), void *context)
{
    uint8_t room[8192];
    uint8_t filter_room[8000];
    wax_writer filters = wax_writer_over(filter_room, sizeof filter_room);
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_subscribe subscribe = {.packet_id = packet_id};

    write(context, &filters);
    subscribe.filters = wax_writer_bytes(&filters);
    if (wax_subscribe_write(&out, &subscribe, WAX_SUBSCRIBE, peer->crowd->plan->version) ==
        WAX_OK) {
        peer_put(peer, wax_writer_bytes(&out));
    }
}

static void put_connect(struct peer *peer)
{
    const wax_bench_plan *plan = peer->crowd->plan;
    char id[64];
    size_t size = CONNECT_SIZE_MAX + plan->username.size + plan->password.size;
    uint8_t *room;
    wax_writer out;
    wax_connect connect = {
        .version = plan->version,
        .clean_start = true,
        .has_username = plan->username.data != NULL,
        .has_password = plan->password.data != NULL,
        .username = plan->username,
        .password = plan->password,
    };

    (void)snprintf(id, sizeof id, "%s-%c%u", peer->crowd->prefix, peer->is_publisher ? 'p' : 's',
                   peer->number);
    connect.client_id = wax_bytes_of_text(id);
    room = peer_room(peer, size);
    if (room == NULL) {
        return;
    }
    out = wax_writer_over(room, size);
    if (wax_connect_write(&out, &connect) != WAX_OK) {
        crowd_fail(peer->crowd, "CONNECT is too large");
    }
    peer->out_used -= size - out.used;
}

/* --- What comes in --- */

static void be_let_in(struct peer *peer, const wax_packet *packet)
{
    wax_connack connack;
    wax_status status =
        packet->type == WAX_CONNACK ? wax_connack_read(&connack, packet) : WAX_PROTOCOL_ERROR;

    if (status != WAX_OK) {
        crowd_fail(peer->crowd, "the answer to CONNECT makes no sense: %s",
                   wax_status_text(status));
        return;
    }
    if (connack.reason != 0) {
        peer->crowd->result->refused++;
        crowd_fail(peer->crowd, "the broker refuses a connection: %s",
                   wax_status_text((wax_status)connack.reason));
        return;
    }
    peer->receive_maximum = wax_property_number(connack.properties, WAX_RECEIVE_MAXIMUM, 65535);
    peer->state = PEER_READY;
    peer->crowd->acts->ready(peer);
}

static void take_packet(struct peer *peer, const wax_packet *packet)
{
    if (peer->state == PEER_WAITS) {
        be_let_in(peer, packet);
        return;
    }
    if (packet->type == WAX_DISCONNECT && peer->crowd->plan->version == WAX_VERSION_5) {
        wax_notice notice;

        if (wax_notice_read(&notice, packet) == WAX_OK) {
            crowd_fail(peer->crowd, "the broker says good-bye: %s",
                       wax_status_text((wax_status)notice.reason));
        }
        return;
    }
    peer->crowd->acts->packet(peer, packet);
}

/* Takes the whole packets at the front of the crowd's room, and keeps what follows them. */
static void take_packets(struct peer *peer, size_t size)
{
    struct crowd *crowd = peer->crowd;
    wax_reader in = wax_reader_over(wax_bytes_of(crowd->room, size));
    wax_packet packet;
    wax_status status = WAX_OK;
    wax_bytes left;

    while (peer->state != PEER_CLOSED && !crowd->has_failed) {
        status = wax_packet_read(&packet, &in, crowd->plan->version, WAX_PACKET_SIZE_MAX);
        if (status != WAX_OK) {
            break;
        }
        take_packet(peer, &packet);
    }
    if (status != WAX_OK && status != WAX_MORE) {
        crowd_fail(crowd, "the broker sends what is no MQTT: %s", wax_status_text(status));
    }
    left = wax_reader_rest(&in);
    if (left.size > 0 && left.size >= crowd->room_size) {
        crowd_fail(crowd, "the broker sends a packet larger than any of ours");
    } else if (left.size > 0 && grow(&peer->rest, &peer->rest_size, left.size)) {
        memcpy(peer->rest, left.data, left.size);
    }
    peer->rest_used = left.size;
}

static void end(struct peer *peer, wax_status status)
{
    struct crowd *crowd = peer->crowd;
    const char *words = wax_transport_explain(peer->transport);
    bool was_open = peer->state == PEER_READY;

    if (crowd->acts->ended != NULL && was_open) {
        crowd->acts->ended(peer);
        return;
    }
    crowd_fail(crowd, "%s: %s",
               was_open ? "the broker closed a connection"
                        : "a connection ended before CONNACK; is it the right port?",
               words[0] != '\0' ? words : wax_status_text(status));
    peer_close(peer);
}

/* Receives what there is. A socket that gives less than it could has given all. */
static void receive(struct peer *peer)
{
    struct crowd *crowd = peer->crowd;
    bool is_plain = peer->transport->below == NULL;
    wax_status status = WAX_OK;
    bool is_drained = false;

    while (status == WAX_OK && !is_drained && peer->state != PEER_CLOSED && !crowd->has_failed) {
        size_t used = peer->rest_used;
        size_t received = 0;

        status = wax_transport_receive(peer->transport, crowd->room + used, crowd->room_size - used,
                                       &received);
        if (status != WAX_OK) {
            continue;
        }
        if (used > 0) {
            memcpy(crowd->room, peer->rest, used);
        }
        crowd->now_us = wax_clock_us();
        crowd->moved_us = crowd->now_us;
        is_drained = is_plain && !peer->watch.is_ended && used + received < crowd->room_size;
        take_packets(peer, used + received);
    }
    if (status != WAX_OK && status != WAX_MORE && peer->state != PEER_CLOSED) {
        end(peer, status);
    }
}

static void be_ready(wax_watch *watch, bool readable, bool writable)
{
    struct peer *peer = WAX_OWNER(watch, struct peer, watch);

    if (readable || peer->transport->below != NULL) {
        receive(peer);
    }
    if (peer->state != PEER_CLOSED && peer_unsent(peer) > 0 &&
        (writable || peer->transport->below != NULL)) {
        peer_touch(peer); /* a handshake may be done, too */
    }
}

/* --- Its life --- */

/* Puts upon the socket what the plan wants. */
static bool put_filters(struct peer *peer)
{
    const wax_bench_plan *plan = peer->crowd->plan;
    wax_transport *upper;

    if (plan->tls != NULL) {
        upper = wax_tls_connect(plan->tls, peer->transport, plan->host);
        if (upper == NULL) {
            return false;
        }
        peer->transport = upper;
        if (peer->crowd->session_size > 0) {
            /* One that cannot be used only means a full handshake, which is counted as that. */
            wax_status offered = wax_tls_offer_session(
                upper, wax_bytes_of(peer->crowd->session, peer->crowd->session_size));
            peer->crowd->session_size = offered == WAX_OK ? peer->crowd->session_size : 0;
        }
    }
    if (plan->websocket_host != NULL) {
        upper = wax_websocket_connect(peer->transport, plan->websocket_host, "/mqtt");
        if (upper == NULL) {
            return false;
        }
        peer->transport = upper;
    }
    return true;
}

bool peer_open(struct peer *peer, struct crowd *crowd)
{
    peer->crowd = crowd;
    peer->rest_used = 0;
    peer->out_start = 0;
    peer->out_used = 0;
    if (wax_socket_begin(crowd->plan->addresses, 0, NULL, &peer->transport) != WAX_OK) {
        crowd_fail(crowd, "cannot open one more connection: %s (is `ulimit -n` large enough?)",
                   strerror(errno));
        return false;
    }
    peer->watch.ready = be_ready;
    peer->watch.is_ended = false;
    peer->watch.descriptor = wax_socket_descriptor(peer->transport);
    wax_socket_be_patient(peer->watch.descriptor, &(wax_tcp_patience){.idle_s = 0}, true);
    peer->state = PEER_WAITS;
    peer->since_us = wax_clock_us();
    if (!put_filters(peer) || wax_loop_watch(&crowd->loop, &peer->watch, false) != WAX_OK) {
        crowd_fail(crowd,
                   "cannot open one more connection: there is not enough memory, or '%s' "
                   "is no name that TLS can check",
                   crowd->plan->host);
        peer_close(peer);
        return false;
    }
    put_connect(peer);
    return !crowd->has_failed;
}

void peer_close(struct peer *peer)
{
    if (peer->transport != NULL) {
        wax_loop_forget(&peer->crowd->loop, &peer->watch);
        wax_transport_release(peer->transport);
    }
    peer->transport = NULL;
    peer->state = PEER_CLOSED;
}

void peer_discard(struct peer *peer)
{
    peer_close(peer);
    free(peer->rest);
    free(peer->out);
    peer->rest = NULL;
    peer->out = NULL;
}
