/* wax init: a broker's first configuration, complete and safe, in one command. */
#include "base/base.h"
#include "os/os.h"
#include "pki/pki.h"
#include "tools/hosts.h"
#include "tools/init_account.h"
#include "tools/tools.h"
#include "tools/words.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PASSWORD_SIZE = 24, /* letters of 5 bits each: 120 bits */
    PATH_SIZE = 4096,
};

/* The home is made beside its place and moved there when it is complete. */
struct plan {
    char home[PATH_SIZE];  /* absolute */
    char draft[PATH_SIZE]; /* absolute */
    char store[PATH_SIZE]; /* absolute */
    struct hosts hosts;
    char password[PASSWORD_SIZE + 1];
    struct init_account account; /* that root becomes; none: it stays root */
};

/* Where root's home is, which no other account may enter, the system's places serve. */
#define HOME_OF_THE_SYSTEM  "/etc/wax"
#define STORE_OF_THE_SYSTEM "/var/lib/wax"

static const char help[] =
    "Usage: wax init [OPTIONS]\n"
    "\n"
    "Makes what a broker needs to start safely: certificates for this host, an administrator with\n"
    "a random password, rights, and a configuration that says what each line is for.\n"
    "\n"
    "Options:\n"
    "  --home DIR      where to (~/.wax, or /etc/wax for root); must not exist yet\n"
    "  --host NAME     a further DNS name or address that clients reach this host by\n"
    "  --show          show again how to use a home that exists\n"
    "\n"
    "Then:\n"
    "  wax broker -c ~/.wax/wax.conf\n";

/* $H is the home, $S the store, $U whom root is to be. Every option is one that mosquitto 2.0 knows
 * as well. */
static const char configuration[] =
    "# Configuration of the broker, in the form of mosquitto.conf.\n"
    "\n"
    "# For everybody: TLS. Clients need pki/ca.crt to know that it is this broker.\n"
    "# `wax pki renew --dir $H/pki server` makes the certificate last longer.\n"
    "listener 8883\n"
    "certfile $H/pki/server.crt\n"
    "keyfile $H/pki/server.key\n"
    "\n"
    "# Clients may prove who they are by certificates instead of passwords. Make them with\n"
    "# `wax pki client --dir $H/pki NAME`, and take these lines in:\n"
    "#cafile $H/pki/ca.crt\n"
    "#crlfile $H/pki/crl.pem\n"
    "#require_certificate true\n"
    "#use_identity_as_username true\n"
    "\n"
    "# For programs on this host alone: without TLS.\n"
    "listener 1883 127.0.0.1\n"
    "\n"
    "# Who may connect. `wax passwd $H/passwords NAME` adds a user.\n"
    "allow_anonymous false\n"
    "password_file $H/passwords\n"
    "\n"
    "# Who may publish and subscribe to what. Without a line there, nobody may.\n"
    "acl_file $H/acl\n"
    "\n"
    "# What is acknowledged is safe here, whatever happens to the broker or the machine: "
    "sessions,\n"
    "# what waits for them, retained messages. Nobody but the broker may read it.\n"
    "persistence_location $S\n"
    "\n"
    "$U"
    "log_dest stderr\n";

/* A home of root's is no place for any other account. */
static const char roots_account[] =
    "# Who the broker is when root starts it. An account of its own is safer, with a home that it\n"
    "# may enter, and a store that it may write.\n"
    "user root\n"
    "\n";

/* $A is the account. */
static const char own_account[] =
    "# Who the broker is once root has started it: it may read this folder, and write its store.\n"
    "user $A\n"
    "\n";

static const char rights[] =
    "# Who may publish and subscribe to what. What no line allows is denied.\n"
    "\n"
    "user admin\n"
    "topic readwrite #\n"
    "topic read $SYS/#\n"
    "\n"
    "# Everybody has a tree of their own. %u is the user's name.\n"
    "pattern readwrite users/%u/#\n";

/* $P is the password. */
static const char administrator[] = "-h localhost\n"
                                    "-p 8883\n"
                                    "--cafile $H/pki/ca.crt\n"
                                    "-u admin\n"
                                    "-P $P\n";

static int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int fail(const char *format, ...)
{
    va_list values;

    va_start(values, format);
    (void)fputs("wax init: ", stderr);
    (void)vfprintf(stderr, format, values);
    (void)fputc('\n', stderr);
    va_end(values);
    return 1;
}

static bool has_account(const struct plan *plan)
{
    return plan->account.name[0] != '\0';
}

/* What stands for a letter behind a $; NULL for one that means nothing. It may have such letters
 * itself. */
static const char *filling(const struct plan *plan, char letter)
{
    switch (letter) {
    case 'A':
        return plan->account.name;
    case 'H':
        return plan->home;
    case 'P':
        return plan->password;
    case 'S':
        return plan->store;
    case 'U':
        return has_account(plan) ? own_account : geteuid() == 0 ? roots_account : "";
    default:
        return NULL;
    }
}

