/* What the filter by wolfSSL has of its own: secret keys that stay in hardware, out of which come
 * only signatures, and sessions that end by the device's clock. */
#include "tls_pair.h"
#include "wolf/wolf.h"

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/cryptocb.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

enum { VAULT = 7 };

static const char key_id[] = "slot 3";

/* The hardware: what it holds, and what it was asked for. */
static struct {
    uint8_t room[500];
    word32 size;
    unsigned signature_count;
    bool is_broken;
} vault;

/* What the library knows of the key is its name. */
static bool is_meant(const ecc_key *key)
{
    return key->idLen == sizeof key_id - 1 && memcmp(key->id, key_id, sizeof key_id - 1) == 0 &&
           mp_iszero(&key->k);
}

static int answer(int device, wc_CryptoInfo *info, void *context)
{
    word32 used = 0;
    ecc_key key;
    int fault;

    (void)context;
    assert_int_equal(device, VAULT);
    if (info->algo_type != WC_ALGO_TYPE_PK || info->pk.type != WC_PK_TYPE_ECDSA_SIGN) {
        return CRYPTOCB_UNAVAILABLE;
    }
    assert_true(is_meant(info->pk.eccsign.key));
    vault.signature_count++;
    if (vault.is_broken) {
        return WC_HW_E;
    }
    assert_int_equal(wc_ecc_init(&key), 0);
    assert_int_equal(wc_EccPrivateKeyDecode(vault.room, &used, &key, vault.size), 0);
    fault = wc_ecc_sign_hash(info->pk.eccsign.in, info->pk.eccsign.inlen, info->pk.eccsign.out,
                             info->pk.eccsign.outlen, info->pk.eccsign.rng, &key);
    assert_int_equal(wc_ecc_free(&key), 0);
    return fault;
}

static wax_bytes read_der(const char *command, const char *file, uint8_t *room, size_t size)
{
    char words[1000];
    size_t used;
    FILE *pipe;

    (void)snprintf(words, sizeof words, "openssl %s -in %s/%s -outform der", command, good, file);
    pipe = popen(words, "r");
    assert_non_null(pipe);
    used = fread(room, 1, size, pipe);
    assert_int_equal(pclose(pipe), 0);
    return wax_bytes_of(room, used);
}

static wax_tls_context *serve(void)
{
    wax_tls_settings settings = {
        .requires_certificate = true,
        .cafile = in_good("ca.crt"),
    };

    set_pair(&settings, "server");
    return make_server(&settings);
}

/* A device and the server that it meets. */
struct meeting {
    struct pair pair;
    wax_tls_context *server;
    wax_bytes authority;
    wax_bytes chain[2];
    wax_device_settings settings;
    wax_wolf_context context;
    wax_wolf_tls device;
    wax_status at_server;
    wax_status at_device;
};

static void begin(struct meeting *meeting)
{
    static const wax_wolf_hardware hardware = {
        VAULT, {(const uint8_t *)key_id, sizeof key_id - 1}
    };
    static uint8_t rooms[2][2000];

    meeting->server = serve();
    meeting->authority = read_der("x509", "ca.crt", rooms[0], sizeof rooms[0]);
    meeting->chain[0] = read_der("x509", "pump.crt", rooms[1], sizeof rooms[1]);
    /* The server has it already, and it does no harm. */
    meeting->chain[1] = meeting->authority;
    meeting->settings = (wax_device_settings){.host = "broker.local",
                                              .authorities = &meeting->authority,
                                              .authority_count = 1,
                                              .chain = meeting->chain,
                                              .chain_count = WAX_COUNT(meeting->chain)};
    vault.signature_count = 0;
    assert_int_equal(wax_wolf_open(&meeting->context, &meeting->settings, &hardware), WAX_OK);
}

