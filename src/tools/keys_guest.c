/* One connection to `wax authority`: it proves who it is, asks a line, gets a line, and goes. */
#include "tools/keys_guest.h"
#include "tools/ctl_show.h"
#include "tools/keys_order.h"
#include "tools/keys_request.h"
#include "tools/keys_roles.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ROOM_FIRST = 4096,
    PIECE_SIZE = 16384,
    MINUTE_MS = 60000,
    PIECES_MAX = 4096, /* of what still comes when nobody listens any more */
    REFUSAL_SIZE = 500,
};

struct guest {
    wax_watch watch;
    wax_timer timer;
    struct door_entrance *entrance;
    wax_transport *transport; /* NULL: the place is free */
    enum { ASKING, ANSWERING, LEAVING, GONE } state;
    bool is_known; /* it was looked up, and the next three are its */
    bool is_owner;
    struct keys_standing standing;
    char refusal[REFUSAL_SIZE]; /* "": none */
    char *text;                 /* on the heap: what was asked, and then the answer */
    size_t room;
    size_t used;
    size_t sent;
};

/* --- Coming and going --- */

static void forget_text(struct guest *guest)
{
    if (guest->text != NULL) {
        wax_wipe(guest->text, guest->room);
    }
    free(guest->text);
    guest->text = NULL;
    guest->room = 0;
    guest->used = 0;
}

static void go(struct guest *guest)
{
    struct door_entrance *entrance = guest->entrance;

    wax_loop_forget(&entrance->host->loop, &guest->watch);
    wax_loop_stop(&entrance->host->loop, &guest->timer);
    wax_transport_release(guest->transport);
    forget_text(guest);
    *guest = (struct guest){.state = GONE};
    entrance->guest_count--;
    entrance->has_place(entrance);
}

struct guest *keys_guests_make(void)
{
    return calloc(DOOR_GUESTS_MAX, sizeof(struct guest));
}

void keys_guests_free(struct guest *guests)
{
    for (size_t i = 0; guests != NULL && i < DOOR_GUESTS_MAX; i++) {
        if (guests[i].transport != NULL) {
            go(&guests[i]);
        }
    }
    free(guests);
}

/* A line for the log, and no more than one, whatever somebody wants to stand there. */
static void say(const struct door_host *host, char *line)
{
    ctl_show_harmless(line);
    tools_say(host->settings, "%s", line);
}

/* Says in the log that somebody was not let in; not more often than is good for the log. */
__attribute__((format(printf, 2, 3))) static void note(struct door_host *host, const char *format,
                                                       ...)
{
    const uint64_t now_ms = wax_clock_ms();
    char line[900];
    va_list values;

    if (now_ms - host->minute_ms >= MINUTE_MS) {
        if (host->refusal_count > DOOR_REFUSALS_MAX) {
            tools_say(host->settings, "%u more were not let in",
                      host->refusal_count - DOOR_REFUSALS_MAX);
        }
        host->minute_ms = now_ms;
        host->refusal_count = 0;
    }
    if (++host->refusal_count <= DOOR_REFUSALS_MAX) {
        va_start(values, format);
        (void)vsnprintf(line, sizeof line, format, values);
        va_end(values);
        say(host, line);
    }
}

/* --- Who it is --- */

/* Says to the guest why not, once it has asked. */
__attribute__((format(printf, 2, 3))) static void refuse(struct guest *guest, const char *format,
                                                         ...)
{
    va_list values;

    va_start(values, format);
    (void)vsnprintf(guest->refusal, sizeof guest->refusal, format, values);
    va_end(values);
    guest->standing.role = KEYS_NOBODY;
}

/* What a certificate says of its holder. False when it deceives. */
static bool read_certificate(const struct guest *guest, struct keys_caller *caller)
{
    const struct x509_st *certificate = wax_tls_certificate(guest->transport);
    wax_status status = WAX_OK;

    caller->has_certificate = true;
    if (certificate == NULL || wax_pki_key_digest(certificate, caller->key_digest) != WAX_OK) {
        return false;
    }
    status = wax_pki_common_name(certificate, caller->common_name, sizeof caller->common_name);
    if (status != WAX_OK && status != WAX_NOT_FOUND) {
        return false;
    }
    for (status = WAX_OK; status == WAX_OK && caller->name_count < KEYS_ROLE_NAMES_MAX;) {
        status = wax_pki_name(certificate, caller->name_count, caller->names[caller->name_count],
                              sizeof caller->names[0]);
        caller->name_count += status == WAX_OK ? 1 : 0;
    }
    return status == WAX_OK || status == WAX_NOT_FOUND;
}

