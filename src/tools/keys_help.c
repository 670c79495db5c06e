/* What `wax keys --help` and its manual page say. */
#include "tools/keys_help.h"
#include "tools/keys_order.h"
#include "tools/keys_roles.h"
#include "tools/roff.h"

#include <string.h>

static const char introduction[] =
    "Who may read and write what under seal: the authority of a namespace keeps devices, groups "
    "and their keys in a folder, and `wax authority` publishes what follows for each device, "
    "sealed, through any broker. While that runs, these commands go through it, at once; while it "
    "does not, they change the folder themselves, and it publishes them at its start.";

static const char options[] =
    "--dir FOLDER        of the authority (authority)\n"
    "--authority URL     where `wax authority` runs, instead of --dir: tls://HOST:PORT, unix:PATH\n"
    "--cert, --key FILE  tls: own certificate, and its private key\n"
    "--cafile FILE       tls: the CAs of its certificate (those of the operating system)\n"
    "--anchor FILE       follow, with --namespace: how far the log was followed, and will be\n"
    "--kek FILE          the key-encryption key, which seals the secrets in the folder; else the\n"
    "                    systemd credential wax-authority.kek, $WAX_AUTHORITY_KEK, FOLDER.kek\n"
    "--prefix TOPIC      init: topics of the authority are below it (wax)\n"
    "--blind hmac|ascon  init: the broker sees tokens instead of topics\n"
    "--pattern FILTER    init --blind: wildcards stand only where a pattern has them; may be "
    "given\n"
    "                    several times, for good\n"
    "-f, --filter FILTER group add: which topics; may be given several times\n"
    "--suite NAME        group add: chacha20, ascon (for small devices) or ccm (chacha20)\n"
    "--class NAME        group add: stream, every message counts; or state, the latest of a topic\n"
    "                    counts, so that retained messages can be read later (stream)\n"
    "--tag 16|8          group add: bytes by which forgery is noticed; 8 saves air (16)\n"
    "--epoch TIME        group add: new keys after so long, as 12h or 7d; 0: only by rotate (1d)\n"
    "--keep W            group add: readers keep so many epochs, for what comes late (8)\n"
    "--ack TIME          group add: how long readers have to take new keys (5m)\n"
    "--sign              group add: writers with keys of their own sign each message\n"
    "--psk               enrol: make a key for the device, in a file that is to be carried to it\n"
    "--profile NAME      enrol --psk: chacha20, ascon or ccm: what its mailbox is sealed with\n"
    "--from FILE         enrol: what `wax keys identity` made; unblind: topics, one a line\n"
    "--qr                enrol --psk: show the file as a QR code, too\n"
    "--out FILE          enrol, identity: write there (DEVICE.keys)\n"
    "--history           grant, class state: what is retained from earlier epochs, too\n"
    "--now               rotate: do not wait for readers\n"
    "--verify            audit: only say whether the log is whole\n"
    "--log FILE          unblind: show this file with names instead of tokens; - is the input\n"
    "--namespace FILE    identity: what `wax keys public` printed\n"
    "--when CONDITION    rule add: what it waits for, see Rules\n"
    "--do ACTION         rule add: notify, rotate, rekey, suspend, revoke or evict\n"
    "--groups PATTERN    rule add: which groups, by a pattern with * ? [a-z] (*)\n"
    "--devices PATTERN   rule add: which devices (*)\n"
    "--at-most N/TIME    rule add: how often it acts, as 3/hour, 1/day or 20/15m; see Rules\n"
    "--dry-run           rule add: it says what it would do, and does nothing\n"
    "-h, --help          this text\n";

static const char examples[] =
    "wax keys init\n"
    "wax keys group add home -f 'home/#'\n"
    "wax keys enrol sensor --psk\n"
    "wax keys grant sensor home write\n"
    "wax authority authority -h broker.example.org --cafile ca.crt -u wax-authority -P secret\n"
    "wax pub --seal sensor.keys -t home/kitchen -m 21.5\n"
    "wax sub -t 'wax/l/#' -F '%t %x' | wax keys follow --namespace house.pub --anchor "
    "house.anchor\n";

static const char eviction[] =
    "A new epoch goes to the readers first, and is written in when all have acknowledged it, or\n"
    "when the time of --ack is over. Who is evicted, or revoked as a reader, gets nothing of it.\n"
    "It still knows the keys of older epochs, and could forge with them: so when the new epoch is\n"
    "written in, all older ones of the group go, whatever --keep says. What a reader that was "
    "away\n"
    "has not fetched by then it never opens.\n";

