/* A database of Mosquitto from a stranger: all that is gathered from it lies within the file, and
 * is what the records say. */
#include "fuzz.h"
#include "import/import.h"

static void *resize(wax_memory *self, void *old, size_t old_size, size_t new_size)
{
    (void)self;
    (void)old_size;
    if (new_size == 0) {
        free(old);
        return NULL;
    }
    return realloc(old, new_size);
}

static wax_memory memory = {resize};

static void require_within(wax_bytes file, wax_bytes part)
{
    fuzz_require(part.size == 0 || (part.data >= file.data && part.size <= file.size &&
                                    part.data + part.size <= file.data + file.size));
}

static void check_message(wax_bytes file, const wax_import_message *message)
{
    require_within(file, message->topic);
    require_within(file, message->payload);
    require_within(file, message->properties);
    fuzz_require(message->qos <= 2);
}

static void check_session(wax_bytes file, const wax_import_session *session)
{
    require_within(file, session->client.client_id);
    require_within(file, session->client.username);
    for (size_t i = 0; i < session->subscription_count; i++) {
        const wax_import_subscription *subscription = &session->subscriptions[i];

        fuzz_require(wax_bytes_equal(subscription->client_id, session->client.client_id));
        fuzz_require(subscription->subscription.retain_handling <= 2);
        require_within(file, subscription->subscription.filter);
    }
    for (size_t i = 0; i < session->queued_count; i++) {
        const wax_import_queued *queued = &session->queued[i];

        fuzz_require(wax_bytes_equal(queued->client_id, session->client.client_id));
        fuzz_require(queued->message != NULL && queued->message->store_id == queued->store_id);
        require_within(file, queued->properties);
        check_message(file, queued->message);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_bytes file = wax_bytes_of(data, size);
    wax_import_contents contents;
    wax_status status = wax_import_gather(&contents, file, &memory);

    fuzz_require((status == WAX_OK) == (contents.fault.text == NULL));
    fuzz_require(contents.fault.offset <= size);
    for (size_t i = 0; i < contents.retained_count; i++) {
        check_message(file, contents.retained[i]);
    }
    for (size_t i = 0; i < contents.session_count; i++) {
        fuzz_require(i == 0 || wax_bytes_compare(contents.sessions[i - 1].client.client_id,
                                                 contents.sessions[i].client.client_id) <= 0);
        check_session(file, &contents.sessions[i]);
    }
    wax_import_discard(&contents, &memory);
    return 0;
}
