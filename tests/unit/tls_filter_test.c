/* Two ends of TLS in memory: who trusts whom, what is said when not, and what arrives. */
#include "tls_pair.h"

#include <openssl/opensslv.h>

struct meeting {
    const char *name;
    const char *server; /* certificate and key */
    const char *client; /* certificate and key; NULL: none; "!..." from the other authority */
    const char *cafile; /* of the client */
    const char *host;   /* that the client asks for */
    wax_status at_server;
    wax_status at_client;
    const char *server_says; /* a part of it */
    const char *client_says;
};

/* clang-format off */
static const struct meeting meetings[] = {
    {"a name of the certificate",      "server",  NULL,   "ca.crt", "broker.local",     WAX_MORE, WAX_MORE, "", ""},
    {"an address, version 4",          "server",  NULL,   "ca.crt", "10.0.0.5",         WAX_MORE, WAX_MORE, "", ""},
    {"an address, version 6",          "server",  NULL,   "ca.crt", "::1",              WAX_MORE, WAX_MORE, "", ""},
    {"a wildcard",                     "server",  NULL,   "ca.crt", "a.plant.example",  WAX_MORE, WAX_MORE, "", ""},
    {"a wildcard is one level",        "server",  NULL,   "ca.crt", "a.b.plant.example", WAX_UNTRUSTED, WAX_UNTRUSTED,
     "rejected our certificate", "the server's certificate is for broker.local, *.plant.example, 10.0.0.5, ::1 but you asked for a.b.plant.example"},
    {"a wrong name",                   "server",  NULL,   "ca.crt", "localhost",        WAX_UNTRUSTED, WAX_UNTRUSTED,
     "rejected our certificate", "but you asked for localhost"},
    {"a wrong address",                "server",  NULL,   "ca.crt", "10.0.0.6",         WAX_UNTRUSTED, WAX_UNTRUSTED,
     "rejected our certificate", "but you asked for 10.0.0.6"},
    {"any name, if told so",           "server",  NULL,   "ca.crt", NULL,               WAX_MORE, WAX_MORE, "", ""},
    {"a wrong CA",                     "server",  NULL,   "r-ca.crt", "broker.local",   WAX_UNTRUSTED, WAX_UNTRUSTED,
     "unknown ca (it does not trust the CA that signed it)", "the server's certificate is signed by CA 'CN=Plant', which is not in cafile "},
    {"another CA of the same name",    "!server", NULL,   "ca.crt", "broker.local",     WAX_UNTRUSTED, WAX_UNTRUSTED,
     "rejected our certificate", "signed by CA 'CN=Plant', which is not in"},
    {"an expired server",              "expired", NULL,   "ca.crt", "broker.local",     WAX_UNTRUSTED, WAX_UNTRUSTED,
     "certificate expired", "the server's certificate expired on 20"},
    {"a server not yet valid",         "early",   NULL,   "ca.crt", "broker.local",     WAX_UNTRUSTED, WAX_UNTRUSTED,
     "rejected our certificate", "is valid only from 20"},
    {"a client that is a server",      "pump",    NULL,   "ca.crt", NULL,               WAX_UNTRUSTED, WAX_UNTRUSTED,
     "rejected our certificate", "is not made for this use"},
    {"an intermediate CA in the chain", "chain",  NULL,   "r-ca.crt", "broker.local",   WAX_MORE, WAX_MORE, "", ""},
    {"an intermediate CA is trusted alone", "leaf", NULL, "mid.crt", "broker.local",    WAX_MORE, WAX_MORE, "", ""},
    {"an intermediate CA is missing",  "leaf",    NULL,   "r-ca.crt", "broker.local",   WAX_UNTRUSTED, WAX_UNTRUSTED,
     "unknown ca", "signed by CA 'CN=Middle', which is not in cafile"},
    {"common name alone, as OpenSSL's commands make it", "r", NULL, "r-ca.crt", "localhost", WAX_MORE, WAX_MORE, "", ""},
    {"a client with a certificate",    "server",  "pump", "ca.crt", "broker.local",     WAX_MORE, WAX_MORE, "", ""},
    {"a client without",               "server",  "",     "ca.crt", "broker.local",     WAX_UNTRUSTED, WAX_UNTRUSTED,
     "the client sent no certificate", "--cert and --key"},
    {"a client of another CA",         "server",  "!pump", "ca.crt", "broker.local",    WAX_UNTRUSTED, WAX_UNTRUSTED,
     "the client's certificate is signed by CA", "rejected our certificate"},
    {"a revoked client",               "server",  "revoked", "ca.crt", "broker.local",  WAX_UNTRUSTED, WAX_UNTRUSTED,
     "the client's certificate was revoked by CA 'CN=Plant'", "certificate revoked"},
    {"an expired client",              "server",  "old",  "ca.crt", "broker.local",     WAX_UNTRUSTED, WAX_UNTRUSTED,
     "the client's certificate expired on", "certificate expired"},
};
/* clang-format on */

