/* Verbs of `wax keys` that show what there is. */
#include "tools/keys_verbs.h"

#include <stdlib.h>
#include <string.h>

static const char *const suites[] = {"", "chacha20", "ascon", "ccm"};
static const char *const roles[] = {"", "read", "write", "both"};

/* Texts of views, for printf(). */
#define TEXT(bytes) (int)(bytes).size, (const char *)(bytes).data

/* A visitor that prints, of all or of one group. */
struct printer {
    wax_authority_visitor visitor;
    FILE *out;
    const char *only; /* NULL: all */
    size_t found;
};

static bool is_wanted(const struct printer *printer, wax_bytes name)
{
    return printer->only == NULL || wax_bytes_equal(name, wax_bytes_of_text(printer->only));
}

/* --- Groups --- */

static void print_group(wax_authority_visitor *self, const wax_authority_group_state *group)
{
    struct printer *printer = (struct printer *)self;
    wax_keys_list filters = group->filters;
    wax_bytes filter;
    char room[32];

    if (!is_wanted(printer, group->name)) {
        return;
    }
    printer->found++;
    keys_answer_print(
        printer->out, "group %.*s: suite %s, class %s, tags of %u bytes, keeps %u epochs%s\n",
        TEXT(group->name), suites[group->suite & 3U], group->group_class == 0 ? "state" : "stream",
        group->tag_size, group->kept, group->signs ? ", signed" : "");
    while (wax_keys_next_text(&filters, &filter)) {
        keys_answer_print(printer->out, "  filter %.*s\n", TEXT(filter));
    }
    (void)fprintf(printer->out, "  epoch %u is written in", group->write_epoch);
    if (group->announced != 0) {
        (void)fprintf(printer->out, "; %u is announced, and written in at the latest %s\n",
                      group->announced, keys_answer_moment(group->due_s, room));
    } else {
        (void)fprintf(printer->out, "; the next %s%s\n", group->due_s == 0 ? "" : "begins ",
                      group->due_s == 0 ? "begins when somebody rotates"
                                        : keys_answer_moment(group->due_s, room));
    }
}

static void print_member(wax_authority_visitor *self, const wax_authority_member *member)
{
    struct printer *printer = (struct printer *)self;
    const uint32_t wanted = member->announced != 0 ? member->announced : member->write_epoch;
    const bool reads = (member->role & WAX_KEYS_READS) != 0;

    if (!is_wanted(printer, member->group)) {
        return;
    }
    keys_answer_print(printer->out, "  %.*s in %.*s: %s", TEXT(member->device), TEXT(member->group),
                      roles[member->role & 3U]);
    if (member->held_epoch == 0) {
        (void)fputs(", has not acknowledged any epoch\n", printer->out);
    } else if (member->held_epoch < (reads ? wanted : member->write_epoch)) {
        (void)fprintf(printer->out, ", holds epoch %u, has not acknowledged %u\n",
                      member->held_epoch, reads ? wanted : member->write_epoch);
    } else {
        (void)fprintf(printer->out, ", holds epoch %u\n", member->held_epoch);
    }
    if (member->is_suspended) {
        (void)fputs("    suspended: it gets no newer keys\n", printer->out);
    }
}

bool keys_groups(wax_authority *authority, const struct keys_order *order,
                 struct keys_answer *answer)
{
    struct printer printer = {.visitor = {.group = print_group}, .out = answer->out};

    (void)order;
    return keys_answer_done(answer, authority, wax_authority_visit(authority, &printer.visitor));
}

bool keys_group_show(wax_authority *authority, const struct keys_order *order,
                     struct keys_answer *answer)
{
    struct printer printer = {
        .visitor = {.group = print_group, .member = print_member},
        .out = answer->out,
        .only = order->arguments[0],
    };

    if (!keys_answer_done(answer, authority, wax_authority_visit(authority, &printer.visitor))) {
        return false;
    }
    return printer.found > 0 ||
           keys_answer_fail(answer, "there is no group %s; `wax keys group list` shows them",
                            order->arguments[0]);
}

