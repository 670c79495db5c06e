/* Following a log from a broker that is not trusted: it may withhold, and say things over again. */
#include "tools/keys_follow.h"
#include "os/os.h"
#include "tools/ctl_show.h"
#include "tools/keys_entry.h"

#include <stdlib.h>
#include <string.h>

enum {
    ENTRY_MAX = 2048,
    LINE_SIZE = 2 * ENTRY_MAX + 1024,
    ANCHOR_SIZE = 128,
    FAULT_SIZE = 600,
};

/* An entry whose turn has not come. */
struct waiting {
    uint64_t number; /* 0: none */
    size_t size;
    uint8_t bytes[ENTRY_MAX];
};

struct follower {
    const struct identity *house; /* what is known of the namespace */
    wax_keys_signing by;
    wax_keys_followed known;
    uint64_t newest; /* as the broker last said; 0: it did not */
    struct waiting *waiting;
    const char *path; /* of the anchor */
    struct keys_answer *answer;
};

/* --- The anchor --- */

/* Reads the digits up to the end of the line. False for what is no hexadecimal, or does not fit. */
static bool decode(const char *text, uint8_t *bytes, size_t room, size_t *size)
{
    const size_t digits = strcspn(text, "\n");

    *size = digits / 2;
    return *size <= room && wax_hex_decode(wax_bytes_of(text, digits), bytes);
}

static bool read_anchor(struct follower *follower)
{
    char fault[FAULT_SIZE];
    char text[ANCHOR_SIZE + 1] = "";
    char *rest = NULL;
    wax_bytes content;
    size_t size = 0;
    const wax_status status =
        wax_file_read(follower->path, ANCHOR_SIZE, &content, fault, sizeof fault);

    if (status == WAX_NOT_FOUND) {
        return true;
    }
    if (status != WAX_OK) {
        return keys_answer_fail(follower->answer, "%s", fault);
    }
    memcpy(text, content.data, content.size);
    wax_file_free(&content);
    follower->known.number = strtoull(text, &rest, 10);
    /* There is no entry behind the last number, which is also what a larger one is read as. */
    if (text[0] < '1' || text[0] > '9' || rest[0] != ' ' || follower->known.number == UINT64_MAX ||
        !decode(rest + 1, follower->known.digest, sizeof follower->known.digest, &size) ||
        size != sizeof follower->known.digest) {
        return keys_answer_fail(follower->answer,
                                "%s: it holds the number of an entry and its digest, as the last "
                                "line of `wax keys audit` has them",
                                follower->path);
    }
    return true;
}

static bool write_anchor(const struct follower *follower)
{
    char fault[FAULT_SIZE] = "there is not enough memory";
    char text[ANCHOR_SIZE];
    FILE *out = fmemopen(text, sizeof text, "w");
    long size = 0;

    if (out != NULL) {
        keys_anchor_print(out, &follower->known);
        size = ftell(out);
        (void)fclose(out);
    }
    return (size > 0 && wax_file_replace(follower->path, wax_bytes_of(text, (size_t)size), fault,
                                         sizeof fault) == WAX_OK) ||
           keys_answer_fail(follower->answer, "%s", fault);
}

/* --- Entries --- */

/* The log is another than the one that was followed. */
static bool has_forked(const struct follower *follower, uint64_t number)
{
    return keys_answer_fail(
        follower->answer,
        "entry %llu of this log does not continue what was followed up to %llu: the authority was "
        "restored from a backup, or somebody else signs with its key. Ask its owner, and only if "
        "it "
        "was restored, write the last words of `wax keys audit --verify` there into %s",
        (unsigned long long)number, (unsigned long long)follower->known.number, follower->path);
}

/* Shows what continues the log. False when it is another. */
static bool advance(struct follower *follower)
{
    bool has_moved = false;

    for (;;) {
        const uint64_t number = follower->known.number + 1;
        struct waiting *next = &follower->waiting[number % KEYS_FOLLOW_AHEAD];
        wax_keys_entry entry;

        if (next->number != number) {
            return !has_moved || write_anchor(follower);
        }
        if (wax_keys_entry_read(&entry, &follower->by, &follower->known,
                                wax_bytes_of(next->bytes, next->size)) != WAX_OK) {
            /* What is beyond the newest was left by a log that is gone. */
            return (!has_moved || write_anchor(follower)) &&
                   (follower->newest < number || has_forked(follower, number));
        }
        keys_entry_print(stdout, &entry);
        (void)fflush(stdout);
        next->number = 0;
        has_moved = true;
    }
}

