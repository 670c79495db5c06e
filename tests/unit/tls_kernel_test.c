/* Connections whose records the kernel may make: all arrives, whoever makes them. Where the kernel
 * has no TLS the process makes them; `scripts/test kernel` runs this where it has. */
#include "tls_pair.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include "os/os.h"

enum {
    PATIENCE = 300,
    PAUSE_MS = 100,
    MUCH = 1000000,
    PIECE = 70000,
    ROOM = 20000,
    NARROW = 32768
};

/* A server whose kernel may make records, and a client that does without. */
struct ends {
    int server_socket;
    int client_socket;
    wax_transport *server;
    wax_transport *client;
};

static void be_nonblocking(int descriptor)
{
    int size = NARROW;
    int on = 1;

    assert_int_equal(fcntl(descriptor, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    assert_int_equal(setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
}

/* Narrow, so that much must wait. */
static void connect_sockets(struct ends *ends)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ends->client_socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(ends->client_socket, (struct sockaddr *)&address, sizeof address), 0);
    ends->server_socket = accept(listener, NULL, NULL);
    assert_true(ends->server_socket >= 0);
    close(listener);
    be_nonblocking(ends->server_socket);
    be_nonblocking(ends->client_socket);
}

static void serve(struct ends *ends, wax_tls_context *server)
{
    wax_transport *socket = wax_socket_open(ends->server_socket);

    assert_non_null(socket);
    ends->server = wax_tls_accept(server, socket);
    assert_non_null(ends->server);
    wax_tls_use_kernel(ends->server, ends->server_socket);
}

/* Until one of two ends, either of which may be NULL, can get on with what it waits for. */
static void pause_for(const wax_transport *one, const wax_transport *two)
{
    const wax_transport *both[] = {one, two};
    struct pollfd wanted[WAX_COUNT(both)];

    for (size_t i = 0; i < WAX_COUNT(both); i++) {
        wanted[i].fd = both[i] == NULL ? -1 : wax_socket_descriptor(both[i]);
        wanted[i].events =
            both[i] != NULL && both[i]->waits == WAX_WAITS_TO_WRITE ? POLLOUT : POLLIN;
    }
    assert_true(poll(wanted, WAX_COUNT(wanted), PAUSE_MS) >= 0);
}

static uint8_t sample(size_t at)
{
    return (uint8_t)(at * 31 + (at >> 8) * 7 + (at >> 16));
}

/* Offers the next bytes from a place of their own, which is gone when the call is over. */
static size_t push(wax_transport *from, size_t at, size_t end)
{
    size_t size = end - at < PIECE ? end - at : PIECE;
    uint8_t *piece = malloc(size);
    size_t sent = 0;
    wax_status status;

    assert_non_null(piece);
    for (size_t i = 0; i < size; i++) {
        piece[i] = sample(at + i);
    }
    status = wax_transport_send(from, wax_bytes_of(piece, size), &sent);
    free(piece);
    assert_true(status == WAX_OK || status == WAX_MORE);
    return status == WAX_OK ? sent : 0;
}

static size_t pull(wax_transport *to, size_t at)
{
    static uint8_t room[ROOM];
    size_t received = 0;
    wax_status status = wax_transport_receive(to, room, sizeof room, &received);

    assert_true(status == WAX_OK || status == WAX_MORE);
    if (status == WAX_MORE) {
        return 0;
    }
    for (size_t i = 0; i < received; i++) {
        assert_int_equal(room[i], sample(at + i));
    }
    return received;
}

/* Sends as much as the socket takes before anything is read. */
static void carry(wax_transport *from, wax_transport *to, size_t size)
{
    size_t sent = 0;
    size_t received = 0;

    for (int idle = 0; received < size && idle < PATIENCE;) {
        size_t put = sent < size ? push(from, sent, size) : 0;
        size_t got = put == 0 ? pull(to, received) : 0;
        sent += put;
        received += got;
        idle = put + got > 0 ? 0 : idle + 1;
        if (put + got == 0) {
            pause_for(sent < size ? from : NULL, to);
        }
    }
    assert_int_equal(received, size);
}

static wax_status wait_for_end(wax_transport *transport)
{
    uint8_t room[64];
    size_t received;
    wax_status status = WAX_MORE;

    for (int i = 0; i < PATIENCE && (status == WAX_MORE || status == WAX_OK); i++) {
        status = wax_transport_receive(transport, room, sizeof room, &received);
        if (status == WAX_MORE) {
            pause_for(transport, NULL);
        }
    }
    return status;
}

struct suite {
    const char *name; /* of OpenSSL */
    wax_tls_version version;
    bool is_kernels; /* the kernel knows it */
};

/* clang-format off */
static const struct suite suites[] = {
    {"ECDHE-ECDSA-AES128-GCM-SHA256",  WAX_TLS_1_2, true},
    {"ECDHE-ECDSA-AES256-GCM-SHA384",  WAX_TLS_1_2, true},
    {"ECDHE-ECDSA-CHACHA20-POLY1305",  WAX_TLS_1_2, true},
    {"ECDHE-ECDSA-AES256-SHA",         WAX_TLS_1_2, false},
    {"TLS_AES_128_GCM_SHA256",         WAX_TLS_1_3, true},
    {"TLS_AES_256_GCM_SHA384",         WAX_TLS_1_3, true},
    {"TLS_CHACHA20_POLY1305_SHA256",   WAX_TLS_1_3, true},
    {"TLS_AES_128_CCM_SHA256",         WAX_TLS_1_3, false},
};
/* clang-format on */

static bool kernel_has_tls(void)
{
    wax_problem problem;

    return wax_tls_find_kernel(&problem) == WAX_OK;
}

static wax_tls_settings settings_of(const struct suite *suite)
{
    bool is_1_2 = suite->version == WAX_TLS_1_2;

    return (wax_tls_settings){
        .ciphers = is_1_2 ? suite->name : NULL,
        .ciphers_tls13 = is_1_2 ? NULL : suite->name,
        .oldest_version = suite->version,
        .newest_version = suite->version,
    };
}

static wax_tls_context *make_suite_server(const struct suite *suite)
{
    wax_tls_settings settings = settings_of(suite);

    set_pair(&settings, "server");
    return make_server(&settings);
}

static wax_tls_context *make_suite_client(const struct suite *suite)
{
    wax_tls_settings settings = settings_of(suite);

    settings.cafile = in_good("ca.crt");
    return make_client(&settings);
}

static void talk(const struct suite *suite, bool server_begins)
{
    wax_tls_context *server = make_suite_server(suite);
    wax_tls_context *client = make_suite_client(suite);
    struct ends ends;
    wax_tls_peer peer;

    connect_sockets(&ends);
    serve(&ends, server);
    ends.client = wax_tls_connect(client, wax_socket_open(ends.client_socket), "broker.local");
    if (server_begins) {
        carry(ends.server, ends.client, MUCH);
    }
    carry(ends.client, ends.server, MUCH);
    carry(ends.server, ends.client, MUCH);
    assert_int_equal(wax_tls_read_peer(ends.server, &peer), WAX_OK);
    check_row(suite->name, peer.is_in_kernel == (suite->is_kernels && kernel_has_tls()));
    assert_int_equal(wax_transport_close(ends.server), WAX_OK);
    check_row(suite->name, wait_for_end(ends.client) == WAX_CLOSED);
    assert_int_equal(wax_transport_close(ends.client), WAX_OK);
    check_row(suite->name, wait_for_end(ends.server) == WAX_CLOSED);
    wax_transport_release(ends.server);
    wax_transport_release(ends.client);
    wax_tls_release(server);
    wax_tls_release(client);
}

static void all_arrives_whoever_makes_the_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(suites); i++) {
        talk(&suites[i], false);
        talk(&suites[i], true);
    }
}

