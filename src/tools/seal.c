/* wax seal, wax open: files and pipes under the keys of a topic. */
#include "os/os.h"
#include "tools/sealed.h"
#include "tools/tools.h"
#include "tools/words.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "wax seal - seal a file or a pipe for those who read a topic; wax open - open it again\n"
    "\n"
    "  wax seal --as FILE -t TOPIC <plain >sealed\n"
    "  wax open --as FILE -t TOPIC <sealed >plain\n"
    "\n"
    "The keys are those of the topic's group, as the device's last mailbox gave them: the device\n"
    "has been connected once (wax sub --seal FILE ...). Memory does not grow with the file.\n"
    "\n"
    "  --as FILE        the identity that `wax keys` wrote for this device\n"
    "  -t, --topic TOPIC  which the file belongs to; who opens it says the same\n"
    "  -i, --input FILE   read from there (the standard input)\n"
    "  -o, --output FILE  write there, and only when all of it is good (the standard output)\n"
    "  -h, --help       this text\n"
    "\n"
    "Without -o, what comes out is good as far as it goes, but not whole unless the exit code is\n"
    "0: do not act on it before.\n"
    "\n"
    "The exit code is 0, or 1 when it could not be sealed or opened to its end.\n";

enum {
    CHUNK_SIZE = 65536,
    PATH_SIZE = 4096,
    TOPIC_ROOM = 16 * 1024,
    SIZE_SIZE = 4,
    MESSAGE_MAX = WAX_STREAM_HEAD_MAX + WAX_CHUNK_ROOM(WAX_CHUNK_SIZE_MAX),
};

static const struct option long_options[] = {
    {"as",     required_argument, NULL, 'a'},
    {"topic",  required_argument, NULL, 't'},
    {"input",  required_argument, NULL, 'i'},
    {"output", required_argument, NULL, 'o'},
    {"help",   no_argument,       NULL, 'h'},
    {NULL,     0,                 NULL, 0  },
};

const char *seal_option_name(size_t number)
{
    return number < WAX_COUNT(long_options) ? long_options[number].name : NULL;
}

struct job {
    const char *name; /* "seal" or "open" */
    const char *identity;
    const char *topic;
    const char *input_path;
    const char *output_path;
    FILE *input;
    FILE *output;
    char part_path[PATH_SIZE + 8]; /* what is written until all of it is good */
    struct sealed *sealed;
    uint8_t *room;
    uint8_t topic_room[TOPIC_ROOM];
    bool wants_help;
};

static bool fail(const struct job *job, const char *subject, const char *words)
{
    (void)fprintf(stderr, "wax %s: %s%s%s\n", job->name, subject, subject[0] == '\0' ? "" : ": ",
                  words);
    return false;
}

static bool take_options(struct job *job, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "t:i:o:h", long_options, NULL)) != -1) {
        switch (option) {
        case 'a':
            job->identity = optarg;
            break;
        case 't':
            job->topic = optarg;
            break;
        case 'i':
            job->input_path = optarg;
            break;
        case 'o':
            job->output_path = optarg;
            break;
        case 'h':
            job->wants_help = true;
            return true;
        default:
            return false;
        }
    }
    if (job->identity == NULL || job->topic == NULL || optind != argc) {
        return fail(job, "", "give --as FILE and -t TOPIC, and no other words; see --help");
    }
    return true;
}

/* --- Files --- */

static const char *input_name(const struct job *job)
{
    return job->input_path == NULL ? "the standard input" : job->input_path;
}

static const char *output_name(const struct job *job)
{
    return job->output_path == NULL ? "the standard output" : job->output_path;
}

static bool open_files(struct job *job)
{
    job->input = job->input_path == NULL ? stdin : fopen(job->input_path, "rb");
    if (job->input == NULL) {
        return fail(job, input_name(job), strerror(errno));
    }
    job->output = stdout;
    if (job->output_path != NULL) {
        if (strlen(job->output_path) >= PATH_SIZE) {
            return fail(job, output_name(job), "the path is too long");
        }
        (void)snprintf(job->part_path, sizeof job->part_path, "%s.part", job->output_path);
        (void)umask(077);
        job->output = fopen(job->part_path, "wb");
        if (job->output == NULL) {
            return fail(job, job->part_path, strerror(errno));
        }
    }
    return true;
}

