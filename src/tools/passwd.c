/* wax passwd: writes password files, with mosquitto_passwd's options. */
#include "tools/tools.h"
#include "tools/words.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/access.h"
#include "tools/secret.h"

static const char help[] =
    "wax passwd - add, change and delete the users of a password file\n"
    "\n"
    "  wax passwd -c FILE USER            make a new file with one user (an old one is replaced)\n"
    "  wax passwd FILE USER               add a user, or change the password\n"
    "  wax passwd -D FILE USER            delete a user\n"
    "  wax passwd -U FILE                 hash the plain passwords of a file of user:password\n"
    "\n"
    "The password is asked for twice; where there is no terminal, it is the first line of the\n"
    "standard input. The file '-' with -c is the standard output.\n"
    "\n"
    "  -b              the password is the last argument: wax passwd -b FILE USER PASSWORD.\n"
    "                  Others see it in the list of processes, and your shell remembers it.\n"
    "  -H FORM         how to hash it:\n"
    "                    argon2id        the default; Wax, and Mosquitto from 2.1\n"
    "                    sha512-pbkdf2   Wax, and Mosquitto from 2.0\n"
    "                    sha512          Mosquitto 1.6; cheap to guess, for nothing else\n"
    "                    scram-sha-256   Wax only: for clients that never send the password\n"
    "                                    (MQTT 5 with SCRAM-SHA-256); good for others, too\n"
    "  -I ITERATIONS   of sha512-pbkdf2 (default 210000) and scram-sha-256 (default 600000, which\n"
    "                  the client computes at each login: a small device wants less, 4096 at\n"
    "                  least), or passes of argon2id (default 2). More is slower for whoever\n"
    "                  guesses, and for each login\n"
    "  --compat 2.0    for Mosquitto 2.0, which hashes on its only thread: sha512-pbkdf2 with\n"
    "                  10000 iterations (101 at least)\n"
    "  -h, --help      this text\n"
    "\n"
    "A running broker reads the file again after: kill -HUP its process.\n"
    "The exit code is 0, or 1 when the file is as it was.\n";

enum {
    COMPAT_ITERATIONS = 10000,
    COMPAT_ITERATIONS_MIN = 101,
    SCRAM_ITERATIONS_MIN = 4096, /* RFC 7677, 4 */
};

/* ---- What is wanted ---- */

enum verb {
    SET,
    DELETE,
    UPGRADE,
};

struct order {
    enum verb verb;
    bool creates;
    bool is_batch;
    bool is_compatible;
    bool has_form;
    wax_password_form form;
    uint32_t iterations; /* 0: as the form has it */
    const char *file;
    const char *user;
    char *password; /* of the command line, NULL: ask */
    bool wants_help;
};

struct form_name {
    const char *name;
    wax_password_form form;
};

static const struct form_name form_names[] = {
    {"argon2id",      WAX_PASSWORD_ARGON2ID},
    {"sha512-pbkdf2", WAX_PASSWORD_PBKDF2  },
    {"sha512",        WAX_PASSWORD_SHA512  },
    {"scram-sha-256", WAX_PASSWORD_SCRAM   },
};

static bool take_form(struct order *order, const char *name)
{
    for (size_t i = 0; i < WAX_COUNT(form_names); i++) {
        if (strcmp(form_names[i].name, name) == 0) {
            order->form = form_names[i].form;
            order->has_form = true;
            return true;
        }
    }
    return wax_secret_complain("-H %s: write argon2id, sha512-pbkdf2, sha512 or scram-sha-256",
                               name);
}

static bool take_iterations(struct order *order, const char *digits)
{
    char *end = NULL;
    unsigned long value = strtoul(digits, &end, 10);

    if (digits[0] < '1' || digits[0] > '9' || *end != '\0' || value > WAX_PASSWORD_ITERATIONS_MAX) {
        return wax_secret_complain("-I %s: write a number from 1 to %d", digits,
                                   WAX_PASSWORD_ITERATIONS_MAX);
    }
    order->iterations = (uint32_t)value;
    return true;
}

static bool take_compatibility(struct order *order, const char *version)
{
    if (strcmp(version, "2.0") != 0) {
        return wax_secret_complain("--compat %s: 2.0 is the only version that needs it", version);
    }
    order->is_compatible = true;
    return true;
}

static bool take_option(struct order *order, int option)
{
    switch (option) {
    case 'b':
        order->is_batch = true;
        return true;
    case 'c':
        order->creates = true;
        return true;
    case 'D':
        order->verb = DELETE;
        return true;
    case 'U':
        order->verb = UPGRADE;
        return true;
    case 'H':
        return take_form(order, optarg);
    case 'I':
        return take_iterations(order, optarg);
    case 'C':
        return take_compatibility(order, optarg);
    case 'h':
        order->wants_help = true;
        return true;
    default:
        return wax_secret_complain("see wax passwd --help");
    }
}

