/* A measurement in a process of its own: this program once more, with a plan on its standard input
 * and the result on its standard output. */
#include "tools/levels.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEP_MS = 200 };

/* ---- The child ---- */

static bool is_sane(const wax_levels_plan *plan)
{
    bool is_good = plan->level < WAX_LEVELS_COUNT && plan->count_count <= WAX_LEVELS_COUNTS_MAX &&
                   plan->size >= WAX_LEVELS_SIZE_MIN && plan->size <= WAX_LEVELS_SIZE_MAX &&
                   plan->chunk >= WAX_LEVELS_CHUNK_MIN && plan->chunk <= WAX_LEVELS_CHUNK_MAX &&
                   plan->connect_count > 0 && plan->connect_count <= WAX_LEVELS_COUNT_MAX &&
                   memchr(plan->folder, '\0', sizeof plan->folder) != NULL;

    return is_good;
}

int levels_child(void)
{
    wax_levels_plan plan;
    wax_levels_result result;

    if (fread(&plan, sizeof plan, 1, stdin) != 1 || !is_sane(&plan)) {
        (void)fputs("wax bench levels-client: `wax bench levels` starts this by itself\n", stderr);
        return EXIT_WRONG;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    if (wax_levels_count_memory(plan.memory_limit) != WAX_OK) {
        (void)fputs("wax bench levels-client: the crypto library cannot be counted\n", stderr);
        return EXIT_WRONG;
    }
    wax_levels_measure(&plan, &result);
    return fwrite(&result, sizeof result, 1, stdout) == 1 && fflush(stdout) == 0 ? EXIT_GOOD
                                                                                 : EXIT_WRONG;
}

/* ---- The parent ---- */

/* What the new process does: it must not outlive this one, and has its ends of both pipes. */
static _Noreturn void become(int input, int output)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGINT, SIG_IGN); /* the parent hears it, and ends this one */
    (void)dup2(input, STDIN_FILENO);
    (void)dup2(output, STDOUT_FILENO);
    (void)execl("/proc/self/exe", "wax", "bench", "levels-client", (char *)NULL);
    _exit(127);
}

/* Reads the result until it is whole, the child has ended, or somebody wants an end. */
static size_t read_result(int from, uint8_t *room, size_t size)
{
    struct pollfd wanted = {.fd = from, .events = POLLIN};
    size_t used = 0;
    ssize_t got = 1;

    while (used < size && got > 0 && !bench_is_stopped()) {
        if (poll(&wanted, 1, STEP_MS) <= 0) {
            continue;
        }
        got = read(from, room + used, size - used);
        used += got > 0 ? (size_t)got : 0;
    }
    return used;
}

/* Waits for the child's end; one that is not wanted any more is ended. */
static bool has_ended_well(pid_t child, bool is_wanted)
{
    int status = 0;

    if (!is_wanted) {
        (void)kill(child, SIGKILL);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GOOD;
}

static bool exchange(const wax_levels_plan *plan, wax_levels_result *result, const int down[2],
                     const int up[2])
{
    pid_t child = fork();
    bool is_whole;

    if (child == 0) {
        become(down[0], up[1]);
    }
    (void)close(down[0]);
    (void)close(up[1]);
    is_whole = child > 0 && write(down[1], plan, sizeof *plan) == (ssize_t)sizeof *plan &&
               read_result(up[0], (uint8_t *)result, sizeof *result) == sizeof *result;
    (void)close(down[1]);
    (void)close(up[0]);
    return child > 0 && has_ended_well(child, is_whole) && is_whole;
}

bool levels_run_child(const wax_levels_plan *plan, wax_levels_result *result)
{
    int down[2];
    int up[2];

    if (pipe2(down, O_CLOEXEC) != 0) {
        result->fault[0] = '\0';
        return false;
    }
    if (pipe2(up, O_CLOEXEC) != 0) {
        (void)close(down[0]);
        (void)close(down[1]);
        return false;
    }
    if (exchange(plan, result, down, up)) {
        return true;
    }
    *result = (wax_levels_result){.status = WAX_IO};
    (void)snprintf(result->fault, sizeof result->fault, "%s",
                   bench_is_stopped()        ? "stopped"
                   : plan->memory_limit != 0 ? "the client ended where memory was refused"
                                             : "the client ended before its time");
    result->status = plan->memory_limit != 0 && !bench_is_stopped() ? WAX_FULL : WAX_IO;
    return false;
}
