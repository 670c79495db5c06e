/* Logging in by SCRAM-SHA-256: the messages of wax's auth room as properties of MQTT's packets. */
#include "tools/scram.h"

#include <stdlib.h>

#include "auth/auth.h"
#include "os/os.h"

enum { METHOD_SIZE = 32 }; /* of the method's property, and of the data's head */

struct scram {
    const struct settings *settings;
    wax_scram talk;
    uint8_t *room; /* of properties */
    size_t room_size;
};

struct scram *tools_scram_open(const struct settings *settings)
{
    struct scram *scram = calloc(1, sizeof *scram);

    if (scram == NULL) {
        return NULL;
    }
    scram->settings = settings;
    scram->room_size =
        tools_settings_properties(settings, OF_CONNECT).size + WAX_SCRAM_MESSAGE_MAX + METHOD_SIZE;
    scram->room = malloc(scram->room_size);
    if (scram->room == NULL) {
        free(scram);
        return NULL;
    }
    return scram;
}

void tools_scram_close(struct scram *scram)
{
    if (scram != NULL) {
        wax_scram_close(&scram->talk);
        wax_wipe(scram->room, scram->room_size);
        free(scram->room);
        free(scram);
    }
}

/* 64 letters, so that each is as likely as the others. */
static void make_nonce(char nonce[static WAX_SCRAM_NONCE_SIZE])
{
    static const char letters[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-";
    uint8_t random[WAX_SCRAM_NONCE_SIZE];

    wax_os_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        nonce[i] = letters[random[i] % 64U];
    }
}

static wax_status write_properties(struct scram *scram, wax_bytes others, wax_bytes message,
                                   wax_bytes *properties)
{
    wax_writer out = wax_writer_over(scram->room, scram->room_size);

    wax_write_bytes(&out, others);
    wax_property_write_value(&out, WAX_AUTHENTICATION_METHOD, WAX_TEXT(WAX_SCRAM_METHOD));
    wax_property_write_value(&out, WAX_AUTHENTICATION_DATA, message);
    *properties = wax_writer_bytes(&out);
    return out.status;
}

wax_status tools_scram_begin(struct scram *scram, wax_bytes *properties)
{
    uint8_t room[WAX_SCRAM_MESSAGE_MAX];
    wax_writer message = wax_writer_over(room, sizeof room);
    char nonce[WAX_SCRAM_NONCE_SIZE];
    wax_status status;

    make_nonce(nonce);
    wax_scram_close(&scram->talk);
    status =
        wax_scram_ask(&scram->talk, wax_bytes_of_text(scram->settings->username), nonce, &message);
    if (status != WAX_OK) {
        return status;
    }
    return write_properties(scram, tools_settings_properties(scram->settings, OF_CONNECT),
                            wax_writer_bytes(&message), properties);
}

const char *tools_scram_answer(struct scram *scram, wax_bytes properties, wax_notice *answer)
{
    uint8_t room[WAX_SCRAM_MESSAGE_MAX];
    wax_writer message = wax_writer_over(room, sizeof room);
    wax_status status =
        wax_scram_answer(&scram->talk, wax_property_value(properties, WAX_AUTHENTICATION_DATA),
                         wax_bytes_of_text(scram->settings->password), &message);

    *answer = (wax_notice){.reason = WAX_REASON_CONTINUE_AUTHENTICATION};
    if (status == WAX_OK) {
        status = write_properties(scram, wax_bytes_of(NULL, 0), wax_writer_bytes(&message),
                                  &answer->properties);
    }
    if (status == WAX_UNTRUSTED) {
        return "the broker asks for so few rounds of the hash that the password could be guessed, "
               "or for too many";
    }
    return status == WAX_OK ? NULL : "the broker's question makes no sense";
}

bool tools_scram_is_proven(const struct scram *scram, wax_bytes properties)
{
    return wax_scram_check(&scram->talk, wax_property_value(properties, WAX_AUTHENTICATION_DATA)) ==
           WAX_OK;
}
