/* Brokers that wax bench starts for a run. */
#include "base/base.h"
#include "pki/pki.h"
#include "tools/bench_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    COMMAND_SIZE = 4096,
    STARTS_IN_MS = 20000,
    ENDS_IN_MS = 10000,
    STEP_MS = 10,
    DEEP = 16, /* descriptors for walking a folder */
};

/* A broker that is known by name. */
struct known {
    const char *name;
    const char *command; /* {wax} is this program */
    const char *settings;
};

static const char common[] = "listener {port} 127.0.0.1\n"
                             "allow_anonymous true\n"
                             "set_tcp_nodelay true\n"
                             "max_queued_messages 0\n"
                             "max_inflight_messages 100\n"
                             "persistence false\n"
                             "sys_interval 0\n"
                             "connection_messages false\n"
                             "log_type error\n";

/* One processor, one worker: what a worker does with it is compared. */
static const struct known known[] = {
    {"mosquitto", "mosquitto -c {folder}/broker.conf",      ""                                },
    {"wax",       "'{wax}' broker -c {folder}/broker.conf", "workers 1\nsubscriptions_max 0\n"},
};

static const struct known *find_known(const char *name)
{
    for (size_t i = 0; i < WAX_COUNT(known); i++) {
        if (strcmp(known[i].name, name) == 0) {
            return &known[i];
        }
    }
    return NULL;
}

bool bench_broker_has_mosquitto(void)
{
    static const char *const places[] = {"/usr/sbin/mosquitto", "/usr/bin/mosquitto",
                                         "/usr/local/sbin/mosquitto"};

    for (size_t i = 0; i < WAX_COUNT(places); i++) {
        if (access(places[i], X_OK) == 0) {
            return true;
        }
    }
    return false;
}

bool bench_broker_name(const struct settings *settings, const char *word,
                       struct bench_broker *broker)
{
    const struct known *row = find_known(word);
    const char *end = word + strcspn(word, " ");
    const char *name = end;

    while (name > word && name[-1] != '/') {
        name--;
    }
    *broker = (struct bench_broker){
        .command = row != NULL ? row->command : word,
        .is_known = row != NULL,
    };
    (void)snprintf(broker->name, sizeof broker->name, "%.*s", (int)(end - name), name);
    if (row == NULL && strstr(word, "{port}") == NULL) {
        return tools_complain(settings,
                              "--with '%s': write {port} where the broker is to get its port, or "
                              "wax, or mosquitto",
                              word);
    }
    if (strcmp(word, "mosquitto") == 0 && !bench_broker_has_mosquitto()) {
        return tools_complain(settings, "mosquitto is not installed: `apt-get install mosquitto`");
    }
    return true;
}

/* What a word in braces at the front of `text` stands for; NULL if there is none. */
static const char *value_of(const struct bench_broker *broker, const char *text, size_t *size)
{
    static char port[8];
    static char self[1024];
    const struct {
        const char *word;
        const char *value;
    } rows[] = {
        {"{port}",   port          },
        {"{folder}", broker->folder},
        {"{wax}",    self          },
    };
    ssize_t self_size = readlink("/proc/self/exe", self, sizeof self - 1);

    self[self_size < 0 ? 0 : self_size] = '\0';
    (void)snprintf(port, sizeof port, "%u", broker->port);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        *size = strlen(rows[i].word);
        if (strncmp(text, rows[i].word, *size) == 0) {
            return rows[i].value;
        }
    }
    return NULL;
}

void bench_broker_fill(const struct bench_broker *broker, const char *text, char *room,
                       size_t room_size)
{
    wax_writer out = wax_writer_over(room, room_size - 1);

    while (*text != '\0') {
        size_t size = 1;
        const char *value = *text == '{' ? value_of(broker, text, &size) : NULL;

        size = value != NULL ? size : 1;
        wax_write_bytes(&out, value != NULL ? wax_bytes_of_text(value) : wax_bytes_of(text, 1));
        text += size;
    }
    room[out.used] = '\0';
}

uint16_t bench_broker_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_bound;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_bound = probe >= 0 && bind(probe, (struct sockaddr *)&address, sizeof address) == 0 &&
               getsockname(probe, (struct sockaddr *)&address, &size) == 0;
    if (probe >= 0) {
        close(probe);
    }
    return is_bound ? ntohs(address.sin_port) : 0;
}

/* Makes certificates for this host, of an authority that nobody else knows. */
static bool make_certificates(const struct settings *settings, const struct bench_broker *broker)
{
    const char *const hosts[] = {"127.0.0.1", "localhost"};
    wax_pki_order order = {
        .folder = broker->folder,
        .role = WAX_PKI_CA,
        .name = "wax bench",
        .term = {.now = wax_clock_wall_s()},
    };
    wax_problem problem;
    wax_status status = wax_pki_issue(&order, &problem);

    if (status == WAX_OK) {
        order.role = WAX_PKI_SERVER;
        order.name = "server";
        order.hosts = hosts;
        order.host_count = WAX_COUNT(hosts);
        status = wax_pki_issue(&order, &problem);
    }
    return status == WAX_OK || tools_complain(settings, "--tls: %s", problem.text);
}

static bool write_settings(const struct settings *settings, const struct bench_broker *broker)
{
    const struct known *row = find_known(broker->name);
    char path[80];
    char text[2048];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/broker.conf", broker->folder);
    file = fopen(path, "we");
    if (file == NULL) {
        return tools_complain(settings, "cannot write %s: %s", path, strerror(errno));
    }
    bench_broker_fill(broker, common, text, sizeof text);
    (void)fputs(geteuid() == 0 ? "user root\n" : "", file);
    (void)fputs(text, file);
    if (settings->uses_websocket) {
        (void)fputs("protocol websockets\n", file);
    }
    if (settings->bench.uses_tls) {
        (void)fprintf(file, "certfile %s/server.crt\nkeyfile %s/server.key\n", broker->folder,
                      broker->folder);
    }
    (void)fputs(row != NULL ? row->settings : "", file);
    return fclose(file) == 0;
}

