/* Lines of JSON between `wax keys` and `wax authority`. */
#include "tools/keys_request.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { REPLY_FIRST = 4096 };

/* What is read may be the secret of a device, of which Jansson makes copies. */
static void wipe_and_free(void *room)
{
    if (room != NULL) {
        wax_wipe(room, malloc_usable_size(room));
    }
    free(room);
}

static void keep_secrets(void)
{
    json_set_alloc_funcs(malloc, wipe_and_free);
}

void keys_request_free(char *line)
{
    if (line != NULL) {
        wax_wipe(line, strlen(line));
    }
    free(line);
}

/* Bytes in hexadecimal, since JSON has only text. */
static json_t *hex_of(wax_bytes bytes)
{
    char *text = malloc(2 * bytes.size + 1);
    json_t *string;

    if (text == NULL) {
        return NULL;
    }
    wax_hex_encode(bytes, text);
    string = json_string(text);
    keys_request_free(text);
    return string;
}

/* The bytes are the caller's; NULL for what is no hexadecimal. */
static uint8_t *bytes_of(const char *text, size_t *size)
{
    const wax_bytes digits = wax_bytes_of_text(text == NULL ? "" : text);
    uint8_t *bytes = malloc(digits.size / 2 + 1);

    *size = digits.size / 2;
    if (bytes != NULL && !wax_hex_decode(digits, bytes)) {
        free(bytes);
        bytes = NULL;
    }
    return bytes;
}

/* Writes an object, which is taken, as a line. */
static char *line_of(json_t *object)
{
    const size_t size = object == NULL ? 0 : json_dumpb(object, NULL, 0, JSON_COMPACT);
    char *line = size == 0 ? NULL : malloc(size + 2);

    if (line != NULL) {
        (void)json_dumpb(object, line, size, JSON_COMPACT);
        line[size] = '\n';
        line[size + 1] = '\0';
    }
    json_decref(object);
    return line;
}

/* --- Requests --- */

char *keys_request_write(char *const *words, wax_bytes content)
{
    json_t *list;

    keep_secrets();
    list = json_array();
    for (size_t i = 0; words[i] != NULL; i++) {
        if (json_array_append_new(list, json_string(words[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return line_of(json_pack("{s:o, s:o}", "words", list, "content", hex_of(content)));
}

bool keys_request_read(struct keys_request *request, wax_bytes line)
{
    static char program[] = "wax keys";
    const json_t *list;
    size_t count;

    *request = (struct keys_request){.words = {program}, .count = 1};
    keep_secrets();
    request->object = json_loadb((const char *)line.data, line.size, 0, NULL);
    list = json_object_get(request->object, "words");
    count = json_array_size(list);
    request->content_room = bytes_of(json_string_value(json_object_get(request->object, "content")),
                                     &request->content.size);
    if (list == NULL || count == 0 || count > ORDER_WORDS_MAX || request->content_room == NULL ||
        request->content.size > ORDER_CONTENT_MAX) {
        return false;
    }
    request->content.data = request->content_room;
    for (size_t i = 0; i < count; i++) {
        const char *word = json_string_value(json_array_get(list, i));

        if (word == NULL) {
            return false;
        }
        request->words[request->count++] = (char *)(uintptr_t)word;
    }
    return true;
}

void keys_request_discard(struct keys_request *request)
{
    if (request->content_room != NULL) {
        wax_wipe(request->content_room, request->content.size);
    }
    free(request->content_room);
    json_decref(request->object);
    *request = (struct keys_request){.count = 0};
}

/* --- Answers --- */

/* Words that were cut to fit may end within a character, and an identity is to be in no memory but
 * this: both are why it is not Jansson that writes. */
static bool write_reply(wax_writer *line, const char *out, const struct keys_answer *answer)
{
    wax_json json = wax_json_over(line);

    wax_json_open(&json, '{');
    wax_json_member_text(&json, "out", wax_bytes_of_text(out));
    if (answer->identity != NULL) {
        wax_json_member_text(&json, "identity", wax_bytes_of_text(answer->identity));
    }
    if (answer->fault != NULL) {
        wax_json_member_text(&json, "fault", wax_bytes_of_text(answer->fault));
    }
    wax_json_close(&json, '}');
    wax_write_bytes(line, wax_bytes_of((const uint8_t *)"\n", 2)); /* the end of the text, too */
    return line->status == WAX_OK;
}

char *keys_reply_write(const char *out, const struct keys_answer *answer)
{
    for (size_t size = REPLY_FIRST; size <= KEYS_REPLY_MAX; size *= 2) {
        uint8_t *room = malloc(size);
        wax_writer line = wax_writer_over(room, size);

        if (room == NULL) {
            return NULL;
        }
        if (write_reply(&line, out, answer)) {
            return (char *)room;
        }
        wax_wipe(room, size);
        free(room);
    }
    return NULL;
}

bool keys_reply_read(struct keys_answer *answer, wax_bytes line)
{
    bool is_done = false;
    const char *identity;
    const char *fault;
    const char *out;
    json_t *came;

    keep_secrets();
    came = json_loadb((const char *)line.data, line.size, 0, NULL);
    out = json_string_value(json_object_get(came, "out"));
    identity = json_string_value(json_object_get(came, "identity"));
    fault = json_string_value(json_object_get(came, "fault"));
    if (out == NULL) {
        (void)keys_answer_fail(answer, "what the authority answers is not understood; is it of "
                                       "this version of Wax?");
    } else {
        (void)fputs(out, answer->out);
        answer->identity = identity == NULL ? NULL : strdup(identity);
        is_done = fault == NULL || keys_answer_fail(answer, "%s", fault);
    }
    json_decref(came);
    return is_done;
}
