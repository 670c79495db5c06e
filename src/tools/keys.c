/* wax keys: who may do what in a namespace, from the command line. */
#include "hpke/hpke.h"
#include "os/os.h"
#include "tools/identity.h"
#include "tools/keys_code.h"
#include "tools/keys_follow.h"
#include "tools/keys_help.h"
#include "tools/keys_roles.h"
#include "tools/keys_verbs.h"
#include "tools/keys_wire.h"
#include "tools/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLDER_DEFAULT "authority"

enum { ENROLMENT_SIZE = 1024, PATIENCE_MS = 10000, COPY_MAX = 1 << 30 };

struct job {
    struct keys_order order;
    struct authority_home home;
    struct keys_answer answer;
    char **words; /* as they were given */
    char who[WAX_KEYS_NAME_MAX + 1];
    char copy[HOME_PATH_SIZE]; /* where an export goes */
    char out[HOME_PATH_SIZE];  /* the file for a device */
    bool has_out;
};

static bool fail(const char *words)
{
    (void)fprintf(stderr, "wax keys: %s\n", words);
    return false;
}

/* --- Files --- */

static bool fail_path(const char *path, const char *words)
{
    (void)fprintf(stderr, "wax keys: %s: %s\n", path, words);
    return false;
}

/* Reserves the file for a device before there is a key that only it will hold. */
static bool reserve(struct job *job)
{
    const struct keys_order *order = &job->order;
    int file;

    if (order->out != NULL) {
        (void)snprintf(job->out, sizeof job->out, "%.4000s", order->out);
    } else {
        (void)snprintf(job->out, sizeof job->out, "%.4000s.keys", order->arguments[0]);
    }
    file = open(job->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0) {
        return fail_path(job->out, errno == EEXIST ? "this file is there already: name another one "
                                                     "with --out, or remove it"
                                                   : strerror(errno));
    }
    (void)close(file);
    job->has_out = true;
    return true;
}

static bool write_identity(struct job *job)
{
    char fault[HOME_FAULT_SIZE];
    const char *text = job->answer.identity;

    if (wax_file_replace(job->out, wax_bytes_of_text(text), fault, sizeof fault) != WAX_OK) {
        return fail(fault);
    }
    (void)printf("%s: give it to %s and to nobody else; whoever has it is this device\n", job->out,
                 job->order.arguments[0]);
    return !job->order.shows_code || keys_code_print(text) ||
           fail("the identity does not fit a QR code");
}

static bool read_content(struct keys_order *order)
{
    char fault[HOME_FAULT_SIZE];

    return order->from == NULL ||
           wax_file_read(order->from, ORDER_CONTENT_MAX, &order->content, fault, sizeof fault) ==
               WAX_OK ||
           fail(fault);
}

/* --- In this process, or in that of the authority --- */

/* With the lock in hand. */
static bool run_here(struct job *job)
{
    char where[HOME_PATH_SIZE];

    if (job->order.verb->run == keys_admit) {
        return fail("strangers come in while `wax authority` runs: start it, and then admit them");
    }
    if (!authority_home_key(&job->home, job->order.kek, false, where) ||
        !authority_home_open(&job->home)) {
        return fail(job->home.fault);
    }
    return keys_order_run(job->home.authority, &job->order, &job->answer) ||
           fail(job->answer.fault);
}

/* Asks an authority that runs elsewhere, or belongs to another account. */
static bool ask_there(struct job *job)
{
    return job->order.verb->run == NULL
               ? fail("this is not for a running authority: do it where its folder is")
               : keys_wire_ask(&job->home, &job->order, job->words, &job->answer) ||
                     fail(job->answer.fault);
}

/* Whoever has the lock may be about to listen, or to end: that takes a moment. */
static bool carry_out(struct job *job)
{
    const uint64_t until_ms = wax_clock_ms() + PATIENCE_MS;
    const struct timespec moment = {.tv_nsec = 50000000L};

    if (job->order.authority != NULL) {
        return ask_there(job);
    }
    for (;;) {
        const enum home_lock lock = authority_home_lock(&job->home);

        if (lock == HOME_LOCKED) {
            return run_here(job);
        }
        if (lock == HOME_FAILED) {
            return fail(job->home.fault);
        }
        job->answer.fault = NULL;
        job->answer.is_unheard = false;
        if (keys_wire_ask(&job->home, &job->order, job->words, &job->answer)) {
            return true;
        }
        if (!job->answer.is_unheard || wax_clock_ms() > until_ms) {
            return fail(job->answer.fault);
        }
        (void)nanosleep(&moment, NULL);
    }
}

/* Paths that another process is to use begin at the root. */
static bool make_absolute(struct job *job)
{
    char here[HOME_FOLDER_SIZE];
    char *room = job->copy;
    const char *path = job->order.arguments[0];

    if (job->order.verb->run != keys_export || path[0] == '/') {
        return true;
    }
    if (getcwd(here, sizeof here) == NULL ||
        snprintf(room, HOME_PATH_SIZE, "%s/%s", here, path) >= HOME_PATH_SIZE) {
        return fail_path(path, "the path is too long");
    }
    for (size_t i = 0; job->words[i] != NULL; i++) {
        if (job->words[i] == path) {
            job->words[i] = room;
        }
    }
    job->order.arguments[0] = room;
    return true;
}