static void meet(const struct meeting *row, wax_tls_version version)
{
    static struct pair pair;
    wax_tls_settings for_server = {.newest_version = version};
    wax_tls_settings for_client = {.cafile = in_good(row->cafile),
                                   .newest_version = version,
                                   .ignores_host = row->host == NULL};
    wax_tls_context *server;
    wax_tls_context *client;
    wax_status at_server;
    wax_status at_client;

    set_pair(&for_server, row->server);
    if (row->client != NULL) {
        for_server.requires_certificate = true;
        for_server.cafile = in_good("ca.crt");
        for_server.crlfile = in_good("crl.pem");
    }
    if (row->client != NULL && row->client[0] != '\0') {
        set_pair(&for_client, row->client);
    }
    server = make_server(&for_server);
    client = make_client(&for_client);
    join(&pair, server, client, row->host, sizeof pair.inboxes[0]);
    settle(&pair, &at_server, &at_client);
    if (at_server != row->at_server || at_client != row->at_client) {
        fail_msg("%s: server %d (%s), client %d (%s)", row->name, (int)at_server,
                 wax_transport_explain(pair.server), (int)at_client,
                 wax_transport_explain(pair.client));
    }
    if (strstr(wax_transport_explain(pair.server), row->server_says) == NULL ||
        strstr(wax_transport_explain(pair.client), row->client_says) == NULL) {
        fail_msg("%s: server says \"%s\", client says \"%s\"", row->name,
                 wax_transport_explain(pair.server), wax_transport_explain(pair.client));
    }
    if (row->at_server == WAX_MORE) {
        wax_tls_peer peer;
        check_row(row->name, wax_tls_read_peer(pair.client, &peer) == WAX_OK);
        check_row(row->name,
                  strcmp(peer.version, version == WAX_TLS_1_2 ? "TLSv1.2" : "TLSv1.3") == 0);
        check_row(row->name, wax_tls_is_ready(pair.server) && wax_tls_is_ready(pair.client));
        deliver(pair.client, pair.server, "CONNECT");
        deliver(pair.server, pair.client, "CONNACK");
    }
    part(&pair);
    wax_tls_release(server);
    wax_tls_release(client);
}

static void trust_is_judged_and_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(meetings); i++) {
        meet(&meetings[i], WAX_TLS_1_3);
        meet(&meetings[i], WAX_TLS_1_2);
    }
}

/* A good pair with a client certificate. */
static void open_pair(struct pair *pair, wax_tls_context *contexts[static 2], size_t inbox_size)
{
    wax_tls_settings for_server = {.cafile = in_good("ca.crt"), .requires_certificate = true};
    wax_tls_settings for_client = {.cafile = in_good("ca.crt")};

    set_pair(&for_server, "server");
    set_pair(&for_client, "pump");
    contexts[0] = make_server(&for_server);
    contexts[1] = make_client(&for_client);
    join(pair, contexts[0], contexts[1], "broker.local", inbox_size);
}

static void close_pair(struct pair *pair, wax_tls_context *contexts[static 2])
{
    part(pair);
    wax_tls_release(contexts[0]);
    wax_tls_release(contexts[1]);
}

