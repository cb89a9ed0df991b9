/* Numbers of a JSON text as float32, without an object for any of them.

   What is not recognised to the last character has no place behind it (NULL), and another reader
   decides: nothing here refuses a body. docs/decisions/0035-numbers-in-c.md says why this is C. */

#ifndef JSON_NUMBERS_H
#define JSON_NUMBERS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "json_rows.h"

/* 10 to these powers has no rounding error in a double. */
#define MOST_EXPONENT 22
/* As many digits fit 64 bits. */
#define MOST_DIGITS 19
/* Up to here every whole number is a double. */
#define LARGEST_EXACT (1ULL << 53)

static const double POWERS[MOST_EXPONENT + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* A text is read by a pointer into a bytes object, whose last character is followed by a zero. A
   zero is no part of JSON, so no reader goes beyond it, and none has to look for the end. */
typedef const char *Place;

static inline Place skip_blanks(Place at) {
    while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') at++;
    return at;
}

/* Behind the character and the blanks after it; NULL if another one is there. */
static inline Place skip(Place at, char expected) {
    return at && *at == expected ? skip_blanks(at + 1) : NULL;
}

static inline int is_digit(char character) { return (unsigned char)(character - '0') < 10; }

/* Whether a value that may be off by two steps of a double has the float32 of the true one: not if
   a point halfway between two float32 is as near. */
static int rounds_alike(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t half = 1ULL << 28, rest = bits & (2 * half - 1);
    return rest + 4 < half || rest > half + 4;
}

/* The exponent behind a number, added to the one that its decimal places make. */
static Place read_exponent(Place at, int *exponent) {
    if ((*at | 32) != 'e') return at;
    at++;
    int negative = *at == '-', given = 0;
    if (*at == '-' || *at == '+') at++;
    if (!is_digit(*at)) return NULL;
    for (; is_digit(*at); at++) {
        given = 10 * given + (*at - '0');
        if (given > 99) return NULL;
    }
    *exponent += negative ? -given : given;
    return at;
}

/* A number of at most 19 digits and of a size between -largest and largest, as the float32 that is
   nearest to the double that is nearest to it. Returns the place behind it, or NULL. */
static Place read_number(Place at, double largest, float *number) {
    int negative = *at == '-', exponent = 0;
    Place first = at += negative;
    uint64_t digits = 0;
    for (; is_digit(*at); at++) digits = 10 * digits + (uint64_t)(*at - '0');
    ptrdiff_t n_digits = at - first;
    if (n_digits == 0 || (n_digits > 1 && *first == '0')) return NULL;
    if (*at == '.') {
        Place point = ++at;
        for (; is_digit(*at); at++) digits = 10 * digits + (uint64_t)(*at - '0');
        if (at == point) return NULL;
        n_digits += at - point;
        exponent = (int)(point - at);
    }
    if (n_digits > MOST_DIGITS || (at = read_exponent(at, &exponent)) == NULL) return NULL;
    if (exponent < -MOST_EXPONENT || exponent > MOST_EXPONENT) return NULL;
    double value = (double)digits;
    value = exponent < 0 ? value / POWERS[-exponent] : value * POWERS[exponent];
    if (value > largest || (negative && digits == 0)) return NULL; /* -0 has a float and an integer */
    if (digits > LARGEST_EXACT && (!rounds_alike(value) || value > 0.999 * largest)) return NULL;
    *number = (float)(negative ? -value : value);
    return at;
}

/* A grey level: nearly always a whole number of up to three digits. */
static inline Place read_grey(Place at, float *grey) {
    if (!is_digit(*at)) return NULL; /* none is negative */
    int level = *at - '0';
    Place next = at + 1;
    if (level && is_digit(*next)) {
        level = 10 * level + (*next++ - '0');
        if (is_digit(*next)) level = 10 * level + (*next++ - '0');
    }
    if (*next == '.' || (*next | 32) == 'e' || is_digit(*next)) return read_number(at, 255.0, grey);
    if (level > 255) return NULL;
    *grey = (float)level;
    return next;
}

/* Most of an image is black: four levels at once, if another one must follow. */
static inline Place read_black(Place at, Place end, float *greys, ptrdiff_t *i, ptrdiff_t length) {
    for (; *i + 4 < length && end - at >= 8 && memcmp(at, "0,0,0,0,", 8) == 0; at += 8) {
        for (ptrdiff_t stop = *i + 4; *i < stop; ++*i) greys[*i] = 0.0f;
    }
    return at;
}

/* A list of exactly ``length`` grey levels. */
static Place read_greys(Place at, Place end, ptrdiff_t length, float *greys) {
    at = skip(at, '[');
    for (ptrdiff_t i = 0; at && i < length; i++) {
        if (i && !(at = skip(at, ','))) return NULL;
        at = read_black(at, end, greys, &i, length);
        if ((at = read_grey(at, greys + i))) at = skip_blanks(at);
    }
    return skip(at, ']');
}

/* A grid of ``side`` lists of ``side`` grey levels; ``rows`` says whether to try each as a whole. */
static Place read_grid(Place at, Place end, ptrdiff_t side, int rows, float *greys) {
    at = skip(at, '[');
    for (ptrdiff_t i = 0; at && i < side; i++, greys += side) {
        if (i && !(at = skip(at, ','))) return NULL;
        Place behind = rows && *at == '[' ? read_row(at + 1, end, (int)side, greys) : NULL;
        at = behind ? skip(behind, ']') : read_greys(at, end, side, greys);
    }
    return skip(at, ']');
}

/* Added up in bytes as long as those can hold it: many more of them fit a register. */
static ptrdiff_t count_of(char character, Place from, Place end) {
    ptrdiff_t found = 0;
    while (from < end) {
        Place stop = end - from > UINT8_MAX ? from + UINT8_MAX : end;
        uint8_t some = 0;
        for (; from < stop; from++) some = (uint8_t)(some + (*from == character));
        found += some;
    }
    return found;
}

/* How many grids the list that ``at`` is in may hold; 0 if they could not be in that much text. */
static ptrdiff_t count_grids(Place at, Place end, ptrdiff_t side) {
    ptrdiff_t n_grids = count_of('[', at, end) / (side + 1);
    /* A level and what follows it take two characters: no more memory than the text has earned. */
    return n_grids <= (end - at) / (2 * side * side) ? n_grids : 0;
}

/* The rest of a list of ``n_grids`` grids, from behind its bracket. */
static Place read_grids(
    Place at, Place end, ptrdiff_t n_grids, ptrdiff_t side, float *greys
) {
    int rows = side <= MOST_IN_ROW && reads_rows();
    for (ptrdiff_t i = 0; at && i < n_grids; i++) {
        if (i && !(at = skip(at, ','))) return NULL;
        at = read_grid(at, end, side, rows, greys + i * side * side);
    }
    return skip(at, ']');
}

/* The place of the value of the first field of an object, if that is called ``name``. */
static Place first_field(Place at, const char *name) {
    size_t length = strlen(name);
    at = skip(skip_blanks(at), '{');
    if (!at || *at != '"' || strncmp(at + 1, name, length) != 0) return NULL;
    return skip(skip(at + 1 + length, '"'), ':');
}

/* A list of numbers and nulls, one at least; ``numbers`` goes on behind them. */
static Place read_list(Place at, double largest, float **numbers, int *gaps) {
    at = skip(at, '[');
    for (int first = 1; at; first = 0) {
        if (!first && *at == ']') return skip(at, ']');
        if (!first && !(at = skip(at, ','))) return NULL;
        if (*at == 'n') {
            if (strncmp(at, "null", 4) != 0) return NULL;
            *(*numbers)++ = NAN;
            *gaps = 1;
            at = skip_blanks(at + 4);
        } else if ((at = read_number(at, largest, (*numbers)++))) {
            at = skip_blanks(at);
        }
    }
    return NULL;
}

/* What lists of numbers become: all numbers one after the other, and how many each list has. */
typedef struct {
    float *numbers;
    ptrdiff_t *lengths, n_lists;
    int gaps; /* whether any number is missing */
} Lists;

static Place add_list(Place at, double largest, Lists *lists, float **end) {
    float *before = *end;
    at = read_list(at, largest, end, &lists->gaps);
    lists->lengths[lists->n_lists++] = *end - before;
    return at;
}

/* How many lists a text may hold, which begin or break off: each before the last takes four characters. */
static ptrdiff_t most_lists(Place at, Place end) {
    ptrdiff_t opened = count_of('[', at, end) + 1, fit = (end - at) / 4 + 1;
    return opened < fit ? opened : fit;
}

/* Lists of numbers, or one that is not in a list. There must be room for a number more than the text
   has commas, and for ``most_lists`` lengths. */
static Place read_lists(Place at, double largest, Lists *lists) {
    float *end = lists->numbers;
    if (*at != '[') return NULL;
    Place inside = skip_blanks(at + 1);
    if (*inside != '[') return add_list(at, largest, lists, &end);
    for (at = inside; at && *at == '['; at = skip(at, ',')) {
        at = add_list(at, largest, lists, &end);
        if (at && *at == ']') return skip(at, ']');
    }
    return NULL;
}

#endif