/* What was written takes its name, when it is whole. */
static bool close_files(struct job *job, bool is_whole)
{
    bool is_written = job->output != NULL && fflush(job->output) == 0;

    if (job->output != NULL && job->output != stdout) {
        is_written = fsync(fileno(job->output)) == 0 && is_written;
        is_written = fclose(job->output) == 0 && is_written;
        if (!is_whole || !is_written || rename(job->part_path, job->output_path) != 0) {
            (void)remove(job->part_path);
            is_written = false;
        }
    }
    if (job->input != NULL && job->input != stdin) {
        (void)fclose(job->input);
    }
    if (is_whole && !is_written) {
        return fail(job, output_name(job), strerror(errno));
    }
    return is_whole;
}

static bool put(const struct job *job, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, job->output) == size ||
           fail(job, output_name(job), strerror(errno));
}

/* --- Sealing --- */

/* Writes a chunk as a message of its own, with its size in front. `room` is as
 * wax_stream_sealer_seal() wants it. */
static bool put_chunk(struct job *job, wax_stream_sealer *stream, uint8_t *room, size_t size,
                      bool is_last)
{
    uint8_t head_room[SIZE_SIZE + WAX_STREAM_HEAD_MAX];
    wax_writer head = wax_writer_over(head_room + SIZE_SIZE, WAX_STREAM_HEAD_MAX);
    wax_writer front = wax_writer_over(head_room, SIZE_SIZE);
    wax_status status;

    wax_stream_write_head(stream, &head, is_last);
    wax_write_u32(&front, (uint32_t)(head.used + WAX_CHUNK_ROOM(size)));
    status = wax_stream_sealer_seal(stream, room, size, is_last);
    if (status != WAX_OK) {
        return fail(job, job->topic, tools_sealed_explain(status));
    }
    return put(job, head_room, SIZE_SIZE + head.used) && put(job, room, WAX_CHUNK_ROOM(size));
}

/* Reads ahead, so that the last chunk is known for it. */
static bool seal_all(struct job *job, wax_stream_sealer *stream, wax_bytes fields)
{
    uint8_t *chunk = job->room + WAX_HEDGE_SIZE;
    wax_writer front = wax_writer_over(chunk, CHUNK_SIZE);
    size_t used;
    int next;

    wax_stream_write_front(&front, fields, false);
    used = front.used;
    do {
        used += fread(chunk + used, 1, CHUNK_SIZE - used, job->input);
        next = used == CHUNK_SIZE ? getc(job->input) : EOF;
        if (!put_chunk(job, stream, job->room, used, next == EOF)) {
            return false;
        }
        chunk[0] = (uint8_t)next;
        used = 1;
    } while (next != EOF);
    return ferror(job->input) == 0 || fail(job, input_name(job), strerror(errno));
}

static bool seal_file(struct job *job)
{
    wax_writer topic = wax_writer_over(job->topic_room, sizeof job->topic_room);
    wax_member_stream wanted = {wax_bytes_of_text(job->topic), CHUNK_SIZE};
    wax_stream_sealer stream;
    wax_bytes fields;
    wax_status status = wax_member_start_stream(tools_sealed_member(job->sealed), &wanted, &topic,
                                                &fields, &stream);
    bool is_sealed;

    if (status != WAX_OK) {
        return fail(
            job, job->topic,
            status == WAX_NOT_AUTHORIZED
                ? "this device makes no files: it has no key to write with - is it granted "
                  "`write`, and has its mailbox come? - or it signs its messages, and files "
                  "are not signed"
                : tools_sealed_explain(status));
    }
    is_sealed = seal_all(job, &stream, fields);
    wax_stream_sealer_end(&stream);
    return is_sealed;
}

/* --- Opening --- */

enum step {
    STEP_ON,
    STEP_END,
    STEP_FAILED,
};

static enum step broken(const struct job *job, const char *words)
{
    (void)fail(job, input_name(job), words);
    return STEP_FAILED;
}

static enum step take_chunk(struct job *job, const wax_chunk *chunk)
{
    if (chunk->missing != 0) {
        return broken(job, "a piece is missing in the middle");
    }
    if (!put(job, chunk->data.data, chunk->data.size)) {
        return STEP_FAILED;
    }
    return chunk->is_last ? STEP_END : STEP_ON;
}