static const struct option long_options[] = {
    {"compat", required_argument, NULL, 'C'},
    {"help",   no_argument,       NULL, 'h'},
    {NULL,     0,                 NULL, 0  },
};

const char *passwd_option_name(size_t number)
{
    return number < WAX_COUNT(long_options) - 1 ? long_options[number].name : NULL;
}

static bool take_options(struct order *order, int argc, char **argv)
{
    unsigned seen_verbs = 0;
    int option;

    optind = 1;
    /* '+': what follows the file may begin with '-', a password for one. */
    while ((option = getopt_long(argc, argv, "+bcDUH:I:h", long_options, NULL)) != -1) {
        seen_verbs += option == 'c' || option == 'D' || option == 'U';
        if (!take_option(order, option)) {
            return false;
        }
    }
    if (seen_verbs > 1) {
        return wax_secret_complain("-c, -D and -U each want something else: give one of them");
    }
    if (order->is_batch && order->verb != SET) {
        return wax_secret_complain("-b gives a password, which -D and -U do not take");
    }
    return true;
}

/* Takes file, user and password, as many as the verb wants. */
static bool take_arguments(struct order *order, int argc, char **argv)
{
    int expected = order->verb == UPGRADE ? 1 : order->is_batch ? 3 : 2;

    if (argc != expected) {
        return wax_secret_complain(
            "%s arguments: %s; see wax passwd --help", argc < expected ? "too few" : "too many",
            expected == 1   ? "the file is wanted"
            : expected == 2 ? "the file and the user name are wanted (with -b, the "
                              "password too)"
                            : "the file, the user name and the password are wanted");
    }
    order->file = argv[0];
    order->user = expected > 1 ? argv[1] : NULL;
    order->password = expected > 2 ? argv[2] : NULL;
    if (strcmp(order->file, "-") == 0) {
        if (order->verb != SET) {
            return wax_secret_complain("'-' is the standard output, which holds no users yet");
        }
        order->creates = true;
    }
    return true;
}

/* What a password file cannot hold, or reads as something else. */
static bool check_user(const char *user)
{
    wax_bytes name = wax_bytes_of_text(user);

    if (name.size == 0 || name.size > WAX_NAME_MAX) {
        return wax_secret_complain("a user name has 1 to 65535 bytes");
    }
    if (!wax_utf8_is_valid(name)) {
        return wax_secret_complain("the user name is not UTF-8, which MQTT demands");
    }
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == ':' || name.data[i] < ' ' || name.data[i] == 0x7f) {
            return wax_secret_complain("a user name holds no ':' and no control characters");
        }
    }
    if (user[0] == '#' || user[0] == ' ' || user[name.size - 1] == ' ') {
        return wax_secret_complain(
            "a user name does not begin with '#' (that is a comment in the file), nor "
            "begin or end with a blank");
    }
    return true;
}

static wax_password_recipe recipe_for_mosquitto_2_0(wax_password_form form)
{
    wax_password_recipe recipe = wax_password_recipe_for(form);

    if (form == WAX_PASSWORD_PBKDF2) {
        recipe.iterations = COMPAT_ITERATIONS;
    }
    return recipe;
}

static bool make_recipe(const struct order *order, wax_password_recipe *recipe)
{
    wax_password_form form = order->form;

    if (order->is_compatible && !order->has_form) {
        form = WAX_PASSWORD_PBKDF2;
    }
    if (order->is_compatible && (form == WAX_PASSWORD_ARGON2ID || form == WAX_PASSWORD_SCRAM)) {
        return wax_secret_complain("Mosquitto 2.0 does not read that form: leave -H out");
    }
    *recipe = order->is_compatible ? recipe_for_mosquitto_2_0(form) : wax_password_recipe_for(form);
    if (order->iterations != 0) {
        recipe->iterations = order->iterations;
    }
    if (order->is_compatible && form == WAX_PASSWORD_PBKDF2 &&
        recipe->iterations < COMPAT_ITERATIONS_MIN) {
        return wax_secret_complain("-I %u: Mosquitto 2.0 itself writes 101; do not go below",
                                   recipe->iterations);
    }
    if (form == WAX_PASSWORD_SCRAM && recipe->iterations < SCRAM_ITERATIONS_MIN) {
        return wax_secret_complain(
            "-I %u: SCRAM-SHA-256 takes at least %d, and clients refuse less", recipe->iterations,
            SCRAM_ITERATIONS_MIN);
    }
    if (form == WAX_PASSWORD_ARGON2ID && recipe->iterations > WAX_PASSWORD_PASSES_MAX) {
        return wax_secret_complain("-I %u: argon2id takes at most %d passes, for each costs as "
                                   "much as many thousand iterations of sha512-pbkdf2",
                                   recipe->iterations, WAX_PASSWORD_PASSES_MAX);
    }
    return true;
}

