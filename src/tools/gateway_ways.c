/* The ways by which devices come to wax gateway: datagrams, and serial lines. */
#include "tools/gateway_parts.h"
#include "tools/place.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum {
    DATAGRAMS_MAX = 64, /* taken before others have their turn */
    RECEIVE_SIZE = 1024 * 1024,
    READS_MAX = 64, /* of a line, likewise */
    REOPEN_MS = 1000,
};

/* --- Datagrams --- */

static void on_datagrams(wax_watch *watch, bool readable, bool writable)
{
    struct socket_way *way = WAX_OWNER(watch, struct socket_way, watch);
    uint8_t room[WAX_SN_PACKET_MAX + 1];

    (void)readable;
    (void)writable;
    for (int i = 0; i < DATAGRAMS_MAX; i++) {
        struct peer peer = {.socket = way, .address_size = sizeof peer.address};
        ssize_t size = recvfrom(watch->descriptor, room, sizeof room, 0,
                                (struct sockaddr *)&peer.address, &peer.address_size);

        if (size < 0 && errno != ECONNREFUSED) { /* that is of a datagram sent before */
            return;
        }
        if (size > 0 && (size_t)size <= WAX_SN_PACKET_MAX) {
            gateway_take(way->hub, &peer, wax_bytes_of(room, (size_t)size));
        }
    }
}

static bool open_socket(struct hub *hub, const wax_addresses *addresses, size_t which)
{
    const struct sockaddr *address = (const struct sockaddr *)&addresses->items[which];
    int descriptor = socket(address->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct socket_way *way = &hub->sockets[hub->socket_count];
    int size = RECEIVE_SIZE;
    int on = 1;

    if (descriptor < 0) {
        return false;
    }
    (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size); /* as much as may be */
    if ((address->sa_family == AF_INET6 &&
         setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        bind(descriptor, address, addresses->sizes[which]) != 0) {
        int error = errno;

        (void)close(descriptor);
        errno = error;
        return false;
    }
    *way = (struct socket_way){
        {.ready = on_datagrams, .descriptor = descriptor},
        hub
    };
    hub->socket_count++;
    return wax_loop_watch(&hub->loop, &way->watch, true) == WAX_OK;
}

static bool open_sockets(struct hub *hub)
{
    const struct settings *settings = &hub->settings;
    const char *place = settings->listen == NULL ? "127.0.0.1:1884" : settings->listen;
    wax_addresses addresses;
    char fault[400];
    char host[256];
    uint16_t port;

    if (settings->listen == NULL && settings->gateway.lines.count > 0) {
        return true;
    }
    if (!tools_place_read(place, host, sizeof host, &port)) {
        return tools_complain(settings, "--listen %s: write HOST:PORT, as in 192.0.2.1:1884",
                              place);
    }
    if (wax_socket_resolve(host, port, &addresses, fault, sizeof fault) != WAX_OK) {
        return tools_complain(settings, "--listen %s: %s", place, fault);
    }
    for (size_t i = 0; i < addresses.count; i++) {
        if (!open_socket(hub, &addresses, i)) {
            return tools_complain(settings, "--listen %s: %s", place, strerror(errno));
        }
    }
    wax_log_write(&hub->log, WAX_NOTICE, "gateway_started listens=%s", place);
    return true;
}

/* --- Serial lines --- */

static void line_run(struct line_way *line);

static void on_line(wax_watch *watch, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    line_run(WAX_OWNER(watch, struct line_way, watch));
}

static speed_t speed_of(uint32_t baud)
{
    static const struct {
        uint32_t baud;
        speed_t speed;
    } rows[] = {
        {1200,   B1200  },
        {2400,   B2400  },
        {4800,   B4800  },
        {9600,   B9600  },
        {19200,  B19200 },
        {38400,  B38400 },
        {57600,  B57600 },
        {115200, B115200},
        {230400, B230400},
        {460800, B460800},
        {921600, B921600},
    };

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].baud == baud) {
            return rows[i].speed;
        }
    }
    return B0;
}