/* Whoever has the authority's account, or the machine, has its file, too. */
static bool is_owner(const struct keys_caller *caller)
{
    return !caller->has_certificate && (caller->uid == geteuid() || caller->uid == 0);
}

/* How a line of the file would name them. */
static void describe(const struct keys_caller *caller, char *words, size_t size)
{
    char digits[2 * WAX_SHA256_SIZE + 1];

    wax_hex_encode(wax_bytes_of(caller->key_digest, WAX_SHA256_SIZE), digits);
    if (caller->has_certificate) {
        (void)snprintf(words, size, "cn %.100s, spki %s", caller->common_name, digits);
    } else {
        (void)snprintf(words, size, "user %s", caller->account);
    }
}

/* Looks up what the file of roles says. False when it is broken, or anybody could have written it:
 * what was good at the start may be so no more. */
static bool read_roles(struct guest *guest, const struct keys_caller *caller)
{
    const struct door_host *host = guest->entrance->host;
    char fault[HOME_FAULT_SIZE] = "";
    wax_bytes text;
    bool is_good;

    if (access(host->roles, F_OK) != 0 && errno == ENOENT) {
        return true;
    }
    if (!keys_roles_load(host->roles, &text, fault, sizeof fault)) {
        tools_say(host->settings, "%s", fault);
        return false;
    }
    is_good = keys_roles_find(text, caller, &guest->standing, fault, sizeof fault);
    wax_file_free(&text);
    if (!is_good) {
        tools_say(host->settings, "%s, %s", host->roles, fault);
    }
    return is_good;
}

static void find_role(struct guest *guest, const struct keys_caller *caller)
{
    char name[300];

    if (!read_roles(guest, caller)) {
        refuse(guest, "the file of roles is broken, and so nobody is let in; see the log");
    } else if (guest->standing.role == KEYS_NOBODY) {
        describe(caller, name, sizeof name);
        refuse(guest,
               "you have no role here: an administrator gives you one by a line as `viewer "
               "...` in the file of roles; you are %s",
               name);
    }
}

static void look_up(struct guest *guest)
{
    struct keys_caller caller = {.common_name = ""};
    struct ucred account = {.uid = (uid_t)-1};
    socklen_t size = sizeof account;
    char name[WAX_KEYS_NAME_MAX + 1];

    guest->is_known = true;
    if (guest->entrance->tls != NULL) {
        if (!read_certificate(guest, &caller)) {
            refuse(guest, "the names in your certificate deceive: nobody is told by them");
            return;
        }
        find_role(guest, &caller);
        return;
    }
    if (getsockopt(guest->watch.descriptor, SOL_SOCKET, SO_PEERCRED, &account, &size) != 0) {
        refuse(guest, "the system does not tell who you are");
        return;
    }
    authority_home_account((unsigned)account.uid, name);
    caller.uid = (unsigned)account.uid;
    caller.account = name;
    guest->is_owner = is_owner(&caller);
    if (guest->is_owner) {
        guest->standing.role = KEYS_ADMIN;
        (void)snprintf(guest->standing.who, sizeof guest->standing.who, "%s", name);
    } else {
        find_role(guest, &caller);
    }
}

/* --- What it asks --- */

/* A line for the log. */
static void tell(const struct guest *guest, const struct keys_order *order)
{
    char line[600];
    size_t used = (size_t)snprintf(line, sizeof line, "%.128s as %s: %s", guest->standing.who,
                                   keys_role_name(guest->standing.role), order->verb->name);

    for (size_t i = 0; i < order->argument_count && used < sizeof line; i++) {
        used += (size_t)snprintf(line + used, sizeof line - used, " %.128s", order->arguments[i]);
    }
    say(guest->entrance->host, line);
}

