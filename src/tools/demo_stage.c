/* The stage of wax demo: a folder of its own, and processes that end with it. */
#include "os/os.h"
#include "tools/demo_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 60000,
    ENDS_IN_MS = 5000,
    STEP_US = 5000,
    WORDS_MAX = 64,
    WORDS_SIZE = 2048,
    PATH_SIZE = 256,
    CONTENT_MAX = 4 * 1024 * 1024,
    DEEP = 16, /* descriptors for walking a folder */
};

static volatile sig_atomic_t is_stopped;

static void on_signal(int number)
{
    (void)number;
    is_stopped = 1;
}

void demo_stage_obey_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    (void)sigaction(SIGPIPE, &action, NULL);
}

bool demo_stage_is_stopped(void)
{
    return is_stopped != 0;
}

static bool fail(struct demo_stage *stage, const char *what, const char *why)
{
    (void)snprintf(stage->fault, sizeof stage->fault, "%s: %s", what, why);
    return false;
}

/* --- Files --- */

static void path_of(const struct demo_stage *stage, const char *file, const char *end, char *path)
{
    (void)snprintf(path, PATH_SIZE, "%s/%s%s", stage->folder, file, end);
}

/* In memory where the system has a folder for that: nothing of this has to outlive the run. */
bool demo_stage_open(struct demo_stage *stage)
{
    *stage = (struct demo_stage){.child_count = 0};
    (void)snprintf(stage->folder, sizeof stage->folder, "%s/wax-demo.XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(stage->folder) == NULL) {
        (void)fail(stage, stage->folder, strerror(errno));
        stage->folder[0] = '\0';
        return false;
    }
    return true;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

bool demo_stage_write(struct demo_stage *stage, const char *file, wax_bytes content)
{
    char path[PATH_SIZE];

    path_of(stage, file, "", path);
    return wax_file_replace(path, content, stage->fault, sizeof stage->fault) == WAX_OK;
}

size_t demo_stage_read(const struct demo_stage *stage, const char *file, char **content)
{
    char path[PATH_SIZE];
    char fault[300];
    wax_bytes bytes = wax_bytes_of(NULL, 0);
    bool is_there;
    size_t size;

    path_of(stage, file, "", path);
    is_there = wax_file_read(path, CONTENT_MAX, &bytes, fault, sizeof fault) == WAX_OK;
    size = is_there ? bytes.size : 0;
    *content = malloc(size + 1);
    if (*content == NULL) {
        abort(); /* nothing can be shown any more */
    }
    if (size > 0) {
        memcpy(*content, bytes.data, size);
    }
    (*content)[size] = '\0';
    if (is_there) {
        wax_file_free(&bytes);
    }
    return size;
}

size_t demo_stage_count(const struct demo_stage *stage, const char *file, const char *text)
{
    char *content;
    size_t count = 0;

    (void)demo_stage_read(stage, file, &content);
    for (const char *at = strstr(content, text); at != NULL; at = strstr(at + 1, text)) {
        count++;
    }
    free(content);
    return count;
}

/* --- Processes --- */

uint16_t demo_stage_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_bound;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_bound = probe >= 0 && bind(probe, (struct sockaddr *)&address, sizeof address) == 0 &&
               getsockname(probe, (struct sockaddr *)&address, &size) == 0;
    if (probe >= 0) {
        (void)close(probe);
    }
    return is_bound ? ntohs(address.sin_port) : 0;
}

/* What every child does first: it gets signals as usual, but not those of the terminal, for this
 * process ends it; and it does not outlive this process. */
static void settle(void)
{
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGHUP, SIG_DFL);
    (void)signal(SIGPIPE, SIG_DFL);
}

static void lead(const char *name, const char *end, int flags, int to)
{
    char path[PATH_SIZE];
    int file;

    (void)snprintf(path, sizeof path, "%s%s", name, end);
    file = open(path, flags | O_CLOEXEC, 0600);
    if (file < 0) {
        file = open("/dev/null", O_RDWR | O_CLOEXEC);
    }
    (void)dup2(file, to);
}

