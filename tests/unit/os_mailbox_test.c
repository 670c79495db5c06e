/* Mailboxes: letters between threads, and the bell alone. */
#include "../check.h"

#include <poll.h>

#include "os/os.h"

static void ready(wax_watch *self, bool readable, bool writable)
{
    (void)self;
    (void)readable;
    (void)writable;
}

static bool is_ringing(const wax_mailbox *mailbox)
{
    struct pollfd bell = {.fd = mailbox->watch.descriptor, .events = POLLIN};

    return poll(&bell, 1, 0) == 1;
}

static void a_ring_brings_no_letter(void **state)
{
    wax_mailbox mailbox;
    wax_letters letters;

    (void)state;
    assert_int_equal(wax_mailbox_open(&mailbox, ready), WAX_OK);
    assert_false(is_ringing(&mailbox));
    for (int i = 0; i < 1000; i++) {
        wax_mailbox_ring(&mailbox); /* again and again is once */
    }
    assert_true(is_ringing(&mailbox));
    letters = wax_mailbox_take(&mailbox);
    assert_null(letters.first);
    assert_false(is_ringing(&mailbox));
    wax_mailbox_close(&mailbox);
}

static void a_ring_keeps_the_letters(void **state)
{
    wax_letter one;
    wax_letter other;
    wax_letters posted = {NULL, NULL};
    wax_letters taken;
    wax_mailbox mailbox;

    (void)state;
    assert_int_equal(wax_mailbox_open(&mailbox, ready), WAX_OK);
    wax_letters_append(&posted, &one);
    wax_mailbox_post(&mailbox, &posted);
    wax_mailbox_ring(&mailbox);
    wax_letters_append(&posted, &other);
    wax_mailbox_post(&mailbox, &posted);
    assert_null(posted.first);
    taken = wax_mailbox_take(&mailbox);
    assert_ptr_equal(wax_letters_take(&taken), &one);
    assert_ptr_equal(wax_letters_take(&taken), &other);
    assert_null(wax_letters_take(&taken));
    assert_false(is_ringing(&mailbox));
    wax_mailbox_close(&mailbox);
}

/* A ring that comes between a look and the next must not hide a letter's bell. */
static void a_letter_behind_a_ring_rings(void **state)
{
    wax_letter letter;
    wax_letters posted = {NULL, NULL};
    wax_mailbox mailbox;

    (void)state;
    assert_int_equal(wax_mailbox_open(&mailbox, ready), WAX_OK);
    wax_mailbox_ring(&mailbox);
    (void)wax_mailbox_take(&mailbox);
    wax_letters_append(&posted, &letter);
    wax_mailbox_post(&mailbox, &posted);
    assert_true(is_ringing(&mailbox));
    (void)wax_mailbox_take(&mailbox);
    wax_mailbox_close(&mailbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_brings_no_letter),
        cmocka_unit_test(a_ring_keeps_the_letters),
        cmocka_unit_test(a_letter_behind_a_ring_rings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