static void the_peer_is_named(void **state)
{
    static struct pair pair;
    wax_tls_context *contexts[2];
    wax_status at[2];
    wax_tls_peer peer;

    (void)state;
    open_pair(&pair, contexts, 4096);
    settle(&pair, &at[0], &at[1]);
    assert_true(wax_tls_is_ready(pair.server));
    assert_int_equal(wax_tls_read_peer(pair.server, &peer), WAX_OK);
    assert_string_equal(peer.version, "TLSv1.3");
    assert_string_equal(peer.common_name, "pump");
    assert_string_equal(peer.subject, "CN=pump");
    assert_true(peer.has_certificate);
    assert_false(peer.is_resumed);
    assert_true(peer.not_after > (int64_t)time(NULL) + 390 * DAY);
    assert_true(strlen(peer.cipher) > 0);
    assert_string_equal(peer.group, OPENSSL_VERSION_PREREQ(3, 5) ? "X25519MLKEM768" : "x25519");
    assert_true(wax_tls_is(pair.server));
    assert_false(wax_tls_is(&pair.ends[0].transport));
    close_pair(&pair, contexts);
}

/* 300,000 bytes through inboxes of `inbox_size` bytes, in both directions at once. */
static void transfer(size_t inbox_size)
{
    enum { TOTAL = 300000 };
    static struct pair pair;
    static uint8_t source[TOTAL];
    static uint8_t sink[2][TOTAL];
    wax_transport *ends[2];
    wax_tls_context *contexts[2];
    size_t sent[2] = {0, 0};
    size_t received[2] = {0, 0};

    for (size_t i = 0; i < TOTAL; i++) {
        source[i] = (uint8_t)(i * 2654435761U >> 13);
    }
    open_pair(&pair, contexts, inbox_size);
    ends[0] = pair.client;
    ends[1] = pair.server;
    for (int turn = 0; turn < 4000000 && (received[0] < TOTAL || received[1] < TOTAL); turn++) {
        size_t count;
        int i = turn & 1;
        if (sent[i] < TOTAL) {
            wax_bytes left = {source + sent[i], TOTAL - sent[i]};
            wax_status status = wax_transport_send(ends[i], left, &count);
            assert_true(status == WAX_OK || status == WAX_MORE);
            sent[i] += count;
        }
        if (received[i] < TOTAL) {
            size_t size = TOTAL - received[i] < 5000 ? TOTAL - received[i] : 5000;
            wax_status status = wax_transport_receive(ends[i], sink[i] + received[i], size, &count);
            assert_true(status == WAX_OK || status == WAX_MORE);
            received[i] += count;
        }
    }
    assert_memory_equal(sink[0], source, TOTAL);
    assert_memory_equal(sink[1], source, TOTAL);
    close_pair(&pair, contexts);
}

static void bytes_arrive_through_inboxes_of_any_size(void **state)
{
    (void)state;
    transfer(1);
    transfer(97);
    transfer(64 * 1024);
}

/* Who watches for edges need not ask again; nor may he stop before that. */
static void what_is_left_is_known(void **state)
{
    static struct pair pair;
    wax_tls_context *contexts[2];
    wax_status at[2];
    uint8_t room[8];
    size_t count;

    (void)state;
    open_pair(&pair, contexts, 4096);
    settle(&pair, &at[0], &at[1]);
    assert_int_equal(wax_transport_send(pair.client, WAX_TEXT("more than eight"), &count), WAX_OK);
    assert_int_equal(wax_transport_receive(pair.server, room, sizeof room, &count), WAX_OK);
    assert_false(pair.server->is_drained); /* the rest of the record is with TLS */
    assert_int_equal(wax_transport_send(pair.client, WAX_TEXT("later"), &count), WAX_OK);
    assert_int_equal(wax_transport_receive(pair.server, room, sizeof room, &count), WAX_OK);
    assert_false(pair.server->is_drained); /* below was not asked, where more has come */
    assert_int_equal(wax_transport_receive(pair.server, room, sizeof room, &count), WAX_OK);
    assert_true(pair.server->is_drained);
    assert_int_equal(count, 5);
    assert_int_equal(wax_transport_send(pair.client, WAX_TEXT("one"), &count), WAX_OK);
    assert_int_equal(wax_transport_receive(pair.server, room, sizeof room, &count), WAX_OK);
    assert_true(pair.server->is_drained);
    assert_int_equal(wax_transport_receive(pair.server, room, sizeof room, &count), WAX_MORE);
    assert_true(pair.server->is_drained);
    close_pair(&pair, contexts);
}

