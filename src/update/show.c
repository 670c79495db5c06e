/* What goes on, in words and as JSON. [4] */
#include "update/update.h"

const char *wax_update_refusal_word(wax_update_refusal refusal)
{
    static const char *const words[] = {
        [WAX_UPDATE_TAKEN] = "",
        [WAX_UPDATE_NO_MANIFEST] = "malformed",
        [WAX_UPDATE_FOREIGN] = "signature",
        [WAX_UPDATE_NOT_OURS] = "class",
        [WAX_UPDATE_OLD] = "version",
        [WAX_UPDATE_FAILED] = "failed-before",
        [WAX_UPDATE_TOO_FAR] = "minimum",
        [WAX_UPDATE_TOO_LARGE] = "size",
        [WAX_UPDATE_BUSY] = "unconfirmed",
        [WAX_UPDATE_BAD_IMAGE] = "image",
    };

    return words[refusal];
}

const char *wax_update_phase_word(wax_update_phase phase)
{
    static const char *const words[] = {
        [WAX_UPDATE_IDLE] = "idle",         [WAX_UPDATE_RECEIVING] = "receiving",
        [WAX_UPDATE_CHECKING] = "checking", [WAX_UPDATE_READY] = "ready",
        [WAX_UPDATE_TRIAL] = "trial",
    };

    return words[phase];
}

static void show_progress(const wax_update *self, wax_json *json)
{
    const uint32_t count = wax_update_chunk_count(&self->manifest);
    const bool is_written = self->phase != WAX_UPDATE_RECEIVING;

    wax_json_member_number(json, "to", self->manifest.version);
    wax_json_member_number(json, "done", is_written ? count : self->next);
    wax_json_member_number(json, "of", count);
}

void wax_update_show(const wax_update *self, wax_writer *out)
{
    wax_json json = wax_json_over(out);

    wax_json_open(&json, '{');
    wax_json_member_text(&json, "vendor", self->config->vendor);
    wax_json_member_text(&json, "class", self->config->class_name);
    if (self->config->group.size > 0) {
        wax_json_member_text(&json, "group", self->config->group);
    }
    wax_json_member_number(&json, "version", wax_update_running_version(self));
    wax_json_member_text(&json, "state", wax_bytes_of_text(wax_update_phase_word(self->phase)));
    if (self->phase != WAX_UPDATE_IDLE && self->phase != WAX_UPDATE_TRIAL) {
        show_progress(self, &json);
    }
    if (self->state.failed != 0) {
        wax_json_member_number(&json, "failed", self->state.failed);
    }
    if (self->refusal != WAX_UPDATE_TAKEN) {
        wax_json_member_text(&json, "refused",
                             wax_bytes_of_text(wax_update_refusal_word(self->refusal)));
    }
    wax_json_close(&json, '}');
}