/* An entry that is signed; `is_newest`, as the broker says. */
static bool take_entry(struct follower *follower, uint64_t number, wax_bytes bytes, bool is_newest)
{
    wax_keys_followed again = follower->known;
    struct waiting *place = &follower->waiting[number % KEYS_FOLLOW_AHEAD];
    wax_keys_entry entry;

    wax_assert(place != NULL); /* there are as many as that */
    if (is_newest && number < follower->known.number) {
        return keys_answer_fail(
            follower->answer,
            "the newest entry is %llu, and %llu was followed already: the authority was restored "
            "from a backup, or the broker turns the log back. Ask its owner, and only if it was "
            "restored, write the last words of `wax keys audit --verify` there into %s",
            (unsigned long long)number, (unsigned long long)follower->known.number, follower->path);
    }
    follower->newest = is_newest ? number : follower->newest;
    if (number == follower->known.number &&
        wax_keys_entry_read(&entry, &follower->by, &again, bytes) != WAX_OK) {
        return has_forked(follower, number);
    }
    if (number > follower->known.number && number - follower->known.number < KEYS_FOLLOW_AHEAD) {
        place->number = number;
        place->size = bytes.size;
        memcpy(place->bytes, bytes.data, bytes.size);
    }
    return advance(follower);
}

/* The part of the topic behind PREFIX/l: "" or "/NUMBER"; NULL for another topic. */
static const char *place_of(const struct follower *follower, const char *topic)
{
    const size_t size = strlen(follower->house->prefix);

    return strncmp(topic, follower->house->prefix, size) == 0 &&
                   strncmp(topic + size, "/l", 2) == 0 &&
                   (topic[size + 2] == '\0' || topic[size + 2] == '/')
               ? topic + size + 2
               : NULL;
}

static bool take_line(struct follower *follower, char *line)
{
    wax_keys_followed any = {.number = 0};
    uint8_t bytes[ENTRY_MAX];
    char number[24];
    char *payload = strrchr(line, ' ');
    const char *place;
    wax_keys_entry entry;
    size_t size = 0;

    if (payload != NULL) {
        *payload++ = '\0';
    }
    place = payload == NULL ? NULL : place_of(follower, line);
    if (place == NULL || !decode(payload, bytes, sizeof bytes, &size)) {
        (void)fprintf(stderr,
                      "wax keys: passed over: no entry of the log of %s, as `wax sub -F "
                      "'%%t %%x'` writes it\n",
                      follower->house->prefix);
        return true;
    }
    if (size == 0) {
        return true; /* one that is not kept any more */
    }
    if (wax_keys_entry_read(&entry, &follower->by, &any, wax_bytes_of(bytes, size)) != WAX_OK) {
        ctl_show_harmless(line);
        (void)fprintf(stderr,
                      "wax keys: passed over: what is on %s was not signed by this "
                      "authority\n",
                      line);
        return true;
    }
    (void)snprintf(number, sizeof number, "/%llu", (unsigned long long)entry.number);
    if (place[0] != '\0' && strcmp(place, number) != 0) {
        ctl_show_harmless(line);
        (void)fprintf(stderr, "wax keys: passed over: on %s is the entry %s\n", line, number + 1);
        return true;
    }
    return take_entry(follower, entry.number, wax_bytes_of(bytes, size), place[0] == '\0');
}

/* Passes over the rest of a line. */
static void skip_line(FILE *in)
{
    int letter = 0;

    (void)fputs("wax keys: passed over: a line that is too long\n", stderr);
    while (letter != '\n' && letter != EOF) {
        letter = getc(in);
    }
}

/* Reads to the end of the input. */
static bool take_all(struct follower *follower, FILE *in)
{
    static char line[LINE_SIZE];

    while (fgets(line, sizeof line, in) != NULL) {
        if (strchr(line, '\n') == NULL && !feof(in)) {
            skip_line(in);
        } else if (!take_line(follower, line)) {
            return false;
        }
    }
    return follower->known.number >= follower->newest ||
           keys_answer_fail(follower->answer,
                            "entries from %llu on have not come, and the newest is %llu: the "
                            "broker keeps those of the last %d; for what is older, ask who has the "
                            "authority (`wax keys audit`)",
                            (unsigned long long)follower->known.number + 1,
                            (unsigned long long)follower->newest, WAX_AUTHORITY_LOG_KEPT);
}

bool keys_follow_input(const struct identity *house, const char *anchor, FILE *in,
                       struct keys_answer *answer)
{
    struct follower follower = {
        .house = house,
        .by = {house->name_space, NULL, house->registrar},
        .waiting = calloc(KEYS_FOLLOW_AHEAD, sizeof(struct waiting)),
        .path = anchor,
        .answer = answer,
    };
    bool is_done =
        follower.waiting != NULL || keys_answer_fail(answer, "there is not enough memory");

    is_done = is_done && read_anchor(&follower) && take_all(&follower, in);
    free(follower.waiting);
    return is_done;
}

bool keys_follow_log(const struct keys_order *order, struct keys_answer *answer)
{
    struct identity house;
    char fault[FAULT_SIZE];

    if (order->name_space == NULL || order->anchor == NULL) {
        return keys_answer_fail(
            answer, "give --namespace FILE, with what `wax keys public` prints, and --anchor FILE, "
                    "where to remember how far the log was followed");
    }
    if (!tools_identity_read_public(&house, order->name_space, fault, sizeof fault)) {
        return keys_answer_fail(answer, "%s", fault);
    }
    return keys_follow_input(&house, order->anchor, stdin, answer);
}