static bool write_filled(const struct plan *plan, const char *text, FILE *file)
{
    bool is_written = true;

    for (const char *at = text; is_written && *at != '\0'; at++) {
        const char *text_of = at[0] == '$' ? filling(plan, at[1]) : NULL;
        if (text_of == NULL) {
            is_written = fputc(*at, file) != EOF;
        } else if (*++at == 'U') {
            is_written = write_filled(plan, text_of, file);
        } else {
            is_written = fputs(text_of, file) >= 0;
        }
    }
    return is_written;
}

/* Copies the text to a file, with all that is to be filled in. */
static bool write_file(const struct plan *plan, const char *name, const char *text)
{
    char path[PATH_SIZE + 64];
    FILE *file;
    bool is_written;

    (void)snprintf(path, sizeof path, "%s/%s", plan->draft, name);
    file = fopen(path, "wxe");
    if (file == NULL) {
        return false;
    }
    is_written = fchmod(fileno(file), 0600) == 0 && write_filled(plan, text, file);
    is_written = is_written && fflush(file) == 0 && fsync(fileno(file)) == 0;
    return fclose(file) == 0 && is_written;
}

/* 32 letters, without those that are mistaken for others, so that each is 5 random bits. */
static bool make_password(char room[static PASSWORD_SIZE + 1])
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    uint8_t bytes[PASSWORD_SIZE];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return false;
    }
    for (size_t i = 0; i < PASSWORD_SIZE; i++) {
        room[i] = letters[bytes[i] % 32];
    }
    room[PASSWORD_SIZE] = '\0';
    wax_wipe(bytes, sizeof bytes);
    return true;
}

static wax_status make_certificates(const struct plan *plan, wax_problem *problem)
{
    char folder[PATH_SIZE + 8];
    char name[64] = "Wax CA of ";
    wax_pki_order order = {.folder = folder, .term = {.now = wax_clock_wall_s()}};
    wax_status status;

    (void)snprintf(folder, sizeof folder, "%s/pki", plan->draft);
    (void)gethostname(name + strlen(name), 40);
    name[sizeof name - 1] = '\0';
    order.role = WAX_PKI_CA;
    order.name = name;
    status = wax_pki_issue(&order, problem);
    if (status == WAX_OK) {
        order.role = WAX_PKI_SERVER;
        order.name = "server";
        order.hosts = plan->hosts.names;
        order.host_count = plan->hosts.count;
        status = wax_pki_issue(&order, problem);
    }
    return status;
}

/* In this process, so that no list of processes shows the password. */
static bool add_administrator(struct plan *plan)
{
    char tool[] = "passwd";
    char create[] = "-c";
    char batch[] = "-b";
    char user[] = "admin";
    char path[PATH_SIZE + 16];
    char *words[] = {tool, create, batch, path, user, plan->password, NULL};

    (void)snprintf(path, sizeof path, "%s/passwords", plan->draft);
    optind = 0;
    return wax_tool_passwd((int)WAX_COUNT(words) - 1, words) == 0 && chmod(path, 0600) == 0;
}

static int drop_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

static int make_all(struct plan *plan)
{
    wax_problem problem;

    if (!make_password(plan->password)) {
        return fail("no random numbers: %s", strerror(errno));
    }
    if (make_certificates(plan, &problem) != WAX_OK) {
        return fail("%s", problem.text);
    }
    if (!write_file(plan, "wax.conf", configuration) || !write_file(plan, "acl", rights) ||
        !write_file(plan, "admin.conf", administrator)) {
        return fail("cannot write in %s: %s", plan->draft, strerror(errno));
    }
    if (!add_administrator(plan)) {
        return fail("cannot make the file of passwords");
    }
    if (has_account(plan) && !init_account_give(&plan->account, plan->draft)) {
        return fail("cannot let %s read %s: %s", plan->account.name, plan->draft, strerror(errno));
    }
    if (rename(plan->draft, plan->home) != 0) {
        if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) {
            return fail("%s exists and is not empty, but was not made by `wax init`; name another "
                        "one with --home",
                        plan->home);
        }
        return fail("cannot make %s: %s", plan->home, strerror(errno));
    }
    return 0;
}

/* The program that runs, so that what is shown can be run from anywhere. */
static void find_program(char *room, size_t size)
{
    ssize_t taken = readlink("/proc/self/exe", room, size - 1);

    if (taken <= 0) {
        (void)snprintf(room, size, "wax");
        return;
    }
    room[taken] = '\0';
}

static void show(const struct plan *plan)
{
    char wax[PATH_SIZE];

    find_program(wax, sizeof wax);
    (void)printf("Start the broker:\n  %s broker -c %s/wax.conf\n", wax, plan->home);
    (void)printf("Listen, then speak, as its administrator:\n"
                 "  %s sub -o %s/admin.conf -t users/admin/hello -v\n"
                 "  %s pub -o %s/admin.conf -t users/admin/hello -m world\n",
                 wax, plan->home, wax, plan->home);
}