/* A record that somebody has touched on its way. */
static void a_record_that_is_forged_ends_the_connection(void **state)
{
    static const uint8_t forged[] = {23, 3, 3, 0, 32, [5 + 31] = 1};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(suites); i++) {
        wax_tls_context *server = make_suite_server(&suites[i]);
        wax_tls_context *client = make_suite_client(&suites[i]);
        struct ends ends;
        connect_sockets(&ends);
        serve(&ends, server);
        ends.client = wax_tls_connect(client, wax_socket_open(ends.client_socket), "broker.local");
        carry(ends.client, ends.server, 1000);
        carry(ends.server, ends.client, 1000);
        assert_int_equal(send(ends.client_socket, forged, sizeof forged, 0), sizeof forged);
        check_row(suites[i].name, wait_for_end(ends.server) == WAX_IO);
        check_row(suites[i].name, wax_transport_explain(ends.server)[0] != '\0');
        wax_transport_release(ends.server);
        wax_transport_release(ends.client);
        wax_tls_release(server);
        wax_tls_release(client);
    }
}

/* OpenSSL itself, which can ask for new keys. */
static SSL *open_client(const struct ends *ends, SSL_CTX **context)
{
    SSL *ssl;

    *context = SSL_CTX_new(TLS_client_method());
    ssl = SSL_new(*context);
    assert_non_null(ssl);
    SSL_set_connect_state(ssl);
    assert_int_equal(SSL_set_fd(ssl, ends->client_socket), 1);
    return ssl;
}

