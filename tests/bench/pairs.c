/* Load for a broker: pairs of a publisher and a subscriber, each with a topic of its own,
 * MQTT 3.1.1 over TCP.
 *
 *   pairs PORT PID PAIRS QOS WINDOW SECONDS [durable]
 *
 * A publisher has at most WINDOW messages on their way, counted until the subscriber has them and,
 * above QoS 0, the broker has acknowledged them. With `durable`, the sessions of both outlive their
 * connections, and begin empty. Prints: messages, elapsed ns, ns of CPU that process
 * PID took meanwhile. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    PAYLOAD_SIZE = 64,
    MESSAGE_SIZE_MAX = 128,
    IN_SIZE = 65536,
    EVENT_COUNT = 256,
    WINDOW_MAX = 256,
    OUT_SIZE = WINDOW_MAX * MESSAGE_SIZE_MAX,
    WARM_UP_MS = 500,
    PATIENCE_MS = 5000,
};

struct end {
    int fd;
    int pair;
    int is_subscriber;
    size_t in_used;
    uint8_t in[IN_SIZE];
};

struct pair {
    struct end publisher;
    struct end subscriber;
    uint64_t sent;
    uint64_t acknowledged;
    uint64_t received;
    size_t message_size;
    uint8_t message[MESSAGE_SIZE_MAX];
    size_t id_at;
};

static struct pair *pairs;
static int pair_count;
static int qos;
static unsigned window;
static int poll_fd;
static uint64_t delivered;
static int is_durable;

static void die(const char *what)
{
    fprintf(stderr, "pairs: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* What all threads of a process have spent on a CPU. */
static uint64_t cpu_ns(int pid)
{
    char path[320];
    uint64_t total = 0;
    DIR *tasks;
    struct dirent *task;

    snprintf(path, sizeof path, "/proc/%d/task", pid);
    tasks = opendir(path);
    if (tasks == NULL) {
        die(path);
    }
    while ((task = readdir(tasks)) != NULL) {
        unsigned long long spent = 0;
        FILE *file;

        if (task->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof path, "/proc/%d/task/%.32s/schedstat", pid, task->d_name);
        file = fopen(path, "r");
        if (file != NULL) {
            if (fscanf(file, "%llu", &spent) == 1) {
                total += spent;
            }
            fclose(file);
        }
    }
    closedir(tasks);
    return total;
}

static void send_all(const struct end *end, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;

    /* The windows are smaller than a socket's buffer: a full one is a broker that does not read. */
    for (int turn = 0; size > 0 && turn < PATIENCE_MS; turn++) {
        ssize_t done = send(end->fd, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (done < 0 && errno != EAGAIN) {
            die("send");
        } else if (done < 0) {
            usleep(1000);
        } else {
            from += done;
            size -= (size_t)done;
        }
    }
    if (size > 0) {
        die("the broker does not read");
    }
}

static void receive_exactly(const struct end *end, void *bytes, size_t size)
{
    if (recv(end->fd, bytes, size, MSG_WAITALL) != (ssize_t)size) {
        die("the broker does not answer");
    }
}

static void join(struct end *end, int port, int is_clean)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    uint8_t connect_packet[32] = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60};
    uint8_t answer[4];
    int yes = 1;
    int size = snprintf((char *)connect_packet + 14, 16, "%c%d", end->is_subscriber ? 's' : 'p',
                        end->pair);

    connect_packet[1] = (uint8_t)(12 + size);
    connect_packet[13] = (uint8_t)size;
    connect_packet[9] = is_clean ? 2 : 0;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    end->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (end->fd < 0 || connect(end->fd, (struct sockaddr *)&to, sizeof to) != 0) {
        die("connect");
    }
    setsockopt(end->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    send_all(end, connect_packet, (size_t)(14 + size));
    receive_exactly(end, answer, sizeof answer);
    if (answer[0] != 0x20 || answer[3] != 0) {
        die("the broker refuses");
    }
}

/* A session that was there before is ended first. */
static void begin_session(struct end *end, int port)
{
    join(end, port, 1);
    if (is_durable) {
        send_all(end, (uint8_t[]){0xe0, 0}, 2);
        close(end->fd);
        join(end, port, 0);
    }
}

static void subscribe(struct pair *pair)
{
    uint8_t packet[32] = {0x82, 0, 0, 1, 0};
    uint8_t answer[5];
    int size = snprintf((char *)packet + 6, 20, "pairs/%d", pair->subscriber.pair);

    packet[5] = (uint8_t)size;
    packet[6 + size] = (uint8_t)qos;
    packet[1] = (uint8_t)(5 + size);
    send_all(&pair->subscriber, packet, (size_t)(7 + size));
    receive_exactly(&pair->subscriber, answer, sizeof answer);
    if (answer[4] != qos) {
        die("the broker refuses the subscription");
    }
}

static void write_message(struct pair *pair)
{
    int size = snprintf((char *)pair->message + 4, 32, "pairs/%d", pair->publisher.pair);

    pair->message[0] = (uint8_t)(0x30 | qos << 1);
    pair->message[3] = (uint8_t)size;
    pair->id_at = (size_t)(4 + size);
    pair->message_size = pair->id_at + (qos > 0 ? 2 : 0) + PAYLOAD_SIZE;
    pair->message[1] = (uint8_t)(pair->message_size - 2);
    memset(pair->message + pair->message_size - PAYLOAD_SIZE, 'x', PAYLOAD_SIZE);
}

