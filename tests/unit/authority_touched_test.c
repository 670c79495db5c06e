/* A status or an enrolment with any bit of it changed, cut anywhere, or grown: the authority says
 * no, and its file stays as it was. */
#include "../authority_check.h"

enum { FILE_MAX = 1 << 20 };

static struct farm farm;

/* What the authority wrote down. */
struct file {
    uint8_t bytes[FILE_MAX];
    size_t size;
};

static void read_file(struct file *file)
{
    const int in = open(farm.path, O_RDONLY);
    const ssize_t size = read(in, file->bytes, sizeof file->bytes);

    assert_true(size > 0 && size < (ssize_t)sizeof file->bytes);
    file->size = (size_t)size;
    (void)close(in);
}

typedef wax_status hear(const char *name, uint8_t *bytes, size_t size);

static wax_status hear_status(const char *name, uint8_t *bytes, size_t size)
{
    return wax_authority_hear(farm.authority, farm.deed.now_s, wax_bytes_of_text(name), bytes,
                              size);
}

static wax_status hear_enrolment(const char *name, uint8_t *bytes, size_t size)
{
    wax_authority_verdict verdict;

    return wax_authority_enrol(farm.authority, &farm.deed, wax_bytes_of_text(name),
                               wax_bytes_of(bytes, size), &verdict);
}

static void refuse(hear *hears, const char *name, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    wax_status status;

    assert_non_null(copy);
    memcpy(copy, bytes, size);
    status = hears(name, copy, size);
    assert_true(status == WAX_MALFORMED || status == WAX_UNTRUSTED);
    assert_true(strlen(wax_authority_fault(farm.authority)) > 0);
    free(copy);
}

/* `room` has a byte more than the message. */
static void refuse_all(hear *hears, const char *name, uint8_t *room, size_t size)
{
    static struct file before;
    static struct file after;

    read_file(&before);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        room[bit / 8] ^= (uint8_t)(1U << bit % 8);
        refuse(hears, name, room, size);
        room[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++) {
        refuse(hears, name, room, cut);
    }
    refuse(hears, name, room, size + 1);
    read_file(&after);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.bytes, after.bytes, before.size);
}

static void a_status_that_was_touched_changes_nothing(void **state)
{
    static const wax_keys_profile *const profiles[] = {&wax_keys_ascon, &wax_keys_hpke};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(profiles); i++) {
        uint8_t room[2048] = {0};
        size_t size;

        farm_begin(&farm, i + 1);
        check_deed(&farm, farm_group(&farm, "home", 1, 1), WAX_OK);
        farm_add(&farm, "lamp", profiles[i]);
        check_deed(&farm, farm_allow(&farm, "lamp", "home", WAX_KEYS_READS, false), WAX_OK);
        farm_pump(&farm, true);
        check_deed(&farm, farm_report(&farm, "lamp"), WAX_OK);
        /* What it has now would have the new epoch written in. */
        check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")),
                   WAX_OK);
        farm_pump(&farm, true);
        size = farm_status(&farm, "lamp", room, sizeof room);
        refuse_all(hear_status, "lamp", room, size);
        check_deed(&farm, hear_status("lamp", room, size), WAX_OK);
        farm_pump(&farm, true);
        assert_int_equal(farm_held(&farm, "lamp", 0)->count, 2);
        farm_end(&farm);
    }
}

static void an_enrolment_that_was_touched_lets_nobody_in(void **state)
{
    uint8_t room[1024] = {0};
    wax_bytes enrolment;

    (void)state;
    farm_begin(&farm, 3);
    (void)wax_authority_admit_until(farm.authority, UINT64_MAX);
    enrolment =
        farm_enrolment(&farm, farm_new(&farm, "lamp", &wax_keys_hpke), wax_bytes_of(NULL, 0), room);
    refuse_all(hear_enrolment, "lamp", room, enrolment.size);
    check_deed(&farm, hear_enrolment("lamp", room, enrolment.size), WAX_OK);
    farm_end(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_that_was_touched_changes_nothing),
        cmocka_unit_test(an_enrolment_that_was_touched_lets_nobody_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
