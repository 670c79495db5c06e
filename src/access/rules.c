/* ACL files: reads them into a table. */
#include "access/rules.h"

#include "access/array.h"
#include "access/filter.h"
#include "access/lines.h"

struct access_word {
    wax_bytes word;
    uint8_t grants;
};

static const struct access_word access_words[] = {
    {{(const uint8_t *)"read", 4},      WAX_ACTION_READ                   },
    {{(const uint8_t *)"write", 5},     WAX_ACTION_WRITE                  },
    {{(const uint8_t *)"readwrite", 9}, WAX_ACTION_READ | WAX_ACTION_WRITE},
    {{(const uint8_t *)"deny", 4},      0                                 },
};

/* What is carried from line to line. */
struct parser {
    wax_rules *rules;
    wax_access_fault *fault;
    uint32_t section; /* of the user above */
};

static wax_status refuse(struct parser *parser, const wax_line *line, const char *text)
{
    *parser->fault = (wax_access_fault){.line = line->number, .text = text};
    return WAX_INVALID;
}

static wax_status run_short(struct parser *parser)
{
    *parser->fault = (wax_access_fault){.text = "there is not enough memory for the file"};
    return WAX_FULL;
}

/* Cuts the first word off. */
static wax_bytes cut_word(wax_bytes *text)
{
    size_t end = 0;
    wax_bytes word = *text;

    while (end < text->size && text->data[end] != ' ' && text->data[end] != '\t') {
        end++;
    }
    word.size = end;
    *text = wax_line_trim(wax_bytes_of(text->data + end, text->size - end));
    return word;
}

static const struct access_word *find_word(wax_bytes word)
{
    for (size_t i = 0; i < WAX_COUNT(access_words); i++) {
        if (wax_bytes_equal(access_words[i].word, word)) {
            return &access_words[i];
        }
    }
    return NULL;
}

/* Reads "[access] FILTER" into `rule`; says what is wrong, or NULL. */
static const char *read_rule(wax_bytes text, struct rule *rule)
{
    wax_bytes rest = text;
    const struct access_word *access = find_word(cut_word(&rest));

    if (text.size == 0 || (access != NULL && rest.size == 0)) {
        return "the topic filter is missing: write it behind the access word; for a filter that is "
               "called like an access word, write 'readwrite' before it";
    }
    if (access == NULL && rest.size > 0) {
        return "the access word is none of read, write, readwrite and deny; for a filter with a "
               "blank in it, write one of them first";
    }
    rule->grants = access != NULL ? access->grants : WAX_ACTION_READ | WAX_ACTION_WRITE;
    rule->filter = access != NULL ? rest : text;
    if (!wax_pattern_is_valid(rule->filter)) {
        return "the topic filter is not valid: '+' stands alone between slashes, '#' stands alone "
               "at the end, and 65,535 bytes are the most";
    }
    return NULL;
}

static wax_status add_rule(struct parser *parser, const wax_line *line, const struct rule *rule)
{
    struct rule *added = wax_access_array_append(&parser->rules->rules, parser->rules->memory);

    if (added == NULL) {
        return run_short(parser);
    }
    *added = *rule;
    added->line = line->number;
    return WAX_OK;
}

static wax_status read_topic(struct parser *parser, const wax_line *line, wax_bytes text)
{
    struct rule rule = {.section = parser->section};
    const char *fault = read_rule(text, &rule);

    return fault != NULL ? refuse(parser, line, fault) : add_rule(parser, line, &rule);
}

static bool contains(wax_bytes text, uint8_t letter)
{
    for (size_t i = 0; i + 1 < text.size; i++) {
        if (text.data[i] == '%' && text.data[i + 1] == letter) {
            return true;
        }
    }
    return false;
}

static wax_status read_pattern(struct parser *parser, const wax_line *line, wax_bytes text)
{
    struct rule rule = {.section = SECTION_PATTERNS};
    const char *fault = read_rule(text, &rule);

    if (fault != NULL) {
        return refuse(parser, line, fault);
    }
    rule.names_user = contains(rule.filter, 'u');
    parser->rules->uses_user = parser->rules->uses_user || rule.names_user;
    parser->rules->uses_client_id = parser->rules->uses_client_id || contains(rule.filter, 'c');
    return add_rule(parser, line, &rule);
}

/* A user may have lines in several places: the index grows with the sections. */
static wax_status index_sections(wax_rules *rules)
{
    wax_access_index index;

    if (2 * rules->sections.count < rules->by_user.slot_count) {
        return WAX_OK;
    }
    if (wax_access_index_open(&index, rules->memory, 2 * rules->sections.count) != WAX_OK) {
        return WAX_FULL;
    }
    wax_access_index_close(&rules->by_user, rules->memory);
    rules->by_user = index;
    for (size_t i = SECTION_FIRST_USER; i < rules->sections.count; i++) {
        const wax_rules_section *section = wax_access_array_at(&rules->sections, i);

        *wax_access_index_slot(&index, &rules->sections, section->name) = (uint32_t)i + 1U;
    }
    return WAX_OK;
}

static wax_status read_user(struct parser *parser, const wax_line *line, wax_bytes text)
{
    wax_rules *rules = parser->rules;
    wax_rules_section *section;
    uint32_t *slot;

    if (text.size == 0) {
        return refuse(parser, line, "the user name is missing: write it behind 'user'");
    }
    if (text.size > WAX_NAME_MAX) {
        return refuse(parser, line, "the user name is longer than MQTT can carry");
    }
    slot = wax_access_index_slot(&rules->by_user, &rules->sections, text);
    if (*slot == 0) {
        section = wax_access_array_append(&rules->sections, rules->memory);
        if (section == NULL) {
            return run_short(parser);
        }
        section->name = text;
        *slot = (uint32_t)rules->sections.count;
    }
    parser->section = *slot - 1U;
    return index_sections(rules) == WAX_OK ? WAX_OK : run_short(parser);
}

