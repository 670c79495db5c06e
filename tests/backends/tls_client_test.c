/* A device's TLS, by whichever library is linked, meets the broker's, by OpenSSL: who trusts whom,
 * what is said when not, what arrives, and how the next connection goes on. */
#include "../unit/tls_pair.h"
#include "tls_client.h"

#define KEY   "0123456789abcdef"
#define OTHER "fedcba9876543210"

/* A file of certificates or keys, in DER, from now on. */
static wax_bytes read_der(const char *command, const char *folder, const char *file)
{
    static uint8_t rooms[8][3000];
    static size_t next;
    char words[1000];
    uint8_t *room = rooms[next++ % WAX_COUNT(rooms)];
    size_t size;
    FILE *pipe;

    (void)snprintf(words, sizeof words, "openssl %s -in %s/%s -outform der", command, folder, file);
    pipe = popen(words, "r");
    assert_non_null(pipe);
    size = fread(room, 1, sizeof rooms[0], pipe);
    assert_int_equal(pclose(pipe), 0);
    return wax_bytes_of(room, size);
}

static wax_bytes find(const void *context, wax_bytes identity)
{
    (void)context;
    return wax_bytes_equal(identity, WAX_TEXT("pump")) ? WAX_TEXT(KEY) : wax_bytes_of(NULL, 0);
}

static void forget(void *context)
{
    (void)context;
}

/* A device and the server that it meets. */
struct meeting {
    struct pair pair;
    wax_tls_context *server;
    wax_device_settings settings;
    wax_bytes authority;
    wax_bytes own;
    wax_status at_server;
    wax_status at_device;
};

struct row {
    const char *name;
    const char *server;    /* certificate and key; NULL: it has the table of keys */
    const char *authority; /* of the device; NULL: none */
    const char *host;
    const char *own; /* the device's certificate; NULL: the server wants none; "": it has none */
    const char *identity; /* of the device's key; NULL: none */
    const char *key;
    wax_status at_server;
    wax_status at_device;
    const char *device_says;
};

/* clang-format off */
static const struct row rows[] = {
    {"a name of the certificate",  "server",  "ca.crt",   "broker.local",    NULL,   NULL, NULL, WAX_MORE, WAX_MORE, ""},
    {"a wildcard",                 "server",  "ca.crt",   "a.plant.example", NULL,   NULL, NULL, WAX_MORE, WAX_MORE, ""},
    {"any name",                   "server",  "ca.crt",   NULL,              NULL,   NULL, NULL, WAX_MORE, WAX_MORE, ""},
    {"an RSA key",                 "chain",   "r-ca.crt", "broker.local",    NULL,   NULL, NULL, WAX_MORE, WAX_MORE, ""},
    {"a wrong name",               "server",  "ca.crt",   "localhost",       NULL,   NULL, NULL, WAX_UNTRUSTED, WAX_UNTRUSTED, "another name"},
    {"a wrong CA",                 "server",  "r-ca.crt", "broker.local",    NULL,   NULL, NULL, WAX_UNTRUSTED, WAX_UNTRUSTED, "no CA that this device trusts"},
    {"another CA of the same name", "!server", "ca.crt",  "broker.local",    NULL,   NULL, NULL, WAX_UNTRUSTED, WAX_UNTRUSTED, "no CA that this device trusts"},
    {"an expired server",          "expired", "ca.crt",   "broker.local",    NULL,   NULL, NULL, WAX_UNTRUSTED, WAX_UNTRUSTED, "has expired"},
    {"a server not yet valid",     "early",   "ca.crt",   "broker.local",    NULL,   NULL, NULL, WAX_UNTRUSTED, WAX_UNTRUSTED, "not yet valid"},
    {"a client as a server",       "pump",    "ca.crt",   NULL,              NULL,   NULL, NULL, WAX_UNTRUSTED, WAX_UNTRUSTED, "not made for this use"},
    {"a device with a certificate", "server", "ca.crt",   "broker.local",    "pump", NULL, NULL, WAX_MORE, WAX_MORE, ""},
    {"a device without",           "server",  "ca.crt",   "broker.local",    "",     NULL, NULL, WAX_UNTRUSTED, WAX_IO, "wants a certificate from us"},
    {"a device that is revoked",   "server",  "ca.crt",   "broker.local", "revoked", NULL, NULL, WAX_UNTRUSTED, WAX_UNTRUSTED, "revoked"},
    {"a device that has expired",  "server",  "ca.crt",   "broker.local",    "old",  NULL, NULL, WAX_UNTRUSTED, WAX_UNTRUSTED, "expired"},
    {"the right key",              NULL,      NULL,       NULL, NULL, "pump",  KEY,   WAX_MORE, WAX_MORE, ""},
    {"another key",                NULL,      NULL,       NULL, NULL, "pump",  OTHER, WAX_UNTRUSTED, WAX_UNTRUSTED, "another pre-shared key for our identity"},
    {"a stranger",                 NULL,      NULL,       NULL, NULL, "valve", KEY,   WAX_UNTRUSTED, WAX_UNTRUSTED, "pre-shared key"},
    {"a key that no one asked for", "server", NULL,       NULL, NULL, "pump",  KEY,   WAX_IO, WAX_UNTRUSTED, "or takes none"},
};
/* clang-format on */