static void connect_both(struct meeting *meeting)
{
    struct pair *pair = &meeting->pair;

    wax_loopback_open(&pair->ends[0], &pair->ends[1], pair->inboxes[0], pair->inboxes[1],
                      sizeof pair->inboxes[0]);
    pair->server = wax_tls_accept(meeting->server, &pair->ends[0].transport);
    assert_non_null(pair->server);
    assert_int_equal(
        wax_wolf_connect(&meeting->device, &meeting->context, &pair->ends[1].transport), WAX_OK);
    pair->client = &meeting->device.filter.transport;
}

static void end(struct meeting *meeting)
{
    wax_wolf_close(&meeting->context);
    wax_tls_release(meeting->server);
}

/* Runs a handshake in which the device has to sign. */
static void meet(bool is_broken)
{
    static struct meeting meeting;
    struct pair *pair = &meeting.pair;
    wax_tls_peer peer;

    begin(&meeting);
    vault.is_broken = is_broken;
    connect_both(&meeting);
    settle(pair, &meeting.at_server, &meeting.at_device);
    assert_int_equal(vault.signature_count, 1);
    assert_int_equal(wax_wolf_is_ready(&meeting.device), !is_broken);
    if (is_broken) {
        assert_int_equal(meeting.at_device, WAX_IO);
    } else {
        assert_int_equal(wax_tls_read_peer(pair->server, &peer), WAX_OK);
        assert_string_equal(peer.common_name, "pump");
        deliver(pair->client, pair->server, "CONNECT");
        deliver(pair->server, pair->client, "CONNACK");
    }
    part(pair);
    end(&meeting);
}

static void hardware_signs_for_the_device(void **state)
{
    (void)state;
    meet(false);
}

static void hardware_that_fails_ends_the_connection(void **state)
{
    (void)state;
    meet(true);
}

/* When the device's clock says so, the session is not offered, and nothing of it stays behind. */
static void a_session_that_ended_is_not_offered(void **state)
{
    enum { BORN_AT = 1, BORN_SIZE = 4 };
    static struct meeting meeting;
    uint8_t room[4000];
    wax_writer saved = wax_writer_over(room, sizeof room);
    wax_tls_peer peer;

    (void)state;
    vault.is_broken = false;
    begin(&meeting);
    connect_both(&meeting);
    settle(&meeting.pair, &meeting.at_server, &meeting.at_device);
    deliver(meeting.pair.server, meeting.pair.client, "CONNACK");
    assert_int_equal(wax_wolf_save_session(&meeting.device, &saved), WAX_OK);
    part(&meeting.pair);

    memset(room + BORN_AT, 0, BORN_SIZE);
    connect_both(&meeting);
    assert_int_equal(wax_wolf_offer_session(&meeting.device, wax_writer_bytes(&saved)),
                     WAX_INVALID);
    settle(&meeting.pair, &meeting.at_server, &meeting.at_device);
    assert_true(wax_wolf_is_ready(&meeting.device));
    assert_int_equal(wax_tls_read_peer(meeting.pair.server, &peer), WAX_OK);
    assert_false(peer.is_resumed);
    part(&meeting.pair);
    end(&meeting);
}

static int equip(void **state)
{
    wax_bytes key;

    if (set_up(state) != 0 || wolfSSL_Init() != WOLFSSL_SUCCESS) {
        return -1;
    }
    key = read_der("pkey", "pump.key", vault.room, sizeof vault.room);
    vault.size = (word32)key.size;
    return wc_CryptoCb_RegisterDevice(VAULT, answer, NULL);
}

static int put_away(void **state)
{
    wc_CryptoCb_UnRegisterDevice(VAULT);
    return wolfSSL_Cleanup() == WOLFSSL_SUCCESS ? tear_down(state) : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hardware_signs_for_the_device),
        cmocka_unit_test(hardware_that_fails_ends_the_connection),
        cmocka_unit_test(a_session_that_ended_is_not_offered),
    };

    return cmocka_run_group_tests(tests, equip, put_away);
}