/* Whether the guest's role is enough. */
static bool may(const struct guest *guest, const struct keys_verb *verb, struct keys_answer *answer)
{
    const struct keys_right *right = keys_right_of(verb->name);

    if (guest->standing.role < right->least) {
        return keys_answer_fail(answer, "`%s` is for the role %s, and you are %s", verb->name,
                                keys_role_name(right->least), keys_role_name(guest->standing.role));
    }
    return !right->is_owners || guest->is_owner ||
           keys_answer_fail(answer,
                            "`%s` is not done over the network, nor for other accounts: it writes "
                            "a file where the authority may; log in as the account it runs as",
                            verb->name);
}

static void carry_out(struct guest *guest, struct keys_request *request, struct keys_answer *answer)
{
    struct keys_order order;

    if (!keys_order_read(&order, request->count, request->words, answer->room)) {
        answer->fault = answer->room;
        return;
    }
    if (order.verb == NULL) { /* --help */
        (void)keys_answer_fail(answer, "this is not for a running authority");
        return;
    }
    if (!may(guest, order.verb, answer)) {
        note(guest->entrance->host, "%.128s as %s: %s refused", guest->standing.who,
             keys_role_name(guest->standing.role), order.verb->name);
        return;
    }
    order.content = request->content;
    order.deed = (wax_authority_deed){
        .who = wax_bytes_of_text(guest->standing.who),
        .role = wax_bytes_of_text(keys_role_name(guest->standing.role)),
        .now_s = (uint64_t)wax_clock_wall_s(),
    };
    tell(guest, &order);
    (void)keys_order_run(guest->entrance->host->home->authority, &order, answer);
}

static void reply(struct guest *guest, const char *out, const struct keys_answer *answer)
{
    static const struct keys_answer too_large = {
        .fault = "the answer is larger than 32 MiB: ask where the folder is, while `wax "
                 "authority` is stopped"};

    guest->text = keys_reply_write(out, answer);
    if (guest->text == NULL) {
        guest->text = keys_reply_write("", &too_large);
    }
    guest->used = guest->text == NULL ? 0 : strlen(guest->text);
    guest->room = guest->used;
    guest->state = guest->text == NULL ? LEAVING : ANSWERING;
    wax_loop_start(&guest->entrance->host->loop, &guest->timer, wax_clock_ms() + DOOR_ANSWER_MS);
}

/* Answers what was asked, all of which is there. */
static void answer_guest(struct guest *guest)
{
    static struct keys_answer answer;
    struct keys_request request = {.count = 0};
    char *out = NULL;
    size_t out_size = 0;

    answer = (struct keys_answer){.out = open_memstream(&out, &out_size)};
    if (guest->refusal[0] != '\0') {
        note(guest->entrance->host, "not let in: %s", guest->refusal);
        (void)keys_answer_fail(&answer, "%s", guest->refusal);
    } else if (answer.out == NULL ||
               !keys_request_read(&request, wax_bytes_of(guest->text, guest->used))) {
        (void)keys_answer_fail(&answer, "the order is broken");
    } else {
        carry_out(guest, &request, &answer);
    }
    keys_request_discard(&request);
    if (answer.out != NULL) {
        (void)fclose(answer.out);
    }
    forget_text(guest);
    /* Keys are for those who let devices in, whatever a verb does. */
    wax_assert(answer.identity == NULL || guest->standing.role >= KEYS_OPERATOR);
    reply(guest, out == NULL ? "" : out, &answer);
    keys_request_free(answer.identity);
    free(out);
}

/* Keeps what has come of the line; nothing of who is nobody. */
static bool gather(struct guest *guest, wax_bytes bytes)
{
    const size_t size = guest->used + bytes.size;
    size_t room = guest->room == 0 ? ROOM_FIRST : guest->room;
    char *text;

    if (size > KEYS_REQUEST_MAX) {
        return false;
    }
    if (guest->standing.role == KEYS_NOBODY) {
        guest->used = size;
        return true;
    }
    while (room < size) {
        room *= 2;
    }
    if (room != guest->room) {
        text = malloc(room);
        if (text == NULL) {
            return false;
        }
        if (guest->text != NULL) {
            memcpy(text, guest->text, guest->used);
            wax_wipe(guest->text, guest->used);
        }
        free(guest->text);
        guest->text = text;
        guest->room = room;
    }
    memcpy(guest->text + guest->used, bytes.data, bytes.size);
    guest->used = size;
    return true;
}