/* ---- The password ---- */

static bool get_password(struct order *order, wax_secret *password)
{
    if (order->password != NULL) {
        wax_bytes given = wax_bytes_of_text(order->password);

        if (!wax_secret_append(password, given)) {
            return false;
        }
        /* The list of processes shows it no longer than it must. */
        wax_wipe(order->password, given.size);
    } else if (!wax_secret_ask(password)) {
        return false;
    }
    if (password->size == 0) {
        return wax_secret_complain("an empty password is none: choose one");
    }
    if (password->size > WAX_NAME_MAX) {
        return wax_secret_complain("a password has at most 65535 bytes");
    }
    return true;
}

/* ---- Changing the text ---- */

/* A line of the file as it stands: with its end, and taken apart. */
struct entry {
    wax_bytes whole;
    wax_bytes name;
    wax_bytes value;
    bool is_entry; /* neither blank nor a comment */
};

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static wax_bytes trim(wax_bytes text)
{
    while (text.size > 0 && is_blank(text.data[0])) {
        text = wax_bytes_of(text.data + 1, text.size - 1);
    }
    while (text.size > 0 && is_blank(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

static bool next_entry(wax_bytes *left, struct entry *entry)
{
    const uint8_t *end;
    const uint8_t *colon;
    wax_bytes line;

    if (left->size == 0) {
        return false;
    }
    end = memchr(left->data, '\n', left->size);
    entry->whole =
        wax_bytes_of(left->data, end == NULL ? left->size : (size_t)(end + 1 - left->data));
    *left = wax_bytes_of(left->data + entry->whole.size, left->size - entry->whole.size);
    line = trim(entry->whole);
    entry->is_entry = line.size > 0 && line.data[0] != '#';
    colon = line.size == 0 ? NULL : memchr(line.data, ':', line.size);
    entry->name = line;
    entry->value = wax_bytes_of(NULL, 0);
    if (colon != NULL) {
        entry->name = trim(wax_bytes_of(line.data, (size_t)(colon - line.data)));
        entry->value = trim(wax_bytes_of(colon + 1, (size_t)(line.data + line.size - colon - 1)));
    }
    return true;
}

static bool append_line(wax_secret *text, wax_bytes line)
{
    bool is_fine = wax_secret_append(text, line);

    if (is_fine && line.size > 0 && line.data[line.size - 1] != '\n') {
        is_fine = wax_secret_append(text, WAX_TEXT("\n"));
    }
    return is_fine;
}

static bool append_user(wax_secret *text, wax_bytes user, const wax_password_recipe *recipe,
                        wax_bytes password)
{
    uint8_t room[WAX_PASSWORD_STORED_MAX];
    wax_writer stored = wax_writer_over(room, sizeof room);
    wax_status status = wax_password_hash(recipe, password, &stored);

    if (status != WAX_OK) {
        return wax_secret_complain("the password could not be hashed: %s", wax_status_text(status));
    }
    return wax_secret_append(text, user) && wax_secret_append(text, WAX_TEXT(":")) &&
           wax_secret_append(text, wax_writer_bytes(&stored)) &&
           wax_secret_append(text, WAX_TEXT("\n"));
}

/* Puts `line` where the user's first line is, or at the end (`line` empty: nowhere), and `gap` in
 * the place of every other line of the user. `found` says whether there was one. */
struct change {
    wax_bytes user;
    wax_bytes line;
    wax_bytes gap;
    bool found;
};

static bool apply(struct change *change, wax_bytes old, wax_secret *new)
{
    struct entry entry;

    change->found = false;
    while (next_entry(&old, &entry)) {
        bool is_meant = entry.is_entry && wax_bytes_equal(entry.name, change->user);
        bool is_replaced = is_meant && !change->found && change->line.size > 0;
        wax_bytes line = is_replaced ? change->line : is_meant ? change->gap : entry.whole;

        change->found = change->found || is_meant;
        if (!append_line(new, line)) {
            return false;
        }
    }
    return change->found || wax_secret_append(new, change->line);
}

static bool upgrade(const char *file, wax_bytes old, const wax_password_recipe *recipe,
                    wax_secret *new)
{
    struct entry entry;
    wax_password_form form;

    for (size_t number = 1; next_entry(&old, &entry); number++) {
        bool is_plain = entry.is_entry && wax_password_inspect(entry.value, &form) != WAX_OK;

        if (is_plain && (entry.name.size == 0 || entry.value.size == 0)) {
            return wax_secret_complain(
                "%s:%zu: the line is no user:password: mend it or begin it with '#'", file, number);
        }
        if (is_plain ? !append_user(new, entry.name, recipe, entry.value)
                     : !append_line(new, entry.whole)) {
            return false;
        }
    }
    return true;
}

static void *resize(wax_memory *self, void *old, size_t old_size, size_t new_size)
{
    (void)self;
    (void)old_size;
    if (new_size == 0) {
        free(old);
        return NULL;
    }
    return realloc(old, new_size);
}

/* A file that a broker would refuse is not written. */
static bool check(const char *file, wax_bytes text)
{
    wax_memory memory = {resize};
    wax_credentials credentials;
    wax_access_fault fault;
    wax_status status = wax_credentials_parse(&credentials, &memory, text, &fault);

    wax_credentials_close(&credentials);
    if (status == WAX_OK) {
        return true;
    }
    if (fault.other_line != 0) {
        return wax_secret_complain("%s:%zu: %s (the other is line %zu)", file, fault.line,
                                   fault.text, fault.other_line);
    }
    return wax_secret_complain("%s:%zu: %s", file, fault.line, fault.text);
}

/* ---- Putting it together ---- */

static void report(const struct order *order, bool found)
{
    wax_assert(order->file != NULL);
    if (strcmp(order->file, "-") != 0) {
        (void)printf("%s user %s\n",
                     order->verb == DELETE ? "Deleted"
                     : found               ? "Changed the password of"
                                           : "Added",
                     order->user);
    }
}

/* Changes one user. The result is checked with its lines where they were, so that a fault names the
 * line that the user sees. */
static bool change_user(const struct order *order, wax_bytes old, wax_bytes line)
{
    struct change change = {wax_bytes_of_text(order->user), line, WAX_TEXT("\n"), false};
    wax_secret checked = {0};
    wax_secret new = {0};
    bool is_done = apply(&change, old, &checked);

    if (is_done && order->verb == DELETE && !change.found) {
        is_done = wax_secret_complain("%s has no user %s", order->file, order->user);
    }
    change.gap = WAX_TEXT("");
    is_done = is_done && check(order->file, wax_secret_bytes(&checked)) &&
              apply(&change, old, &new) &&
              wax_secret_write_file(order->file, wax_secret_bytes(&new));
    if (is_done) {
        report(order, change.found);
    }
    wax_secret_discard(&checked);
    wax_secret_discard(&new);
    return is_done;
}

static bool set_user(struct order *order, const wax_password_recipe *recipe, wax_bytes old)
{
    wax_secret password = {0};
    wax_secret line = {0};
    bool is_done =
        get_password(order, &password) &&
        append_user(&line, wax_bytes_of_text(order->user), recipe, wax_secret_bytes(&password)) &&
        change_user(order, old, wax_secret_bytes(&line));

    wax_secret_discard(&password);
    wax_secret_discard(&line);
    return is_done;
}

static bool upgrade_file(const struct order *order, const wax_password_recipe *recipe,
                         wax_bytes old)
{
    wax_secret new = {0};
    bool is_done = upgrade(order->file, old, recipe, &new) &&
                   check(order->file, wax_secret_bytes(&new)) &&
                   wax_secret_write_file(order->file, wax_secret_bytes(&new));

    if (is_done) {
        (void)printf("Hashed the plain passwords of %s\n", order->file);
    }
    wax_secret_discard(&new);
    return is_done;
}

static bool obey(struct order *order)
{
    wax_secret old = {0};
    wax_password_recipe recipe;
    bool is_done = (order->user == NULL || check_user(order->user)) &&
                   make_recipe(order, &recipe) &&
                   (order->creates || wax_secret_read_file(&old, order->file, WAX_ACCESS_TEXT_MAX));

    if (is_done) {
        is_done = order->verb == UPGRADE  ? upgrade_file(order, &recipe, wax_secret_bytes(&old))
                  : order->verb == DELETE ? change_user(order, wax_secret_bytes(&old), WAX_TEXT(""))
                                          : set_user(order, &recipe, wax_secret_bytes(&old));
    }
    wax_secret_discard(&old);
    return is_done;
}

int wax_tool_passwd(int argc, char **argv)
{
    struct order order = {.form = WAX_PASSWORD_ARGON2ID};

    if (!take_options(&order, argc, argv)) {
        return EXIT_FAILURE;
    }
    if (order.wants_help) {
        (void)fputs(help, stdout);
        return EXIT_SUCCESS;
    }
    if (!take_arguments(&order, argc - optind, argv + optind)) {
        return EXIT_FAILURE;
    }
    return obey(&order) ? EXIT_SUCCESS : EXIT_FAILURE;
}
