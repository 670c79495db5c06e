/* Listening at a path: what is in the way goes only if it is a socket that nobody answers at. */
#include "../check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os.h"

struct place {
    char folder[32];
    char path[64];
};

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    assert_non_null(place);
    (void)snprintf(place->folder, sizeof place->folder, "/tmp/wax-listen-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->path, sizeof place->path, "%s/socket", place->folder);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;

    (void)unlink(place->path);
    assert_int_equal(rmdir(place->folder), 0);
    free(place);
    return 0;
}

static wax_status listen_at(const struct place *place, int *descriptor)
{
    const wax_listen wanted = {.host = place->path};
    int descriptors[WAX_LISTEN_MAX];
    size_t count = 0;
    char fault[400];
    const wax_status status = wax_socket_listen(&wanted, descriptors, &count, fault, sizeof fault);

    assert_int_equal(count, status == WAX_OK ? 1 : 0);
    *descriptor = status == WAX_OK ? descriptors[0] : -1;
    assert_true(status == WAX_OK || fault[0] != '\0');
    return status;
}

static void a_socket_that_nobody_answers_at_makes_way(void **state)
{
    const struct place *place = *state;
    int first;
    int second;

    assert_int_equal(listen_at(place, &first), WAX_OK);
    assert_int_equal(listen_at(place, &second), WAX_IO); /* somebody is there */
    assert_int_equal(close(first), 0);
    assert_int_equal(listen_at(place, &second), WAX_OK);
    assert_int_equal(close(second), 0);
}

static void a_file_that_is_no_socket_stays(void **state)
{
    const struct place *place = *state;
    struct stat status;
    int descriptor = open(place->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, "text", 4), 4);
    assert_int_equal(close(descriptor), 0);
    assert_int_equal(listen_at(place, &descriptor), WAX_IO);
    assert_int_equal(stat(place->path, &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(status.st_size, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_socket_that_nobody_answers_at_makes_way, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_socket_stays, make_place, remove_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
