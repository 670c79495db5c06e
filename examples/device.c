/* The loop of a device: poll the client, dial when it asks for it, sleep when there is nothing. */
#include "device.h"

#include "os/os.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t is_stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    is_stopped = 1;
}

static bool read_port(const char *word, uint16_t *port)
{
    char *end;
    unsigned long number = strtoul(word, &end, 10);

    *port = (uint16_t)number;
    return *word != 0 && *end == 0 && number > 0 && number <= UINT16_MAX;
}

static uint32_t random_seed(void)
{
    uint32_t seed;

    wax_os_random(&seed, sizeof seed);
    return seed;
}

bool device_open(struct device *device, const char *client_id, int count, char **words)
{
    bool is_old = count > 1 && strcmp(words[1], "-3") == 0;
    const char *program = words[0];
    wax_status status;

    words += is_old;
    count -= is_old;
    if ((count != 3 && count != 5) || !read_port(words[2], &device->port)) {
        fprintf(stderr,
                "usage: %s [-3] HOST PORT [USERNAME PASSWORD]\n"
                "-3 is for brokers that do not know MQTT 5\n",
                program);
        return false;
    }
    device->host = words[1];
    device->config.version = is_old ? WAX_VERSION_3_1_1 : WAX_VERSION_5;
    device->config.client_id = wax_bytes_of_text(client_id);
    device->config.username = wax_bytes_of_text(count == 5 ? words[3] : NULL);
    device->config.password = wax_bytes_of_text(count == 5 ? words[4] : NULL);
    device->config.keep_alive_s = 30;
    device->config.session_expiry_s = 3600;
    device->config.acknowledges = true;
    device->config.back_off_max_ms = 30000;
    device->config.receive_room = device->receive_room;
    device->config.receive_size = sizeof device->receive_room;
    device->config.send_room = device->send_room;
    device->config.send_size = sizeof device->send_room;
    device->config.queue_room = device->queue_room;
    device->config.queue_size = sizeof device->queue_room;
    device->config.outgoing_slots = device->outgoing_slots;
    device->config.outgoing_count = WAX_COUNT(device->outgoing_slots);
    device->config.incoming_slots = device->incoming_slots;
    device->config.incoming_count = WAX_COUNT(device->incoming_slots);
    status = wax_client_open(&device->client, &device->config, random_seed(), wax_clock_ms());
    if (status != WAX_OK) {
        fprintf(stderr, "%s: the client cannot start: %s\n", program, wax_status_text(status));
    }
    return status == WAX_OK;
}

void device_say(struct device *device, const char *topic, const char *text)
{
    wax_publish publish = {
        .topic = wax_bytes_of_text(topic),
        .payload = wax_bytes_of_text(text),
        .qos = 1,
        .retain = true,
    };
    uint32_t token;
    wax_status status = wax_client_publish(&device->client, &publish, &token);

    if (status == WAX_OK) {
        printf("%s %s\n", topic, text);
    } else {
        fprintf(stderr, "%s is not published: %s\n", topic, wax_status_text(status));
    }
}

/* Makes the connection that the client asks for. */
static void dial(struct device *device)
{
    wax_dial dial = {
        .host = device->host, .port = device->port, .timeout_ms = 5000, .no_delay = true};
    char fault[200];
    wax_status status = wax_socket_dial(&dial, &device->transport, fault, sizeof fault);

    if (status == WAX_OK) {
        status = wax_client_attach(&device->client, device->transport, wax_clock_ms());
        if (status == WAX_OK) {
            return;
        }
        fprintf(stderr, "CONNECT does not fit: shorten the user name or the password\n");
        wax_transport_release(device->transport);
        device->transport = NULL;
    } else {
        fprintf(stderr, "%s\n", fault);
    }
    wax_client_detach(&device->client, wax_clock_ms());
}

static void hang_up(struct device *device)
{
    (void)!wax_transport_close(device->transport);
    wax_transport_release(device->transport);
    device->transport = NULL;
}

static void handle(struct device *device, const wax_client_event *event)
{
    if (event->type == WAX_CLIENT_WANTS_CONNECTION) {
        dial(device);
        return;
    }
    if (event->type == WAX_CLIENT_REFUSED) {
        fprintf(stderr, "the broker refuses: %s\n", wax_status_text((wax_status)event->reason));
        hang_up(device);
    }
    if (event->type == WAX_CLIENT_DISCONNECTED) {
        if (event->status != WAX_OK) {
            fprintf(stderr, "disconnected: %s\n", wax_status_text((wax_status)event->status));
        }
        hang_up(device);
    }
    device->heard(device, event);
}

/* How long to sleep, as poll(2) wants it. */
static int sleep_ms(const struct device *device)
{
    uint64_t deadline_ms = wax_client_deadline_ms(&device->client);
    uint64_t now_ms = wax_clock_ms();

    if (deadline_ms == WAX_NEVER) {
        return -1;
    }
    if (deadline_ms <= now_ms) {
        return 0;
    }
    return deadline_ms - now_ms > 60000 ? 60000 : (int)(deadline_ms - now_ms);
}

/* Reads what was typed and hands it on line by line. */
static void read_input(struct device *device)
{
    static char line[64];
    static size_t used;
    char byte;
    ssize_t got = read(STDIN_FILENO, &byte, 1);

    if (got <= 0) {
        device->reads_input = false;
        device->is_done = true;
    } else if (byte == '\n') {
        line[used] = 0;
        used = 0;
        device->typed(device, line);
    } else if (used < sizeof line - 1) {
        line[used++] = byte;
    }
}

static void wait_for_something(struct device *device)
{
    unsigned waits = wax_client_waits(&device->client);
    struct pollfd descriptors[2] = {
        {.fd = device->reads_input ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = device->transport == NULL ? -1 : wax_socket_descriptor(device->transport)                                            },
    };

    descriptors[1].events = (short)(((waits & WAX_WAITS_TO_READ) != 0 ? POLLIN : 0) |
                                    ((waits & WAX_WAITS_TO_WRITE) != 0 ? POLLOUT : 0));
    if (poll(descriptors, 2, sleep_ms(device)) > 0 && descriptors[0].revents != 0) {
        read_input(device);
    }
}

int device_run(struct device *device)
{
    struct sigaction action = {.sa_handler = stop};
    wax_client_event event;

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (;;) {
        while (wax_client_poll(&device->client, wax_clock_ms(), &event)) {
            handle(device, &event);
        }
        if (device->client.state == WAX_CLIENT_ENDED) {
            return is_stopped || device->is_done ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        bool is_all_said = device->is_done && wax_client_waiting_count(&device->client) == 0;
        if ((is_stopped || is_all_said) && !device->client.ends) {
            wax_client_disconnect(&device->client, WAX_REASON_SUCCESS);
        } else {
            wait_for_something(device);
        }
    }
}
