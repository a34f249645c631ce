/* SPDX-License-Identifier: MIT */
#include "spec/bytes.h"

#include "spec/parse.h"

#include <string.h>

/* ---- places ---- */

nn_place nn__place_at(const nn_text_source *source, size_t offset)
{
    size_t line = 1, start = 0, column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (source->bytes[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    for (size_t i = start; i < offset; i++) {
        column += ((unsigned char)source->bytes[i] & 0xC0) != 0x80;
    }
    return (nn_place){source, line, column, 1};
}

nn_place nn__end_place(const nn_text_source *source)
{
    size_t length = source->length;
    while (length > 0 && strchr(" \r\n\t", source->bytes[length - 1]) != NULL) {
        length--;
    }
    return nn__place_at(source, length);
}

/* ---- what is no spec ---- */

static size_t utf8_length(const unsigned char *s, size_t left)
{
    static const struct {
        unsigned char least, most, second_least, second_most;
        size_t length;
    } rows[] = {
        {0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        if (s[0] < rows[r].least || s[0] > rows[r].most) {
            continue;
        }
        if (rows[r].length > left
            || (rows[r].length > 1 && (s[1] < rows[r].second_least || s[1] > rows[r].second_most))) {
            return 0;
        }
        for (size_t i = 2; i < rows[r].length; i++) {
            if ((s[i] & 0xC0) != 0x80) {
                return 0;
            }
        }
        return rows[r].length;
    }
    return 0;
}

static bool refuse(nn__fault *fault, nn_place place, const char *message, const char *help)
{
    *fault = (nn__fault){place, message, help};
    return true;
}

/* Of the character of n bytes at s; n 0: no UTF-8. */
static bool character_is_refused(const nn_text_source *source, const unsigned char *s, size_t n,
                                 nn__fault *fault)
{
    const char *text = "a spec is text in UTF-8";
    nn_place place = {source, 1, 1, 1};
    bool control = (s[0] < 0x20 && s[0] != '\t' && s[0] != '\n' && s[0] != '\r') || s[0] == 0x7F
                || (n == 2 && s[0] == 0xC2 && s[1] < 0xA0);
    if (n != 0 && !control) {
        return false;
    }
    place = nn__place_at(source, (size_t)((const char *)s - source->bytes));
    return n == 0    ? refuse(fault, place, "invalid UTF-8", text)
         : s[0] == 0 ? refuse(fault, place, "a NUL byte", text)
                     : refuse(fault, place, "a control character",
                              "write it as an escape in double quotes");
}

/* Directives are refused where they may stand; libyaml reads all of a document before its first
 * event and compares each with all others, so those of a later document are counted. */
static bool directives_are_refused(const nn_text_source *source, size_t from, nn__fault *fault)
{
    enum { LINES_MOST = 64 };
    const char *bytes = source->bytes, *end = bytes + source->length;
    bool content = false;
    size_t lines = 0;
    for (const char *s = bytes + from; s < end;) {
        if (*s == '%' && (!content || ++lines > LINES_MOST)) {
            return refuse(fault, nn__place_at(source, (size_t)(s - bytes)),
                          "a YAML directive has no meaning in a spec", "remove the line");
        }
        const char *text = s;
        while (text < end && (*text == ' ' || *text == '\t' || *text == '\r')) {
            text++;
        }
        content = content || (text < end && *text != '#' && *text != '\n');
        const char *newline = memchr(s, '\n', (size_t)(end - s));
        s = newline == NULL ? end : newline + 1;
    }
    return false;
}

bool nn__bytes_are_refused(const nn_text_source *source, size_t from, nn__fault *fault)
{
    const unsigned char *s = (const unsigned char *)source->bytes;
    if (source->length > NN_SPEC_BYTES_MOST) {
        return refuse(fault, (nn_place){source, 0, 0, 1}, "larger than 1 MB: not a spec", NULL);
    }
    for (size_t i = from; i < source->length;) {
        size_t n = utf8_length(s + i, source->length - i);
        if (character_is_refused(source, s + i, n, fault)) {
            return true;
        }
        i += n;
    }
    return directives_are_refused(source, from, fault);
}

/* ---- what libyaml means ---- */

typedef struct line {
    const char *from, *to; /* without blanks at either end */
    const char *start;     /* with those in front */
    size_t number;
} line;

/* A line of the text, empty behind its end. */
static line line_at(const nn_text_source *source, size_t number)
{
    const char *s = source->bytes, *end = s + source->length;
    for (size_t i = 1; i < number && s < end; i++) {
        const char *newline = memchr(s, '\n', (size_t)(end - s));
        s = newline == NULL ? end : newline + 1;
    }
    const char *newline = s < end ? memchr(s, '\n', (size_t)(end - s)) : NULL;
    line l = {s, newline == NULL ? end : newline, s, number};
    while (l.from < l.to && (*l.from == ' ' || *l.from == '\t')) {
        l.from++;
    }
    while (l.to > l.from && strchr(" \t\r", l.to[-1]) != NULL) {
        l.to--;
    }
    return l;
}

/* The last line in front of another that says something. */
static line line_before(const nn_text_source *source, size_t number)
{
    line l = {.number = 0};
    while (--number > 0) {
        l = line_at(source, number);
        if (l.from < l.to && *l.from != '#') {
            return l;
        }
    }
    return (line){.number = 0};
}

/* Where a `: ` or a colon at the end is, NULL where there is none. */
static const char *separator(const line *l)
{
    for (const char *s = l->from; s < l->to; s++) {
        if (*s == ':' && (s + 1 == l->to || s[1] == ' ' || s[1] == '\t')) {
            return s;
        }
    }
    return NULL;
}

/* A line that is no `key: value` goes on in the next, whose own colon is then one too many; behind a
 * comment it is the next key that is not expected. */
static bool hint_before(const nn_text_source *source, nn_place place, nn_text *out)
{
    line here = line_at(source, place.line), before = line_before(source, place.line);
    const char *first = separator(&here);
    bool at_colon = first != NULL && (size_t)(first - here.start) + 1 == place.column;
    bool at_key = (size_t)(here.from - here.start) + 1 == place.column
               && here.from - here.start == before.from - before.start;
    if (before.number == 0 || separator(&before) != NULL || (!at_colon && !at_key)
        || *before.from == '-' || strchr("[{\"'|>", *before.from) != NULL) {
        return false;
    }
    bool colon = memchr(before.from, ':', (size_t)(before.to - before.from)) != NULL;
    nn_text_printf(out, colon ? "line %zu: a blank belongs behind the colon"
                              : "line %zu is no \"key: value\"", before.number);
    return true;
}

void nn__yaml_hint(const nn_text_source *source, nn_place place, const char *problem, nn_text *out)
{
    static const struct {
        const char *problem, *help;
    } rows[] = {
        {"mapping values are not allowed", "is the line indented as its neighbours are? a text "
                                           "that holds \": \" needs quotes"},
        {"could not find expected ':'", "a key needs \": \" behind it"},
        {"did not find expected key", "is the line indented as its neighbours are?"},
        {"did not find expected '-' indicator", "is the line indented as its neighbours are?"},
        {"did not find expected ',' or", "is a comma or a closing bracket missing?"},
        {"did not find expected node content", "is a value missing?"},
        {"found unexpected end of stream", "is a closing quote missing?"},
        {"found unknown escape character", "in double quotes a backslash begins an escape; take single "
                                            "quotes"},
        {"found undefined tag handle", "tags have no meaning in a spec"},
        {"block sequence entries are not allowed", "a list begins on a line of its own"},
    };
    line here = line_at(source, place.line);
    if (here.start < here.from && memchr(here.start, '\t', (size_t)(here.from - here.start)) != NULL) {
        nn_text_put(out, "a tab: YAML is indented by spaces");
        return;
    }
    problem = problem == NULL ? "" : problem;
    bool mapping = strncmp(problem, "mapping values", 14) == 0
                || strncmp(problem, "did not find expected key", 25) == 0;
    if (mapping && hint_before(source, place, out)) {
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strncmp(problem, rows[i].problem, strlen(rows[i].problem)) == 0) {
            nn_text_put(out, rows[i].help);
            return;
        }
    }
}
