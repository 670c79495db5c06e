/* Keys shared beforehand: who gets in, who does not, and what is said then. */
#include "tls_pair.h"

#define KEY   "0123456789abcdef"
#define OTHER "fedcba9876543210"

/* A table of one or two clients. */
struct table {
    const char *key_of_pump;
    bool has_valve;
    int release_count;
};

static wax_bytes find(const void *context, wax_bytes identity)
{
    const struct table *table = context;

    if (wax_bytes_equal(identity, WAX_TEXT("pump"))) {
        return wax_bytes_of_text(table->key_of_pump);
    }
    if (table->has_valve && wax_bytes_equal(identity, WAX_TEXT("valve"))) {
        return WAX_TEXT(KEY);
    }
    return wax_bytes_of(NULL, 0);
}

static void release(void *context)
{
    ((struct table *)context)->release_count++;
}

struct row {
    const char *name;
    const char *certificate; /* of the server; NULL: none */
    const char *identity;    /* of the client; NULL: it has no key */
    const char *key;
    wax_status at_server;
    wax_status at_client;
    const char *server_says;
    const char *client_says;
};

/* clang-format off */
static const struct row rows[] = {
    {"the right key",                        NULL,     "pump",  KEY,   WAX_MORE, WAX_MORE, "", ""},
    {"the right key, beside a certificate",  "server", "pump",  KEY,   WAX_MORE, WAX_MORE, "", ""},
    {"a certificate, beside keys",           "server", NULL,    NULL,  WAX_MORE, WAX_MORE, "", ""},
    {"another key",                          NULL,     "pump",  OTHER, WAX_UNTRUSTED, WAX_UNTRUSTED,
     "the client's pre-shared key is not the one in psk_file", "the server has another pre-shared key for our identity"},
    {"another key, beside a certificate",    "server", "pump",  OTHER, WAX_UNTRUSTED, WAX_UNTRUSTED,
     "the client's pre-shared key is not the one in psk_file", "the server has another pre-shared key for our identity"},
    {"a stranger",                           NULL,     "pumpe", KEY,   WAX_UNTRUSTED, WAX_UNTRUSTED,
     "has the identity 'pumpe', which is not in psk_file", "pre-shared key"},
    {"a stranger, beside a certificate",     "server", "pumpe", KEY,   WAX_UNTRUSTED, WAX_UNTRUSTED,
     "", "pre-shared key"},
};
/* clang-format on */

static void check_peers(const struct row *row, struct pair *pair)
{
    wax_tls_peer peer;

    check_row(row->name, wax_tls_read_peer(pair->server, &peer) == WAX_OK);
    check_row(row->name, strcmp(peer.psk_identity, row->identity ? row->identity : "") == 0);
    check_row(row->name, !peer.is_resumed && !peer.has_certificate);
    check_row(row->name, wax_tls_read_peer(pair->client, &peer) == WAX_OK);
    check_row(row->name, !peer.is_resumed && peer.has_certificate == (row->identity == NULL));
    deliver(pair->client, pair->server, "CONNECT");
    deliver(pair->server, pair->client, "CONNACK");
}

static void meet(const struct row *row, wax_tls_version version)
{
    static struct pair pair;
    struct table table = {.key_of_pump = KEY};
    wax_tls_settings for_server = {
        .newest_version = version, .psk_hint = "choose", .psks = {&table, find, release}
    };
    wax_tls_settings for_client = {.newest_version = version,
                                   .psk_identity = row->identity,
                                   .psk_key = wax_bytes_of_text(row->key)};
    wax_tls_context *contexts[2];
    wax_status at[2];

    if (row->certificate != NULL) {
        set_pair(&for_server, row->certificate);
    }
    for_client.cafile = row->identity == NULL ? in_good("ca.crt") : NULL;
    contexts[0] = make_server(&for_server);
    contexts[1] = make_client(&for_client);
    join(&pair, contexts[0], contexts[1], "broker.local", sizeof pair.inboxes[0]);
    settle(&pair, &at[0], &at[1]);
    if (at[0] != row->at_server || at[1] != row->at_client ||
        strstr(wax_transport_explain(pair.server), row->server_says) == NULL ||
        strstr(wax_transport_explain(pair.client), row->client_says) == NULL) {
        fail_msg("%s: server %d (%s), client %d (%s)", row->name, (int)at[0],
                 wax_transport_explain(pair.server), (int)at[1],
                 wax_transport_explain(pair.client));
    }
    if (row->at_server == WAX_MORE) {
        check_peers(row, &pair);
    }
    part(&pair);
    wax_tls_release(contexts[0]);
    wax_tls_release(contexts[1]);
    check_row(row->name, table.release_count == 1);
}

static void keys_are_judged_and_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        meet(&rows[i], WAX_TLS_1_3);
        meet(&rows[i], WAX_TLS_1_2);
    }
}

/* A client that names an identity, whose hash does not fit the cipher that is then chosen, has
 * proved nothing: it must not be taken for that identity. */
