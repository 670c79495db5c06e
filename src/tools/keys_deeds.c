/* Verbs of `wax keys` that change something. */
#include "os/os.h"
#include "tools/identity.h"
#include "tools/keys_verbs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PROFILE_CHACHA20 = 1, PROFILE_ASCON, PROFILE_CCM };

static wax_bytes argument(const struct keys_order *order, size_t number)
{
    return wax_bytes_of_text(order->arguments[number]);
}

bool keys_group_add(wax_authority *authority, const struct keys_order *order,
                    struct keys_answer *answer)
{
    const wax_authority_group group = {
        .name = argument(order, 0),
        .suite = order->suite,
        .group_class = order->group_class,
        .tag_size = order->tag_size,
        .filters = order->filters,
        .filter_count = order->filter_count,
        .epoch_s = order->epoch_s,
        .kept = order->kept,
        .ack_s = order->ack_s,
        .signs = order->signs,
    };
    uint8_t id[WAX_KEYS_ID_SIZE];

    if (order->filter_count == 0) {
        return keys_answer_fail(answer, "which topics are the group's? Add -f FILTER, as in -f "
                                        "'home/+/temperature'");
    }
    if (!keys_answer_done(answer, authority,
                          wax_authority_add_group(authority, &order->deed, &group, id))) {
        return false;
    }
    (void)fprintf(answer->out,
                  "group %s made; let devices in with `wax keys grant DEVICE %s "
                  "read|write|both`\n",
                  order->arguments[0], order->arguments[0]);
    return true;
}

/* --- Devices come in --- */

static void fill_identity(wax_authority *authority, const struct keys_order *order,
                          struct identity *identity)
{
    const wax_authority_identity known = wax_authority_identify(authority);

    memcpy(identity->name_space, known.name_space, sizeof identity->name_space);
    memcpy(identity->keeper, known.keeper, sizeof identity->keeper);
    memcpy(identity->registrar, known.registrar, sizeof identity->registrar);
    (void)snprintf(identity->prefix, sizeof identity->prefix, "%.*s", (int)known.prefix.size,
                   (const char *)known.prefix.data);
    (void)snprintf(identity->device, sizeof identity->device, "%s", order->arguments[0]);
    identity->has_keeper = true;
    identity->has_registrar = true;
}

static uint8_t profile_of(const char *name)
{
    static const char *const names[] = {"chacha20", "ascon", "ccm"};

    for (size_t i = 0; name != NULL && i < WAX_COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return (uint8_t)(PROFILE_CHACHA20 + i);
        }
    }
    return name == NULL ? PROFILE_CHACHA20 : 0;
}

/* A key is made here, and goes into the file for the device; the authority keeps it sealed. */
static bool enrol_psk(wax_authority *authority, const struct keys_order *order,
                      struct keys_answer *answer)
{
    const uint8_t profile = profile_of(order->profile);
    struct identity identity = {.has_psk = true};
    bool is_done;

    if (profile == 0) {
        return keys_answer_fail(answer, "--profile %s: with --psk write chacha20, ascon or ccm",
                                order->profile);
    }
    wax_os_random(identity.psk, sizeof identity.psk);
    is_done = keys_answer_done(answer, authority,
                               wax_authority_enrol_psk(authority, &order->deed, argument(order, 0),
                                                       profile, identity.psk));
    if (is_done) {
        fill_identity(authority, order, &identity);
        (void)snprintf(identity.profile_name, sizeof identity.profile_name, "%s",
                       order->profile == NULL ? "chacha20" : order->profile);
        answer->identity = calloc(1, IDENTITY_TEXT_SIZE);
        if (answer->identity != NULL) {
            (void)tools_identity_show(&identity, answer->identity);
        }
        (void)fprintf(answer->out, "%s is enrolled\n", order->arguments[0]);
    }
    tools_identity_discard(&identity);
    return is_done;
}

