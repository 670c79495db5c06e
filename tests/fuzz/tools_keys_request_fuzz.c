/* Any bytes as an order for wax authority: the line, the words in it, and the file of roles. */
#include "fuzz.h"
#include "tools/keys_order.h"
#include "tools/keys_request.h"
#include "tools/keys_roles.h"

#include <string.h>

/* Whatever is said of an order reaches who gave it. */
static void write_fault(const char *fault)
{
    static struct keys_answer heard;
    const struct keys_answer answer = {.fault = fault};
    char *line = keys_reply_write("", &answer);

    fuzz_require(line != NULL);
    heard = (struct keys_answer){.out = stdout};
    fuzz_require(!keys_reply_read(&heard, wax_bytes_of_text(line)) && heard.fault != NULL);
    fuzz_require(heard.fault[0] == fault[0]);
    keys_request_free(line);
}

static void read_order(wax_bytes line)
{
    static char fault[ANSWER_FAULT_SIZE];
    struct keys_request request;
    struct keys_order order;

    if (keys_request_read(&request, line)) {
        fuzz_require(request.count > 1 && request.count <= ORDER_WORDS_MAX + 1);
        fuzz_require(request.content.size <= ORDER_CONTENT_MAX);
        fault[0] = '\0';
        if (!keys_order_read(&order, request.count, request.words, fault)) {
            fuzz_require(fault[0] != '\0' && memchr(fault, '\0', sizeof fault) != NULL);
            write_fault(fault);
        } else if (order.verb != NULL) {
            fuzz_require(order.argument_count <= order.verb->most);
            fuzz_require(keys_right_of(order.verb->name)->least != KEYS_NOBODY);
        }
    }
    keys_request_discard(&request);
}

static void read_roles(wax_bytes text)
{
    const struct keys_caller caller = {.has_certificate = true, .common_name = "a"};
    struct keys_standing standing;
    char fault[300];

    if (keys_roles_find(text, &caller, &standing, fault, sizeof fault)) {
        fuzz_require((standing.role == KEYS_NOBODY) == (standing.who[0] == '\0'));
    } else {
        fuzz_require(standing.role == KEYS_NOBODY);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        (data[0] == 'r' ? read_roles : read_order)(wax_bytes_of(data + 1, size - 1));
    }
    return 0;
}
