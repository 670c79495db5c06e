/* Headers looked up, and answers written. */
#include "web/web.h"

#include <stdio.h>
#include <string.h>

static uint8_t small(uint8_t letter)
{
    return letter >= 'A' && letter <= 'Z' ? (uint8_t)(letter | 0x20) : letter;
}

bool wax_http_texts_equal(wax_bytes one, wax_bytes other)
{
    bool same = one.size == other.size;

    for (size_t i = 0; same && i < one.size; i++) {
        same = small(one.data[i]) == small(other.data[i]);
    }
    return same;
}

size_t wax_http_header_count(const wax_http_head *head, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < head->header_count; i++) {
        count += wax_http_texts_equal(head->headers[i].name, wax_bytes_of_text(name));
    }
    return count;
}

const wax_http_header *wax_http_header_of(const wax_http_head *head, const char *name)
{
    size_t i = 0;

    if (wax_http_header_count(head, name) != 1) {
        return NULL;
    }
    while (!wax_http_texts_equal(head->headers[i].name, wax_bytes_of_text(name))) {
        i++;
    }
    return &head->headers[i];
}

/* Takes the first element off a list with commas. */
static wax_bytes take_element(wax_bytes *list)
{
    const uint8_t *comma = memchr(list->data, ',', list->size);
    size_t size = comma == NULL ? list->size : (size_t)(comma - list->data);
    size_t past = comma == NULL ? size : size + 1;
    wax_bytes element = {list->data, size};

    *list = wax_bytes_of(list->data + past, list->size - past);
    while (element.size > 0 && (element.data[0] == ' ' || element.data[0] == '\t')) {
        element = wax_bytes_of(element.data + 1, element.size - 1);
    }
    while (element.size > 0 &&
           (element.data[element.size - 1] == ' ' || element.data[element.size - 1] == '\t')) {
        element.size--;
    }
    return element;
}

static bool list_has(wax_bytes list, wax_bytes token, bool ignores_case)
{
    bool found = false;

    while (!found && list.size > 0) {
        wax_bytes element = take_element(&list);
        found =
            ignores_case ? wax_http_texts_equal(element, token) : wax_bytes_equal(element, token);
    }
    return found;
}

bool wax_http_has_token(const wax_http_head *head, const char *name, const char *token,
                        bool ignores_case)
{
    bool found = false;

    for (size_t i = 0; !found && i < head->header_count; i++) {
        const wax_http_header *header = &head->headers[i];
        found = wax_http_texts_equal(header->name, wax_bytes_of_text(name)) &&
                list_has(header->value, wax_bytes_of_text(token), ignores_case);
    }
    return found;
}

struct reason {
    uint16_t code;
    const char *phrase;
};

static const struct reason reasons[] = {
    {101, "Switching Protocols"            },
    {200, "OK"                             },
    {400, "Bad Request"                    },
    {401, "Unauthorized"                   },
    {403, "Forbidden"                      },
    {404, "Not Found"                      },
    {405, "Method Not Allowed"             },
    {413, "Content Too Large"              },
    {426, "Upgrade Required"               },
    {431, "Request Header Fields Too Large"},
    {503, "Service Unavailable"            },
    {505, "HTTP Version Not Supported"     },
};

const char *wax_http_reason(uint16_t code)
{
    for (size_t i = 0; i < WAX_COUNT(reasons); i++) {
        if (reasons[i].code == code) {
            return reasons[i].phrase;
        }
    }
    return "";
}

void wax_http_write_answer(wax_writer *out, const wax_http_answer *answer)
{
    char text[WAX_HTTP_ANSWER_ROOM];
    size_t start = out->used;

    (void)snprintf(text, sizeof text,
                   "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s\r\n",
                   answer->code, wax_http_reason(answer->code),
                   answer->type == NULL ? "text/plain; charset=utf-8" : answer->type,
                   answer->body.size, answer->keeps_alive ? "" : "Connection: close\r\n",
                   answer->extra == NULL ? "" : answer->extra);
    wax_write_bytes(out, wax_bytes_of_text(text));
    if (!answer->is_head) {
        wax_write_bytes(out, answer->body);
    }
    (void)!wax_writer_end(out, start);
}