/* Shows a line with a name instead of the longest of the tokens that stand in it. */
static void show_line(const char *line, const char *table)
{
    const char *at = NULL;
    const char *name = NULL;
    size_t size = 0;

    for (const char *row = table; *row != '\0'; row = strchr(row, '\n') + 1) {
        const size_t token = strcspn(row, " ");
        const char *found = memmem(line, strlen(line), row, token);

        if (found != NULL && token > size) {
            at = found;
            name = row + token + 1;
            size = token;
        }
    }
    if (at == NULL) {
        (void)fputs(line, stdout);
    } else {
        (void)printf("%.*s%.*s%s", (int)(at - line), line, (int)strcspn(name, "\n"), name,
                     at + size);
    }
}

/* Shows a log line by line. */
static bool show_log(const char *path, const char *table)
{
    FILE *log = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *line = NULL;
    size_t size = 0;

    if (log == NULL) {
        return fail_path(path, strerror(errno));
    }
    while (getline(&line, &size, log) > 0) {
        show_line(line, table);
    }
    free(line);
    if (log != stdin) {
        (void)fclose(log);
    }
    return true;
}

static bool run_verb(struct job *job)
{
    const struct keys_order *order = &job->order;
    char *text = NULL;
    size_t size = 0;
    bool is_done;

    if (!read_content(&job->order) || !make_absolute(job) ||
        (order->verb->run == keys_enrol && order->has_psk && !reserve(job))) {
        return false;
    }
    job->answer.out = open_memstream(&text, &size);
    is_done = job->answer.out != NULL && carry_out(job);
    if (job->answer.out != NULL) {
        (void)fclose(job->answer.out);
    }
    if (is_done && order->log != NULL && order->verb->run == keys_tokens) {
        is_done = show_log(order->log, text);
    } else if (text != NULL) {
        (void)fputs(text, stdout);
    }
    free(text);
    if (is_done && job->answer.identity != NULL) {
        return write_identity(job);
    }
    if (job->has_out && !is_done) {
        (void)unlink(job->out);
    }
    return is_done;
}

/* --- Beginnings --- */

static bool init(struct job *job)
{
    const struct keys_order *order = &job->order;
    const wax_authority_founding founding = {
        .prefix = wax_bytes_of_text(order->prefix),
        .blinding_variant = order->blinding_hash == 0   ? 0
                            : order->pattern_count == 0 ? 1
                                                        : 2,
        .blinding_hash = order->blinding_hash,
        .patterns = order->patterns,
        .pattern_count = order->pattern_count,
    };
    char where[HOME_PATH_SIZE];

    if (order->pattern_count != 0 && order->blinding_hash == 0) {
        return fail("--pattern says where wildcards may stand in topics that are blinded: give "
                    "--blind hmac or --blind ascon with it");
    }
    if (!authority_home_make(&job->home) || authority_home_lock(&job->home) != HOME_LOCKED ||
        !authority_home_key(&job->home, order->kek, true, where) ||
        !authority_home_found(&job->home, &order->deed, &founding)) {
        return fail(job->home.fault);
    }
    (void)printf("The authority of a new namespace is in %s.\n"
                 "The key-encryption key that seals its secrets: %s. Keep a copy in another place\n"
                 "than backups of the folder: without it they are worth nothing, with it all.\n"
                 "\n"
                 "Next:\n"
                 "  wax keys group add GROUP -f 'home/#'\n"
                 "  wax keys enrol DEVICE --psk\n"
                 "  wax keys grant DEVICE GROUP both\n"
                 "  wax authority %s -h BROKER\n",
                 job->home.folder, where, job->home.folder);
    return true;
}

static bool import_copy(struct job *job)
{
    const struct keys_order *order = &job->order;
    char where[HOME_PATH_SIZE];
    char fault[HOME_FAULT_SIZE];
    wax_bytes content;
    wax_status status;

    if (!authority_home_make(&job->home) || authority_home_lock(&job->home) != HOME_LOCKED ||
        !authority_home_key(&job->home, order->kek, false, where)) {
        return fail(job->home.fault);
    }
    if (wax_file_read(order->arguments[0], COPY_MAX, &content, fault, sizeof fault) != WAX_OK) {
        return fail(fault);
    }
    status = wax_file_replace(job->home.file, content, fault, sizeof fault);
    wax_file_free(&content);
    if (status != WAX_OK) {
        return fail(fault);
    }
    job->answer.out = stdout;
    if (!authority_home_open(&job->home)) {
        (void)unlink(job->home.file);
        return fail(job->home.fault);
    }
    return keys_restored(job->home.authority, order, &job->answer) || fail(job->answer.fault);
}

/* --- On a device --- */

