/* wax pki: an authority of one's own, on the command line. */
#include "pki/pki.h"
#include "base/base.h"
#include "os/os.h"
#include "tools/hosts.h"
#include "tools/tools.h"
#include "tools/words.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    DAY = 24 * 3600,
    DAYS_MAX = 36500,
    SHOWN_MAX = 256 * 1024,
    PATH_SIZE = 4096,
};

struct request {
    const char *folder;
    const char *name;
    char **words; /* what stands behind the verb */
    size_t word_count;
    wax_pki_term term;
    wax_pki_key key;
};

struct verb {
    const char *name;
    int (*run)(const struct request *request);
    size_t fewest_words;
    const char *words; /* in the words of the help */
};

static const char help[] =
    "Usage: wax pki VERB [OPTIONS] ...\n"
    "\n"
    "Certificates for a broker and its clients, from an authority (CA) of your own.\n"
    "\n"
    "  wax pki ca                      make the authority; once\n"
    "  wax pki server [HOST]...        a certificate for a broker that clients reach by these\n"
    "                                  DNS names and addresses (without any: all of this host's)\n"
    "  wax pki client NAME...          a certificate for a device or a person\n"
    "  wax pki renew NAME...           the same again, with a later end\n"
    "  wax pki revoke NAME...          no longer to be trusted; writes crl.pem\n"
    "  wax pki show NAME|FILE...       what is in a certificate, and what is wrong with it\n"
    "\n"
    "Options:\n"
    "  --dir DIR       the folder of the authority (./pki)\n"
    "  --name NAME     the name inside the certificate, and of its files (the first HOST)\n"
    "  --days N        how long it is valid (ca: 3650, others: 397)\n"
    "  --from DATE     from when on, as 2026-05-01, 00:00 UTC (an hour ago)\n"
    "  --until DATE    until when, as 2027-05-01, 00:00 UTC\n"
    "  --new-key       renew: with a new key, for when the old one may have been seen\n"
    "\n"
    "A broker with TLS, and a client that proves who it is:\n"
    "  wax pki ca\n"
    "  wax pki server broker.example.org 192.0.2.7\n"
    "  wax pki client pump-7\n"
    "and in wax.conf:\n"
    "  listener 8883\n"
    "  certfile pki/broker.example.org.crt\n"
    "  keyfile  pki/broker.example.org.key\n"
    "  cafile   pki/ca.crt\n"
    "  crlfile  pki/crl.pem\n"
    "  require_certificate true\n"
    "  use_identity_as_username true\n"
    "The client gets ca.crt, pump-7.crt and pump-7.key:\n"
    "  wax pub -h broker.example.org -p 8883 --cafile ca.crt --cert pump-7.crt --key pump-7.key "
    "\\\n"
    "          -t users/pump-7/speed -m 1200\n"
    "\n"
    "Keep ca.key away from the broker: whoever has it can make any certificate.\n";

static int fail(const wax_problem *problem)
{
    (void)fprintf(stderr, "wax pki: %s\n", problem->text);
    return 1;
}

/* Says where it is and until when it holds. */
static int report(const struct request *request, const char *name, const char *what)
{
    char path[PATH_SIZE];
    char *text = malloc(SHOWN_MAX);
    wax_writer out;
    wax_problem problem;
    size_t problem_count;

    (void)snprintf(path, sizeof path, "%s/%s.crt", request->folder, name);
    (void)printf("%s %s\n", what, path);
    if (text == NULL) {
        return 0;
    }
    out = wax_writer_over(text, SHOWN_MAX);
    if (wax_pki_show(path, request->term.now, &out, &problem_count, &problem) == WAX_OK) {
        (void)fwrite(text, 1, out.used, stdout);
    }
    free(text);
    return 0;
}

