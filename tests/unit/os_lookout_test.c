/* Files that change are noticed, however they are replaced; each change once. */
#include "../check.h"

#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os.h"

enum { PATIENCE_MS = 50000, STEP_MS = 5, A_WHILE_MS = 2500 };

struct seen {
    pthread_mutex_t mutex;
    int count;
    char path[300];
    sem_t *gate; /* the lookout stands still here; NULL: it does not */
};

static char home[] = "/tmp/wax-lookout-XXXXXX";

static const char *in_home(const char *name)
{
    static char paths[64][300];
    static size_t next;
    char *path = paths[next++ % WAX_COUNT(paths)];

    (void)snprintf(path, sizeof paths[0], "%s/%s", home, name);
    return path;
}

static void note(void *context, const char *path)
{
    struct seen *seen = context;
    sem_t *gate;

    (void)pthread_mutex_lock(&seen->mutex);
    (void)snprintf(seen->path, sizeof seen->path, "%s", path);
    seen->count++;
    gate = seen->gate;
    (void)pthread_mutex_unlock(&seen->mutex);
    if (gate != NULL) {
        (void)sem_wait(gate);
    }
}

/* In one step, or the lookout could see two changes: a file that is empty, and one that is not. */
static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_home("fresh"), "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(in_home("fresh"), in_home(name)), 0);
}

/* In place, and in one step as well. */
static void overwrite(const char *name, const char *text)
{
    int file = open(in_home(name), O_WRONLY | O_CLOEXEC);

    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    assert_int_equal(close(file), 0);
}

/* Waits until there were so many changes, the last of them of this file. */
static void wait_for(struct seen *seen, int count, const char *name)
{
    char path[300] = "";
    int seen_count = 0;

    for (int i = 0; i < PATIENCE_MS / STEP_MS && seen_count < count; i++) {
        (void)usleep(STEP_MS * 1000);
        (void)pthread_mutex_lock(&seen->mutex);
        seen_count = seen->count;
        memcpy(path, seen->path, sizeof path);
        (void)pthread_mutex_unlock(&seen->mutex);
    }
    assert_int_equal(seen_count, count);
    assert_string_equal(path, in_home(name));
}

static void put_link(const char *target, const char *name)
{
    assert_int_equal(symlink(target, in_home("fresh")), 0);
    assert_int_equal(rename(in_home("fresh"), in_home(name)), 0);
}

static void whatever_replaces_a_file_is_seen(void **state)
{
    struct seen seen = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    const char *paths[3];
    wax_lookout *lookout;

    (void)state;
    write_file("one", "1");
    assert_int_equal(mkdir(in_home("a"), 0700), 0);
    assert_int_equal(mkdir(in_home("b"), 0700), 0);
    write_file("a/file", "a");
    write_file("b/file", "other");
    put_link("a", "link");
    assert_int_equal(symlink("link/file", in_home("two")), 0);
    paths[0] = in_home("one");
    paths[1] = in_home("two");
    paths[2] = in_home("missing");
    assert_int_equal(wax_lookout_open(&lookout, note, &seen), WAX_OK);
    assert_int_equal(wax_lookout_set(lookout, paths, 3), WAX_OK);

    overwrite("one", "written");
    wait_for(&seen, 1, "one");

    write_file("one", "renamed");
    wait_for(&seen, 2, "one");

    put_link("b", "link");
    wait_for(&seen, 3, "two");

    overwrite("b/file", "at the end of the links");
    wait_for(&seen, 4, "two");

    write_file("missing", "here");
    wait_for(&seen, 5, "missing");

    /* To watch the same files again forgets nothing. */
    assert_int_equal(wax_lookout_set(lookout, paths, 1), WAX_OK);
    write_file("two", "not watched any more");
    write_file("one", "the last one");
    wait_for(&seen, 6, "one");
    wax_lookout_close(lookout);
    assert_int_equal(seen.count, 6);
    wax_lookout_close(NULL);
}

/* As a folder of a release, to which the link of the current one leads. */
static void a_link_amid_a_path_is_seen(void **state)
{
    struct seen seen = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    const char *paths[1];
    wax_lookout *lookout;

    (void)state;
    assert_int_equal(mkdir(in_home("releases"), 0700), 0);
    assert_int_equal(mkdir(in_home("old"), 0700), 0);
    assert_int_equal(mkdir(in_home("new"), 0700), 0);
    write_file("old/file", "old");
    write_file("new/file", "another");
    put_link("../old", "releases/current");
    paths[0] = in_home("releases/current/file");
    assert_int_equal(wax_lookout_open(&lookout, note, &seen), WAX_OK);
    assert_int_equal(wax_lookout_set(lookout, paths, 1), WAX_OK);
    put_link("../new", "releases/current");
    wait_for(&seen, 1, "releases/current/file");
    wax_lookout_close(lookout);
}

/* The lookout stands still while the file is changed, so that it cannot have told of it before. */
static void what_is_settled_is_not_told(void **state)
{
    sem_t gate;
    struct seen seen = {.mutex = PTHREAD_MUTEX_INITIALIZER, .gate = &gate};
    const char *paths[1];
    wax_lookout *lookout;

    (void)state;
    assert_int_equal(sem_init(&gate, 0, 0), 0);
    write_file("one", "1");
    paths[0] = in_home("one");
    assert_int_equal(wax_lookout_open(&lookout, note, &seen), WAX_OK);
    assert_int_equal(wax_lookout_set(lookout, paths, 1), WAX_OK);
    write_file("one", "told");
    wait_for(&seen, 1, "one");
    write_file("one", "settled");
    wax_lookout_settle(lookout);
    assert_int_equal(sem_post(&gate), 0);
    (void)usleep(A_WHILE_MS * 1000);
    wait_for(&seen, 1, "one");

    write_file("one", "after");
    assert_int_equal(sem_post(&gate), 0);
    wait_for(&seen, 2, "one");
    wax_lookout_close(lookout);
    assert_int_equal(sem_destroy(&gate), 0);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(home) == NULL;
}

static int tear_down(void **state)
{
    char command[300];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", home);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_replaces_a_file_is_seen),
                                       cmocka_unit_test(a_link_amid_a_path_is_seen),
                                       cmocka_unit_test(what_is_settled_is_not_told)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