/* All bytes pass as they are. */
static bool set_line(int descriptor, uint32_t baud)
{
    struct termios line;

    if (tcgetattr(descriptor, &line) != 0) {
        return false;
    }
    cfmakeraw(&line);
    line.c_cflag |= CLOCAL | CREAD;
    line.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS);
    return cfsetspeed(&line, speed_of(baud)) == 0 && tcsetattr(descriptor, TCSANOW, &line) == 0;
}

static void line_close(struct line_way *line)
{
    if (line->watch.descriptor >= 0) {
        wax_loop_forget(&line->hub->loop, &line->watch);
        (void)close(line->watch.descriptor);
        line->watch.descriptor = -1;
    }
    line->out_size = 0;
    line->frame.used = 0;
    line->frame.is_escaped = line->frame.is_broken = false;
}

static bool line_open(struct line_way *line)
{
    struct hub *hub = line->hub;
    int descriptor = open(line->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    line->watch = (wax_watch){.ready = on_line, .descriptor = descriptor};
    if (descriptor < 0) {
        return false;
    }
    if (!set_line(descriptor, hub->settings.gateway.baud) ||
        wax_loop_watch(&hub->loop, &line->watch, false) != WAX_OK) {
        int error = errno;

        (void)close(descriptor);
        line->watch.descriptor = -1;
        errno = error;
        return false;
    }
    wax_log_write(&hub->log, WAX_NOTICE, "line_open path=%s", line->path);
    return true;
}

static void on_line_timer(wax_timer *timer, uint64_t now_ms)
{
    struct line_way *line = WAX_OWNER(timer, struct line_way, timer);

    if (line->watch.descriptor >= 0 || line_open(line)) {
        line->was_told = false;
        line_run(line);
        return;
    }
    if (!line->was_told) {
        line->was_told = true;
        wax_log_write(&line->hub->log, WAX_ERROR, "line_failed path=%s reason=%s", line->path,
                      strerror(errno));
    }
    wax_loop_start(&line->hub->loop, timer, now_ms + REOPEN_MS);
}

static void line_take(struct line_way *line, wax_bytes bytes)
{
    const struct peer peer = {.line = line};
    wax_reader in = wax_reader_over(bytes);
    wax_bytes packet;

    while (wax_sn_frame_take(&line->frame, &in, &packet) == WAX_OK) {
        gateway_take(line->hub, &peer, packet);
    }
}

/* Takes what came. Returns WAX_MORE when that is all, WAX_OK when there may be more, WAX_CLOSED at
 * the end of the line. */
static wax_status line_read(struct line_way *line)
{
    uint8_t room[1024];

    for (int i = 0; i < READS_MAX; i++) {
        ssize_t size = read(line->watch.descriptor, room, sizeof room);

        if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
            return WAX_MORE;
        }
        if (size <= 0) {
            return WAX_CLOSED;
        }
        line_take(line, wax_bytes_of(room, (size_t)size));
    }
    return WAX_OK;
}

/* Moves what moves. */
static void line_run(struct line_way *line)
{
    struct hub *hub = line->hub;
    wax_status status;

    gateway_line_flush(line);
    status = line_read(line);
    if (status == WAX_CLOSED) {
        wax_log_write(&hub->log, WAX_WARNING, "line_ended path=%s broken_frames=%u", line->path,
                      line->frame.broken_count);
        line_close(line);
        wax_loop_start(&hub->loop, &line->timer, wax_clock_ms() + REOPEN_MS);
        return;
    }
    if (line->device != NULL) {
        gateway_run(line->device);
    }
    if (status == WAX_OK) {
        wax_loop_start(&hub->loop, &line->timer, 0); /* after the others */
    }
}

static bool open_line(struct hub *hub, const char *path)
{
    struct line_way *line = calloc(1, sizeof *line);

    if (line == NULL) {
        return tools_complain(&hub->settings, "there is not enough memory");
    }
    line->hub = hub;
    line->path = path;
    line->timer.due = on_line_timer;
    line->frame.room = line->in;
    line->frame.size = sizeof line->in;
    hub->lines[hub->line_count++] = line;
    return line_open(line) ||
           tools_complain(&hub->settings,
                          "--serial %s: %s; it is to be a terminal, as /dev/ttyUSB0", path,
                          strerror(errno));
}