static void the_end_is_noticed(void **state)
{
    static struct pair pair;
    wax_tls_context *contexts[2];
    wax_status at[2];
    uint8_t room[8];
    size_t count;

    (void)state;
    open_pair(&pair, contexts, 4096);
    settle(&pair, &at[0], &at[1]);
    assert_int_equal(wax_transport_send(pair.client, WAX_TEXT("last"), &count), WAX_OK);
    assert_int_equal(wax_transport_close(pair.client), WAX_OK);
    assert_int_equal(wax_transport_receive(pair.server, room, sizeof room, &count), WAX_OK);
    assert_int_equal(count, 4);
    assert_int_equal(wax_transport_receive(pair.server, room, sizeof room, &count), WAX_CLOSED);
    assert_int_equal(wax_transport_receive(pair.server, room, sizeof room, &count), WAX_CLOSED);
    assert_string_equal(wax_transport_explain(pair.server), "");
    assert_int_equal(wax_transport_close(pair.server), WAX_OK);
    close_pair(&pair, contexts);

    /* Cut, without a word. */
    open_pair(&pair, contexts, 4096);
    settle(&pair, &at[0], &at[1]);
    wax_transport_release(pair.client);
    assert_int_equal(wax_transport_receive(pair.server, room, sizeof room, &count), WAX_CLOSED);
    assert_int_equal(wax_transport_send(pair.server, WAX_TEXT("x"), &count), WAX_CLOSED);
    wax_transport_release(pair.server);
    wax_tls_release(contexts[0]);
    wax_tls_release(contexts[1]);
}

/* A client of TLS 1.3 is ready before the server has looked at its certificate, so that its first
 * send may find the connection closed: the alert that says why must not be lost. */
static void a_send_after_rejection_says_why(void **state)
{
    static struct pair pair;
    wax_tls_settings for_server = {.cafile = in_good("ca.crt"), .requires_certificate = true};
    wax_tls_settings for_client = {.cafile = in_good("ca.crt")};
    wax_tls_context *contexts[2];
    uint8_t room[8];
    size_t count;

    (void)state;
    set_pair(&for_server, "server");
    contexts[0] = make_server(&for_server);
    contexts[1] = make_client(&for_client);
    join(&pair, contexts[0], contexts[1], "broker.local", 16384);
    assert_int_equal(wax_transport_receive(pair.client, room, 8, &count), WAX_MORE);
    assert_int_equal(wax_transport_receive(pair.server, room, 8, &count), WAX_MORE);
    assert_int_equal(wax_transport_receive(pair.client, room, 8, &count), WAX_MORE);
    assert_true(wax_tls_is_ready(pair.client));
    assert_int_equal(wax_transport_receive(pair.server, room, 8, &count), WAX_UNTRUSTED);
    wax_transport_release(pair.server);
    assert_int_equal(wax_transport_send(pair.client, WAX_TEXT("hello"), &count), WAX_UNTRUSTED);
    assert_non_null(strstr(wax_transport_explain(pair.client), "certificate required"));
    wax_transport_release(pair.client);
    wax_tls_release(contexts[0]);
    wax_tls_release(contexts[1]);
}

static void what_is_no_tls_is_named(void **state)
{
    static struct pair pair;
    wax_tls_context *contexts[2];
    uint8_t room[8];
    size_t count;

    (void)state;
    open_pair(&pair, contexts, 4096);
    assert_int_equal(wax_transport_send(&pair.ends[1].transport,
                                        WAX_TEXT("\x10\x0c\0\4MQTT\4\2\0\x3c\0\0"), &count),
                     WAX_OK);
    assert_int_equal(wax_transport_receive(pair.server, room, sizeof room, &count), WAX_IO);
    assert_non_null(strstr(wax_transport_explain(pair.server), "does not speak TLS"));
    close_pair(&pair, contexts);

    open_pair(&pair, contexts, 4096);
    wax_transport_release(&pair.ends[1].transport);
    assert_int_equal(wax_transport_receive(pair.server, room, sizeof room, &count), WAX_CLOSED);
    assert_non_null(strstr(wax_transport_explain(pair.server), "in the middle of the TLS"));
    close_pair(&pair, contexts);
}

