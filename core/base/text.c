/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include "base/memory.h"
#include "base/number.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WORD_MOST = 64, BEGINNING_LEAST = 3, PART_LEAST = 4 };

static bool reserve(nn_text *text, size_t more)
{
    if (text->failed) {
        return false;
    }
    if (text->room - text->length > more) {
        return true;
    }
    size_t room = text->room * 2 > text->length + more + 1 ? text->room * 2 : text->length + more + 64;
    if (nn_realloc((void **)&text->bytes, text->length + 1, room, 1, "text") != NN_OK) {
        text->failed = true;
        return false;
    }
    text->room = room;
    return true;
}

void nn_text_append(nn_text *text, const char *bytes, size_t length)
{
    if (reserve(text, length)) {
        memcpy(text->bytes + text->length, bytes, length);
        text->length += length;
        text->bytes[text->length] = '\0';
    }
}

void nn_text_put(nn_text *text, const char *string)
{
    nn_text_append(text, string, strlen(string));
}

/* Most texts fit into the room there is, and are formatted once. */
void nn_text_printf(nn_text *text, const char *format, ...)
{
    va_list arguments, again;
    size_t room = text->room - text->length;
    if (text->failed) {
        return;
    }
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(room > 0 ? text->bytes + text->length : NULL, room, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length >= room) {
        if (room > 0) {
            text->bytes[text->length] = '\0';
        }
        if (!reserve(text, (size_t)length + 1)) {
            length = 0;
        } else {
            vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        }
    }
    text->length += length > 0 ? (size_t)length : 0;
    va_end(again);
}

/* Bytes of the valid UTF-8 character at `s`, 0 where there is none (overlong, surrogate, cut). */
static size_t utf8_bytes(const unsigned char *s, size_t length)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
             : s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : 0;
    if (n == 0 || n > length) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool bad = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F)
            || (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F);
    return bad ? 0 : n;
}

bool nn_text_is_utf8(const char *bytes, size_t length)
{
    for (size_t i = 0, n; i < length; i += n) {
        n = utf8_bytes((const unsigned char *)bytes + i, length - i);
        if (n == 0) {
            return false;
        }
    }
    return true;
}

/* C0, DEL, C1 and the line and direction controls a terminal may obey. */
static bool steers(const unsigned char *s, size_t n)
{
    if (n == 1) {
        return s[0] < 0x20 || s[0] == 0x7F;
    }
    if (n == 2) {
        return s[0] == 0xC2 && s[1] < 0xA0;
    }
    return n == 3 && s[0] == 0xE2 && ((s[1] == 0x80 && s[2] >= 0xA8 && s[2] <= 0xAE)
                                      || (s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9));
}

void nn_text_escape(nn_text *text, const char *bytes, size_t length)
{
    const unsigned char *s = (const unsigned char *)bytes;
    for (size_t i = 0; i < length;) {
        size_t n = utf8_bytes(s + i, length - i);
        if (n > 0 && !steers(s + i, n)) {
            nn_text_append(text, bytes + i, n);
            i += n;
            continue;
        }
        for (size_t end = i + (n > 0 ? n : 1); i < end; i++) {
            nn_text_printf(text, "\\x%02x", s[i]);
        }
    }
}

/* A character of JSON that stands for itself. */
static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

void nn_text_json(nn_text *text, const char *string)
{
    const unsigned char *s = (const unsigned char *)string;
    size_t length = strlen(string);
    nn_text_put(text, "\"");
    for (size_t i = 0; i < length;) {
        size_t n = utf8_bytes(s + i, length - i);
        if (n == 0) {
            nn_text_put(text, "\xEF\xBF\xBD");
            i++;
        } else if (s[i] == '"' || s[i] == '\\') {
            nn_text_printf(text, "\\%c", s[i++]);
        } else if (s[i] < 0x20) {
            nn_text_printf(text, "\\u%04x", s[i++]);
        } else {
            size_t end = i + n;
            while (end < length && is_plain(s[end])) {
                end++;
            }
            nn_text_append(text, string + i, end - i);
            i = end;
        }
    }
    nn_text_put(text, "\"");
}

void nn_text_real(nn_text *text, double value)
{
    char digits[32];
    if (!isfinite(value)) {
        nn_text_put(text, "null");
        return;
    }
    for (int count = 15; count <= 17; count++) {
        snprintf(digits, sizeof digits, "%.*g", count, value);
        if (strtod(digits, NULL) == value) {
            break;
        }
    }
    nn_text_put(text, digits);
}

void nn_text_number(nn_text *text, double value)
{
    if (reserve(text, NN_NUMBER_ROOM)) {
        text->length += nn_number_print(value, text->bytes + text->length);
    }
}

const char *nn_text_view(const nn_text *text)
{
    return text->bytes == NULL ? "" : text->bytes;
}

nn_status nn_text_status(const nn_text *text)
{
    return text->failed ? nn_fail_memory("text", text->room) : NN_OK;
}

void nn_text_finish(nn_text *text)
{
    nn_free(text->bytes);
    *text = (nn_text){0};
}

void nn_text_finish_part(nn_text *part, nn_text *whole)
{
    whole->failed = whole->failed || part->failed;
    nn_text_finish(part);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nn_text_distance(const char *a, const char *b, size_t limit)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > WORD_MOST || m > WORD_MOST || n > m + limit || m > n + limit) {
        return limit + 1;
    }
    size_t rows[3][WORD_MOST + 1]; /* the row before last, the last, this one */
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++) {
        last[j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            int p = tolower((unsigned char)a[i - 1]), q = tolower((unsigned char)b[j - 1]);
            row[j] = least(least(last[j] + 1, row[j - 1] + 1), last[j - 1] + (p != q));
            if (i > 1 && j > 1 && p == tolower((unsigned char)b[j - 2])
                && q == tolower((unsigned char)a[i - 2])) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return least(last[m], limit + 1);
}

size_t nn_text_nearness(const char *word)
{
    size_t third = strlen(word) / 3;
    return third < 1 ? 1 : third > 3 ? 3 : third;
}

/* learning_rate holds "rate", crossentropy is held by none. */
static const char *only_part(const char *word, const char *const *names, size_t count)
{
    const char *only = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *part = strlen(word) < strlen(names[i]) ? word : names[i];
        const char *whole = part == word ? names[i] : word;
        if (strlen(part) < PART_LEAST || strcasestr(whole, part) == NULL) {
            continue;
        }
        if (only != NULL) {
            return NULL;
        }
        only = names[i];
    }
    return only;
}

const char *nn_text_nearest(const char *word, const char *const *names, size_t count)
{
    size_t length = strlen(word), limit = nn_text_nearness(word), best = limit + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t distance = nn_text_distance(word, names[i], limit);
        if (distance < best) {
            best = distance;
            nearest = names[i];
        }
    }
    for (size_t i = 0; nearest == NULL && length >= BEGINNING_LEAST && i < count; i++) {
        if (strncasecmp(names[i], word, length) == 0) {
            nearest = names[i];
        }
    }
    return nearest != NULL ? nearest : only_part(word, names, count);
}