/* Whoever hands in the file lets it ask; nobody is in before the words were compared. */
static bool enrol_public(wax_authority *authority, const struct keys_order *order,
                         struct keys_answer *answer)
{
    const uint64_t admitted_s = wax_authority_admit_until(authority, order->deed.now_s + 1);
    wax_authority_verdict verdict;
    const wax_status status =
        wax_authority_enrol(authority, &order->deed, argument(order, 0), order->content, &verdict);

    (void)wax_authority_admit_until(authority, admitted_s);
    if (!keys_answer_done(answer, authority, status)) {
        return false;
    }
    if (verdict.standing == WAX_AUTHORITY_MEMBER) {
        (void)fprintf(answer->out, "%s is enrolled\n", order->arguments[0]);
    } else {
        (void)fprintf(answer->out,
                      "%s waits. When the device shows the words %s, confirm it:\n"
                      "  wax keys confirm %s %s\n",
                      order->arguments[0], verdict.words, order->arguments[0], verdict.words);
    }
    return true;
}

bool keys_enrol(wax_authority *authority, const struct keys_order *order,
                struct keys_answer *answer)
{
    if (order->has_psk == (order->from != NULL)) {
        return keys_answer_fail(
            answer, "give --psk, and a key is made for the device, or --from FILE, what `wax keys "
                    "identity` made on it; not both");
    }
    return order->has_psk ? enrol_psk(authority, order, answer)
                          : enrol_public(authority, order, answer);
}

bool keys_admit(wax_authority *authority, const struct keys_order *order,
                struct keys_answer *answer)
{
    uint32_t seconds;

    if (!keys_answer_time(order->arguments[0], 86400, &seconds)) {
        return keys_answer_fail(answer, "%s: write a time up to a day, as 10m; 0 ends it",
                                order->arguments[0]);
    }
    (void)wax_authority_admit_until(authority, seconds == 0 ? 0 : order->deed.now_s + seconds);
    (void)fprintf(answer->out,
                  seconds == 0 ? "strangers are not let in\n"
                               : "strangers may ask to come in for %u seconds; "
                                 "`wax keys status` shows who does\n",
                  seconds);
    return true;
}

bool keys_confirm(wax_authority *authority, const struct keys_order *order,
                  struct keys_answer *answer)
{
    const wax_status status =
        wax_authority_confirm(authority, &order->deed, argument(order, 0), argument(order, 1));

    if (!keys_answer_done(answer, authority, status)) {
        return false;
    }
    (void)fprintf(answer->out, "%s is enrolled\n", order->arguments[0]);
    return true;
}

/* --- Rights --- */

bool keys_grant(wax_authority *authority, const struct keys_order *order,
                struct keys_answer *answer)
{
    static const char *const roles[] = {"", "read", "write", "both"};
    wax_authority_grant grant = {argument(order, 0), argument(order, 1), 0, order->has_history};

    for (uint32_t i = 1; i < WAX_COUNT(roles); i++) {
        if (strcmp(order->arguments[2], roles[i]) == 0) {
            grant.role = i;
        }
    }
    if (grant.role == 0) {
        return keys_answer_fail(answer, "%s: a device may read, write, or both",
                                order->arguments[2]);
    }
    if (!keys_answer_done(answer, authority,
                          wax_authority_allow(authority, &order->deed, &grant))) {
        return false;
    }
    (void)fprintf(answer->out, "%s may %s in %s\n", order->arguments[0],
                  grant.role == 3 ? "read and write" : roles[grant.role], order->arguments[1]);
    return true;
}

bool keys_revoke(wax_authority *authority, const struct keys_order *order,
                 struct keys_answer *answer)
{
    const wax_status status =
        wax_authority_revoke(authority, &order->deed, argument(order, 0), argument(order, 1));

    if (!keys_answer_done(answer, authority, status)) {
        return false;
    }
    (void)fprintf(answer->out, "%s is out of %s\n", order->arguments[0], order->arguments[1]);
    return true;
}