/* Becomes `wax WORDS`. */
static _Noreturn void become(const struct demo_stage *stage, const char *name, char *words)
{
    char *list[WORDS_MAX + 1] = {(char[]){"wax"}};
    size_t count = 1;

    settle();
    if (chdir(stage->folder) != 0) {
        _exit(127);
    }
    lead(name, ".in", O_RDONLY, STDIN_FILENO);
    lead(name, ".out", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    lead(name, ".err", O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    for (char *at = words + strspn(words, " "); *at != '\0' && count < WORDS_MAX;) {
        size_t size = strcspn(at, " ");
        size_t gap = strspn(at + size, " ");

        list[count++] = at;
        at[size] = '\0';
        at += size + gap;
    }
    list[count] = NULL;
    (void)execv("/proc/self/exe", list);
    _exit(127);
}

__attribute__((format(printf, 3, 0))) static pid_t start(struct demo_stage *stage, const char *name,
                                                         const char *format, va_list values)
{
    char words[WORDS_SIZE];
    pid_t child;

    (void)vsnprintf(words, sizeof words - 1, format, values);
    words[strlen(words) + 1] = '\0';
    child = fork();
    if (child == 0) {
        become(stage, name, words);
    }
    if (child < 0) {
        (void)fail(stage, "cannot start a process", strerror(errno));
        return 0;
    }
    return child;
}

pid_t demo_stage_start(struct demo_stage *stage, const char *name, const char *format, ...)
{
    pid_t child;
    va_list values;

    if (stage->child_count == DEMO_CHILDREN_MAX) {
        (void)fail(stage, name, "too many processes");
        return 0;
    }
    va_start(values, format);
    child = start(stage, name, format, values);
    va_end(values);
    if (child > 0) {
        stage->children[stage->child_count++] = child;
    }
    return child;
}

/* Waits until a process has ended. False if it has not within that time, or after a signal. */
static bool has_ended(pid_t child, int time_ms, bool obeys, int *status)
{
    uint64_t deadline_ms = wax_clock_ms() + (uint64_t)time_ms;

    *status = 0;
    while (waitpid(child, status, WNOHANG) == 0) {
        if (wax_clock_ms() > deadline_ms || (obeys && demo_stage_is_stopped())) {
            return false;
        }
        (void)usleep(STEP_US);
    }
    return true;
}

static void end(pid_t child)
{
    int status;

    (void)kill(child, SIGTERM);
    if (!has_ended(child, ENDS_IN_MS, false, &status)) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, &status, 0);
    }
}

int demo_stage_run(struct demo_stage *stage, const char *name, const char *format, ...)
{
    int status;
    pid_t child;
    va_list values;

    va_start(values, format);
    child = start(stage, name, format, values);
    va_end(values);
    if (child == 0) {
        return -1;
    }
    if (!has_ended(child, PATIENCE_MS, true, &status)) {
        end(child);
        (void)fail(stage, name, "it did not come to its end");
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void demo_stage_stop(struct demo_stage *stage, pid_t child)
{
    for (size_t i = 0; i < stage->child_count; i++) {
        if (stage->children[i] == child) {
            end(child);
            stage->children[i] = stage->children[--stage->child_count];
            return;
        }
    }
}

void demo_stage_close(struct demo_stage *stage)
{
    while (stage->child_count > 0) {
        end(stage->children[--stage->child_count]);
    }
    if (stage->folder[0] != '\0') {
        (void)nftw(stage->folder, remove_one, DEEP, FTW_DEPTH | FTW_PHYS);
        stage->folder[0] = '\0';
    }
}

/* --- Waiting --- */

/* Whether a process that should run has ended. */
static bool is_short(struct demo_stage *stage)
{
    for (size_t i = 0; i < stage->child_count; i++) {
        if (waitpid(stage->children[i], NULL, WNOHANG) != 0) {
            stage->children[i] = stage->children[--stage->child_count];
            return true;
        }
    }
    return false;
}

bool demo_stage_wait(struct demo_stage *stage, bool (*holds)(void *of), void *of, const char *what)
{
    uint64_t deadline_ms = wax_clock_ms() + PATIENCE_MS;

    while (!holds(of)) {
        if (demo_stage_is_stopped()) {
            return fail(stage, what, "a signal came");
        }
        if (is_short(stage)) {
            return fail(stage, what, "a process ended");
        }
        if (wax_clock_ms() > deadline_ms) {
            return fail(stage, what, "it did not come to pass");
        }
        (void)usleep(STEP_US);
    }
    return true;
}

/* --- The relay --- */

uint16_t demo_stage_tap(struct demo_stage *stage, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char path[PATH_SIZE];
    pid_t child;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, DEMO_CHILDREN_MAX) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        stage->child_count == DEMO_CHILDREN_MAX) {
        (void)fail(stage, "the relay cannot listen", strerror(errno));
        return 0;
    }
    path_of(stage, "wire", ".out", path);
    child = fork();
    if (child == 0) {
        FILE *kept = fopen(path, "we");

        settle();
        if (kept != NULL) {
            demo_tap_run(listener, port, kept);
        }
        _exit(1);
    }
    (void)close(listener);
    if (child < 0) {
        (void)fail(stage, "cannot start a process", strerror(errno));
        return 0;
    }
    stage->children[stage->child_count++] = child;
    return ntohs(address.sin_port);
}
