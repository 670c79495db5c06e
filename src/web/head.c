/* Heads of HTTP/1.1, read by libhttp-parser after what it would let pass has been refused. */
#include "web/web.h"

#include <string.h>

#include <http_parser.h>

/* A head while it is read. */
struct reading {
    wax_http_head *head;
    bool has_value; /* of the last header */
    bool is_whole;
};

static struct reading *reading_of(http_parser *parser)
{
    return parser->data;
}

static int on_url(http_parser *parser, const char *at, size_t size)
{
    reading_of(parser)->head->target = wax_bytes_of(at, size);
    return 0;
}

static int on_name(http_parser *parser, const char *at, size_t size)
{
    struct reading *reading = reading_of(parser);
    wax_http_head *head = reading->head;

    if (head->header_count == WAX_HTTP_HEADER_MAX) {
        head->fault = "the request has more than 64 header lines";
        return 1;
    }
    head->headers[head->header_count++] = (wax_http_header){
        wax_bytes_of(at, size), {NULL, 0}
    };
    reading->has_value = false;
    return 0;
}

static int on_value(http_parser *parser, const char *at, size_t size)
{
    struct reading *reading = reading_of(parser);

    if (reading->has_value || reading->head->header_count == 0) {
        return 1;
    }
    while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == '\t')) {
        size--;
    }
    reading->has_value = true;
    reading->head->headers[reading->head->header_count - 1].value = wax_bytes_of(at, size);
    return 0;
}

static int on_whole(http_parser *parser)
{
    struct reading *reading = reading_of(parser);
    bool has_size = (parser->flags & F_CONTENTLENGTH) != 0 && parser->content_length > 0;

    reading->is_whole = true;
    reading->head->has_body = has_size || (parser->flags & F_CHUNKED) != 0;
    reading->head->keeps_alive = http_should_keep_alive(parser) != 0;
    return 1; /* a response has no body for us */
}

/* How many bytes the head has; 0 if its end has not come. */
static size_t find_end(wax_bytes bytes)
{
    const uint8_t *end = memmem(bytes.data, bytes.size, "\r\n\r\n", 4);

    return end == NULL ? 0 : (size_t)(end - bytes.data) + 4;
}

/* What the parser is lenient about. */
static const char *fault_of_lines(wax_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        bool starts = i > 0 && bytes.data[i - 1] == '\n';

        if (bytes.data[i] == '\n' && (i == 0 || bytes.data[i - 1] != '\r')) {
            return "a line of the request does not end with CR LF";
        }
        if (bytes.data[i] == '\r' && i + 1 < bytes.size && bytes.data[i + 1] != '\n') {
            return "a line of the request has a CR in it";
        }
        if (starts && (bytes.data[i] == ' ' || bytes.data[i] == '\t')) {
            return "a header line of the request goes on in the next line";
        }
        if (bytes.data[i] == 0) {
            return "the request has a zero byte";
        }
    }
    return NULL;
}

static const char *fault_of_head(const wax_http_head *head)
{
    for (size_t i = 0; i < head->target.size; i++) {
        if (head->target.data[i] <= ' ' || head->target.data[i] >= 0x7f) {
            return "the target of the request is not printable ASCII";
        }
    }
    for (size_t i = 0; i < head->header_count; i++) {
        if (head->headers[i].name.size == 0 ||
            memchr(head->headers[i].name.data, ' ', head->headers[i].name.size) != NULL) {
            return "a header of the request has a blank in its name";
        }
    }
    return NULL;
}

static wax_status refuse(wax_http_head *head, wax_status status, const char *fault)
{
    if (head->fault == NULL) {
        head->fault = fault;
    }
    return status;
}

static wax_status parse(wax_http_head *head, wax_bytes bytes, enum http_parser_type type)
{
    struct reading reading = {.head = head};
    http_parser parser;
    http_parser_settings settings;
    enum http_errno error;

    http_parser_init(&parser, type);
    http_parser_settings_init(&settings);
    settings.on_url = on_url;
    settings.on_header_field = on_name;
    settings.on_header_value = on_value;
    settings.on_headers_complete = on_whole;
    parser.data = &reading;
    (void)http_parser_execute(&parser, &settings, (const char *)bytes.data, bytes.size);
    error = HTTP_PARSER_ERRNO(&parser);
    if (head->header_count == WAX_HTTP_HEADER_MAX && head->fault != NULL) {
        return WAX_TOO_LARGE;
    }
    if (error != HPE_OK || !reading.is_whole) {
        return refuse(head, WAX_MALFORMED,
                      error == HPE_OK ? "the request is not HTTP" : http_errno_description(error));
    }
    if (parser.http_major != 1) {
        return refuse(head, WAX_MALFORMED, "the request is not of HTTP/1.1");
    }
    head->version = (uint16_t)(parser.http_major << 8 | parser.http_minor);
    head->code = type == HTTP_RESPONSE ? (uint16_t)parser.status_code : 0;
    if (type == HTTP_REQUEST) {
        head->method = http_method_str((enum http_method)parser.method);
    }
    return WAX_OK;
}

static wax_status read_head(wax_http_head *head, wax_bytes bytes, enum http_parser_type type)
{
    wax_bytes most = {bytes.data, bytes.size < WAX_HTTP_HEAD_MAX ? bytes.size : WAX_HTTP_HEAD_MAX};
    const char *fault;
    wax_status status;

    *head = (wax_http_head){.size = find_end(most)};
    if (head->size == 0) {
        fault = fault_of_lines(most);
        if (fault != NULL) {
            return refuse(head, WAX_MALFORMED, fault);
        }
        return most.size < WAX_HTTP_HEAD_MAX
                   ? WAX_MORE
                   : refuse(head, WAX_TOO_LARGE,
                            "the head of the request has more than 8192 bytes");
    }
    most.size = head->size;
    fault = fault_of_lines(most);
    if (fault != NULL) {
        return refuse(head, WAX_MALFORMED, fault);
    }
    status = parse(head, most, type);
    fault = status == WAX_OK ? fault_of_head(head) : NULL;
    if (fault != NULL) {
        return refuse(head, WAX_MALFORMED, fault);
    }
    if (status != WAX_OK) {
        head->header_count = 0;
    } else if (head->target.size > 0) {
        const uint8_t *mark = memchr(head->target.data, '?', head->target.size);
        size_t size = mark == NULL ? head->target.size : (size_t)(mark - head->target.data);
        head->path = wax_bytes_of(head->target.data, size);
    }
    return status;
}

wax_status wax_http_read_request(wax_http_head *head, wax_bytes bytes)
{
    return read_head(head, bytes, HTTP_REQUEST);
}

wax_status wax_http_read_response(wax_http_head *head, wax_bytes bytes)
{
    return read_head(head, bytes, HTTP_RESPONSE);
}
