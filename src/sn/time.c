/* What happens though nothing comes. */
#include "sn/internal.h"

enum { SILENCE_S = 65535 }; /* how long a device may be silent that names no duration */

static bool is_connecting(const wax_sn_client *client)
{
    return client->state < WAX_SN_ACTIVE;
}

/* When the device counts as lost: after one and a half times what it announced. [6.11] */
static uint64_t silence_ends_ms(const wax_sn_client *client)
{
    uint64_t seconds = client->duration_s == 0 ? SILENCE_S : client->duration_s;

    if (client->is_own) {
        return WAX_NEVER;
    }
    if (client->state == WAX_SN_ASLEEP || client->state == WAX_SN_AWAKE) {
        seconds = client->sleep_s;
    }
    return client->heard_ms + seconds * 1500;
}

/* When the broker is to be asked whether it is there, or counts as gone. */
static uint64_t broker_ms(const wax_sn_client *client)
{
    uint64_t quiet_ms = client->sent_ms < client->came_ms ? client->sent_ms : client->came_ms;

    if (client->line == WAX_SN_LINE_OPENING) {
        return client->came_ms + client->config->connect_ms;
    }
    if (client->line != WAX_SN_LINE_OPEN || client->peer_keep_alive_ms == 0) {
        return WAX_NEVER;
    }
    if (client->is_pinged) { /* what is not read for want of room is no silence */
        return client->is_crowded ? client->sent_ms + client->peer_keep_alive_ms
                                  : client->came_ms + 2ULL * client->peer_keep_alive_ms;
    }
    return quiet_ms + client->peer_keep_alive_ms;
}

static uint64_t least(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

uint64_t wax_sn_client_deadline_ms(const wax_sn_client *client)
{
    uint64_t at_ms;

    if (client->state == WAX_SN_ENDED) {
        return WAX_NEVER;
    }
    if (client->has_more) {
        return 0;
    }
    if (is_connecting(client)) {
        return client->began_ms + client->config->connect_ms;
    }
    at_ms = least(silence_ends_ms(client), client->retry_ms);
    return least(at_ms, broker_ms(client));
}

static void say_disconnect(const wax_sn_client *client, const wax_sn_turn *turn)
{
    if (!client->is_own) {
        wax_sn_say(turn, &(wax_sn_packet){.type = WAX_SN_DISCONNECT});
    }
}

/* A device that does not answer any more is lost; one that was only woken sleeps again. */
static void repeat(wax_sn_client *client, const wax_sn_turn *turn)
{
    if (wax_sn_deliver_again(client, turn)) {
        return;
    }
    if (client->state == WAX_SN_AWAKE) {
        wax_sn_deliver_rest(client);
        client->state = WAX_SN_ASLEEP;
        return;
    }
    say_disconnect(client, turn);
    wax_sn_give_up(client, "the device does not answer");
}

static void ask_broker(wax_sn_client *client, const wax_sn_turn *turn)
{
    bool is_alive = client->line == WAX_SN_LINE_OPEN && (!client->is_pinged || client->is_crowded);

    if (!is_alive) {
        say_disconnect(client, turn);
        wax_sn_give_up(client, "the broker does not answer");
    } else if (wax_sn_up_ping(client, turn)) {
        client->is_pinged = true;
        client->came_ms = turn->now_ms; /* from now on it has time to answer */
    } else {
        client->sent_ms = turn->now_ms; /* what waits to leave is as good */
    }
}

void wax_sn_client_tick(wax_sn_client *client, const wax_sn_turn *turn)
{
    uint64_t now_ms = turn->now_ms;

    if (client->state == WAX_SN_ENDED) {
        return;
    }
    if (is_connecting(client)) {
        if (now_ms >= client->began_ms + client->config->connect_ms) {
            wax_sn_refused(client, WAX_SERVER_UNAVAILABLE, turn);
            client->fault = "it did not connect in time";
        }
        return;
    }
    if (now_ms >= silence_ends_ms(client)) {
        say_disconnect(client, turn);
        wax_sn_give_up(client, "nothing was heard of the device for too long");
        return;
    }
    if (now_ms >= client->retry_ms) {
        repeat(client, turn);
    }
    if (client->state != WAX_SN_ENDED && now_ms >= broker_ms(client)) {
        ask_broker(client, turn);
    }
    wax_sn_deliver(client, turn);
}