static wax_tls_context *serve(const struct row *row)
{
    wax_tls_settings settings = {.record_size_max = 0};

    if (row->server == NULL) {
        settings.psk_hint = "wax";
        settings.psks = (wax_tls_psks){NULL, find, forget};
    } else {
        set_pair(&settings, row->server);
    }
    if (row->own != NULL) {
        settings.requires_certificate = true;
        settings.cafile = in_good("ca.crt");
        settings.crlfile = in_good("crl.pem");
    }
    return make_server(&settings);
}

static void equip(struct meeting *meeting, const struct row *row)
{
    wax_device_settings *settings = &meeting->settings;
    char file[64];

    *settings = (wax_device_settings){.host = row->host,
                                      .psk_identity = wax_bytes_of_text(row->identity),
                                      .psk = wax_bytes_of_text(row->key)};
    if (row->authority != NULL) {
        meeting->authority = read_der("x509", good, row->authority);
        settings->authorities = &meeting->authority;
        settings->authority_count = 1;
    }
    if (row->own != NULL && row->own[0] != '\0') {
        (void)snprintf(file, sizeof file, "%s.crt", row->own);
        meeting->own = read_der("x509", good, file);
        settings->chain = &meeting->own;
        settings->chain_count = 1;
        (void)snprintf(file, sizeof file, "%s.key", row->own);
        settings->secret_key = read_der("pkey", good, file);
    }
}

/* Connects, and gives the device what it saved, if anything. */
static void meet(struct meeting *meeting, size_t inbox_size, wax_bytes session)
{
    struct pair *pair = &meeting->pair;

    wax_loopback_open(&pair->ends[0], &pair->ends[1], pair->inboxes[0], pair->inboxes[1],
                      inbox_size);
    pair->server = wax_tls_accept(meeting->server, &pair->ends[0].transport);
    assert_non_null(pair->server);
    pair->client = tls_client.connect(&pair->ends[1].transport);
    assert_non_null(pair->client);
    if (session.size > 0) {
        assert_int_equal(tls_client.offer(session), WAX_OK);
    }
}

static void begin(struct meeting *meeting, const struct row *row, uint16_t record_size_max)
{
    meeting->server = serve(row);
    equip(meeting, row);
    meeting->settings.record_size_max = record_size_max;
    assert_int_equal(tls_client.open(&meeting->settings), WAX_OK);
    meet(meeting, sizeof meeting->pair.inboxes[0], wax_bytes_of(NULL, 0));
}

static void end(struct meeting *meeting)
{
    part(&meeting->pair);
    tls_client.close();
    wax_tls_release(meeting->server);
}

/* A host knows from the server's question that it has no certificate; TLS 1.2 has no word for it.
 */
static wax_status wanted(const struct row *row)
{
    bool lacks_certificate = row->own != NULL && row->own[0] == '\0';

    return lacks_certificate && !tls_client.is_for_devices ? WAX_UNTRUSTED : row->at_device;
}

