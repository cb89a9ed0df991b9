/* Filters of 5 x 5 pixels, every second pixel of every second row.

   The 25 pixels under a filter are seven groups: of the upper four rows one for every column, of
   the fifth row its first four pixels, and its last one with three that have no weight. */

#include "vectors.h"

enum {
    EDGE = 2, /* black around the image */
    PITCH = 32,
};

/* Rows of levels with their black edges; what is read behind the end of one has no weight. */
typedef struct {
    _Alignas(64) uint8_t rows[SIDE + 2 * EDGE][PITCH];
    uint8_t columns[PITCH][GROUP]; /* of four rows, pixels of a column next to each other */
} Levels;

/* The image ``moved`` rows down: a row that leaves it is lost, one that it leaves behind is black. */
static void take_levels(const float *image, int moved, Levels *levels) {
    memset(levels->rows, 0, sizeof levels->rows);
    __m512 black = _mm512_setzero_ps(), white = _mm512_set1_ps(255.0f);
    int first = moved < 0 ? -moved : 0, last = moved < 0 ? SIDE - 1 : SIDE - 1 - moved;
    for (int row = first; row <= last; row++) {
        /* The second sixteen pixels begin before the first end: 28 are fewer than 32. */
        for (int start = 0; start <= SIDE - BLOCK; start += SIDE - BLOCK) {
            __m512 greys = _mm512_loadu_ps(image + row * SIDE + start);
            greys = _mm512_min_ps(_mm512_max_ps(greys, black), white);
            __m128i bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(greys));
            memcpy(&levels->rows[EDGE + row + moved][EDGE + start], &bytes, sizeof bytes);
        }
    }
}

static void take_columns(Levels *levels, int row) {
    for (int start = 0; start < PITCH; start += 16) {
        __m128i rows[GROUP];
        for (int i = 0; i < GROUP; i++) memcpy(&rows[i], &levels->rows[row + i][start], 16);
        __m128i left = _mm_unpacklo_epi8(rows[0], rows[1]);
        __m128i right = _mm_unpackhi_epi8(rows[0], rows[1]);
        __m128i left_below = _mm_unpacklo_epi8(rows[2], rows[3]);
        __m128i right_below = _mm_unpackhi_epi8(rows[2], rows[3]);
        __m128i *columns = (__m128i *)levels->columns[start];
        columns[0] = _mm_unpacklo_epi16(left, left_below);
        columns[1] = _mm_unpackhi_epi16(left, left_below);
        columns[2] = _mm_unpacklo_epi16(right, right_below);
        columns[3] = _mm_unpackhi_epi16(right, right_below);
    }
}

void first_layer(const Reader *reader, const float *image, int moved, Responses *responses) {
    Levels levels;
    __m512i weights[FIRST_GROUPS];
    take_levels(image, moved, &levels);
    for (int i = 0; i < FIRST_GROUPS; i++) weights[i] = _mm512_loadu_si512(reader->first[i]);
    for (int row = 0; row < HALF; row++) {
        take_columns(&levels, 2 * row);
        const uint8_t *fifth = levels.rows[2 * row + 4];
        __m512i sums[HALF];
#pragma GCC unroll 14
        for (int column = 0; column < HALF; column++) {
            int at = 2 * column;
            sums[column] = _mm512_setzero_si512();
#pragma GCC unroll 5
            for (int i = 0; i < 5; i++) {
                const uint8_t *four = levels.columns[at + i];
                sums[column] = add_products(sums[column], group_at(four), weights[i]);
            }
            sums[column] = add_products(sums[column], group_at(fifth + at), weights[5]);
            sums[column] = add_products(sums[column], group_at(fifth + at + 4), weights[6]);
        }
        write_levels(responses->first[row][0], sums, HALF, 1, &reader->roundings[0]);
    }
}
