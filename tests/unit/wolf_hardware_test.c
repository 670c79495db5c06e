/* A device whose secret key stays in hardware: only signatures come out of it. */
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

/* Runs a handshake in which the device has to sign. */
static void meet(bool is_broken)
{
    static struct pair pair;
    static uint8_t rooms[2][2000];
    const wax_bytes authority = read_der("x509", "ca.crt", rooms[0], sizeof rooms[0]);
    /* The one above it is there already, and does no harm. */
    const wax_bytes chain[] = {read_der("x509", "pump.crt", rooms[1], sizeof rooms[1]), authority};
    const wax_device_settings settings = {.host = "broker.local",
                                          .authorities = &authority,
                                          .authority_count = 1,
                                          .chain = chain,
                                          .chain_count = WAX_COUNT(chain)};
    const wax_wolf_hardware hardware = {VAULT, WAX_TEXT(key_id)};
    wax_tls_context *server = serve();
    wax_wolf_context context;
    wax_wolf_tls device;
    wax_status at_server;
    wax_status at_device;

    vault.is_broken = is_broken;
    vault.signature_count = 0;
    assert_int_equal(wax_wolf_open(&context, &settings, &hardware), WAX_OK);
    wax_loopback_open(&pair.ends[0], &pair.ends[1], pair.inboxes[0], pair.inboxes[1],
                      sizeof pair.inboxes[0]);
    pair.server = wax_tls_accept(server, &pair.ends[0].transport);
    assert_non_null(pair.server);
    assert_int_equal(wax_wolf_connect(&device, &context, &pair.ends[1].transport), WAX_OK);
    pair.client = &device.transport;
    settle(&pair, &at_server, &at_device);
    assert_int_equal(vault.signature_count, 1);
    assert_int_equal(wax_wolf_is_ready(&device), !is_broken);
    if (is_broken) {
        assert_int_equal(at_device, WAX_IO);
    } else {
        wax_tls_peer peer;
        assert_int_equal(wax_tls_read_peer(pair.server, &peer), WAX_OK);
        assert_string_equal(peer.common_name, "pump");
        deliver(pair.client, pair.server, "CONNECT");
        deliver(pair.server, pair.client, "CONNACK");
    }
    part(&pair);
    wax_wolf_close(&context);
    wax_tls_release(server);
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
    };

    return cmocka_run_group_tests(tests, equip, put_away);
}
