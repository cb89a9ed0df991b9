/* Filters of 3 x 3 pixels.

   Seven neighbouring responses of all filters are computed at a time: their sums stay in registers
   until they are bytes. Pixels beyond an edge are black, so they are left out instead of being
   multiplied; sizes are constants at every call, so that nothing is left to ask in inner loops. */

#include "vectors.h"

enum { LEFT = 1, RIGHT = 2 }; /* edges that the seven reach */

typedef struct {
    int features, blocks, step; /* of the input, of filters, from response to response */
    int edges;
} Shape;

/* What the pixels ``column`` (0 to 2) of one row of the filters add to the sums. */
INLINE void add_column(__m512i sums[], const uint8_t *pixels, const Weights *weights,
                       const int column, const Shape shape) {
#pragma GCC unroll 1
    for (int group = 0; group < shape.features / GROUP; group++) {
        __m512i filters[3];
#pragma GCC unroll 3
        for (int block = 0; block < shape.blocks; block++) {
            filters[block] = _mm512_loadu_si512(weights[group * shape.blocks + block]);
        }
#pragma GCC unroll 7
        for (int i = 0; i < QUARTER; i++) {
            if (shape.edges & LEFT && column == 0 && i == 0) continue;
            if (shape.edges & RIGHT && column == 2 && i == QUARTER - 1) continue;
            int pixel = i * shape.step + column - 1;
            __m512i levels = group_at(pixels + pixel * shape.features + group * GROUP);
#pragma GCC unroll 3
            for (int block = 0; block < shape.blocks; block++) {
                __m512i *sum = &sums[i * shape.blocks + block];
                *sum = add_products(*sum, levels, filters[block]);
            }
        }
    }
}

/* Seven responses; ``pixels`` are those under the middle of the first one's filters, ``pitch`` is
   from row to row, of whose three ``first`` to ``last`` are in the image. */
INLINE void seven(const uint8_t *pixels, ptrdiff_t pitch, int first, int last,
                  const Weights *weights, const Rounding *rounding, uint8_t *responses,
                  const Shape shape) {
    __m512i sums[QUARTER * 3];
    const int n_sums = QUARTER * shape.blocks;
#pragma GCC unroll 21
    for (int i = 0; i < n_sums; i++) sums[i] = _mm512_setzero_si512();
    const int n_column = shape.features / GROUP * shape.blocks;
    for (int row = first; row <= last; row++) {
        const uint8_t *at = pixels + (row - 1) * pitch;
        const Weights *filters = weights + row * 3 * n_column;
        add_column(sums, at, filters, 0, shape);
        add_column(sums, at, filters + n_column, 1, shape);
        add_column(sums, at, filters + 2 * n_column, 2, shape);
    }
    write_levels(responses, sums, n_sums, shape.blocks, rounding);
}

static void second_layer(const Reader *reader, Responses *responses) {
    const Shape left = {FIRST, SECOND / BLOCK, 1, LEFT}, right = {FIRST, SECOND / BLOCK, 1, RIGHT};
    for (int row = 0; row < HALF; row++) {
        int first = row == 0, last = row == HALF - 1 ? 1 : 2;
        seven(responses->first[row][0], HALF * FIRST, first, last, reader->second[0][0],
              &reader->roundings[1], responses->second[row][0], left);
        seven(responses->first[row][QUARTER], HALF * FIRST, first, last, reader->second[0][0],
              &reader->roundings[1], responses->second[row][QUARTER], right);
    }
}

static void third_layer(const Reader *reader, Responses *responses) {
    const Shape shape = {SECOND, THIRD / BLOCK, 2, LEFT};
    for (int row = 0; row < QUARTER; row++) {
        seven(responses->second[2 * row][0], HALF * SECOND, row == 0, 2, reader->third[0][0],
              &reader->roundings[2], responses->third[row][0], shape);
    }
}

static void fourth_layer(const Reader *reader, Responses *responses) {
    const Shape shape = {THIRD, FOURTH / BLOCK, 1, LEFT | RIGHT};
    for (int row = 0; row < QUARTER; row++) {
        seven(responses->third[row][0], QUARTER * THIRD, row == 0, row == QUARTER - 1 ? 1 : 2,
              reader->fourth[0][0], &reader->roundings[3], responses->fourth[row][0], shape);
    }
}

void other_layers(const Reader *reader, Responses *responses) {
    second_layer(reader, responses);
    third_layer(reader, responses);
    fourth_layer(reader, responses);
}