static void place_store(struct plan *plan)
{
    if (has_account(plan) && strcmp(plan->home, HOME_OF_THE_SYSTEM) == 0) {
        (void)snprintf(plan->store, sizeof plan->store, STORE_OF_THE_SYSTEM);
    } else {
        (void)snprintf(plan->store, sizeof plan->store, "%.*s/store", PATH_SIZE - 8, plan->home);
    }
}

static int create(struct plan *plan)
{
    int code;

    place_store(plan);
    (void)snprintf(plan->draft, sizeof plan->draft, "%.*s.XXXXXX", PATH_SIZE - 8, plan->home);
    if (mkdtemp(plan->draft) == NULL) {
        return fail("cannot make %s: %s; does the folder above it exist?", plan->draft,
                    strerror(errno));
    }
    code = make_all(plan);
    wax_wipe(plan->password, sizeof plan->password);
    if (code != 0) {
        (void)nftw(plan->draft, drop_one, 16, FTW_DEPTH | FTW_PHYS);
        return code;
    }
    (void)printf("Made %s: certificates for", plan->home);
    for (size_t i = 0; i < plan->hosts.count; i++) {
        (void)printf("%s %s", i > 0 ? "," : "", plan->hosts.names[i]);
    }
    (void)printf("; a user admin, whose password is in admin.conf.\n");
    if (has_account(plan)) {
        (void)printf("A broker that root starts with it becomes %s.\n", plan->account.name);
    } else if (geteuid() == 0) {
        (void)printf("A broker that root starts with it stays root, which it does not need: run "
                     "`adduser --system --group wax`, and `wax init` with a home that this account "
                     "may enter, as /etc/wax.\n");
    }
    show(plan);
    return 0;
}

/* Makes the path of the home absolute: it stands in the configuration. */
static bool place_home(struct plan *plan, const char *home)
{
    char usual[PATH_SIZE];
    char here[PATH_SIZE];
    const char *root = getenv("HOME");
    size_t size;
    int written;

    init_account_find(&plan->account);
    if (home == NULL) {
        (void)snprintf(usual, sizeof usual, "%.4000s/.wax", root != NULL ? root : "");
        home = has_account(plan) && !init_account_may_enter(&plan->account, usual)
                   ? HOME_OF_THE_SYSTEM
                   : usual;
    }
    if (home[0] == '/') {
        written = snprintf(plan->home, sizeof plan->home, "%s", home);
    } else if (home[0] != '\0' && getcwd(here, sizeof here) != NULL) {
        written = snprintf(plan->home, sizeof plan->home, "%s/%s", here, home);
    } else {
        return false;
    }
    size = strlen(plan->home);
    while (size > 1 && plan->home[size - 1] == '/') {
        plan->home[--size] = '\0';
    }
    if (!init_account_may_enter(&plan->account, plan->home)) {
        plan->account.name[0] = '\0';
    }
    return written > 0 && written < PATH_SIZE - 64 && strpbrk(plan->home, "\r\n") == NULL;
}

struct request {
    const char *home;
    bool is_shown;
};

static const struct option long_options[] = {
    {"home", required_argument, NULL, 'd'},
    {"host", required_argument, NULL, 'n'},
    {"show", no_argument,       NULL, 's'},
    {"help", no_argument,       NULL, 'h'},
    {NULL,   0,                 NULL, 0  },
};

const char *init_option_name(size_t number)
{
    return number < WAX_COUNT(long_options) - 1 ? long_options[number].name : NULL;
}

/* Returns whether to go on; otherwise `code` is the exit code. */
static bool read_options(int argc, char **argv, struct request *request, struct hosts *hosts,
                         int *code)
{
    int letter;

    *code = 2;
    optind = 0; /* from the start, whoever used it before */
    while ((letter = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (letter == 'd') {
            request->home = optarg;
        } else if (letter == 's') {
            request->is_shown = true;
        } else if (letter == 'h') {
            (void)fputs(help, stdout);
            *code = 0;
            return false;
        } else if (letter != 'n' || !tools_hosts_add(hosts, optarg)) {
            (void)fail("see `wax init --help` for the options there are");
            return false;
        }
    }
    if (optind < argc) {
        (void)fail("'%s' is no option; see `wax init --help`", argv[optind]);
        return false;
    }
    return true;
}

int wax_tool_init(int argc, char **argv)
{
    static struct plan plan;
    struct request request = {NULL, false};
    char configured[PATH_SIZE + 16];
    int code;

    plan.hosts.count = 0;
    if (!read_options(argc, argv, &request, &plan.hosts, &code)) {
        return code;
    }
    if (!place_home(&plan, request.home)) {
        return fail("the path of the home is too long, or empty");
    }
    (void)snprintf(configured, sizeof configured, "%s/wax.conf", plan.home);
    if (access(configured, F_OK) == 0) {
        if (!request.is_shown) {
            (void)printf("%s exists and stays as it is.\n", plan.home);
        }
        show(&plan);
        return request.is_shown ? 0 : 1;
    }
    if (request.is_shown) {
        return fail("there is no %s yet; make it with `wax init`", plan.home);
    }
    tools_hosts_find(&plan.hosts);
    return create(&plan);
}