static bool write_enrolment(struct job *job, const struct identity *identity,
                            const uint8_t *public_key)
{
    const wax_keys_signing by = {identity->name_space, identity->secret, public_key};
    uint8_t nonce[WAX_KEYS_ENROL_NONCE_SIZE];
    const wax_keys_enrolment enrolment = {
        .device = wax_bytes_of_text(identity->device),
        .public_key = public_key,
        .nonce = nonce,
    };
    uint8_t room[ENROLMENT_SIZE];
    wax_writer out = wax_writer_over(room, sizeof room);
    char path[HOME_PATH_SIZE + 8];
    char fault[HOME_FAULT_SIZE];
    char words[WAX_KEYS_WORDS_SIZE];

    wax_os_random(nonce, sizeof nonce);
    (void)snprintf(path, sizeof path, "%s.enrol", job->out);
    if (wax_keys_enrolment_write(&out, &by, &enrolment) != WAX_OK ||
        wax_keys_words(identity->name_space, &enrolment, words) != WAX_OK) {
        return fail_path(identity->device, "this is no name for a device: it has 1 to 128 bytes, "
                                           "and no /, + or #");
    }
    if (wax_file_replace(path, wax_writer_bytes(&out), fault, sizeof fault) != WAX_OK) {
        return fail(fault);
    }
    (void)printf("%s: who this device is; it stays here\n"
                 "%s: asks to be enrolled; publish it, or carry it to the authority:\n"
                 "  wax pub -t '%s/e/%s' -f %s\n"
                 "  wax keys enrol %s --from %s\n"
                 "The words to be confirmed: %s\n",
                 job->out, path, identity->prefix, identity->device, path, identity->device, path,
                 words);
    return true;
}

static bool make_identity(struct job *job)
{
    const struct keys_order *order = &job->order;
    struct identity identity;
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    uint8_t seed[WAX_HPKE_SEED_SIZE];
    char fault[HOME_FAULT_SIZE];
    bool is_made;

    if (order->name_space == NULL) {
        return fail("give --namespace FILE, with what `wax keys public` prints");
    }
    if (!tools_identity_read_public(&identity, order->name_space, fault, sizeof fault)) {
        return fail(fault);
    }
    (void)snprintf(identity.device, sizeof identity.device, "%s", order->arguments[0]);
    (void)snprintf(identity.profile_name, sizeof identity.profile_name, "hpke");
    identity.has_secret = true;
    identity.state[0] = '\0';
    wax_os_random(seed, sizeof seed);
    is_made =
        wax_hpke_pair(wax_bytes_of(seed, sizeof seed), identity.secret, public_key) == WAX_OK &&
        reserve(job);
    wax_wipe(seed, sizeof seed);
    if (is_made && !(write_enrolment(job, &identity, public_key) &&
                     tools_identity_write(&identity, job->out, fault, sizeof fault))) {
        (void)unlink(job->out);
        is_made = false;
    }
    tools_identity_discard(&identity);
    return is_made;
}

/* --- All --- */

static const char *folder_of(const struct keys_order *order)
{
    const size_t place = strcmp(order->verb->name, "init") == 0     ? 0
                         : strcmp(order->verb->name, "import") == 0 ? 1
                                                                    : ORDER_ARGUMENTS_MAX;

    if (place < order->argument_count) {
        return order->arguments[place];
    }
    return order->folder != NULL ? order->folder : FOLDER_DEFAULT;
}

static bool run(struct job *job)
{
    const char *verb = job->order.verb->name;

    if (strcmp(verb, "identity") == 0) {
        return make_identity(job);
    }
    if (strcmp(verb, "follow") == 0) {
        return keys_follow_log(&job->order, &job->answer) || fail(job->answer.fault);
    }
    if (!authority_home_place(&job->home, folder_of(&job->order))) {
        return fail(job->home.fault);
    }
    authority_home_account((unsigned)getuid(), job->who);
    /* Who can open the file may do all that is in it. */
    job->order.deed = (wax_authority_deed){.who = wax_bytes_of_text(job->who),
                                           .role = wax_bytes_of_text(keys_role_name(KEYS_ADMIN)),
                                           .now_s = (uint64_t)wax_clock_wall_s()};
    if (job->order.authority != NULL) {
        return run_verb(job);
    }
    if (strcmp(verb, "init") == 0) {
        return init(job);
    }
    return strcmp(verb, "import") == 0 ? import_copy(job) : run_verb(job);
}

int wax_tool_keys(int argc, char **argv)
{
    static struct job job;
    bool is_done;

    job = (struct job){.words = argv + 1};
    if (!keys_order_read(&job.order, argc, argv, job.answer.room)) {
        (void)fail(job.answer.room);
        return 1;
    }
    if (job.order.wants_help || job.order.wants_manual) {
        keys_help(job.order.wants_manual);
        return 0;
    }
    is_done = run(&job);
    if (job.answer.identity != NULL) {
        wax_wipe(job.answer.identity, strlen(job.answer.identity));
        free(job.answer.identity);
    }
    authority_home_close(&job.home);
    return is_done ? 0 : 1;
}