/* Whether a device tells the cause in these words; a host has others. */
static bool says(wax_transport *client, const char *words)
{
    return !tls_client.is_for_devices || strstr(wax_transport_explain(client), words) != NULL;
}

static void trust_is_judged_and_explained(void **state)
{
    static struct meeting meeting;

    (void)state;
    for (const struct row *row = rows; row < rows + WAX_COUNT(rows); row++) {
        begin(&meeting, row, 0);
        settle(&meeting.pair, &meeting.at_server, &meeting.at_device);
        if (meeting.at_server != row->at_server || meeting.at_device != wanted(row) ||
            !says(meeting.pair.client, row->device_says)) {
            fail_msg("%s: server %d (%s), device %d (%s)", row->name, (int)meeting.at_server,
                     wax_transport_explain(meeting.pair.server), (int)meeting.at_device,
                     wax_transport_explain(meeting.pair.client));
        }
        if (row->at_server == WAX_MORE) {
            check_row(row->name, tls_client.is_ready());
            deliver(meeting.pair.client, meeting.pair.server, "CONNECT");
            deliver(meeting.pair.server, meeting.pair.client, "CONNACK");
        }
        end(&meeting);
    }
}

/* 100,000 bytes each way; what waits for room is offered again with more behind it. */
static void transfer(size_t inbox_size)
{
    enum { TOTAL = 100000 };
    static struct meeting meeting;
    static uint8_t source[TOTAL];
    static uint8_t sink[2][TOTAL];
    wax_transport *ends[2];
    size_t sent[2] = {0, 0};
    size_t received[2] = {0, 0};
    size_t offered[2] = {0, 0};

    for (size_t i = 0; i < TOTAL; i++) {
        source[i] = (uint8_t)(i * 2654435761U >> 13);
    }
    begin(&meeting, &rows[0], 0);
    part(&meeting.pair);
    meet(&meeting, inbox_size, wax_bytes_of(NULL, 0));
    ends[0] = meeting.pair.client;
    ends[1] = meeting.pair.server;
    for (size_t turn = 0; turn < 4000000 && (received[0] < TOTAL || received[1] < TOTAL); turn++) {
        size_t i = turn & 1;
        size_t count = i == 1 ? TOTAL : 100 + turn % 3000;
        offered[i] = offered[i] > count ? offered[i] : count;
        offered[i] = offered[i] < TOTAL - sent[i] ? offered[i] : TOTAL - sent[i];
        if (offered[i] > 0) {
            wax_status status =
                wax_transport_send(ends[i], wax_bytes_of(source + sent[i], offered[i]), &count);
            assert_true(status == WAX_OK || status == WAX_MORE);
            sent[i] += status == WAX_OK ? count : 0;
            offered[i] = status == WAX_OK ? 0 : offered[i];
        }
        if (received[i] < TOTAL) {
            wax_status status =
                wax_transport_receive(ends[i], sink[i] + received[i], TOTAL - received[i], &count);
            assert_true(status == WAX_OK || status == WAX_MORE);
            received[i] += status == WAX_OK ? count : 0;
        }
    }
    assert_memory_equal(sink[0], source, TOTAL);
    assert_memory_equal(sink[1], source, TOTAL);
    end(&meeting);
}

static void bytes_arrive_through_inboxes_of_any_size(void **state)
{
    (void)state;
    transfer(1);
    transfer(97);
    transfer(64 * 1024);
}

