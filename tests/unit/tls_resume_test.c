/* Sessions that are resumed: by whom, how long, and under which rules. And what a listener may be
 * told beyond one certificate: others for certain names, small records, dates that do not count. */
#include "tls_pair.h"

#include "tls/inner.h"

static const uint8_t policy[TLS_DIGEST_SIZE] = {1};
static const uint8_t other_policy[TLS_DIGEST_SIZE] = {2};

/* Connects as pump with what was saved before; gives whether the session was taken up. */
static bool resume(wax_tls_context *server, wax_tls_context *client, wax_writer *saved)
{
    static struct pair pair;
    wax_status at[2];
    wax_tls_peer peer;

    join(&pair, server, client, "broker.local", 16384);
    if (saved->used > 0) {
        assert_int_equal(wax_tls_offer_session(pair.client, wax_writer_bytes(saved)), WAX_OK);
    }
    settle(&pair, &at[0], &at[1]);
    deliver(pair.server, pair.client, "ticket");
    assert_int_equal(wax_tls_read_peer(pair.server, &peer), WAX_OK);
    saved->used = 0;
    assert_int_equal(wax_tls_save_session(pair.client, saved), WAX_OK);
    part(&pair);
    return peer.is_resumed;
}

struct row {
    const char *name;
    const char *cafile; /* of the context that comes after, in the good folder */
    const char *crlfile;
    bool requires_certificate;
    bool ignores_dates;
    bool is_resumed;
};

/* A session that began under ca.crt and no list, with require_certificate. */
/* clang-format off */
static const struct row rows[] = {
    {"the same rules",              "ca.crt",   NULL,      true,  false, true},
    {"a revocation list more",      "ca.crt",   "crl.pem", true,  false, false},
    {"a CA more",                   "both.crt", NULL,      true,  false, false},
    {"no certificate needed",       "ca.crt",   NULL,      false, false, false},
    {"dates that do not count",     "ca.crt",   NULL,      true,  true,  false},
};
/* clang-format on */

static wax_tls_context *make_listener(const struct row *row, wax_tls_version version)
{
    wax_tls_settings settings = {.cafile = in_good(row->cafile),
                                 .requires_certificate = row->requires_certificate,
                                 .ignores_dates = row->ignores_dates,
                                 .newest_version = version};

    settings.crlfile = row->crlfile != NULL ? in_good(row->crlfile) : NULL;
    set_pair(&settings, "server");
    return make_server(&settings);
}

static void reload(const struct row *row, wax_tls_version version)
{
    wax_tls_settings for_client = {.cafile = in_good("ca.crt"), .newest_version = version};
    wax_tls_context *before = make_listener(&rows[0], version);
    wax_tls_context *after = make_listener(row, version);
    uint8_t room[8192];
    wax_writer saved = wax_writer_over(room, sizeof room);
    wax_tls_context *client;

    set_pair(&for_client, "pump");
    client = make_client(&for_client);
    check_row(row->name, !resume(before, client, &saved));
    check_row(row->name, resume(before, client, &saved));
    wax_tls_keep_tickets(after, before);
    wax_tls_release(before);
    check_row(row->name, resume(after, client, &saved) == row->is_resumed);
    wax_tls_release(after);
    wax_tls_release(client);
}

static void only_the_same_rules_let_a_session_go_on(void **state)
{
    char command[1000];

    (void)state;
    (void)snprintf(command, sizeof command, "cd %s && cat ca.crt r-ca.crt > both.crt", good);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        reload(&rows[i], WAX_TLS_1_3);
        reload(&rows[i], WAX_TLS_1_2);
    }
}

static wax_bytes find_nothing(const void *table, wax_bytes identity)
{
    (void)table;
    (void)identity;
    return wax_bytes_of(NULL, 0);
}

/* Where a certificate of the server was all that was asked for, clients may have to have keys now.
 */