/* Lets the client write "ask" and the server read it. */
static void ask(const struct ends *ends, SSL *ssl)
{
    char room[64];
    size_t received = 0;
    bool is_asked = false;

    for (int i = 0; i < PATIENCE && received == 0; i++) {
        is_asked = is_asked || SSL_write(ssl, "ask", 3) == 3;
        if (wax_transport_receive(ends->server, (uint8_t *)room, sizeof room, &received) ==
            WAX_MORE) {
            pause_for(ends->server, NULL);
        }
    }
    assert_int_equal(received, 3);
}

static void new_keys_are_taken_where_the_kernel_does_not_send(void **state)
{
    static const struct suite chosen = {"TLS_AES_128_GCM_SHA256", WAX_TLS_1_3, true};
    wax_tls_context *server = make_suite_server(&chosen);
    char room[64];
    struct ends ends;
    SSL_CTX *context;
    size_t sent;
    SSL *ssl;

    (void)state;
    connect_sockets(&ends);
    serve(&ends, server);
    ssl = open_client(&ends, &context);
    ask(&ends, ssl);
    assert_int_equal(wax_transport_send(ends.server, WAX_TEXT("one"), &sent), WAX_OK);
    for (int i = 0; i < PATIENCE && SSL_read(ssl, room, sizeof room) <= 0; i++) {
        pause_for(NULL, NULL);
    }
    assert_memory_equal(room, "one", 3);
    assert_int_equal(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    ask(&ends, ssl);
    if (kernel_has_tls()) {
        assert_int_equal(wax_transport_send(ends.server, WAX_TEXT("two"), &sent), WAX_IO);
        assert_non_null(strstr(wax_transport_explain(ends.server), "KeyUpdate"));
    } else {
        assert_int_equal(wax_transport_send(ends.server, WAX_TEXT("two"), &sent), WAX_OK);
        for (int i = 0; i < PATIENCE && SSL_read(ssl, room, sizeof room) <= 0; i++) {
            pause_for(NULL, NULL);
        }
        assert_memory_equal(room, "two", 3);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(ends.client_socket);
    wax_transport_release(ends.server);
    wax_tls_release(server);
}

static void a_kernel_without_tls_is_told_in_words(void **state)
{
    wax_problem problem = {""};
    wax_status status = wax_tls_find_kernel(&problem);

    (void)state;
    assert_true(status == WAX_OK || status == WAX_NOT_FOUND);
    assert_int_equal(status == WAX_NOT_FOUND, strstr(problem.text, "modprobe tls") != NULL);
    if (getenv("WAX_KERNEL_HAS_TLS") != NULL) {
        assert_int_equal(status, WAX_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_without_tls_is_told_in_words),
        cmocka_unit_test(all_arrives_whoever_makes_the_records),
        cmocka_unit_test(a_record_that_is_forged_ends_the_connection),
        cmocka_unit_test(new_keys_are_taken_where_the_kernel_does_not_send),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