static bool is_in(const cpu_set_t *set, size_t processor)
{
    return CPU_ISSET(processor, set);
}

/* The `which`th of the processors that this process may use; false if there is none. */
static bool find_processor(const cpu_set_t *allowed, int which, cpu_set_t *found)
{
    size_t i = 0;

    while (i < CPU_SETSIZE && (!is_in(allowed, i) || which-- > 0)) {
        i++;
    }
    CPU_ZERO(found);
    CPU_SET(i, found); /* beyond the last one it does nothing */
    return i < CPU_SETSIZE;
}

/* What the child does: the first processor for it, its words into a file, and the command. */
static _Noreturn void become(const char *command, const char *log, const cpu_set_t *processor)
{
    int file = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (processor != NULL) {
        (void)sched_setaffinity(0, sizeof *processor, processor);
    }
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* it must not outlive a tool that was killed */
    (void)dup2(nothing, STDIN_FILENO);
    (void)dup2(file, STDOUT_FILENO);
    (void)dup2(file, STDERR_FILENO);
    (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* Starts the command, and gives this process the second processor. */
static void launch(struct bench_broker *broker)
{
    static cpu_set_t allowed; /* as it was at first */
    static bool is_known;
    cpu_set_t first;
    cpu_set_t second;
    char command[COMMAND_SIZE] = "PATH=$PATH:/usr/sbin:/usr/local/sbin exec ";
    char log[80];
    bool has_two;

    is_known = is_known || sched_getaffinity(0, sizeof allowed, &allowed) == 0;
    has_two =
        is_known && find_processor(&allowed, 0, &first) && find_processor(&allowed, 1, &second);
    bench_broker_fill(broker, broker->command, command + strlen(command),
                      sizeof command - strlen(command));
    (void)snprintf(log, sizeof log, "%s/log", broker->folder);
    broker->pid = fork();
    if (broker->pid == 0) {
        become(command, log, has_two ? &first : NULL);
    }
    if (has_two) {
        (void)sched_setaffinity(0, sizeof second, &second);
    }
}

/* Whether it accepts connections; false when it ended or takes too long. */
static bool accepts(struct bench_broker *broker)
{
    const wax_dial dial = {.host = "127.0.0.1", .port = broker->port, .timeout_ms = 1000};
    wax_transport *transport;
    char fault[256];

    for (int waited_ms = 0; waited_ms < STARTS_IN_MS; waited_ms += STEP_MS) {
        if (waitpid(broker->pid, NULL, WNOHANG) != 0) {
            broker->pid = 0;
            return false;
        }
        if (wax_socket_dial(&dial, &transport, fault, sizeof fault) == WAX_OK) {
            wax_transport_release(transport);
            return true;
        }
        (void)usleep(STEP_MS * 1000);
    }
    return false;
}

/* Shows what a broker that does not start said. */
static void complain(const struct settings *settings, const struct bench_broker *broker)
{
    char path[80];
    char words[1024];
    FILE *file;
    size_t size = 0;

    (void)snprintf(path, sizeof path, "%s/log", broker->folder);
    file = fopen(path, "re");
    if (file != NULL) {
        size = fread(words, 1, sizeof words - 1, file);
        (void)fclose(file);
    }
    words[size] = '\0';
    (void)tools_complain(settings, "%s does not start, or does not listen on 127.0.0.1:%u; %s%s",
                         broker->name, broker->port, size > 0 ? "it says:\n" : "it says nothing",
                         words);
}

/* What every broker under test gets. */
static bool prepare_alike(const struct settings *settings, struct bench_broker *broker)
{
    return (!settings->bench.uses_tls || make_certificates(settings, broker)) &&
           (!broker->is_known || write_settings(settings, broker));
}

bool bench_broker_start(const struct settings *settings, struct bench_broker *broker)
{
    (void)snprintf(broker->folder, sizeof broker->folder, "/tmp/wax-bench-XXXXXX");
    if (mkdtemp(broker->folder) == NULL) {
        broker->folder[0] = '\0';
        return tools_complain(settings, "cannot make a folder in /tmp: %s", strerror(errno));
    }
    broker->port = bench_broker_free_port();
    if (broker->prepare != NULL ? !broker->prepare(settings, broker)
                                : !prepare_alike(settings, broker)) {
        return false;
    }
    launch(broker);
    if (broker->pid < 0 || !accepts(broker)) {
        complain(settings, broker);
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

/* Waits until it has ended; false if it has not within that time. */
static bool has_ended(const struct bench_broker *broker, int time_ms)
{
    for (int waited_ms = 0; waited_ms < time_ms; waited_ms += STEP_MS) {
        if (waitpid(broker->pid, NULL, WNOHANG) != 0) {
            return true;
        }
        (void)usleep(STEP_MS * 1000);
    }
    return false;
}

void bench_broker_stop(struct bench_broker *broker)
{
    if (broker->pid > 0) {
        (void)kill(-broker->pid, SIGTERM);
        if (!has_ended(broker, ENDS_IN_MS)) {
            (void)kill(-broker->pid, SIGKILL);
            (void)waitpid(broker->pid, NULL, 0);
        }
    }
    if (broker->folder[0] != '\0') {
        (void)nftw(broker->folder, remove_one, DEEP, FTW_DEPTH | FTW_PHYS);
    }
    broker->folder[0] = '\0';
    broker->pid = 0;
}
