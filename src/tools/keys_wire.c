/* The socket of `wax authority`. */
#include "tools/keys_wire.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { MESSAGE_MAX = 8 << 20, PATIENCE_S = 5, ANSWER_PATIENCE_S = 120, WAITING_MAX = 16 };

/* --- Both ends --- */

/* The address by way of the folder's descriptor: paths of sockets are short, those of folders need
 * not be. Returns the descriptor, or -1 with errno. */
static int name_socket(const struct authority_home *home, struct sockaddr_un *address)
{
    const int folder = open(home->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    (void)snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/socket", folder);
    return folder;
}

static void be_patient(int peer, int seconds)
{
    const struct timeval patience = {.tv_sec = seconds};

    (void)setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

static bool send_text(int peer, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        const ssize_t sent = send(peer, text, left, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR) {
            return false;
        }
        text += sent < 0 ? 0 : sent;
        left -= sent < 0 ? 0 : (size_t)sent;
    }
    return shutdown(peer, SHUT_WR) == 0;
}

/* Reads an object up to its end; NULL if none came. What may be secret in the text is wiped. */
static json_t *receive(int peer, int seconds)
{
    const uint64_t until_ms = wax_clock_ms() + (uint64_t)seconds * 1000;
    char *text = malloc(MESSAGE_MAX);
    size_t used = 0;
    ssize_t got = text == NULL ? 0 : 1;
    json_t *object;

    while (got > 0 && used < MESSAGE_MAX && wax_clock_ms() < until_ms) {
        got = recv(peer, text + used, MESSAGE_MAX - used, 0);
        used += got > 0 ? (size_t)got : 0;
    }
    object = got != 0 || used == 0 ? NULL : json_loadb(text, used, JSON_ALLOW_NUL, NULL);
    if (text != NULL) {
        wax_wipe(text, used);
    }
    free(text);
    return object;
}

static bool send_object(int peer, json_t *object)
{
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    const bool is_sent = text != NULL && send_text(peer, text);

    if (text != NULL) {
        wax_wipe(text, strlen(text));
    }
    free(text);
    json_decref(object);
    return is_sent;
}

/* Bytes in hexadecimal, since JSON has only text. */
static json_t *hex_of(wax_bytes bytes)
{
    char *text = malloc(2 * bytes.size + 1);
    json_t *string;

    if (text == NULL) {
        return NULL;
    }
    wax_hex_encode(bytes, text);
    string = json_string(text);
    free(text);
    return string;
}

/* The bytes are the caller's; NULL for what is no hexadecimal. */
static uint8_t *bytes_of(const char *text, size_t *size)
{
    const wax_bytes digits = wax_bytes_of_text(text);
    uint8_t *bytes = malloc(digits.size / 2 + 1);

    *size = digits.size / 2;
    if (bytes != NULL && !wax_hex_decode(digits, bytes)) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

/* --- Asking --- */

static bool take_answer(json_t *came, struct keys_answer *answer)
{
    const char *out = json_string_value(json_object_get(came, "out"));
    const char *identity = json_string_value(json_object_get(came, "identity"));
    const char *fault = json_string_value(json_object_get(came, "fault"));

    if (came == NULL || out == NULL) {
        return keys_answer_fail(answer,
                                "the authority that runs here does not answer; see its log");
    }
    (void)fputs(out, answer->out);
    answer->identity = identity == NULL ? NULL : strdup(identity);
    return fault == NULL || keys_answer_fail(answer, "%s", fault);
}

bool keys_wire_ask(const struct authority_home *home, const struct keys_order *order, char **words,
                   struct keys_answer *answer)
{
    struct sockaddr_un address;
    const int folder = name_socket(home, &address);
    const int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    json_t *list = json_array();
    json_t *came = NULL;
    bool is_done;

    for (size_t i = 0; words[i] != NULL; i++) {
        (void)json_array_append_new(list, json_string(words[i]));
    }
    if (connect(peer, (const struct sockaddr *)&address, sizeof address) != 0) {
        json_decref(list);
        answer->is_unheard = true;
        is_done = keys_answer_fail(answer,
                                   "another process works with this authority and does not listen "
                                   "at %s: %s; try again",
                                   home->socket, strerror(errno));
    } else {
        be_patient(peer, ANSWER_PATIENCE_S);
        if (send_object(
                peer, json_pack("{s:o, s:o}", "words", list, "content", hex_of(order->content)))) {
            came = receive(peer, ANSWER_PATIENCE_S);
        }
        is_done = take_answer(came, answer);
        json_decref(came);
    }
    (void)close(peer);
    (void)close(folder);
    return is_done;
}

/* --- Listening --- */

int keys_wire_listen(struct authority_home *home)
{
    struct sockaddr_un address;
    const int folder = name_socket(home, &address);
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

/* A line for the log. */
struct told {
    char *text;
    size_t size;
};

static void tell(const struct keys_order *order, const char *who, const struct told *told)
{
    const size_t size = told->size;
    size_t used = (size_t)snprintf(told->text, size, "%.128s: %s", who, order->verb->name);

    for (size_t i = 0; i < order->argument_count && used < size; i++) {
        used += (size_t)snprintf(told->text + used, size - used, " %.128s", order->arguments[i]);
    }
}

/* Carries out what came from an account. */
static void run(struct authority_home *home, json_t *asked, unsigned uid, const struct told *told,
                struct keys_answer *answer)
{
    char *words[ORDER_WORDS_MAX + 2] = {(char[]){"wax keys"}};
    const json_t *list = json_object_get(asked, "words");
    char who[WAX_KEYS_NAME_MAX + 1];
    struct keys_order order;
    uint8_t *content;
    int count = 1;

    for (size_t i = 0; i < json_array_size(list) && i < ORDER_WORDS_MAX; i++) {
        const char *word = json_string_value(json_array_get(list, i));

        words[count++] = (char *)(uintptr_t)(word == NULL ? "" : word);
    }
    if (!keys_order_read(&order, count, words, answer->room) || order.verb == NULL) {
        answer->fault = answer->room;
        return;
    }
    content = bytes_of(json_string_value(json_object_get(asked, "content")), &order.content.size);
    if (content == NULL) {
        (void)keys_answer_fail(answer, "the order is broken");
        return;
    }
    order.content.data = content;
    authority_home_account(uid, who);
    order.deed = (wax_authority_deed){wax_bytes_of_text(who), (uint64_t)wax_clock_wall_s()};
    tell(&order, who, told);
    (void)keys_order_run(home->authority, &order, answer);
    free(content);
}

static void answer_peer(struct authority_home *home, int peer, const struct told *told)
{
    struct ucred account = {.uid = (uid_t)-1};
    socklen_t size = sizeof account;
    static struct keys_answer answer;
    json_t *asked = receive(peer, PATIENCE_S);
    char *text = NULL;
    size_t text_size = 0;
    json_t *back;

    answer = (struct keys_answer){.out = open_memstream(&text, &text_size)};
    (void)getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &account, &size);
    if (asked != NULL && answer.out != NULL) {
        run(home, asked, account.uid, told, &answer);
    }
    if (answer.out != NULL) {
        (void)fclose(answer.out);
    }
    if (asked != NULL) {
        back = json_pack("{s:s, s:s*, s:s*}", "out", text == NULL ? "" : text, "identity",
                         answer.identity, "fault", answer.fault);
        (void)send_object(peer, back);
    }
    if (answer.identity != NULL) {
        wax_wipe(answer.identity, strlen(answer.identity));
    }
    free(answer.identity);
    free(text);
    json_decref(asked);
}

void keys_wire_serve(struct authority_home *home, int listener, char *told, size_t told_size)
{
    const int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    told[0] = '\0';
    if (peer >= 0) {
        be_patient(peer, PATIENCE_S);
        answer_peer(home, peer, &(struct told){told, told_size});
        (void)close(peer);
    }
}
