/* A measurement in a process of its own: this program once more. It reads a plan from its standard
 * input, says READY, and is then told turn by turn which messages to send, until NO_MORE; it ends
 * with OVER and the result on its standard output. */
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

enum { STEP_MS = 200, READY = 'r', OVER = 'o', NO_MORE = 0xff };

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

/* Says that the turn before is done, and reads which one is next. */
static bool next(wax_levels_pace *self, uint32_t *count)
{
    int word = putchar(READY) == READY && fflush(stdout) == 0 ? getchar() : EOF;

    (void)self;
    *count = (uint32_t)word;
    return word != EOF && word != NO_MORE;
}

int levels_child(void)
{
    wax_levels_pace pace = {next};
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
    wax_levels_measure(&plan, &pace, &result);
    return putchar(OVER) == OVER && fwrite(&result, sizeof result, 1, stdout) == 1 &&
                   fflush(stdout) == 0
               ? EXIT_GOOD
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

/* Reads so many bytes; fewer if the child has ended, or somebody wants an end. */
static size_t read_words(int from, uint8_t *room, size_t size)
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

/* Waits for the child's word: READY or OVER. */
static void hear(struct levels_child *child)
{
    uint8_t word = 0;

    (void)read_words(child->up, &word, 1);
    child->is_ready = word == READY;
    child->has_result = word == OVER;
}

static bool say(struct levels_child *child, const void *words, size_t size)
{
    return write(child->down, words, size) == (ssize_t)size;
}

void levels_child_start(struct levels_child *child, const wax_levels_plan *plan)
{
    int down[2];
    int up[2];

    *child = (struct levels_child){.pid = 0};
    if (pipe2(down, O_CLOEXEC) != 0) {
        return;
    }
    if (pipe2(up, O_CLOEXEC) != 0) {
        (void)close(down[0]);
        (void)close(down[1]);
        return;
    }
    child->pid = fork();
    if (child->pid == 0) {
        become(down[0], up[1]);
    }
    (void)close(down[0]);
    (void)close(up[1]);
    child->down = down[1];
    child->up = up[0];
    if (child->pid > 0 && say(child, plan, sizeof *plan)) {
        hear(child);
    }
}

void levels_child_turn(struct levels_child *child, uint8_t count)
{
    if (child->is_ready) {
        child->is_ready = false;
        if (say(child, &count, 1)) {
            hear(child);
        }
    }
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

/* Reads the result, and closes everything. */
static bool take_result(struct levels_child *child, wax_levels_result *result)
{
    bool is_whole;

    levels_child_turn(child, NO_MORE);
    is_whole = child->has_result &&
               read_words(child->up, (uint8_t *)result, sizeof *result) == sizeof *result;
    (void)close(child->down);
    (void)close(child->up);
    return child->pid > 0 && has_ended_well(child->pid, is_whole) && is_whole;
}

void levels_child_finish(struct levels_child *child, const wax_levels_plan *plan,
                         wax_levels_result *result)
{
    if (child->pid == 0 || !take_result(child, result)) {
        *result = (wax_levels_result){.status = WAX_IO};
        (void)snprintf(result->fault, sizeof result->fault, "%s",
                       bench_is_stopped()        ? "stopped"
                       : plan->memory_limit != 0 ? "the client ended where memory was refused"
                                                 : "the client ended before its time");
        result->status = plan->memory_limit != 0 && !bench_is_stopped() ? WAX_FULL : WAX_IO;
    }
    *child = (struct levels_child){.pid = 0};
}

void levels_child_run(const wax_levels_plan *plan, wax_levels_result *result)
{
    struct levels_child child;

    levels_child_start(&child, plan);
    levels_child_finish(&child, plan, result);
}