static void keys_in_place_of_a_certificate_let_no_session_go_on(void **state)
{
    wax_tls_settings for_client = {.cafile = in_good("ca.crt")};
    wax_tls_settings settings = {.psk_hint = NULL};
    uint8_t room[8192];
    wax_writer saved = wax_writer_over(room, sizeof room);
    wax_tls_context *client = make_client(&for_client);
    wax_tls_context *servers[3];

    (void)state;
    set_pair(&settings, "server");
    servers[0] = make_server(&settings);
    servers[1] = make_server(&settings);
    settings.psks.find = find_nothing;
    servers[2] = make_server(&settings);
    wax_tls_keep_tickets(servers[1], servers[0]);
    wax_tls_keep_tickets(servers[2], servers[0]);
    assert_false(resume(servers[0], client, &saved));
    assert_true(resume(servers[1], client, &saved));
    assert_false(resume(servers[2], client, &saved));
    for (size_t i = 0; i < WAX_COUNT(servers); i++) {
        wax_tls_release(servers[i]);
    }
    wax_tls_release(client);
}

/* A session must not outlive the certificate that began it. */
static void a_note_is_kept_with_the_session(void **state)
{
    struct tls_note note = {.until = INT64_C(0x123456789), .identity = "pump"};
    struct tls_note read;
    SSL_SESSION *session = SSL_SESSION_new();

    (void)state;
    assert_false(tls_note_read(session, &read));
    note.psk_digest[0] = 7;
    assert_true(tls_note_write(session, &note));
    assert_true(tls_note_read(session, &read));
    assert_true(read.until == note.until && read.psk_digest[0] == 7);
    assert_string_equal(read.identity, "pump");
    assert_int_equal(SSL_SESSION_set1_ticket_appdata(session, "short", 5), 1);
    assert_false(tls_note_read(session, &read));
    SSL_SESSION_free(session);
}

static int64_t told_s;

static int64_t told_clock(void)
{
    return told_s;
}

static void a_session_ends_with_the_certificate_that_began_it(void **state)
{
    wax_tls_settings for_client = {.cafile = in_good("ca.crt")};
    wax_tls_settings settings = {
        .cafile = in_good("ca.crt"), .requires_certificate = true, .now_s = told_clock};
    uint8_t room[8192];
    wax_writer saved = wax_writer_over(room, sizeof room);
    wax_tls_context *client;
    wax_tls_context *server;
    wax_problem problem;

    (void)state;
    set_pair(&settings, "server");
    set_pair(&for_client, "pump");
    client = make_client(&for_client);
    assert_int_equal(wax_tls_make_server(&settings, &server, &problem), WAX_OK);
    told_s = wax_tls_not_after(client) - 10; /* tickets are younger than their key */
    assert_false(resume(server, client, &saved));
    told_s += 10;
    assert_true(resume(server, client, &saved));
    told_s += 1;
    assert_false(resume(server, client, &saved));
    wax_tls_release(server);
    wax_tls_release(client);
}

static void keys_change_with_time_and_policy(void **state)
{
    wax_tls_context *context = make_listener(&rows[0], WAX_TLS_1_3);
    const int64_t period = TLS_TICKET_PERIOD_S;
    struct tls_ticket_key first[2];
    struct tls_ticket_key next[2];

    (void)state;
    assert_int_equal(tls_ticket_keys(context->tickets, 1000, policy, first), 1);
    assert_int_equal(tls_ticket_keys(context->tickets, 1000 + period - 1, policy, next), 1);
    assert_memory_equal(&first[0], &next[0], sizeof first[0]);
    assert_int_equal(tls_ticket_keys(context->tickets, 1000, other_policy, next), 1);
    assert_memory_not_equal(first[0].name, next[0].name, sizeof first[0].name);
    assert_memory_not_equal(first[0].cipher_key, next[0].cipher_key, sizeof first[0].cipher_key);

    /* One period more, and there are two. */
    assert_int_equal(tls_ticket_keys(context->tickets, 1000 + period, policy, next), 2);
    assert_memory_equal(&first[0], &next[1], sizeof first[0]);
    assert_memory_not_equal(first[0].name, next[0].name, sizeof first[0].name);
    first[0] = next[0];
    assert_int_equal(tls_ticket_keys(context->tickets, 1000 + 2 * period, policy, next), 2);
    assert_memory_equal(&first[0], &next[1], sizeof first[0]);

    /* Nobody came for long: nothing of before holds. A clock that goes back is no excuse. */
    assert_int_equal(tls_ticket_keys(context->tickets, 1000 + 4 * period, policy, next), 1);
    assert_int_equal(tls_ticket_keys(context->tickets, 1000, policy, first), 2);
    assert_memory_equal(&first[1], &next[0], sizeof first[1]);
    assert_memory_not_equal(first[0].name, first[1].name, sizeof first[0].name);
    wax_tls_release(context);
}