static int issue(const struct request *request, wax_pki_order order)
{
    wax_problem problem;
    char file[128];

    order.folder = request->folder;
    order.term = request->term;
    if (wax_pki_issue(&order, &problem) != WAX_OK) {
        return fail(&problem);
    }
    wax_pki_name_files(&order, file);
    return report(request, file, "made");
}

static int make_ca(const struct request *request)
{
    const char *name = request->name != NULL ? request->name : "Wax CA";
    char usual[64];
    char host[40] = "";

    /* Two authorities of the same name are hard to tell apart when something goes wrong. */
    if (request->name == NULL && gethostname(host, sizeof host - 1) == 0) {
        (void)snprintf(usual, sizeof usual, "Wax CA of %s", host);
        name = usual;
    }
    return issue(request, (wax_pki_order){.role = WAX_PKI_CA, .name = name});
}

static int make_server(const struct request *request)
{
    static struct hosts hosts;
    const char *name = request->name;

    hosts.count = 0;
    for (size_t i = 0; i < request->word_count; i++) {
        if (!tools_hosts_add(&hosts, request->words[i])) {
            (void)fprintf(stderr, "wax pki: '%s' is too long, or there are more than %d names\n",
                          request->words[i], HOSTS_MAX);
            return 1;
        }
    }
    if (hosts.count == 0) {
        tools_hosts_find(&hosts);
        name = name != NULL ? name : "server";
    }
    return issue(request, (wax_pki_order){.role = WAX_PKI_SERVER,
                                          .name = name != NULL ? name : hosts.names[0],
                                          .hosts = hosts.names,
                                          .host_count = hosts.count});
}

static int make_client(const struct request *request)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < request->word_count; i++) {
        code = issue(request, (wax_pki_order){.role = WAX_PKI_CLIENT, .name = request->words[i]});
    }
    return code;
}

static int renew(const struct request *request)
{
    wax_problem problem;

    for (size_t i = 0; i < request->word_count; i++) {
        const char *name = request->words[i];
        if (wax_pki_renew(request->folder, name, request->key, &request->term, &problem) !=
            WAX_OK) {
            return fail(&problem);
        }
        (void)report(request, name, "renewed");
    }
    return 0;
}

static int revoke_names(const struct request *request)
{
    wax_problem problem;

    for (size_t i = 0; i < request->word_count; i++) {
        const char *name = request->words[i];
        if (wax_pki_revoke(request->folder, name, request->term.now, &problem) != WAX_OK) {
            return fail(&problem);
        }
        (void)printf("revoked %s\n", name);
    }
    (void)printf("wrote %s/crl.pem: give it to the broker as crlfile, and let it reload\n",
                 request->folder);
    return 0;
}

/* A word is a file, or the name of a certificate in the folder. */
static int show_one(const struct request *request, const char *word, char *text)
{
    wax_writer out = wax_writer_over(text, SHOWN_MAX);
    char path[PATH_SIZE];
    wax_problem problem;
    size_t problem_count = 0;
    wax_status status;

    (void)snprintf(path, sizeof path, "%s/%s.crt", request->folder, word);
    if (strchr(word, '/') != NULL || access(path, F_OK) != 0) {
        (void)snprintf(path, sizeof path, "%s", word);
    }
    status = wax_pki_show(path, request->term.now, &out, &problem_count, &problem);
    (void)fwrite(text, 1, out.used, stdout);
    if (status == WAX_FULL) {
        (void)printf("(and more)\n");
    } else if (status != WAX_OK) {
        return fail(&problem);
    }
    return problem_count > 0 ? 1 : 0;
}

static int show(const struct request *request)
{
    char *text = malloc(SHOWN_MAX);
    int code = 0;

    for (size_t i = 0; text != NULL && i < request->word_count; i++) {
        code |= show_one(request, request->words[i], text);
    }
    free(text);
    return code;
}

