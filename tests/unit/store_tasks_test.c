/* Tasks of the store's own thread, and those who commit meanwhile. */
#include "../store_check.h"

#include <unistd.h>

static char home[64];
static wax_store_report report;

enum { SLOW_COUNT = 200 };

/* Tasks that take their time. */
struct slow {
    wax_store_task tasks[SLOW_COUNT];
    wax_store *store;
    atomic_uint phase; /* 1: all were asked for; 2: they are being run; 3: a commit came */
    unsigned run_count;
    unsigned before_durable; /* how many had run when a commit was that came behind them, plus 1 */
};

static struct slow slow;

static void wait_for_phase(unsigned phase)
{
    while (atomic_load(&slow.phase) < phase) {
        usleep(100);
    }
}

static void take_a_millisecond(wax_store_task *task, wax_store_view *view)
{
    (void)view;
    assert_ptr_equal(task, &slow.tasks[slow.run_count]);
    slow.run_count++;
    if (slow.run_count == 1) {
        wait_for_phase(1);
    } else if (slow.run_count == 2) {
        atomic_store(&slow.phase, 2);
        wait_for_phase(3);
    }
    usleep(1000);
}

/* On the thread that runs the tasks. */
static void note_durable(void *context)
{
    (void)context;
    if (slow.before_durable == 0 && slow.store->kind->durable(slow.store) > 0) {
        slow.before_durable = slow.run_count + 1;
    }
}

static void many_tasks_do_not_hold_up_a_commit(void **state)
{
    const wax_store_options options = {.place = home, .wake = note_durable};
    wax_store_batch batch = {.data = NULL};

    (void)state;
    assert_int_equal(wax_store_sqlite.open(&slow.store, &options, &report), WAX_OK);
    wax_store_put(&batch, WAX_STORE_META, WAX_TEXT("name"), WAX_TEXT("value"), false);
    for (size_t i = 0; i < SLOW_COUNT; i++) {
        slow.tasks[i].run = take_a_millisecond;
        slow.store->kind->ask(slow.store, &slow.tasks[i]);
    }
    atomic_store(&slow.phase, 1);
    wait_for_phase(2);
    (void)slow.store->kind->commit(slow.store, &batch);
    atomic_store(&slow.phase, 3);
    assert_int_equal(slow.store->kind->close(slow.store), WAX_OK);
    assert_int_equal(slow.run_count, SLOW_COUNT);
    assert_true(slow.before_durable > 0 && slow.before_durable < SLOW_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_tasks_do_not_hold_up_a_commit),
    };
    int failed;

    make_home(home, sizeof home);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_home(home);
    return failed;
}