static void a_key_that_is_not_used_proves_nothing(void **state)
{
    static struct pair pair;
    struct table table = {.key_of_pump = KEY};
    wax_tls_settings for_server = {
        .psk_hint = "", .psks = {&table, find, release}
    };
    wax_tls_settings for_client = {.psk_identity = "pump",
                                   .psk_key = WAX_TEXT(OTHER),
                                   .ciphers_tls13 = "TLS_AES_256_GCM_SHA384",
                                   .oldest_version = WAX_TLS_1_3};
    wax_tls_context *contexts[2];
    wax_tls_peer peer;
    wax_status at[2];

    (void)state;
    set_pair(&for_server, "server");
    contexts[0] = make_server(&for_server);
    contexts[1] = make_client(&for_client);
    join(&pair, contexts[0], contexts[1], "broker.local", sizeof pair.inboxes[0]);
    settle(&pair, &at[0], &at[1]);
    assert_int_equal(wax_tls_read_peer(pair.server, &peer), WAX_OK);
    assert_string_equal(peer.psk_identity, "");
    assert_int_equal(at[1], WAX_UNTRUSTED);
    part(&pair);
    wax_tls_release(contexts[0]);
    wax_tls_release(contexts[1]);
}

struct unfit {
    const char *name;
    bool is_client;
    wax_tls_settings settings;
    const char *words;
};

static char hint[200];

static void settings_are_judged(void **state)
{
    struct table table = {.key_of_pump = KEY};
    const wax_tls_psks psks = {&table, find, release};
    /* clang-format off */
    const struct unfit unfit[] = {
        {"no suite of SHA-256",  false, {.psks = psks, .ciphers_tls13 = "TLS_AES_256_GCM_SHA384"}, "need a suite of SHA-256"},
        {"a hint too long",      false, {.psks = psks, .psk_hint = hint},             "psk_hint may have"},
        {"half a certificate",   false, {.psks = psks, .certfile = "x"},              "keyfile is missing"},
        {"neither key nor pair", false, {0},                                          "certfile is missing"},
        {"ciphers of no secret", false, {.psks = psks, .ciphers = "PSK-NULL-SHA256:@SECLEVEL=0"}, "PSK-NULL-SHA256 is too weak"},
        {"an empty identity",    true,  {.psk_identity = "", .psk_key = WAX_TEXT("k")}, "identity has 1 to 255"},
        {"an empty key",         true,  {.psk_identity = "a"},                        "identity has 1 to 255"},
    };
    /* clang-format on */
    int release_count = 0;

    (void)state;
    memset(hint, 'h', sizeof hint - 1);
    for (size_t i = 0; i < WAX_COUNT(unfit); i++) {
        wax_tls_context *context;
        wax_problem problem = {""};
        wax_status status = unfit[i].is_client
                                ? wax_tls_make_client(&unfit[i].settings, &context, &problem)
                                : wax_tls_make_server(&unfit[i].settings, &context, &problem);

        check_row(unfit[i].name, status == WAX_INVALID && context == NULL);
        release_count += unfit[i].settings.psks.find != NULL;
        check_row(unfit[i].name, table.release_count == release_count);
        if (strstr(problem.text, unfit[i].words) == NULL) {
            fail_msg("%s: \"%s\"", unfit[i].name, problem.text);
        }
    }
}

/* Connects with what was saved before; gives whether the session was taken up. */
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
    assert_string_equal(peer.psk_identity, "pump");
    saved->used = 0;
    assert_int_equal(wax_tls_save_session(pair.client, saved), WAX_OK);
    part(&pair);
    return peer.is_resumed;
}

static wax_tls_context *make_for(struct table *table, wax_tls_version version)
{
    const wax_tls_settings settings = {
        .newest_version = version, .psk_hint = "", .psks = {table, find, release}
    };

    return make_server(&settings);
}

static void a_key_that_has_changed_is_not_resumed(wax_tls_version version)
{
    static uint8_t room[8192];
    struct table before = {.key_of_pump = KEY};
    struct table after = {.key_of_pump = KEY, .has_valve = true};
    struct table changed = {.key_of_pump = OTHER};
    wax_tls_settings for_client = {
        .newest_version = version, .psk_identity = "pump", .psk_key = WAX_TEXT(KEY)};
    wax_tls_settings for_changed = {
        .newest_version = version, .psk_identity = "pump", .psk_key = WAX_TEXT(OTHER)};
    wax_tls_context *servers[3] = {make_for(&before, version), make_for(&after, version),
                                   make_for(&changed, version)};
    wax_tls_context *clients[2] = {make_client(&for_client), make_client(&for_changed)};
    wax_writer saved = wax_writer_over(room, sizeof room);

    wax_tls_keep_tickets(servers[1], servers[0]);
    wax_tls_keep_tickets(servers[2], servers[0]);
    assert_false(resume(servers[0], clients[0], &saved));
    assert_true(resume(servers[0], clients[0], &saved));
    assert_true(resume(servers[1], clients[0], &saved));
    assert_false(resume(servers[2], clients[1], &saved));
    for (size_t i = 0; i < 3; i++) {
        wax_tls_release(servers[i]);
    }
    wax_tls_release(clients[0]);
    wax_tls_release(clients[1]);
}

static void sessions_are_resumed_while_the_key_holds(void **state)
{
    (void)state;
    a_key_that_has_changed_is_not_resumed(WAX_TLS_1_3);
    a_key_that_has_changed_is_not_resumed(WAX_TLS_1_2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_judged_and_explained),
        cmocka_unit_test(a_key_that_is_not_used_proves_nothing),
        cmocka_unit_test(settings_are_judged),
        cmocka_unit_test(sessions_are_resumed_while_the_key_holds),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