static const struct verb verbs[] = {
    {"ca",     make_ca,      0, "no words"                         },
    {"server", make_server,  0, "names and addresses"              },
    {"client", make_client,  1, "the NAME of a device or a person" },
    {"renew",  renew,        1, "the NAME of a certificate"        },
    {"revoke", revoke_names, 1, "the NAME of a certificate"        },
    {"show",   show,         1, "the NAME of a certificate or FILE"},
};

const char *pki_verb_name(size_t number)
{
    return number < WAX_COUNT(verbs) ? verbs[number].name : NULL;
}

/* The start of a day, as in 2026-05-01. */
static bool read_day(const char *text, int64_t *seconds)
{
    struct tm day = {0};
    const char *end = strptime(text, "%Y-%m-%d", &day);

    if (end == NULL || *end != '\0') {
        (void)fprintf(stderr, "wax pki: '%s' is no date; write it as 2026-05-01\n", text);
        return false;
    }
    *seconds = (int64_t)timegm(&day);
    return true;
}

static bool read_days(const char *text, struct request *request)
{
    char *end = NULL;
    long days = strtol(text, &end, 10);

    if (end == text || *end != '\0' || days < 1 || days > DAYS_MAX) {
        (void)fprintf(stderr, "wax pki: --days takes a number from 1 to %d, not '%s'\n", DAYS_MAX,
                      text);
        return false;
    }
    request->term.not_after = request->term.now + (int64_t)days * DAY;
    return true;
}

static bool read_option(int letter, struct request *request)
{
    bool is_good = true;

    if (letter == 'd') {
        request->folder = optarg;
    } else if (letter == 'n') {
        request->name = optarg;
    } else if (letter == 'k') {
        request->key = WAX_PKI_NEW_KEY;
    } else if (letter == 'y') {
        is_good = read_days(optarg, request);
    } else if (letter == 'f') {
        is_good = read_day(optarg, &request->term.not_before);
    } else if (letter == 'u') {
        is_good = read_day(optarg, &request->term.not_after);
    } else {
        (void)fprintf(stderr, "wax pki: see `wax pki --help` for the options there are\n");
        is_good = false;
    }
    return is_good;
}

static const struct option long_options[] = {
    {"dir",     required_argument, NULL, 'd'},
    {"name",    required_argument, NULL, 'n'},
    {"days",    required_argument, NULL, 'y'},
    {"from",    required_argument, NULL, 'f'},
    {"until",   required_argument, NULL, 'u'},
    {"new-key", no_argument,       NULL, 'k'},
    {"help",    no_argument,       NULL, 'h'},
    {NULL,      0,                 NULL, 0  },
};

const char *pki_option_name(size_t number)
{
    return number < WAX_COUNT(long_options) - 1 ? long_options[number].name : NULL;
}

/* Returns whether to go on; otherwise `code` is the exit code. */
static bool read_options(int argc, char **argv, struct request *request, int *code)
{
    int letter;

    *code = 2;
    optind = 0; /* from the start, whoever used it before */
    while ((letter = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (letter == 'h') {
            (void)fputs(help, stdout);
            *code = 0;
            return false;
        }
        if (!read_option(letter, request)) {
            return false;
        }
    }
    return true;
}

int wax_tool_pki(int argc, char **argv)
{
    struct request request = {.folder = "pki", .term = {.now = wax_clock_wall_s()}};
    int code;

    if (!read_options(argc, argv, &request, &code)) {
        return code;
    }
    for (size_t i = 0; optind < argc && i < WAX_COUNT(verbs); i++) {
        if (strcmp(argv[optind], verbs[i].name) != 0) {
            continue;
        }
        request.words = argv + optind + 1;
        request.word_count = (size_t)(argc - optind - 1);
        if (request.word_count < verbs[i].fewest_words) {
            (void)fprintf(stderr, "wax pki %s needs %s; see `wax pki --help`\n", verbs[i].name,
                          verbs[i].words);
            return 2;
        }
        return verbs[i].run(&request);
    }
    (void)fputs(help, stderr);
    return 2;
}
