/* wax proxy: programs that cannot seal connect to it as to a broker. */
#include "tools/dial.h"
#include "tools/options.h"
#include "tools/place.h"
#include "tools/proxy_parts.h"
#include "tools/tools.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    THREADS = 4,
    ACCEPT_MAX = 16,
    QUEUE_SIZE = 64 * 1024, /* for the status of this device */
};

/* --- Where programs come in --- */

static void on_programs(wax_watch *watch, bool readable, bool writable)
{
    struct gateway *proxy = WAX_OWNER(watch, struct entrance, watch)->proxy;

    (void)readable;
    (void)writable;
    for (int i = 0; i < ACCEPT_MAX; i++) {
        int descriptor = accept4(watch->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (descriptor < 0) {
            return;
        }
        if (proxy->connection_count == PROXY_CONNECTIONS_MAX) {
            wax_log_write(&proxy->log, WAX_WARNING,
                          "accept_failed reason=%d programs are connected, which is the limit",
                          PROXY_CONNECTIONS_MAX);
            (void)close(descriptor);
            continue;
        }
        proxy_accept(proxy, descriptor);
    }
}

/* Whether only this host's programs can connect. */
static bool is_local(int descriptor)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof address;

    if (getsockname(descriptor, (struct sockaddr *)&address, &size) != 0) {
        return false;
    }
    if (address.ss_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)&address;

        return ntohl(four->sin_addr.s_addr) >> 24 == 127;
    }
    return address.ss_family == AF_UNIX ||
           (address.ss_family == AF_INET6 &&
            IN6_IS_ADDR_LOOPBACK(
                &((const struct sockaddr_in6 *)(const void *)&address)->sin6_addr));
}

static bool add_entrance(struct gateway *proxy, int descriptor)
{
    struct entrance *entrance = &proxy->entrances[proxy->entrance_count++];

    *entrance = (struct entrance){
        {.ready = on_programs, .descriptor = descriptor},
        proxy
    };
    if (!is_local(descriptor) && !proxy->settings.allows_remote) {
        return tools_complain(
            &proxy->settings,
            "--listen %s: other hosts can connect there, and what programs say to "
            "the proxy is not sealed yet; if that is meant, add --allow-remote",
            proxy->settings.listen);
    }
    return wax_loop_watch(&proxy->loop, &entrance->watch, true) == WAX_OK ||
           tools_complain(&proxy->settings, "there is not enough memory");
}

static bool listen_for_programs(struct gateway *proxy)
{
    const struct settings *settings = &proxy->settings;
    const char *place = settings->listen == NULL ? "127.0.0.1:1883" : settings->listen;
    char host[256];
    char fault[400];
    wax_listen wanted = {.host = host};
    int descriptors[WAX_LISTEN_MAX];
    size_t count;
    bool is_good = true;

    if (place[0] == '/') {
        wanted.host = place;
    } else if (!tools_place_read(place, host, sizeof host, &wanted.port)) {
        return tools_complain(
            settings,
            "--listen %s: write HOST:PORT, as in 127.0.0.1:1883, or the path of a "
            "Unix socket, which begins with /",
            settings->listen);
    }
    if (wax_socket_listen(&wanted, descriptors, &count, fault, sizeof fault) != WAX_OK) {
        return tools_complain(settings, "--listen: %s", fault);
    }
    for (size_t i = 0; i < count; i++) {
        is_good = add_entrance(proxy, descriptors[i]) && is_good;
    }
    if (is_good) {
        wax_log_write(&proxy->log, WAX_NOTICE, "proxy_started listens=%s", place);
    }
    return is_good;
}

/* --- Beginning and end --- */

static bool check(const struct settings *settings)
{
    if (settings->seal == NULL) {
        return tools_complain(settings, "which device do programs speak as? Give its identity: "
                                        "--seal FILE; see `wax proxy --help`");
    }
    return true;
}

static bool begin(struct gateway *proxy)
{
    const struct settings *settings = &proxy->settings;
    bool is_good;

    proxy->link.persists = true;
    is_good = wax_loop_open(&proxy->loop) == WAX_OK &&
              wax_mailbox_open(&proxy->dialled, proxy_on_dialled) == WAX_OK &&
              wax_loop_watch(&proxy->loop, &proxy->dialled.watch, true) == WAX_OK &&
              wax_pool_open(&proxy->pool, THREADS, PROXY_CONNECTIONS_MAX) == WAX_OK &&
              proxy_programs_open(proxy);
    if (!is_good) {
        return tools_complain(settings, "there is not enough memory");
    }
    proxy->link.input = proxy->loop.epoll;
    return listen_for_programs(proxy);
}

static void discard(struct gateway *proxy)
{
    if (proxy->pool != NULL) {
        wax_pool_close(proxy->pool);
    }
    proxy_end_all(proxy);
    for (size_t i = 0; i < proxy->entrance_count; i++) {
        (void)close(proxy->entrances[i].watch.descriptor);
    }
    if (proxy->settings.listen != NULL && proxy->settings.listen[0] == '/' &&
        proxy->entrance_count > 0) {
        (void)unlink(proxy->settings.listen);
    }
    proxy_programs_close(proxy);
    if (proxy->dialled.watch.ready != NULL) {
        wax_mailbox_close(&proxy->dialled);
    }
    wax_loop_close(&proxy->loop);
}

/* With --quiet nothing is told. */
static void open_log(struct gateway *proxy)
{
    static const wax_log_settings silence = {.places = WAX_LOG_STDERR};

    wax_log_open(&proxy->log);
    if (proxy->settings.is_quiet) {
        (void)!wax_log_set(&proxy->log, &silence);
    }
}

/* Runs until a signal comes, or the broker refuses this device for good. */
static int run(struct gateway *proxy)
{
    struct link *link = &proxy->link;
    wax_client_event event;

    for (;;) {
        enum link_turn turn;

        link->wake_ms = proxy->loop.timer_count == 0 ? WAX_NEVER : proxy->loop.timers[0].at_ms;
        turn = tools_link_next(link, &event);
        switch (turn) {
        case LINK_INPUT:
        case LINK_DUE:
            wax_loop_turn(&proxy->loop, true);
            wax_log_flush(&proxy->log, proxy->loop.now_ms);
            break;
        case LINK_EVENT:
        case LINK_MOVED:
            proxy->keys_count++;
            proxy_run_all(proxy);
            break;
        case LINK_STOPPED:
            return EXIT_GOOD;
        case LINK_ENDED:
            return link->code;
        }
    }
}

int wax_tool_proxy(int argc, char **argv)
{
    static struct gateway proxy;
    int code = EXIT_WRONG;

    memset(&proxy, 0, sizeof proxy);
    wax_link_init(&proxy.connections);
    if (tools_options_begin(&proxy.settings, TOOL_PROXY, argc, argv, &code) &&
        check(&proxy.settings) && tools_link_open(&proxy.link, &proxy.settings, QUEUE_SIZE)) {
        open_log(&proxy);
        if (begin(&proxy)) {
            code = run(&proxy);
        }
        discard(&proxy);
        wax_log_close(&proxy.log);
        if (code == EXIT_GOOD) {
            (void)tools_link_finish(&proxy.link, code);
        }
    }
    tools_link_close(&proxy.link);
    tools_settings_discard(&proxy.settings);
    return code;
}