/* --- What else a listener may be told --- */

struct visit {
    const char *name;
    const char *host;
    const char *cafile; /* that vouches for the certificate which is to be shown */
};

/* The usual certificate is of ca.crt; that of r-ca.crt is for two names. */
static const struct visit visits[] = {
    {"the name",                  "broker.local",      "r-ca.crt"},
    {"in capitals",               "BROKER.Local",      "r-ca.crt"},
    {"an address has no name",    "10.0.0.5",          "ca.crt"  },
    {"a name that is not listed", "b.a.plant.example", NULL      },
    {"a name below the wildcard", "a.plant.example",   "ca.crt"  },
};

static void names_choose_the_certificate(void **state)
{
    static struct pair pair;
    char pump[2][PATH_SIZE * 2];
    wax_tls_host hosts[] = {
        {"*.plant.example", NULL,                   NULL                  },
        {"*.local",         in_good("expired.crt"), in_good("expired.key")},
        {"broker.local",    in_good("chain.crt"),   in_good("r.key")      },
    };
    wax_tls_settings for_server = {.hosts = hosts, .host_count = WAX_COUNT(hosts)};
    wax_tls_context *server;

    (void)state;
    (void)snprintf(pump[0], sizeof pump[0], "%s", in_good("server.crt"));
    (void)snprintf(pump[1], sizeof pump[1], "%s", in_good("server.key"));
    hosts[0].certfile = pump[0];
    hosts[0].keyfile = pump[1];
    set_pair(&for_server, "server");
    server = make_server(&for_server);
    for (size_t i = 0; i < WAX_COUNT(visits); i++) {
        const struct visit *visit = &visits[i];
        wax_tls_settings for_client = {
            .cafile = in_good(visit->cafile != NULL ? visit->cafile : "ca.crt")};
        wax_tls_context *client = make_client(&for_client);
        wax_status at[2];

        join(&pair, server, client, visit->host, sizeof pair.inboxes[0]);
        settle(&pair, &at[0], &at[1]);
        if ((at[1] == WAX_MORE) != (visit->cafile != NULL)) {
            fail_msg("%s: %s", visit->name, wax_transport_explain(pair.client));
        }
        part(&pair);
        wax_tls_release(client);
    }
    /* The first of all that ends is told. */
    assert_true(wax_tls_not_after(server) < (int64_t)time(NULL));
    wax_tls_release(server);
}

/* How large the records are that lie in an inbox. */
static size_t largest_record(const uint8_t *bytes, size_t size)
{
    size_t largest = 0;
    size_t at = 0;

    while (at + 5 <= size) {
        size_t record = (size_t)bytes[at + 3] << 8 | bytes[at + 4];
        largest = record > largest ? record : largest;
        at += 5 + record;
    }
    assert_true(at == size);
    return largest;
}