/* --- Status --- */

/* What it has refused since it came in. */
static void print_refusals(FILE *out, const wax_authority_device *device)
{
    static const char *const words[] = {
        [WAX_KEYS_REPLAY] = "replayed",
        [WAX_KEYS_GAP] = "missing in front of others",
        [WAX_KEYS_ROLLBACK] = "turned back",
        [WAX_KEYS_NOT_OPENED] = "not opened",
        [WAX_KEYS_UNSEALED] = "unsealed",
        [WAX_KEYS_OLD_EPOCH] = "of an old epoch",
        [WAX_KEYS_BAD_SIGNATURE] = "badly signed",
    };
    const char *before = "  refused: ";

    for (size_t i = WAX_KEYS_REPLAY; i < WAX_COUNT(words); i++) {
        if (device->refused[i] > 0) {
            (void)fprintf(out, "%s%llu %s", before, (unsigned long long)device->refused[i],
                          words[i]);
            before = ", ";
        }
    }
    (void)fputs(before[0] == ',' ? "\n" : "", out);
}

static void print_device(wax_authority_visitor *self, const wax_authority_device *device)
{
    struct printer *printer = (struct printer *)self;
    char room[32];

    keys_answer_print(printer->out, "device %.*s: ", TEXT(device->name));
    if (device->standing == WAX_AUTHORITY_PENDING) {
        keys_answer_print(printer->out, "waits to be confirmed by the words %.*s\n",
                          TEXT(device->words));
        return;
    }
    if (device->standing == WAX_AUTHORITY_EVICTED) {
        (void)fputs("evicted\n", printer->out);
        return;
    }
    (void)fprintf(printer->out, "mailbox %llu, holds %llu, seen %s",
                  (unsigned long long)device->version, (unsigned long long)device->held_version,
                  keys_answer_moment(device->seen_s, room));
    if (device->firmware.size > 0) {
        keys_answer_print(printer->out, ", firmware %.*s", TEXT(device->firmware));
    }
    (void)fputc('\n', printer->out);
    print_refusals(printer->out, device);
}

bool keys_status(wax_authority *authority, const struct keys_order *order,
                 struct keys_answer *answer)
{
    const wax_authority_identity known = wax_authority_identify(authority);
    struct printer printer = {
        .visitor = {.group = print_group, .device = print_device, .member = print_member},
        .out = answer->out,
    };
    char digits[2 * WAX_KEYS_ID_SIZE + 1];

    (void)order;
    wax_hex_encode(wax_bytes_of(known.name_space, WAX_KEYS_ID_SIZE), digits);
    keys_answer_print(answer->out, "namespace %s below %.*s, generation %u, log entry %llu\n",
                      digits, TEXT(known.prefix), known.generation,
                      (unsigned long long)known.log_number);
    return keys_answer_done(answer, authority, wax_authority_visit(authority, &printer.visitor));
}

static void print_hex(FILE *out, const char *name, const uint8_t *bytes, size_t size)
{
    char digits[2 * WAX_P256_PUBLIC_SIZE + 1];

    wax_assert(size <= WAX_P256_PUBLIC_SIZE);
    wax_hex_encode(wax_bytes_of(bytes, size), digits);
    (void)fprintf(out, "%s %s\n", name, digits);
}

bool keys_public(wax_authority *authority, const struct keys_order *order,
                 struct keys_answer *answer)
{
    const wax_authority_identity known = wax_authority_identify(authority);

    (void)order;
    (void)fputs("# What anybody may know of this namespace.\n", answer->out);
    print_hex(answer->out, "namespace", known.name_space, WAX_KEYS_ID_SIZE);
    keys_answer_print(answer->out, "prefix %.*s\n", TEXT(known.prefix));
    print_hex(answer->out, "keeper", known.keeper, WAX_P256_PUBLIC_SIZE);
    print_hex(answer->out, "registrar", known.registrar, WAX_P256_PUBLIC_SIZE);
    return true;
}