static const char devices[] =
    "With --psk the key is made here and carried to the device. With a public key the device "
    "makes\n"
    "its own, and it never leaves it:\n"
    "  wax keys public >house.pub                            at the authority\n"
    "  wax keys identity lamp --namespace house.pub          on the device; it shows four words\n"
    "  wax keys enrol lamp --from lamp.keys.enrol            at the authority; it shows four "
    "words\n"
    "  wax keys confirm lamp WORDS                           when they are the same\n"
    "Or the device publishes the file on PREFIX/e/DEVICE while strangers are let in (wax keys "
    "admit\n"
    "10m). Whoever confirms without comparing lets in whoever is between.\n";

static const char recovery[] =
    "The folder is worth nothing without the key-encryption key, and all with it: keep a copy of\n"
    "each, in two places. `wax keys export` writes a backup while the authority runs. After a\n"
    "restore devices refuse what it says, since they have seen newer: `wax keys import`, or\n"
    "`wax keys recover` for a folder that was copied back, raises the generation. It does not "
    "know\n"
    "what was done after the backup: evict again who was evicted since.\n";

static const char rules[] =
    "`wax authority` looks whether something holds of a group or a device, and then does "
    "something\n"
    "to it: once, until it holds anew. It says so in its log and in the signed one (wax keys "
    "audit).\n"
    "  wax keys rule add weekly --when 'every 7d' --do rotate --groups 'home*'\n"
    "  wax keys rule add lost --when 'silent 30d' --do suspend --devices 'sensor-*' --dry-run\n"
    "Conditions:\n"
    "  every TIME          so much time has passed for a group\n"
    "  messages N, bytes N devices have sealed so much in a group since its epoch began\n"
    "  join, leave         a device came into a group, or left it\n"
    "  silent TIME         a device that told its status once has told none for so long\n"
    "  alarm N             a device has refused more than N messages since the rule acted on it;\n"
    "                      replays N, rollbacks N and forgeries N count one kind of them\n"
    "  firmware VERSION    a device tells a lower version, or none\n"
    "Actions, and how often each rule does them unless --at-most says otherwise:\n"
    "  notify  60/hour     only say so\n"
    "  rotate  12/hour     announce a new epoch: in use when its readers have it, or after --ack\n"
    "  rekey   12/hour     the same, in use at once\n"
    "  suspend 5/hour      give the device no newer keys in the groups; `wax keys resume` ends "
    "it,\n"
    "                      as does newer firmware where that was the reason\n"
    "  revoke  1/day       take the device out of the groups\n"
    "  evict   1/day       take it out of everything, for good\n"
    "suspend, revoke and evict go with silent and firmware. Who tells of an alarm is attacked: a "
    "rule\n"
    "that put it out would do the attacker's work, and is refused.\n";
static const char lost[] =
    "A device that has its key, and whose folder of state is gone, would begin where it began "
    "before:\n"
    "readers would refuse that as replays, and the authority its acknowledgements. `wax keys "
    "recover\n"
    "DEVICE` gives it a new number wherever it writes. Where it reads a group of class stream, it\n"
    "gets nothing that is older than the next epoch: it no longer knows what of that came.\n";

static const char blinding[] =
    "With --blind the broker sees a token for each level of a topic. Wildcards go through it: a "
    "level\n"
    "has the same token wherever it stands at this depth, so that the broker sees that two topics\n"
    "share a name. With --pattern a token depends on the levels in front of it, too, but for "
    "those\n"
    "where a pattern has a wildcard; and nobody can subscribe with a wildcard elsewhere:\n"
    "  wax keys init --blind hmac --pattern 'home/+/temperature' --pattern 'alarm/#'\n"
    "Topics that no pattern matches have tokens of their own, and no wildcards. No two patterns "
    "may\n"
    "match the same topic. All devices get the patterns in their mailboxes.\n";

static const struct {
    const char *title;
    const char *text;
} topics[] = {
    {"Examples",            examples},
    {"Devices come in",     devices },
    {"Epochs and eviction", eviction},
    {"Rules",               rules   },
    {"Blinded topics",      blinding},
    {"Backup",              recovery},
    {"Lost state",          lost    },
};

