/* Rings of links. */
#include "../check.h"

#include "base/base.h"

struct member {
    char name;
    wax_link link;
};

/* The names around the ring, forwards and backwards. */
static void check_ring(wax_link *ring, const char *names)
{
    wax_link *at = ring;

    for (size_t i = 0; i < strlen(names); i++) {
        at = at->next;
        assert_int_equal(WAX_OWNER(at, struct member, link)->name, names[i]);
    }
    assert_ptr_equal(at->next, ring);
    for (size_t i = strlen(names); i > 0; i--) {
        assert_int_equal(WAX_OWNER(at, struct member, link)->name, names[i - 1]);
        at = at->previous;
    }
    assert_ptr_equal(at, ring);
    assert_int_equal(wax_link_is_alone(ring), names[0] == '\0');
}

static void members_come_and_go(void **state)
{
    struct member a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'};
    wax_link ring;

    (void)state;
    wax_link_init(&ring);
    wax_link_init(&a.link);
    wax_link_init(&b.link);
    wax_link_init(&c.link);
    check_ring(&ring, "");
    wax_link_append(&ring, &a.link);
    wax_link_append(&ring, &b.link);
    wax_link_append(&ring, &c.link);
    check_ring(&ring, "abc");
    wax_link_remove(&b.link);
    check_ring(&ring, "ac");
    assert_true(wax_link_is_alone(&b.link));
    wax_link_remove(&b.link); /* in no ring: nothing happens */
    check_ring(&ring, "ac");
    wax_link_append(&ring, &b.link);
    check_ring(&ring, "acb");
    wax_link_remove(&a.link);
    wax_link_remove(&b.link);
    wax_link_remove(&c.link);
    check_ring(&ring, "");
}

static void a_member_may_move_to_another_ring(void **state)
{
    struct member a = {.name = 'a'}, b = {.name = 'b'};
    wax_link one, other;

    (void)state;
    wax_link_init(&one);
    wax_link_init(&other);
    wax_link_init(&a.link);
    wax_link_init(&b.link);
    wax_link_append(&one, &a.link);
    wax_link_append(&one, &b.link);
    wax_link_remove(&a.link);
    wax_link_append(&other, &a.link);
    check_ring(&one, "b");
    check_ring(&other, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_and_go),
        cmocka_unit_test(a_member_may_move_to_another_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
