/* Two ends of TLS in memory, for the tests of what they say to each other. */
#ifndef WAX_TESTS_TLS_PAIR_H
#define WAX_TESTS_TLS_PAIR_H

#include "tls_fixture.h"

/* Both ends of a connection, and the little memory between them. */
struct pair {
    wax_loopback ends[2];
    uint8_t inboxes[2][64 * 1024];
    wax_transport *server;
    wax_transport *client;
};

static inline int64_t read_clock(void)
{
    return (int64_t)time(NULL);
}

static inline wax_tls_context *make_server(const wax_tls_settings *settings)
{
    wax_tls_settings complete = *settings;
    wax_tls_context *context;
    wax_problem problem;

    complete.now_s = read_clock;
    if (wax_tls_make_server(&complete, &context, &problem) != WAX_OK) {
        fail_msg("%s", problem.text);
    }
    return context;
}

static inline wax_tls_context *make_client(const wax_tls_settings *settings)
{
    wax_tls_context *context;
    wax_problem problem;

    if (wax_tls_make_client(settings, &context, &problem) != WAX_OK) {
        fail_msg("%s", problem.text);
    }
    return context;
}

static inline void join(struct pair *pair, wax_tls_context *server, wax_tls_context *client,
                        const char *host, size_t inbox_size)
{
    wax_loopback_open(&pair->ends[0], &pair->ends[1], pair->inboxes[0], pair->inboxes[1],
                      inbox_size);
    pair->server = wax_tls_accept(server, &pair->ends[0].transport);
    pair->client = wax_tls_connect(client, &pair->ends[1].transport, host);
    assert_non_null(pair->server);
    assert_non_null(pair->client);
}

static inline void part(struct pair *pair)
{
    wax_transport_release(pair->client);
    wax_transport_release(pair->server);
}

/* Lets both ends receive in turn until neither gets on. */
static inline void settle(struct pair *pair, wax_status *server, wax_status *client)
{
    uint8_t room[64];
    size_t received;

    *server = WAX_MORE;
    *client = WAX_MORE;
    for (int i = 0; i < 4000; i++) {
        if (*client == WAX_MORE) {
            *client = wax_transport_receive(pair->client, room, sizeof room, &received);
        }
        if (*server == WAX_MORE) {
            *server = wax_transport_receive(pair->server, room, sizeof room, &received);
        }
    }
}

static inline void deliver(wax_transport *from, wax_transport *to, const char *text)
{
    uint8_t room[64];
    size_t sent;
    size_t received;

    assert_int_equal(wax_transport_send(from, wax_bytes_of_text(text), &sent), WAX_OK);
    assert_int_equal(sent, strlen(text));
    assert_int_equal(wax_transport_receive(to, room, sizeof room, &received), WAX_OK);
    assert_int_equal(received, strlen(text));
    assert_memory_equal(room, text, received);
}

/* "NAME" or "!NAME" to NAME.crt and NAME.key; the chains are all of one key. */
static inline void set_pair(wax_tls_settings *settings, const char *name)
{
    const char *folder = name[0] == '!' ? other : good;
    const char *plain = name[0] == '!' ? name + 1 : name;
    bool is_chain = strcmp(plain, "chain") == 0 || strcmp(plain, "leaf") == 0;
    char file[64];

    (void)snprintf(file, sizeof file, "%s.crt", plain);
    settings->certfile = in_folder(folder, file);
    (void)snprintf(file, sizeof file, "%s.key", is_chain ? "r" : plain);
    settings->keyfile = in_folder(folder, file);
}

#endif
