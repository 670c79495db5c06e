/* A sensor that tells plant/reading every ten seconds how warm it is, at QoS 1 over TLS. What it
 * measures while the broker is away is told when it is back. Whom it trusts is a CA that was added
 * as credential CA_TAG, for example by `cred` on Zephyr's shell. */
#include "client/client.h"
#include "wax_zephyr.h"

#include <stdio.h>
#include <zephyr/kernel.h>
#include <zephyr/random/random.h>

#ifndef BROKER_HOST
#define BROKER_HOST "broker.example.org"
#endif
#ifndef BROKER_PORT
#define BROKER_PORT "8883"
#endif
#ifndef PERIOD_MS
#define PERIOD_MS 10000
#endif

enum { CA_TAG = 1 };

static uint8_t receive_room[256], send_room[256], queue_room[1024];
static wax_flow outgoing[4], incoming[4];

static const wax_client_config config = {
    .version = WAX_VERSION_5,
    .client_id = {(const uint8_t *)"zephyr", 6},
    .session_expiry_s = 3600,
    .keep_alive_s = 60,
    .acknowledges = true,
    .receive_room = receive_room,
    .receive_size = sizeof receive_room,
    .send_room = send_room,
    .send_size = sizeof send_room,
    .queue_room = queue_room,
    .queue_size = sizeof queue_room,
    .outgoing_slots = outgoing,
    .outgoing_count = WAX_COUNT(outgoing),
    .incoming_slots = incoming,
    .incoming_count = WAX_COUNT(incoming),
};

static wax_client client;
static wax_zephyr connection;
static bool has_connection;

static uint64_t now_ms(void)
{
    return (uint64_t)k_uptime_get();
}

static void hang_up(void)
{
    if (has_connection) {
        wax_transport_release(&connection.transport);
    }
    has_connection = false;
}

static void dial(void)
{
    static const sec_tag_t tags[] = {CA_TAG};
    const wax_zephyr_peer peer = {BROKER_HOST, BROKER_PORT, tags, WAX_COUNT(tags)};

    has_connection = wax_zephyr_dial(&connection, &peer) == WAX_OK;
    if (!has_connection || wax_client_attach(&client, &connection.transport, now_ms()) != WAX_OK) {
        hang_up();
        wax_client_detach(&client, now_ms());
    }
}

/* A board asks its hardware. */
static int measure(void)
{
    static int value = 20;

    return value++;
}

static void tell(void)
{
    char text[12];
    wax_publish message = {.topic = WAX_TEXT("plant/reading"), .qos = 1};
    uint32_t token;
    wax_status status;

    snprintf(text, sizeof text, "%d", measure());
    message.payload = wax_bytes_of_text(text);
    status = wax_client_publish(&client, &message, &token);
    if (status != WAX_OK) {
        printk("%s is not told: %s\n", text, wax_status_text(status));
    }
}

static void handle(const wax_client_event *event)
{
    if (event->type == WAX_CLIENT_WANTS_CONNECTION) {
        dial();
    } else if (event->type == WAX_CLIENT_REFUSED || event->type == WAX_CLIENT_DISCONNECTED) {
        printk("the connection ends: %s\n", wax_status_text((wax_status)event->status));
        hang_up();
    } else if (event->type == WAX_CLIENT_DELIVERED) {
        printk("delivered\n");
    }
}

/* Sleeps until bytes can be moved, the client has something to do, or a reading is due. */
static void rest(uint64_t next_ms)
{
    unsigned waits = wax_client_waits(&client);
    struct zsock_pollfd line = {.fd = has_connection ? connection.transport.descriptor : -1};
    uint64_t deadline_ms = wax_client_deadline_ms(&client);
    uint64_t now = now_ms();

    line.events = (short)(((waits & WAX_WAITS_TO_READ) != 0 ? ZSOCK_POLLIN : 0) |
                          ((waits & WAX_WAITS_TO_WRITE) != 0 ? ZSOCK_POLLOUT : 0));
    deadline_ms = deadline_ms < next_ms ? deadline_ms : next_ms;
    (void)zsock_poll(&line, 1, deadline_ms > now ? (int)(deadline_ms - now) : 0);
}

int main(void)
{
    uint64_t next_ms = now_ms();
    wax_client_event event;

    if (wax_client_open(&client, &config, sys_rand32_get(), now_ms()) != WAX_OK) {
        return 1;
    }
    for (;;) {
        while (wax_client_poll(&client, now_ms(), &event)) {
            handle(&event);
        }
        if (now_ms() >= next_ms) {
            next_ms += PERIOD_MS;
            tell();
        } else {
            rest(next_ms);
        }
    }
}
