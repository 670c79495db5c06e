/* The wire of wax demo: a relay between clients and the broker that keeps what clients send. */
#include "tools/demo_parts.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PAIRS_MAX = 32,
    CHUNK_SIZE = 16384,
};

/* A connection: the client's end, then the broker's. */
struct pair {
    struct pollfd ends[2];
};

static bool send_all(int end, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(end, bytes, size, MSG_NOSIGNAL);

        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Passes on what one end says. False when it has no more to say. */
static bool pass(const struct pair *pair, size_t from, FILE *kept)
{
    uint8_t room[CHUNK_SIZE];
    ssize_t size = recv(pair->ends[from].fd, room, sizeof room, 0);

    if (size <= 0) {
        return false;
    }
    if (from == 0) {
        (void)fwrite(room, 1, (size_t)size, kept);
        (void)fflush(kept);
    }
    return send_all(pair->ends[1 - from].fd, room, (size_t)size);
}

static bool join(struct pair *pair, int client, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int broker = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (client < 0 || broker < 0 ||
        connect(broker, (struct sockaddr *)&address, sizeof address) != 0) {
        if (client >= 0) {
            (void)close(client);
        }
        if (broker >= 0) {
            (void)close(broker);
        }
        return false;
    }
    pair->ends[0] = (struct pollfd){.fd = client, .events = POLLIN};
    pair->ends[1] = (struct pollfd){.fd = broker, .events = POLLIN};
    return true;
}

/* Moves what is there. False when the connection has ended, and is closed. */
static bool serve(struct pair *pair, FILE *kept)
{
    bool lives = true;

    for (size_t from = 0; lives && from < 2; from++) {
        lives = pair->ends[from].revents == 0 || pass(pair, from, kept);
    }
    if (!lives) {
        (void)close(pair->ends[0].fd);
        (void)close(pair->ends[1].fd);
    }
    return lives;
}

/* Serves all pairs by what poll() said of them. Returns how many are left. */
static size_t serve_all(struct pair *pairs, const struct pollfd *polled, size_t count, FILE *kept)
{
    size_t live = 0;

    for (size_t i = 0; i < count; i++) {
        pairs[i].ends[0].revents = polled[2 * i].revents;
        pairs[i].ends[1].revents = polled[2 * i + 1].revents;
        if (serve(&pairs[i], kept)) {
            pairs[live++] = pairs[i];
        }
    }
    return live;
}

void demo_tap_run(int listener, uint16_t port, FILE *kept)
{
    struct pollfd polled[1 + 2 * PAIRS_MAX];
    struct pair pairs[PAIRS_MAX];
    size_t count = 0;

    memset(pairs, 0, sizeof pairs);
    for (;;) {
        polled[0] = (struct pollfd){.fd = listener, .events = count < PAIRS_MAX ? POLLIN : 0};
        for (size_t i = 0; i < count; i++) {
            polled[1 + 2 * i] = pairs[i].ends[0];
            polled[2 + 2 * i] = pairs[i].ends[1];
        }
        if (poll(polled, 1 + 2 * count, -1) < 0) {
            return;
        }
        count = serve_all(pairs, polled + 1, count, kept);
        if (polled[0].revents != 0 && join(&pairs[count], accept(listener, NULL, NULL), port)) {
            count++;
        }
    }
}
