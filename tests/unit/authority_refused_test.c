/* What the authority does not take, though it is signed: what came before, who is out, and proofs
 * for others. */
#include "../authority_check.h"

static struct farm farm;

struct clock {
    wax_authority_visitor visitor;
    uint64_t seen_s;
};

static void read_clock(wax_authority_visitor *self, const wax_authority_device *device)
{
    WAX_OWNER(self, struct clock, visitor)->seen_s = device->seen_s;
}

/* When the only device was heard last. */
static uint64_t seen_s(void)
{
    struct clock clock = {.visitor = {.device = read_clock}};

    check_deed(&farm, wax_authority_visit(farm.authority, &clock.visitor), WAX_OK);
    return clock.seen_s;
}

/* A broker that repeats a status keeps nobody from being missed. */
static void a_status_that_comes_again_says_nothing_of_now(void **state)
{
    uint8_t room[2][2048];
    size_t size;

    (void)state;
    farm_begin(&farm, 41);
    farm_add(&farm, "lamp", &wax_keys_ascon);
    farm_pump(&farm, true);
    size = farm_status(&farm, "lamp", room[0], sizeof room[0]);
    memcpy(room[1], room[0], size);
    check_deed(&farm, wax_authority_hear(farm.authority, 1000, WAX_TEXT("lamp"), room[0], size),
               WAX_OK);
    assert_int_equal(seen_s(), 1000);
    check_deed(&farm, wax_authority_hear(farm.authority, 2000, WAX_TEXT("lamp"), room[1], size),
               WAX_OK);
    assert_int_equal(seen_s(), 1000);
    farm_end(&farm);
}

static void who_was_evicted_does_not_enrol_again(void **state)
{
    wax_authority_verdict verdict;
    uint8_t room[1024];

    (void)state;
    farm_begin(&farm, 42);
    farm_add(&farm, "panel", &wax_keys_hpke);
    check_deed(&farm, wax_authority_evict(farm.authority, &farm.deed, WAX_TEXT("panel")), WAX_OK);
    check_deed(&farm,
               wax_authority_enrol(
                   farm.authority, &farm.deed, WAX_TEXT("panel"),
                   farm_enrolment(&farm, farm_device(&farm, "panel"), wax_bytes_of(NULL, 0), room),
                   &verdict),
               WAX_NOT_AUTHORIZED);
    farm_end(&farm);
}

struct issuer {
    uint8_t secret[WAX_P256_SECRET_SIZE];
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
};

/* Enrols a device with a certificate. */
static wax_status enrol_with(const struct issuer *root, struct farm_device *device,
                             wax_keys_certificate certificate)
{
    static const uint8_t serial[WAX_KEYS_ID_SIZE] = {1};
    const wax_keys_signing by = {wax_authority_identify(farm.authority).name_space, root->secret,
                                 NULL};
    wax_authority_verdict verdict;
    uint8_t written[1024];
    uint8_t room[1024];
    wax_writer out = wax_writer_over(written, sizeof written);

    certificate.serial = serial;
    certificate.may = WAX_KEYS_IS_DEVICE;
    certificate.valid_until_s = UINT64_MAX;
    assert_int_equal(wax_keys_certificate_write(&out, &by, &certificate), WAX_OK);
    return wax_authority_enrol(farm.authority, &farm.deed, wax_bytes_of_text(device->name),
                               farm_enrolment(&farm, device, wax_writer_bytes(&out), room),
                               &verdict);
}

static void a_certificate_is_for_one_device_and_one_key(void **state)
{
    static const uint8_t seed[WAX_HPKE_SEED_SIZE] = {7};
    struct issuer root;
    wax_authority_founding founding = {.root = root.public_key};
    wax_keys_certificate certificate = {.subject = WAX_TEXT("lamp")};
    struct farm_device *lamp;
    struct farm_device *fan;

    (void)state;
    assert_int_equal(wax_hpke_pair(wax_bytes_of(seed, sizeof seed), root.secret, root.public_key),
                     WAX_OK);
    check_row(farm.fault, farm_found(&farm, 43, &founding) == WAX_OK);
    lamp = farm_new(&farm, "lamp", &wax_keys_hpke);
    fan = farm_new(&farm, "fan", &wax_keys_hpke);
    certificate.public_key = fan->public_key;
    check_deed(&farm, enrol_with(&root, lamp, certificate), WAX_UNTRUSTED); /* another key */
    check_deed(&farm, enrol_with(&root, fan, certificate), WAX_UNTRUSTED);  /* another name */
    certificate.public_key = lamp->public_key;
    check_deed(&farm, enrol_with(&root, lamp, certificate), WAX_OK);
    farm_end(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_that_comes_again_says_nothing_of_now),
        cmocka_unit_test(who_was_evicted_does_not_enrol_again),
        cmocka_unit_test(a_certificate_is_for_one_device_and_one_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
