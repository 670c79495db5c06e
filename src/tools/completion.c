/* wax completion: a script by which bash and zsh complete the words of every tool. */
#include "tools/option_table.h"
#include "tools/tools.h"
#include "tools/words.h"

#include <stdio.h>
#include <string.h>

struct row {
    const char *tool;
    unsigned shared; /* it reads the shared table of options; 0: a table of its own */
    words_function *options;
    words_function *verbs;
};

/* clang-format off */
static const struct row rows[] = {
    {"broker",     0,           broker_option_name, NULL         },
    {"pub",        TOOL_PUB,    NULL,               NULL         },
    {"sub",        TOOL_SUB,    NULL,               NULL         },
    {"rr",         TOOL_RR,     NULL,               NULL         },
    {"doctor",     TOOL_DOCTOR, NULL,               NULL         },
    {"bench",      TOOL_BENCH,  NULL,               bench_word   },
    {"proxy",      TOOL_PROXY,  NULL,               NULL         },
    {"gateway",    TOOL_GATEWAY, NULL,              NULL         },
    {"ctl",        0,           ctl_option_name,    ctl_verb_name},
    {"keys",       0,           keys_option_name,   keys_verb_name},
    {"authority",  TOOL_AUTHORITY, NULL,            NULL         },
    {"update",     TOOL_UPDATE, NULL,               update_verb_name},
    {"init",       0,           init_option_name,   NULL         },
    {"seal",       0,           seal_option_name,   NULL         },
    {"open",       0,           seal_option_name,   NULL         },
    {"passwd",     0,           passwd_option_name, NULL         },
    {"pki",        0,           pki_option_name,    pki_verb_name},
    {"demo",       0,           demo_option_name,   NULL         },
    {"completion", 0,           NULL,               NULL         },
};
/* clang-format on */

static const char help[] =
    "Usage: wax completion bash|zsh\n"
    "\n"
    "Prints a script by which the shell completes tools, verbs and options. For every new shell:\n"
    "  echo 'source <(wax completion bash)' >>~/.bashrc\n"
    "  echo 'source <(wax completion zsh)' >>~/.zshrc\n"
    "or for everybody:\n"
    "  wax completion bash >/usr/share/bash-completion/completions/wax\n";

static void print_option(const char *name)
{
    (void)printf(" %s%s", name[0] == '-' ? "" : "--", name);
}

static void print_options(const struct row *row)
{
    for (size_t i = 0; row->options != NULL && row->options(i) != NULL; i++) {
        print_option(row->options(i));
    }
    for (size_t i = 0; row->shared != 0 && i < tools_option_count; i++) {
        const struct option_row *option = &tools_options[i];
        bool is_shown = (option->tools & row->shared) != 0 && option->text != NULL;
        if (is_shown && option->letter != NULL) {
            print_option(option->letter);
        }
        if (is_shown && option->name != NULL) {
            print_option(option->name);
        }
    }
}

/* The verbs that begin with `first`, or the first words of all, each once. */
static void print_verbs(const struct row *row, const char *first)
{
    size_t size = first == NULL ? 0 : strlen(first);
    const char *before = "";

    for (size_t i = 0; row->verbs(i) != NULL; i++) {
        const char *verb = row->verbs(i);
        size_t word = strcspn(verb, " ");
        bool is_same = strlen(before) >= word && strncmp(before, verb, word) == 0 &&
                       (before[word] == ' ' || before[word] == '\0');
        if (first == NULL && !is_same) {
            (void)printf(" %.*s", (int)word, verb);
        } else if (first != NULL && word == size && strncmp(verb, first, size) == 0 &&
                   verb[word] == ' ') {
            (void)printf(" %s", verb + word + 1);
        }
        before = verb;
    }
}

/* `ctl retained) words=" list delete" ;;` for each verb of two words. */
static void print_second_words(const struct row *row)
{
    for (size_t i = 0; row->verbs(i) != NULL; i++) {
        char first[32];
        size_t size = strcspn(row->verbs(i), " ");
        bool is_known = i > 0 && strncmp(row->verbs(i - 1), row->verbs(i), size + 1) == 0;

        if (row->verbs(i)[size] == ' ' && !is_known) {
            (void)snprintf(first, sizeof first, "%.*s", (int)size, row->verbs(i));
            (void)printf("        '%s %s') words='", row->tool, first);
            print_verbs(row, first);
            (void)puts("' ;;");
        }
    }
}

static void print_first_words(void)
{
    (void)fputs("        '') words='help", stdout);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        (void)printf(" %s", rows[i].tool);
    }
    (void)puts(" --help --version' ;;");
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].verbs != NULL) {
            (void)printf("        '%s') words='", rows[i].tool);
            print_verbs(&rows[i], NULL);
            (void)puts("' ;;");
            print_second_words(&rows[i]);
        }
    }
    (void)puts("        'completion') words='bash zsh' ;;");
}

static void print_script(void)
{
    (void)puts("_wax() {\n"
               "    local cur=\"${COMP_WORDS[COMP_CWORD]}\" words=''\n"
               "    local before=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\"\n"
               "    if [[ $cur == -* ]]; then\n"
               "        case \"${COMP_WORDS[1]}\" in");
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        (void)printf("        %s) words='", rows[i].tool);
        print_options(&rows[i]);
        (void)puts("' ;;");
    }
    (void)puts("        *) words='--help --version' ;;\n"
               "        esac\n"
               "    else\n"
               "        case \"$before\" in");
    print_first_words();
    (void)puts("        esac\n"
               "    fi\n"
               "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
               "}\n"
               "complete -o default -F _wax wax");
}

int wax_tool_completion(int argc, char **argv)
{
    const char *word = argc == 2 ? argv[1] : "";

    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        (void)fputs(help, stdout);
        return 0;
    }
    if (strcmp(word, "zsh") == 0) {
        (void)puts("autoload -Uz compinit bashcompinit && compinit && bashcompinit");
    } else if (strcmp(word, "bash") != 0) {
        (void)fputs(help, stderr);
        return 1;
    }
    print_script();
    return 0;
}