bool keys_evict(wax_authority *authority, const struct keys_order *order,
                struct keys_answer *answer)
{
    if (!keys_answer_done(answer, authority,
                          wax_authority_evict(authority, &order->deed, argument(order, 0)))) {
        return false;
    }
    (void)fprintf(answer->out,
                  "%s is out, for good. Where it could read, a new epoch begins; when it is "
                  "written in, all older ones go\n",
                  order->arguments[0]);
    return true;
}

/* --- Epochs --- */

bool keys_rotate(wax_authority *authority, const struct keys_order *order,
                 struct keys_answer *answer)
{
    const wax_bytes group = argument(order, 0);
    wax_status status = WAX_OK;

    /* With --now, what is announced already is taken into use. */
    if (order->is_now && wax_authority_activate(authority, &order->deed, group) == WAX_OK) {
        (void)fprintf(answer->out, "the new epoch of %s is written in now\n", order->arguments[0]);
        return true;
    }
    status = wax_authority_rotate(authority, &order->deed, group);
    if (status == WAX_OK && order->is_now) {
        /* Without readers, it is written in already. */
        (void)!wax_authority_activate(authority, &order->deed, group);
    }
    if (!keys_answer_done(answer, authority, status)) {
        return false;
    }
    (void)fprintf(answer->out,
                  order->is_now
                      ? "a new epoch of %s is written in now\n"
                      : "a new epoch of %s goes to its readers; it is written in when all "
                        "have it, or their time is over\n",
                  order->arguments[0]);
    return true;
}

/* --- The whole --- */

bool keys_restored(wax_authority *authority, const struct keys_order *order,
                   struct keys_answer *answer)
{
    wax_status status = wax_authority_restored(authority, &order->deed);

    if (status == WAX_OK) {
        status = wax_authority_resend(authority);
    }
    if (!keys_answer_done(answer, authority, status)) {
        return false;
    }
    (void)fprintf(
        answer->out,
        "generation %u: devices believe this authority again, and all groups rotate. What "
        "was done after the backup is not known here: look at `wax keys status`, and evict "
        "again who was evicted since\n",
        wax_authority_identify(authority).generation);
    return true;
}

static bool recover_device(wax_authority *authority, const struct keys_order *order,
                           struct keys_answer *answer)
{
    if (!keys_answer_done(answer, authority,
                          wax_authority_recover(authority, &order->deed, argument(order, 0)))) {
        return false;
    }
    (void)fprintf(answer->out,
                  "%s goes on with its next mailbox: where it writes, under a new number; where it "
                  "reads groups of class stream, from their next epoch on\n",
                  order->arguments[0]);
    return true;
}

bool keys_recover(wax_authority *authority, const struct keys_order *order,
                  struct keys_answer *answer)
{
    return order->argument_count > 0 ? recover_device(authority, order, answer)
                                     : keys_restored(authority, order, answer);
}

bool keys_resend(wax_authority *authority, const struct keys_order *order,
                 struct keys_answer *answer)
{
    (void)order;
    if (!keys_answer_done(answer, authority, wax_authority_resend(authority))) {
        return false;
    }
    (void)fputs("all mailboxes and manifests are published again\n", answer->out);
    return true;
}

bool keys_export(wax_authority *authority, const struct keys_order *order,
                 struct keys_answer *answer)
{
    const char *path = order->arguments[0];
    const mode_t mask = umask(S_IRWXG | S_IRWXO);
    const wax_status status = wax_authority_copy(authority, path);

    (void)umask(mask);
    if (status != WAX_OK) {
        return keys_answer_fail(answer,
                                "%s: cannot be written; it must not exist, and its folder "
                                "must",
                                path);
    }
    (void)fprintf(answer->out,
                  "%s: names of devices and groups can be read in it, secrets only with the "
                  "key-encryption key, which is kept elsewhere\n",
                  path);
    return true;
}
