/* Asking a running authority; and the socket in its folder. */
#include "tools/keys_wire.h"
#include "os/os.h"
#include "tls/tls.h"
#include "tools/dial.h"
#include "tools/keys_request.h"
#include "tools/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { DIAL_MS = 10000, PATIENCE_MS = 120000, WAITING_MAX = 16, PIECE_SIZE = 65536 };

/* The path of the folder's socket by way of the folder's descriptor: paths of sockets are short,
 * those of folders need not be. Returns the descriptor, or -1 with errno. */
static int name_socket(const struct authority_home *home, char *path, size_t size)
{
    const int folder = open(home->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

    (void)snprintf(path, size, "/proc/self/fd/%d/socket", folder);
    return folder;
}

/* --- Reaching it --- */

/* A connection to be made, and the words for why not. */
struct way {
    wax_transport *transport; /* NULL: none */
    wax_tls_context *tls;
    struct keys_answer *answer;
};

static bool dial(struct way *way, const char *host, uint16_t port, const char *name)
{
    const wax_dial wanted = {.host = host, .port = port, .timeout_ms = DIAL_MS};
    char fault[400];

    if (wax_socket_dial(&wanted, &way->transport, fault, sizeof fault) == WAX_OK) {
        return true;
    }
    way->transport = NULL;
    return keys_answer_fail(way->answer, "no authority listens at %s: %s", name, fault);
}

static bool reach_folder(struct way *way, const struct authority_home *home)
{
    char path[64];
    const int folder = name_socket(home, path, sizeof path);
    const bool is_there = dial(way, path, 0, home->socket);

    if (folder >= 0) {
        (void)close(folder);
    }
    if (!is_there) {
        way->answer->is_unheard = true;
        (void)keys_answer_fail(way->answer,
                               "another process works with this authority and does not listen at "
                               "%s; try again",
                               home->socket);
    }
    return is_there;
}

static bool put_tls(struct way *way, const struct keys_order *order, const char *host)
{
    const wax_tls_settings settings = {
        .certfile = order->cert,
        .keyfile = order->key,
        .cafile = order->cafile,
        .oldest_version = WAX_TLS_1_3,
        .newest_version = WAX_TLS_1_3,
    };
    wax_problem problem;
    wax_transport *secured;

    if (wax_tls_make_client(&settings, &way->tls, &problem) != WAX_OK) {
        way->tls = NULL;
        return keys_answer_fail(way->answer, "%s", problem.text);
    }
    secured = wax_tls_connect(way->tls, way->transport, host);
    if (secured == NULL) {
        return keys_answer_fail(way->answer, "'%s' is no name that TLS can check", host);
    }
    way->transport = secured;
    return true;
}

static bool reach_url(struct way *way, const struct keys_order *order)
{
    const char *url = order->authority;
    char host[256];
    uint16_t port;

    if (strncmp(url, "unix:/", 6) == 0) {
        return dial(way, url + 5, 0, url);
    }
    if (strncmp(url, "tls://", 6) != 0 || !tools_place_read(url + 6, host, sizeof host, &port)) {
        return keys_answer_fail(way->answer,
                                "--authority %s: write tls://HOST:PORT, or unix:PATH, where the "
                                "path begins with /",
                                url);
    }
    if (order->cert == NULL || order->key == NULL) {
        return keys_answer_fail(way->answer, "an authority lets nobody in without a certificate: "
                                             "add --cert FILE and --key FILE");
    }
    return dial(way, host, port, url) && put_tls(way, order, host);
}

/* --- Asking --- */

/* Waits where a transport wants to; false when that is no use. */
static bool may_go_on(struct way *way, wax_status status, uint64_t until_ms)
{
    return status == WAX_OK || (status == WAX_MORE && tools_dial_wait(way->transport, until_ms));
}

/* Sends a line. One that cannot be sent may be answered all the same, with the reason. */
static void ask(struct way *way, const char *line, uint64_t until_ms)
{
    wax_bytes left = wax_bytes_of_text(line);
    wax_status status = WAX_OK;

    while (left.size > 0 && may_go_on(way, status, until_ms)) {
        size_t sent = 0;

        status = wax_transport_send(way->transport, left, &sent);
        if (status == WAX_OK) {
            left = wax_bytes_of(left.data + sent, left.size - sent);
        }
    }
}

/* A line that grows as it comes. */
struct gathered {
    uint8_t *bytes; /* on the heap */
    size_t size;
    size_t used;
};

/* Makes room for a piece; what was secret in the old one is wiped. */
static bool make_room(struct gathered *line)
{
    const size_t size = line->size == 0 ? PIECE_SIZE : line->size * 2;
    uint8_t *bytes;

    if (line->size - line->used > 0) {
        return true;
    }
    bytes = size > (size_t)KEYS_REPLY_MAX * 2 ? NULL : malloc(size);
    if (bytes == NULL) {
        return false;
    }
    if (line->bytes != NULL) {
        memcpy(bytes, line->bytes, line->used);
        wax_wipe(line->bytes, line->used);
    }
    free(line->bytes);
    line->bytes = bytes;
    line->size = size;
    return true;
}

/* Receives up to the end of a line. Returns WAX_OK, or how the connection ended. */
static wax_status hear(struct way *way, struct gathered *line, uint64_t until_ms)
{
    wax_status status = WAX_OK;

    while (may_go_on(way, status, until_ms)) {
        size_t received = 0;

        if (!make_room(line)) {
            return WAX_TOO_LARGE;
        }
        status = wax_transport_receive(way->transport, line->bytes + line->used,
                                       line->size - line->used, &received);
        line->used += status == WAX_OK ? received : 0;
        if (status == WAX_OK && line->bytes[line->used - 1] == '\n') {
            return WAX_OK;
        }
    }
    return status;
}

static bool refuse(struct way *way, wax_status status)
{
    const char *words = wax_transport_explain(way->transport);

    if (status == WAX_MORE || status == WAX_TOO_LARGE) {
        return keys_answer_fail(way->answer, status == WAX_MORE
                                                 ? "the authority does not answer; see its log"
                                                 : "the answer of the authority is too large");
    }
    if (words[0] != '\0') {
        return keys_answer_fail(way->answer, "the authority refuses the connection: %s", words);
    }
    return keys_answer_fail(way->answer,
                            "the authority that runs there ended the connection without an answer; "
                            "see its log");
}

static bool talk(struct way *way, const struct keys_order *order, char **words)
{
    const uint64_t until_ms = wax_clock_ms() + PATIENCE_MS;
    char *line = keys_request_write(words, order->content);
    struct gathered came = {.bytes = NULL};
    wax_status status;
    bool is_done;

    if (line == NULL) {
        return keys_answer_fail(way->answer, "a word is no UTF-8, or there is not enough memory");
    }
    ask(way, line, until_ms);
    keys_request_free(line);
    status = hear(way, &came, until_ms);
    is_done = status == WAX_OK ? keys_reply_read(way->answer, wax_bytes_of(came.bytes, came.used))
                               : refuse(way, status);
    if (came.bytes != NULL) {
        wax_wipe(came.bytes, came.used);
    }
    free(came.bytes);
    return is_done;
}

bool keys_wire_ask(const struct authority_home *home, const struct keys_order *order, char **words,
                   struct keys_answer *answer)
{
    struct way way = {.answer = answer};
    const bool is_there =
        order->authority != NULL ? reach_url(&way, order) : reach_folder(&way, home);
    const bool is_done = is_there && talk(&way, order, words);

    if (way.transport != NULL) {
        (void)!wax_transport_close(way.transport);
        wax_transport_release(way.transport);
    }
    wax_tls_release(way.tls);
    return is_done;
}

/* --- Listening in the folder --- */

int keys_wire_listen(struct authority_home *home)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int folder = name_socket(home, address.sun_path, sizeof address.sun_path);
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const mode_t mask = umask(S_IRWXG | S_IRWXO | S_IXUSR);
    bool listens;

    (void)unlink(home->socket); /* of a process that is gone: the lock is ours */
    listens = listener >= 0 &&
              bind(listener, (const struct sockaddr *)&address, sizeof address) == 0 &&
              listen(listener, WAITING_MAX) == 0;
    if (!listens) {
        (void)snprintf(home->fault, sizeof home->fault, "cannot listen at %s: %s", home->socket,
                       strerror(errno));
    }
    (void)umask(mask);
    if (folder >= 0) {
        (void)close(folder);
    }
    if (!listens && listener >= 0) {
        (void)close(listener);
    }
    return listens ? listener : -1;
}

void keys_wire_end(const struct authority_home *home, int listener)
{
    if (listener >= 0) {
        (void)unlink(home->socket);
        (void)close(listener);
    }
}