static void the_end_is_noticed(void **state)
{
    static struct meeting meeting;
    struct pair *pair = &meeting.pair;
    uint8_t room[8];
    size_t count;

    (void)state;
    begin(&meeting, &rows[0], 0);
    settle(pair, &meeting.at_server, &meeting.at_device);
    assert_int_equal(wax_transport_send(pair->client, WAX_TEXT("last"), &count), WAX_OK);
    assert_int_equal(wax_transport_close(pair->client), WAX_OK);
    assert_int_equal(wax_transport_receive(pair->server, room, sizeof room, &count), WAX_OK);
    assert_int_equal(wax_transport_receive(pair->server, room, sizeof room, &count), WAX_CLOSED);
    end(&meeting);

    begin(&meeting, &rows[0], 0);
    settle(pair, &meeting.at_server, &meeting.at_device);
    assert_int_equal(wax_transport_close(pair->server), WAX_OK);
    assert_int_equal(wax_transport_receive(pair->client, room, sizeof room, &count), WAX_CLOSED);
    assert_true(!tls_client.is_for_devices ||
                wax_transport_send(pair->client, WAX_TEXT("late"), &count) == WAX_CLOSED);
    assert_string_equal(wax_transport_explain(pair->client), "");
    end(&meeting);

    begin(&meeting, &rows[0], 0);
    assert_int_equal(wax_transport_receive(pair->client, room, sizeof room, &count), WAX_MORE);
    assert_int_equal(pair->client->waits, WAX_WAITS_TO_READ);
    wax_transport_release(pair->server);
    assert_int_equal(wax_transport_receive(pair->client, room, sizeof room, &count), WAX_CLOSED);
    assert_true(says(pair->client, "in the middle of the TLS"));
    wax_transport_release(pair->client);
    tls_client.close();
    wax_tls_release(meeting.server);
}

static void what_is_no_tls_is_named(void **state)
{
    static struct meeting meeting;
    uint8_t room[8];
    size_t count;

    (void)state;
    begin(&meeting, &rows[0], 0);
    assert_int_equal(wax_transport_send(&meeting.pair.ends[0].transport,
                                        WAX_TEXT("HTTP/1.1 400 Bad Request\r\n"), &count),
                     WAX_OK);
    assert_int_equal(wax_transport_receive(meeting.pair.client, room, sizeof room, &count), WAX_IO);
    assert_true(says(meeting.pair.client, "speaks no TLS"));
    end(&meeting);
}

/* Whether the server took up what the device had saved; saves what comes next. */
static bool resume(struct meeting *meeting, wax_writer *saved)
{
    wax_tls_peer peer;

    part(&meeting->pair);
    meet(meeting, sizeof meeting->pair.inboxes[0], wax_writer_bytes(saved));
    settle(&meeting->pair, &meeting->at_server, &meeting->at_device);
    assert_int_equal(meeting->at_device, WAX_MORE);
    deliver(meeting->pair.client, meeting->pair.server, "CONNECT");
    deliver(meeting->pair.server, meeting->pair.client, "CONNACK");
    assert_int_equal(wax_tls_read_peer(meeting->pair.server, &peer), WAX_OK);
    saved->used = 0;
    assert_int_equal(tls_client.save(saved), WAX_OK);
    return peer.is_resumed;
}

static void a_session_goes_on(void **state)
{
    static struct meeting meeting;
    static const size_t chosen[] = {0, 10, 14}; /* a certificate, mutual, a key */
    uint8_t room[4000];

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(chosen); i++) {
        wax_writer saved = wax_writer_over(room, sizeof room);
        wax_writer small = wax_writer_over(room, 10);
        begin(&meeting, &rows[chosen[i]], 0);
        assert_int_equal(tls_client.save(&saved), WAX_NOT_FOUND);
        assert_false(resume(&meeting, &saved));
        assert_true(resume(&meeting, &saved));
        assert_true(resume(&meeting, &saved));
        assert_int_equal(tls_client.save(&small), WAX_FULL);
        end(&meeting);
    }
}

static void what_was_not_saved_is_not_offered(void **state)
{
    static struct meeting meeting;

    (void)state;
    begin(&meeting, &rows[0], 0);
    assert_int_equal(tls_client.offer(WAX_TEXT("no session at all")), WAX_INVALID);
    settle(&meeting.pair, &meeting.at_server, &meeting.at_device);
    assert_true(tls_client.is_ready());
    end(&meeting);
}