static void versions_that_do_not_meet_are_named(void **state)
{
    static struct pair pair;
    wax_tls_settings for_server = {.oldest_version = WAX_TLS_1_3};
    wax_tls_settings for_client = {.cafile = in_good("ca.crt"), .newest_version = WAX_TLS_1_2};
    wax_tls_context *server;
    wax_tls_context *client;
    wax_status at[2];

    (void)state;
    set_pair(&for_server, "server");
    server = make_server(&for_server);
    client = make_client(&for_client);
    join(&pair, server, client, "broker.local", 4096);
    settle(&pair, &at[0], &at[1]);
    assert_int_equal(at[0], WAX_IO);
    assert_int_equal(at[1], WAX_IO);
    assert_non_null(strstr(wax_transport_explain(pair.server), "too old"));
    assert_non_null(strstr(wax_transport_explain(pair.client), "protocol version"));
    part(&pair);
    wax_tls_release(server);
    wax_tls_release(client);
}

/* Connects with what was saved before; gives whether the session was taken up. */
static bool resume(wax_tls_context *contexts[static 2], wax_writer *saved)
{
    static struct pair pair;
    wax_status at[2];
    wax_tls_peer peer;

    join(&pair, contexts[0], contexts[1], "broker.local", 16384);
    if (saved->used > 0) {
        assert_int_equal(wax_tls_offer_session(pair.client, wax_writer_bytes(saved)), WAX_OK);
    }
    settle(&pair, &at[0], &at[1]);
    deliver(pair.server, pair.client, "ticket");
    assert_int_equal(wax_tls_read_peer(pair.server, &peer), WAX_OK);
    assert_string_equal(peer.common_name, "pump");
    saved->used = 0;
    assert_int_equal(wax_tls_save_session(pair.client, saved), WAX_OK);
    part(&pair);
    return peer.is_resumed;
}

static void sessions_are_resumed(void **state)
{
    static struct pair pair;
    uint8_t room[8192];
    wax_writer saved = wax_writer_over(room, sizeof room);
    wax_tls_context *contexts[2];
    wax_tls_context *renewed[2];

    (void)state;
    open_pair(&pair, contexts, 4096);
    part(&pair);
    assert_false(resume(contexts, &saved));
    assert_true(resume(contexts, &saved));
    /* A new context has other ticket keys: who was revoked meanwhile does not slip in. */
    open_pair(&pair, renewed, 4096);
    part(&pair);
    assert_false(resume(renewed, &saved));
    wax_tls_release(contexts[0]);
    wax_tls_release(contexts[1]);
    wax_tls_release(renewed[0]);
    wax_tls_release(renewed[1]);
}

static void a_damaged_session_is_refused(void **state)
{
    static struct pair pair;
    wax_tls_context *contexts[2];

    (void)state;
    open_pair(&pair, contexts, 4096);
    assert_int_equal(wax_tls_offer_session(pair.client, WAX_TEXT("rubbish")), WAX_INVALID);
    assert_int_equal(wax_tls_offer_session(pair.client, WAX_TEXT("")), WAX_INVALID);
    close_pair(&pair, contexts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trust_is_judged_and_explained),
        cmocka_unit_test(the_peer_is_named),
        cmocka_unit_test(bytes_arrive_through_inboxes_of_any_size),
        cmocka_unit_test(what_is_left_is_known),
        cmocka_unit_test(the_end_is_noticed),
        cmocka_unit_test(a_send_after_rejection_says_why),
        cmocka_unit_test(what_is_no_tls_is_named),
        cmocka_unit_test(versions_that_do_not_meet_are_named),
        cmocka_unit_test(sessions_are_resumed),
        cmocka_unit_test(a_damaged_session_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