static void records_are_as_small_as_told(void **state)
{
    enum { SIZE = 512, TOTAL = 5000, OVERHEAD = 1 + 16 + 16 + 48 };
    static struct pair pair;
    static uint8_t message[TOTAL];
    wax_tls_settings for_server = {.record_size_max = SIZE};
    wax_tls_settings for_client = {.cafile = in_good("ca.crt")};
    wax_tls_context *server;
    wax_tls_context *client = make_client(&for_client);
    wax_status at[2];
    size_t sent = 0;

    (void)state;
    set_pair(&for_server, "server");
    server = make_server(&for_server);
    join(&pair, server, client, "broker.local", sizeof pair.inboxes[0]);
    settle(&pair, &at[0], &at[1]);
    assert_int_equal(pair.ends[1].inbox_used, 0);
    while (sent < TOTAL) {
        size_t count = 0;
        assert_int_equal(
            wax_transport_send(pair.server, wax_bytes_of(message + sent, TOTAL - sent), &count),
            WAX_OK);
        sent += count;
    }
    assert_true(largest_record(pair.inboxes[1], pair.ends[1].inbox_used) <= SIZE + OVERHEAD);
    assert_true(pair.ends[1].inbox_used > TOTAL);
    part(&pair);
    wax_tls_release(server);
    wax_tls_release(client);
}

static void dates_need_not_count(void **state)
{
    static struct pair pair;
    wax_tls_settings for_server = {
        .cafile = in_good("ca.crt"), .requires_certificate = true, .ignores_dates = true};
    wax_tls_settings for_client = {.cafile = in_good("ca.crt")};
    wax_tls_context *contexts[2];
    wax_status at[2];

    (void)state;
    set_pair(&for_server, "server");
    set_pair(&for_client, "old");
    contexts[0] = make_server(&for_server);
    contexts[1] = make_client(&for_client);
    join(&pair, contexts[0], contexts[1], "broker.local", sizeof pair.inboxes[0]);
    settle(&pair, &at[0], &at[1]);
    assert_int_equal(at[0], WAX_MORE);
    deliver(pair.client, pair.server, "CONNECT");
    part(&pair);
    wax_tls_release(contexts[0]);
    wax_tls_release(contexts[1]);
}

static size_t count_spare(wax_tls_context *context)
{
    size_t count = 0;

    for (size_t i = 0; i < TLS_SPARE_MAX; i++) {
        count += atomic_load(&context->spare[i]) != NULL;
    }
    return count;
}

static void connections_share_what_only_a_call_needs(void **state)
{
    static struct pair pairs[3];
    wax_tls_settings for_server = {.cafile = NULL};
    wax_tls_settings for_client = {.cafile = in_good("ca.crt")};
    wax_tls_context *contexts[2];
    wax_status at[2];

    (void)state;
    set_pair(&for_server, "server");
    contexts[0] = make_server(&for_server);
    contexts[1] = make_client(&for_client);
    for (size_t i = 0; i < WAX_COUNT(pairs); i++) {
        /* So small that the handshake waits in the middle of what it writes. */
        join(&pairs[i], contexts[0], contexts[1], "broker.local", 16);
        settle(&pairs[i], &at[0], &at[1]);
        assert_true(wax_tls_is_ready(pairs[i].server));
    }
    for (size_t i = 0; i < WAX_COUNT(pairs); i++) {
        const struct tls *server = (const struct tls *)(const void *)pairs[i].server;
        assert_null(SSL_get_rbio(server->ssl));
        assert_null(SSL_get_wbio(server->ssl));
    }
    assert_int_equal(count_spare(contexts[0]), 1);
    assert_int_equal(count_spare(contexts[1]), 1);
    for (size_t i = 0; i < WAX_COUNT(pairs); i++) {
        part(&pairs[i]);
    }
    wax_tls_release(contexts[0]);
    wax_tls_release(contexts[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_same_rules_let_a_session_go_on),
        cmocka_unit_test(keys_in_place_of_a_certificate_let_no_session_go_on),
        cmocka_unit_test(a_note_is_kept_with_the_session),
        cmocka_unit_test(a_session_ends_with_the_certificate_that_began_it),
        cmocka_unit_test(keys_change_with_time_and_policy),
        cmocka_unit_test(names_choose_the_certificate),
        cmocka_unit_test(records_are_as_small_as_told),
        cmocka_unit_test(dates_need_not_count),
        cmocka_unit_test(connections_share_what_only_a_call_needs),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