/* The largest record that waits for the device. */
static size_t largest_record(const wax_loopback *end)
{
    size_t largest = 0;

    for (size_t at = 0; at + 5 <= end->inbox_used;) {
        size_t size = (size_t)end->inbox[at + 3] << 8 | end->inbox[at + 4];
        largest = size > largest ? size : largest;
        at += 5 + size;
    }
    return largest;
}

static void records_are_as_small_as_asked(void **state)
{
    enum { ADDED = 64 };
    static struct meeting meeting;
    static const uint16_t sizes[] = {512, 1024, 2048, 4096};
    static const uint8_t text[10000];
    size_t count;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(sizes) && tls_client.is_for_devices; i++) {
        begin(&meeting, &rows[0], sizes[i]);
        settle(&meeting.pair, &meeting.at_server, &meeting.at_device);
        assert_int_equal(
            wax_transport_send(meeting.pair.server, wax_bytes_of(text, sizeof text), &count),
            WAX_OK);
        assert_in_range(largest_record(&meeting.pair.ends[1]), sizes[i] / 2, sizes[i] + ADDED);
        end(&meeting);
    }
}

/* A key for each connection comes first, unless the device cannot afford one. */
static void ciphers_are_chosen(void **state)
{
    static const int small[] = {0xccab, 0}; /* TLS_PSK_WITH_CHACHA20_POLY1305_SHA256 */
    static const struct {
        const int *ciphers;
        const char *chosen;
    } choices[] = {
        {NULL,  "ECDHE-PSK-CHACHA20-POLY1305"},
        {small, "PSK-CHACHA20-POLY1305"      },
    };
    static struct meeting meeting;
    wax_tls_peer peer;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(choices) && tls_client.is_for_devices; i++) {
        begin(&meeting, &rows[14], 0);
        part(&meeting.pair);
        tls_client.close();
        meeting.settings.ciphers = choices[i].ciphers;
        assert_int_equal(tls_client.open(&meeting.settings), WAX_OK);
        meet(&meeting, sizeof meeting.pair.inboxes[0], wax_bytes_of(NULL, 0));
        settle(&meeting.pair, &meeting.at_server, &meeting.at_device);
        assert_int_equal(wax_tls_read_peer(meeting.pair.server, &peer), WAX_OK);
        assert_string_equal(peer.cipher, choices[i].chosen);
        assert_string_equal(peer.psk_identity, "pump");
        end(&meeting);
    }
}

static void settings_are_judged(void **state)
{
    static const uint8_t rubbish[] = "rubbish";
    wax_bytes none = wax_bytes_of(rubbish, sizeof rubbish);
    wax_bytes authority = read_der("x509", good, "ca.crt");
    enum { OF_HOSTS = 3 }; /* a host trusts the CAs of its system, and asks for no record size */

    const wax_device_settings wrong[] = {
        {.authorities = &none,      .authority_count = 1},
        {.authorities = &authority,                         .authority_count = 1, .chain = &none, .chain_count = 1},
        {.authorities = &authority,.authority_count = 1, .chain = &authority, .chain_count = 1},
        {.host = "broker.local"        },
        {.authorities = &authority, .authority_count = 1, .record_size_max = 1000},
        {.authorities = &authority,      .authority_count = 1, .record_size_max = 8192},
        {.authorities = &authority,                         .authority_count = 1, .record_size_max = 256},
        {.psk = {rubbish, 5}                },
    };
    const size_t count = tls_client.is_for_devices ? WAX_COUNT(wrong) : OF_HOSTS;

    (void)state;
    for (size_t i = 0; i < count; i++) {
        if (tls_client.open(&wrong[i]) != WAX_INVALID) {
            fail_msg("settings %zu are taken", i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trust_is_judged_and_explained),
        cmocka_unit_test(bytes_arrive_through_inboxes_of_any_size),
        cmocka_unit_test(the_end_is_noticed),
        cmocka_unit_test(what_is_no_tls_is_named),
        cmocka_unit_test(a_session_goes_on),
        cmocka_unit_test(what_was_not_saved_is_not_offered),
        cmocka_unit_test(records_are_as_small_as_asked),
        cmocka_unit_test(ciphers_are_chosen),
        cmocka_unit_test(settings_are_judged),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