struct keyword {
    wax_bytes word;
    wax_status (*read)(struct parser *parser, const wax_line *line, wax_bytes text);
};

static const struct keyword keywords[] = {
    {{(const uint8_t *)"topic", 5},   read_topic  },
    {{(const uint8_t *)"user", 4},    read_user   },
    {{(const uint8_t *)"pattern", 7}, read_pattern},
};

static wax_status read_line(struct parser *parser, const wax_line *line)
{
    const char *fault = wax_line_fault(line);
    wax_bytes text = line->text;
    wax_bytes word = cut_word(&text);

    if (fault != NULL) {
        return refuse(parser, line, fault);
    }
    for (size_t i = 0; i < WAX_COUNT(keywords); i++) {
        if (wax_bytes_equal(keywords[i].word, word)) {
            return keywords[i].read(parser, line, text);
        }
    }
    return refuse(parser, line, "the line begins with none of topic, user, pattern and #");
}

static wax_status read_lines(struct parser *parser)
{
    wax_rules *rules = parser->rules;
    wax_lines lines = wax_lines_over(wax_bytes_of(rules->text, rules->text_size));
    wax_line line;
    wax_status status = WAX_OK;

    for (size_t i = 0; i < SECTION_FIRST_USER; i++) {
        if (wax_access_array_append(&rules->sections, rules->memory) == NULL) {
            return run_short(parser);
        }
    }
    if (index_sections(rules) != WAX_OK) {
        return run_short(parser);
    }
    while (status == WAX_OK && wax_lines_next(&lines, &line)) {
        status = read_line(parser, &line);
    }
    return status;
}

/* Copies the rules that deny, or those that grant, to their places. `first` of a section moves on
 * behind what was placed. */
static void place(wax_rules *rules, struct rule *sorted, bool denies)
{
    for (size_t i = 0; i < rules->rules.count; i++) {
        const struct rule *rule = wax_access_array_at(&rules->rules, i);
        wax_rules_section *section = wax_access_array_at(&rules->sections, rule->section);

        if ((rule->grants == 0) == denies) {
            sorted[section->first++] = *rule;
        }
    }
}

/* Brings each section's rules together, those that deny first, else as the file has them. */
static wax_status sort(struct parser *parser)
{
    wax_rules *rules = parser->rules;
    size_t size = rules->rules.capacity * sizeof(struct rule);
    struct rule *sorted;
    size_t first = 0;

    if (rules->rules.count == 0) {
        return WAX_OK;
    }
    sorted = rules->memory->resize(rules->memory, NULL, 0, size);
    if (sorted == NULL) {
        return run_short(parser);
    }
    for (size_t i = 0; i < rules->rules.count; i++) {
        const struct rule *rule = wax_access_array_at(&rules->rules, i);
        ((wax_rules_section *)wax_access_array_at(&rules->sections, rule->section))->count++;
    }
    for (size_t i = 0; i < rules->sections.count; i++) {
        wax_rules_section *section = wax_access_array_at(&rules->sections, i);
        section->first = first;
        first += section->count;
    }
    place(rules, sorted, true);
    place(rules, sorted, false);
    for (size_t i = 0; i < rules->sections.count; i++) {
        wax_rules_section *section = wax_access_array_at(&rules->sections, i);
        section->first -= section->count;
    }
    rules->memory->resize(rules->memory, rules->rules.items, size, 0);
    rules->rules.items = sorted;
    return WAX_OK;
}

wax_status wax_rules_parse(wax_rules *rules, wax_memory *memory, wax_bytes text,
                           wax_access_fault *fault)
{
    struct parser parser = {.rules = rules, .fault = fault, .section = SECTION_ANONYMOUS};
    wax_status status;

    *fault = (wax_access_fault){.text = ""};
    *rules = (wax_rules){
        .memory = memory,
        .text_size = text.size,
        .rules.item_size = sizeof(struct rule),
        .sections.item_size = sizeof(wax_rules_section),
    };
    if (text.size > WAX_ACCESS_TEXT_MAX) {
        fault->text = "the file is larger than 64 MiB: is it an ACL file?";
        return WAX_INVALID;
    }
    rules->text = wax_access_text_copy(memory, text);
    status = rules->text == NULL ? run_short(&parser) : read_lines(&parser);
    if (status == WAX_OK) {
        status = sort(&parser);
    }
    if (status != WAX_OK) {
        wax_rules_close(rules);
    }
    return status;
}

void wax_rules_close(wax_rules *rules)
{
    wax_access_array_close(&rules->rules, rules->memory);
    wax_access_array_close(&rules->sections, rules->memory);
    wax_access_index_close(&rules->by_user, rules->memory);
    wax_access_text_close(rules->memory, rules->text, rules->text_size);
    *rules = (wax_rules){0};
}

wax_bytes wax_rules_line(const wax_rules *rules, size_t number)
{
    wax_lines lines = wax_lines_over(wax_bytes_of(rules->text, rules->text_size));
    wax_line line;

    while (wax_lines_next(&lines, &line)) {
        if (line.number == number) {
            return line.text;
        }
    }
    return (wax_bytes){NULL, 0};
}