static void watch(struct end *end)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};

    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, end->fd, &event) != 0) {
        die("epoll_ctl");
    }
}

static void begin(struct pair *pair, int number, int port)
{
    pair->publisher.pair = pair->subscriber.pair = number;
    pair->subscriber.is_subscriber = 1;
    begin_session(&pair->publisher, port);
    begin_session(&pair->subscriber, port);
    subscribe(pair);
    write_message(pair);
    watch(&pair->publisher);
    watch(&pair->subscriber);
}

/* Sends as much as the window lets. */
static void refill(struct pair *pair)
{
    static uint8_t out[OUT_SIZE];
    uint64_t done = pair->received;
    size_t used = 0;

    if (qos > 0 && pair->acknowledged < done) {
        done = pair->acknowledged;
    }
    for (; pair->sent - done < window; pair->sent++) {
        if (qos > 0) {
            uint16_t id = (uint16_t)(pair->sent % 60000 + 1);
            pair->message[pair->id_at] = (uint8_t)(id >> 8);
            pair->message[pair->id_at + 1] = (uint8_t)id;
        }
        memcpy(out + used, pair->message, pair->message_size);
        used += pair->message_size;
    }
    if (used > 0) {
        send_all(&pair->publisher, out, used);
    }
}

/* Counts a packet, and writes what is to be said to it. Returns its size. */
static size_t answer(const uint8_t *packet, struct pair *pair, uint8_t *out)
{
    const uint8_t *id = packet + 2;
    uint8_t type = 0;

    switch (packet[0] >> 4) {
    case 3: /* PUBLISH */
        pair->received++;
        delivered++;
        id = packet + 4 + packet[3];
        type = (packet[0] & 6) == 0 ? 0 : (packet[0] & 4) != 0 ? 0x50 : 0x40;
        break;
    case 4: /* PUBACK, PUBCOMP */
    case 7:
        pair->acknowledged++;
        break;
    case 5: /* PUBREC */
        type = 0x62;
        break;
    case 6: /* PUBREL */
        type = 0x70;
        break;
    }
    if (type == 0) {
        return 0;
    }
    memcpy(out, (uint8_t[]){type, 2, id[0], id[1]}, 4);
    return 4;
}

/* Takes the whole packets of what arrived; all of them are shorter than 128 bytes. */
static void take(struct end *end, struct pair *pair)
{
    static uint8_t answers[IN_SIZE];
    size_t answers_used = 0;
    size_t at = 0;

    while (at + 2 <= end->in_used && at + 2 + end->in[at + 1] <= end->in_used) {
        const uint8_t *packet = end->in + at;

        answers_used += answer(packet, pair, answers + answers_used);
        at += 2 + (size_t)packet[1];
    }
    memmove(end->in, end->in + at, end->in_used - at);
    end->in_used -= at;
    if (answers_used > 0) {
        send_all(end, answers, answers_used);
    }
}

static void run_until(uint64_t end_ns)
{
    struct epoll_event events[EVENT_COUNT];

    while (now_ns() < end_ns) {
        int count = epoll_wait(poll_fd, events, EVENT_COUNT, PATIENCE_MS);

        if (count <= 0) {
            die("nothing moves any more");
        }
        for (int i = 0; i < count; i++) {
            struct end *end = events[i].data.ptr;
            ssize_t size =
                recv(end->fd, end->in + end->in_used, IN_SIZE - end->in_used, MSG_DONTWAIT);

            if (size <= 0) {
                die("the broker has closed a connection");
            }
            end->in_used += (size_t)size;
            take(end, &pairs[end->pair]);
            refill(&pairs[end->pair]);
        }
    }
}

int main(int count, char **words)
{
    uint64_t began_ns;
    uint64_t spent_ns;
    uint64_t before;
    int pid;

    if (count != 7 && count != 8) {
        fprintf(stderr, "usage: %s PORT PID PAIRS QOS WINDOW SECONDS [durable]\n", words[0]);
        return 2;
    }
    pid = (int)strtol(words[2], NULL, 10);
    pair_count = (int)strtol(words[3], NULL, 10);
    qos = (int)strtol(words[4], NULL, 10);
    window = (unsigned)strtoul(words[5], NULL, 10);
    is_durable = count == 8;
    pairs = calloc((size_t)pair_count, sizeof *pairs);
    poll_fd = epoll_create1(0);
    if (pairs == NULL || poll_fd < 0 || window == 0 || window > WINDOW_MAX || qos < 0 || qos > 2) {
        die("wrong arguments");
    }
    for (int i = 0; i < pair_count; i++) {
        begin(&pairs[i], i, (int)strtol(words[1], NULL, 10));
    }
    for (int i = 0; i < pair_count; i++) {
        refill(&pairs[i]);
    }
    run_until(now_ns() + WARM_UP_MS * UINT64_C(1000000));
    before = delivered;
    spent_ns = cpu_ns(pid);
    began_ns = now_ns();
    run_until(began_ns + (uint64_t)(strtod(words[6], NULL) * 1e9));
    printf("%llu %llu %llu\n", (unsigned long long)(delivered - before),
           (unsigned long long)(now_ns() - began_ns), (unsigned long long)(cpu_ns(pid) - spent_ns));
    return 0;
}