static enum step open_message(struct job *job, wax_stream_opener *stream, wax_bytes bytes)
{
    enum step step = STEP_ON;

    wax_stream_opener_begin(stream, wax_bytes_of(job->topic_room, stream->topic.size), bytes.size,
                            wax_clock_wall_ms());
    while (bytes.size > 0 && step == STEP_ON) {
        wax_chunk chunk;
        wax_status status = wax_stream_opener_push(stream, &bytes, &chunk);

        if (status == WAX_UNTRUSTED) {
            return broken(job, wax_seal_event_text(chunk.event));
        }
        if (status == WAX_CROWDED) {
            return broken(job, "a second file begins before the end of the first");
        }
        if (status != WAX_OK && status != WAX_MORE) {
            return broken(job, wax_status_text(status));
        }
        step = status == WAX_OK ? take_chunk(job, &chunk) : STEP_ON;
    }
    return step;
}

/* Reads the next message; 0 at the end of the input, or where it is cut. */
static size_t read_message(const struct job *job, uint8_t *room)
{
    uint8_t front[SIZE_SIZE];
    wax_reader in = wax_reader_over(wax_bytes_of(front, sizeof front));
    size_t size;

    if (fread(front, 1, sizeof front, job->input) != sizeof front) {
        return 0;
    }
    size = wax_read_u32(&in);
    return size <= MESSAGE_MAX && fread(room, 1, size, job->input) == size ? size : 0;
}

static bool open_all(struct job *job, wax_stream_opener *stream)
{
    uint8_t *message = job->room + WAX_CHUNK_ROOM(WAX_CHUNK_SIZE_MAX);
    enum step step = STEP_ON;

    while (step == STEP_ON) {
        size_t size = read_message(job, message);

        step = size == 0 ? broken(job, "its end is missing, or it is no sealed file")
                         : open_message(job, stream, wax_bytes_of(message, size));
    }
    if (step == STEP_END && getc(job->input) != EOF) {
        step = broken(job, "there is something behind its end");
    }
    return step == STEP_END;
}

static bool open_file(struct job *job)
{
    wax_member *member = tools_sealed_member(job->sealed);
    wax_writer topic = wax_writer_over(job->topic_room, sizeof job->topic_room);
    wax_stream_opener stream = {.room = job->room, .room_size = WAX_CHUNK_ROOM(WAX_CHUNK_SIZE_MAX)};
    bool is_opened;

    if (wax_member_filter(member, wax_bytes_of_text(job->topic), &topic) != WAX_OK) {
        return fail(job, job->topic, "this is no topic here");
    }
    stream.topic = wax_writer_bytes(&topic);
    stream.opener = wax_member_opener(member, stream.topic);
    if (stream.opener == NULL) {
        return fail(job, job->topic,
                    wax_member_has_keys(member)
                        ? "this topic belongs to no group that this device is in"
                        : "this device has no keys yet: connect it once");
    }
    is_opened = open_all(job, &stream);
    wax_stream_opener_end(&stream);
    return is_opened;
}

/* --- Both --- */

static int run(struct job *job, bool (*work)(struct job *job), int argc, char **argv)
{
    size_t room_size = WAX_CHUNK_ROOM(WAX_CHUNK_SIZE_MAX) + (size_t)MESSAGE_MAX;
    char fault[IDENTITY_STATE_SIZE + 200];
    bool is_done = false;

    if (!take_options(job, argc, argv)) {
        return 1;
    }
    if (job->wants_help) {
        (void)fputs(help, stdout);
        return 0;
    }
    job->room = malloc(room_size);
    job->sealed = tools_sealed_open(job->identity, SEALED_FILES, fault, sizeof fault);
    if (job->sealed == NULL) {
        (void)fail(job, "--as", fault);
    } else if (job->room == NULL) {
        (void)fail(job, "", "there is not enough memory");
    } else {
        is_done = close_files(job, open_files(job) && work(job));
        wax_wipe(job->room, room_size);
    }
    free(job->room);
    tools_sealed_close(job->sealed);
    return is_done ? 0 : 1;
}

int wax_tool_seal(int argc, char **argv)
{
    static struct job job = {.name = "seal"};

    return run(&job, seal_file, argc, argv);
}

int wax_tool_open(int argc, char **argv)
{
    static struct job job = {.name = "open"};

    return run(&job, open_file, argc, argv);
}
