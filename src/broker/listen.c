/* Which sockets are open: those of the listeners that are written, for each worker its own. */
#include "broker/entrance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAULT_SIZE = 400 };

static const int family_of[] = {
    [WAX_FAMILY_BOTH] = AF_UNSPEC, [WAX_FAMILY_IPV4] = AF_INET, [WAX_FAMILY_IPV6] = AF_INET6};

static wax_listen wanted_of(const wax_listener_config *listener, bool shares)
{
    return (wax_listen){.host = listener->address,
                        .port = (uint16_t)listener->port,
                        .family = family_of[listener->socket_domain],
                        .interface = listener->bind_interface,
                        .reuse_port = shares};
}

/* One change of listeners as it goes on. */
struct opening {
    struct wax_broker *broker;
    const struct listen_change *change;
    wax_link *opened;
    wax_config_report *report;
};

/* Says why a listener cannot be opened, by its line. One family of two is enough where nobody asked
 * for a certain address. */
static void tell(const struct opening *opening, const wax_listener_config *listener,
                 const char *fault, bool is_enough)
{
    const char *file = wax_config_file_of(opening->change->next, listener->place);
    bool is_taken = strstr(fault, strerror(EADDRINUSE)) != NULL;

    wax_config_report_add(
        opening->report, is_enough ? WAX_CONFIG_WARNING : WAX_CONFIG_ERROR, file,
        listener->place.line, "%s%s", fault,
        is_taken ? "; end the program that has it (`ss -ltnp` shows which), or choose another"
                 : "");
}

/* Every worker gets sockets of its own on the port, so that the kernel deals out connections. That
 * would let a second broker share the port unnoticed: a socket that does not share is tried first.
 */
static bool is_free(const struct opening *opening, const wax_listener_config *listener)
{
    wax_listen wanted = wanted_of(listener, false);
    int descriptors[WAX_LISTEN_MAX];
    char fault[FAULT_SIZE];
    size_t count;
    wax_status status = wax_socket_listen(&wanted, descriptors, &count, fault, sizeof fault);

    for (size_t i = 0; i < count; i++) {
        close(descriptors[i]);
    }
    if (fault[0] != '\0') {
        tell(opening, listener, fault, status == WAX_OK || listener->is_local);
    }
    return status == WAX_OK;
}

/* Whether we hold the port ourselves, for a listener that speaks something else. */
static bool is_ours(const wax_config *running, const wax_listener_config *listener)
{
    for (size_t i = 0; running != NULL && i < running->listener_count; i++) {
        if (!running->listeners[i].is_gone && running->listeners[i].port == listener->port) {
            return true;
        }
    }
    return false;
}

static void add_entrance(struct worker *worker, int descriptor, uint16_t index, wax_link *opened)
{
    struct entrance *entrance = calloc(1, sizeof *entrance);

    wax_assert(entrance != NULL);
    wax_link_init(&entrance->all);
    wax_link_append(opened, &entrance->all);
    entrance->watch.descriptor = descriptor;
    entrance->worker = worker;
    entrance->listener = index;
}

static bool listen_for(const struct opening *opening, struct worker *worker, uint16_t index)
{
    const wax_listener_config *listener = &opening->change->next->listeners[index];
    wax_listen wanted = wanted_of(listener, true);
    int descriptors[WAX_LISTEN_MAX];
    char fault[FAULT_SIZE];
    size_t count;

    if (wax_socket_listen(&wanted, descriptors, &count, fault, sizeof fault) != WAX_OK) {
        tell(opening, listener, fault, listener->is_local);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        add_entrance(worker, descriptors[i], index, opening->opened);
    }
    return true;
}

static bool listen_on(const struct opening *opening, uint16_t index)
{
    /* The path of a Unix socket cannot be shared: one worker accepts for all. */
    bool is_unix = opening->change->next->listeners[index].is_unix;
    unsigned worker_count = is_unix ? 1 : opening->broker->worker_count;
    bool is_done = true;

    for (unsigned i = 0; i < worker_count && is_done; i++) {
        is_done = listen_for(opening, opening->broker->workers[i], index);
    }
    return is_done;
}

static bool is_open_in(const wax_config *config, size_t index)
{
    return config != NULL && index < config->listener_count && !config->listeners[index].is_gone;
}

/* Opens one listener's sockets unless they are. Returns whether the rest may go on. */
static bool open_one(const struct opening *opening, size_t index)
{
    const wax_config *running = opening->change->running;
    const wax_listener_config *listener = &opening->change->next->listeners[index];

    if (listener->is_gone || is_open_in(running, index)) {
        return true;
    }
    if (!listener->is_unix && !is_ours(running, listener) && !is_free(opening, listener)) {
        return listener->is_local;
    }
    return listen_on(opening, (uint16_t)index) || listener->is_local;
}

wax_status listen_open(struct wax_broker *broker, const struct listen_change *change,
                       wax_link *opened, wax_config_report *report)
{
    const struct opening opening = {broker, change, opened, report};
    bool is_done = true;

    wax_link_init(opened);
    for (size_t i = 0; i < change->next->listener_count && is_done; i++) {
        is_done = open_one(&opening, i);
    }
    if (is_done && change->running == NULL && wax_link_is_alone(opened)) {
        wax_config_report_add(report, WAX_CONFIG_ERROR, NULL, 0, "no listener could be opened");
        is_done = false;
    }
    while (!is_done && !wax_link_is_alone(opened)) {
        entrance_free(WAX_OWNER(opened->next, struct entrance, all));
    }
    return is_done ? WAX_OK : WAX_IO;
}

static void post_entrance(struct entrance *entrance)
{
    struct letter *letter = calloc(1, sizeof *letter);
    wax_letters letters = {NULL, NULL};

    wax_assert(letter != NULL);
    letter->kind = LETTER_ENTRANCE;
    letter->entrance = entrance;
    wax_letters_append(&letters, &letter->letter);
    wax_mailbox_post(&entrance->worker->mailbox, &letters);
}

void listen_admit(struct wax_broker *broker, wax_link *opened)
{
    while (!wax_link_is_alone(opened)) {
        struct entrance *entrance = WAX_OWNER(opened->next, struct entrance, all);
        wax_link_remove(&entrance->all);
        if (broker->has_started) {
            post_entrance(entrance);
        } else if (entrance_watch(entrance) != WAX_OK) {
            wax_log_write(&broker->log, WAX_ERROR, "listen_failed reason=too many open files");
        }
    }
}

static const char *const protocol_names[] = {[WAX_PROTOCOL_MQTT] = "mqtt",
                                             [WAX_PROTOCOL_WEBSOCKETS] = "websockets",
                                             [WAX_PROTOCOL_HTTP_API] = "http_api"};

static void log_one(struct wax_broker *broker, const char *event,
                    const wax_listener_config *listener)
{
    wax_log_write(&broker->log, WAX_NOTICE, "%s address=%s port=%u tls=%s anonymous=%s protocol=%s",
                  event, listener->address == NULL ? "*" : listener->address,
                  (unsigned)listener->port, wax_config_has_tls(listener) ? "yes" : "no",
                  listener->allow_anonymous ? "allowed" : "denied",
                  protocol_names[listener->protocol]);
}

void listen_log(struct wax_broker *broker, const wax_config *config, const wax_config *running)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        bool was_open = is_open_in(running, i);
        bool is_open = is_open_in(config, i);
        if (is_open != was_open) {
            log_one(broker, is_open ? "listening" : "listener_closed",
                    is_open ? &config->listeners[i] : &running->listeners[i]);
        }
    }
}