static bool open_lines(struct hub *hub)
{
    const struct gateway_settings *settings = &hub->settings.gateway;

    if (settings->lines.count > GATEWAY_LINES_MAX) {
        return tools_complain(&hub->settings, "--serial may be given %d times", GATEWAY_LINES_MAX);
    }
    if (speed_of(settings->baud) == B0) {
        return tools_complain(&hub->settings,
                              "--baud %u: serial lines have 1200, 2400, 4800, 9600, 19200, 38400, "
                              "57600, 115200, 230400, 460800 or 921600",
                              settings->baud);
    }
    for (size_t i = 0; i < settings->lines.count; i++) {
        if (!open_line(hub, settings->lines.items[i])) {
            return false;
        }
    }
    return true;
}

/* --- Both --- */

bool gateway_open_ways(struct hub *hub)
{
    return open_lines(hub) && open_sockets(hub);
}

void gateway_close_ways(struct hub *hub)
{
    for (size_t i = 0; i < hub->socket_count; i++) {
        (void)close(hub->sockets[i].watch.descriptor);
    }
    for (size_t i = 0; i < hub->line_count; i++) {
        line_close(hub->lines[i]);
        wax_loop_stop(&hub->loop, &hub->lines[i]->timer);
        free(hub->lines[i]);
    }
}

/* --- ADVERTISE [6.1] --- */

static void on_advertise(wax_timer *timer, uint64_t now_ms)
{
    struct hub *hub = WAX_OWNER(timer, struct hub, advertise);
    const struct gateway_settings *settings = &hub->settings.gateway;
    const wax_sn_packet packet = {
        .type = WAX_SN_ADVERTISE,
        .gateway_id = (uint8_t)settings->id,
        .duration_s = (uint16_t)settings->advertise_s,
    };
    uint8_t room[16];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)!wax_sn_packet_write(&out, &packet);
    gateway_send(&hub->advertised, wax_writer_bytes(&out));
    wax_loop_start(&hub->loop, timer, now_ms + settings->advertise_s * 1000ULL);
}

/* Lets a socket send to a group, and hear what is sent to it. */
static bool join_group(int descriptor, const struct sockaddr_storage *group)
{
    const struct sockaddr_in *four = (const void *)group;
    const struct sockaddr_in6 *six = (const void *)group;
    struct ip_mreq request = {.imr_multiaddr = four->sin_addr};
    struct ipv6_mreq request_6 = {.ipv6mr_multiaddr = six->sin6_addr,
                                  .ipv6mr_interface = six->sin6_scope_id};
    int on = 1;

    if (group->ss_family == AF_INET6) {
        return setsockopt(descriptor, IPPROTO_IPV6, IPV6_JOIN_GROUP, &request_6,
                          sizeof request_6) == 0;
    }
    if (IN_MULTICAST(ntohl(four->sin_addr.s_addr))) {
        return setsockopt(descriptor, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) == 0;
    }
    return setsockopt(descriptor, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == 0;
}

bool gateway_open_advertising(struct hub *hub)
{
    const struct settings *settings = &hub->settings;
    const char *place = settings->gateway.advertise;
    wax_addresses addresses;
    char fault[400];
    char host[256];
    uint16_t port;

    if (place == NULL) {
        return true;
    }
    if (hub->socket_count == 0 || !tools_place_read(place, host, sizeof host, &port)) {
        return tools_complain(
            settings,
            "--advertise %s: write ADDRESS:PORT, as in 225.1.1.1:1884; it goes by "
            "the first address of --listen",
            place);
    }
    if (wax_socket_resolve(host, port, &addresses, fault, sizeof fault) != WAX_OK) {
        return tools_complain(settings, "--advertise %s: %s", place, fault);
    }
    if (!join_group(hub->sockets[0].watch.descriptor, &addresses.items[0])) {
        return tools_complain(settings, "--advertise %s: %s", place, strerror(errno));
    }
    hub->advertised = (struct peer){.socket = &hub->sockets[0],
                                    .address = addresses.items[0],
                                    .address_size = addresses.sizes[0]};
    hub->advertise.due = on_advertise;
    wax_loop_start(&hub->loop, &hub->advertise, wax_clock_ms());
    return true;
}