/* --- Turns --- */

static wax_status listen_to(struct guest *guest)
{
    static uint8_t room[PIECE_SIZE];
    size_t received = 0;
    const wax_status status = wax_transport_receive(guest->transport, room, sizeof room, &received);
    const uint8_t *end;

    if (status != WAX_OK) {
        return status;
    }
    if (!guest->is_known) {
        look_up(guest);
    }
    end = memchr(room, '\n', received);
    if (!gather(guest, wax_bytes_of(room, end == NULL ? received : (size_t)(end - room)))) {
        refuse(guest, "an order has at most %d bytes", KEYS_REQUEST_MAX);
        end = room;
    }
    if (end != NULL) {
        answer_guest(guest);
    }
    wax_wipe(room, received);
    return WAX_OK;
}

static wax_status speak(struct guest *guest)
{
    size_t sent = 0;
    const wax_status status = wax_transport_send(
        guest->transport, wax_bytes_of(guest->text + guest->sent, guest->used - guest->sent),
        &sent);

    guest->sent += status == WAX_OK ? sent : 0;
    if (guest->sent == guest->used) {
        guest->state = LEAVING;
    }
    return status;
}

/* Says good-bye, and waits a moment for the other end to do so: what is closed with unread bytes in
 * it takes the answer with it. */
static void leave(struct guest *guest)
{
    uint8_t room[1024];
    ssize_t got = 1;

    if (guest->state == LEAVING) {
        if (wax_transport_close(guest->transport) == WAX_MORE) {
            return;
        }
        guest->state = GONE;
        (void)shutdown(guest->watch.descriptor, SHUT_WR);
        wax_loop_start(&guest->entrance->host->loop, &guest->timer,
                       wax_clock_ms() + DOOR_LINGER_MS);
    }
    for (int i = 0; got > 0 && i < PIECES_MAX; i++) {
        got = recv(guest->watch.descriptor, room, sizeof room, 0);
    }
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        go(guest);
    }
}

/* A connection that failed, in words. */
static void complain(struct guest *guest, wax_status status)
{
    const char *words = wax_transport_explain(guest->transport);
    const wax_address_text peer = wax_socket_peer(guest->watch.descriptor);

    if (status != WAX_CLOSED && words[0] != '\0') {
        note(guest->entrance->host, "not let in: %s: %s", peer.text, words);
    }
}

static void advance(struct guest *guest)
{
    wax_status status = WAX_OK;

    while (status == WAX_OK && (guest->state == ASKING || guest->state == ANSWERING)) {
        status = guest->state == ASKING ? listen_to(guest) : speak(guest);
    }
    if (status != WAX_OK && status != WAX_MORE) {
        complain(guest, status);
        guest->state = LEAVING;
    }
    if (guest->state == LEAVING || guest->state == GONE) {
        leave(guest);
    }
}

static void on_ready(wax_watch *watch, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    advance(WAX_OWNER(watch, struct guest, watch));
}

static void on_late(wax_timer *timer, uint64_t now_ms)
{
    struct guest *guest = WAX_OWNER(timer, struct guest, timer);

    (void)now_ms;
    if (guest->state == ASKING) {
        const wax_address_text peer = wax_socket_peer(guest->watch.descriptor);

        note(guest->entrance->host, "%s asked nothing within %d s", peer.text, DOOR_ASK_MS / 1000);
    }
    go(guest);
}

void keys_guest_come(struct door_entrance *entrance, wax_transport *transport)
{
    struct guest *guest = entrance->guests;

    while (guest->transport != NULL) {
        guest++; /* there is a free one */
    }
    *guest = (struct guest){
        .watch = {.ready = on_ready, .descriptor = wax_socket_descriptor(transport)},
        .timer = {.due = on_late                },
        .entrance = entrance,
        .transport = transport,
        .state = ASKING,
    };
    entrance->guest_count++;
    wax_loop_start(&entrance->host->loop, &guest->timer, wax_clock_ms() + DOOR_ASK_MS);
    if (wax_loop_watch(&entrance->host->loop, &guest->watch, false) != WAX_OK) {
        go(guest);
        return;
    }
    advance(guest);
}