static const char end[] = "The exit code is 0, or 1 when nothing was done.\n";

static void show_lines(const char *text)
{
    bool begins = true;

    for (; *text != '\0'; text++) {
        if (begins) {
            (void)fputs("  ", stdout);
        }
        (void)putchar(*text);
        begins = *text == '\n';
    }
}

/* Words up to a width of the page. */
static void show_paragraph(const char *text)
{
    size_t column = 0;

    while (*text != '\0') {
        const size_t size = strcspn(text, " ");

        if (column > 0 && column + 1 + size > 96) {
            (void)putchar('\n');
            column = 0;
        }
        (void)printf("%s%.*s", column > 0 ? " " : "", (int)size, text);
        column += size + (column > 0 ? 1 : 0);
        text += size + (text[size] == ' ' ? 1 : 0);
    }
    (void)putchar('\n');
}

/* The verbs that a role has beside those of the roles before it. */
static void list_role(enum keys_role role)
{
    (void)printf("%s:", keys_role_name(role));
    for (const struct keys_right *right = keys_rights; right->verb != NULL; right++) {
        if (right->least == role) {
            (void)printf(" %s%s", right->verb,
                         right[1].verb != NULL && right[1].least == role ? "," : "\n");
        }
    }
}

static void show_roles(const char *indent)
{
    for (size_t role = KEYS_VIEWER; role <= KEYS_ADMIN; role++) {
        (void)fputs(indent, stdout);
        list_role((enum keys_role)role);
    }
    (void)printf(
        "%sEach may what those above may; see wax-authority(1). export is for the authority's "
        "own\n%saccount and root. The other verbs are for who has the folder.\n",
        indent, indent);
}

static void show_help(void)
{
    (void)puts("Usage: wax keys VERB [WORDS] [OPTIONS]\n");
    show_paragraph(introduction);
    (void)puts("\nVerbs:");
    for (const struct keys_verb *verb = keys_verbs; verb->name != NULL; verb++) {
        char words[80];

        (void)snprintf(words, sizeof words, "%s%s%s", verb->name,
                       verb->arguments[0] == '\0' ? "" : " ", verb->arguments);
        (void)printf("  %-36s  %s\n", words, verb->text);
    }
    (void)puts("\nOptions:");
    show_lines(options);
    for (size_t i = 0; i < WAX_COUNT(topics); i++) {
        (void)printf("\n%s:\n", topics[i].title);
        show_lines(topics[i].text);
    }
    (void)puts("\nRoles:");
    show_roles("  ");
    (void)printf("\n%s", end);
}

static void show_manual(void)
{
    (void)fputs(".TH wax-keys 1 \"\" \"Wax " WAX_VERSION_TEXT "\" \"Wax\"\n.SH NAME\n"
                "wax-keys \\- say who may read and write what under seal\n.SH SYNOPSIS\n"
                ".B wax keys\n\\fIVERB\\fR [\\fIWORDS\\fR] [\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n",
                stdout);
    tools_roff_write(introduction);
    (void)fputs("\n.SH VERBS\n", stdout);
    for (const struct keys_verb *verb = keys_verbs; verb->name != NULL; verb++) {
        (void)printf(".TP\n.B %s\n\\fI", verb->name);
        tools_roff_write(verb->arguments);
        (void)fputs("\\fR\n", stdout);
        tools_roff_write(verb->text);
        (void)fputs("\n", stdout);
    }
    (void)fputs(".SH OPTIONS\n.nf\n", stdout);
    tools_roff_write(options);
    (void)fputs(".fi\n", stdout);
    for (size_t i = 0; i < WAX_COUNT(topics); i++) {
        (void)printf(".SH %s\n.nf\n", topics[i].title);
        tools_roff_write(topics[i].text);
        (void)fputs(".fi\n", stdout);
    }
    (void)fputs(".SH ROLES\n.nf\n", stdout);
    show_roles("");
    (void)fputs(".fi\n.SH EXIT CODE\n", stdout);
    tools_roff_write(end);
    (void)fputs(".SH SEE ALSO\n.BR wax-authority (1),\n.BR wax-pub (1),\n.BR wax-sub (1)\n",
                stdout);
}

void keys_help(bool as_manual)
{
    if (as_manual) {
        show_manual();
    } else {
        show_help();
    }
}
