/* Any bytes as the head of a request and of a response: what is read views what came, and one byte
 * less is never read as more. */
#include "fuzz.h"

#include "web/web.h"

static void check(const wax_http_head *head, wax_bytes bytes)
{
    fuzz_require(head->size >= 4 && head->size <= bytes.size && head->size <= WAX_HTTP_HEAD_MAX);
    fuzz_require(head->header_count <= WAX_HTTP_HEADER_MAX && head->fault == NULL);
    for (size_t i = 0; i < head->header_count; i++) {
        wax_bytes name = head->headers[i].name;
        wax_bytes value = head->headers[i].value;
        fuzz_require(name.size > 0 && name.data >= bytes.data);
        fuzz_require(value.size == 0 ||
                     (value.data > name.data && value.data + value.size < bytes.data + head->size));
    }
    (void)wax_http_has_token(head, "Connection", "upgrade", true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_bytes bytes = wax_bytes_of(data, size);
    wax_http_head head;
    wax_http_head again;

    if (wax_http_read_request(&head, bytes) == WAX_OK) {
        check(&head, bytes);
        fuzz_require(head.path.size <= head.target.size);
        fuzz_require(wax_http_read_request(&again, wax_bytes_of(data, head.size)) == WAX_OK);
        fuzz_require(wax_http_read_request(&again, wax_bytes_of(data, head.size - 1)) != WAX_OK);
    }
    if (wax_http_read_response(&head, bytes) == WAX_OK) {
        check(&head, bytes);
    }
    return 0;
}
