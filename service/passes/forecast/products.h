/* Products of small matrices, each a block of sums that stays in registers. */

#ifndef FORECAST_PRODUCTS_H
#define FORECAST_PRODUCTS_H

#include "vectors.h"

/* Vectors and rows of a block: so many sums, and what they are made from, fit the registers. */
#if N_FLOATS == 16
enum { LANE_VECTORS = 7, LANE_ROWS = 3, ROW_VECTORS = 8, PATCH_VECTORS = 6, STATE_VECTORS = 12 };
#else
enum { LANE_VECTORS = 2, LANE_ROWS = 6, ROW_VECTORS = 8, PATCH_VECTORS = 3, STATE_VECTORS = 8 };
#endif
enum { PATCH_ROWS = 4 };

/* A block of `lanes_product`: LANE_ROWS outputs in LANE_VECTORS vectors of candidates. */
ALWAYS_INLINE void lanes_block(float *out, const float *weight, const float *bias,
                               const float *start, const float *in, int n_in) {
    Floats sums[LANE_ROWS][LANE_VECTORS];
#pragma GCC unroll 8
    for (int j = 0; j < LANE_ROWS; j++)
#pragma GCC unroll 8
        for (int v = 0; v < LANE_VECTORS; v++)
            sums[j][v] = bias[j] + (start ? load(start + j * LANES + v * N_FLOATS) : (Floats){});
    for (int i = 0; i < n_in; i++) {
        Floats values[LANE_VECTORS];
#pragma GCC unroll 8
        for (int v = 0; v < LANE_VECTORS; v++) values[v] = load(in + i * LANES + v * N_FLOATS);
#pragma GCC unroll 8
        for (int j = 0; j < LANE_ROWS; j++)
#pragma GCC unroll 8
            for (int v = 0; v < LANE_VECTORS; v++) sums[j][v] += weight[j * n_in + i] * values[v];
    }
#pragma GCC unroll 8
    for (int j = 0; j < LANE_ROWS; j++)
#pragma GCC unroll 8
        for (int v = 0; v < LANE_VECTORS; v++)
            store(out + j * LANES + v * N_FLOATS, sums[j][v]);
}

/* out (n_out, LANES) = start + weight (n_out, n_in) @ in (n_in, LANES) + bias, `active` through a
   SiLU; n_out in whole blocks, start (n_out, LANES) or NULL for zeros. */
ALWAYS_INLINE void lanes_product(float *restrict out, const float *weight, const float *bias,
                                 const float *start, const float *in, int n_out, int n_in,
                                 int active) {
    for (int j = 0; j < n_out; j += LANE_ROWS) {
        for (int lane = 0; lane < LANES; lane += LANE_VECTORS * N_FLOATS)
            lanes_block(out + j * LANES + lane, weight + j * n_in, bias + j,
                        start ? start + j * LANES + lane : NULL, in + lane, n_in);
        if (active) silu_of_all(out + j * LANES, LANE_ROWS * LANES);
    }
}

/* out (n_vectors,) = bias + in (n_in,) @ weight (n_in, n_out), of the same columns of all. */
ALWAYS_INLINE void row_block(float *out, const float *weight, const float *bias, const float *in,
                             int n_in, int n_out, int n_vectors) {
    Floats sums[ROW_VECTORS];
#pragma GCC unroll 8
    for (int v = 0; v < n_vectors; v++) sums[v] = load(bias + v * N_FLOATS);
    for (int i = 0; i < n_in; i++)
#pragma GCC unroll 8
        for (int v = 0; v < n_vectors; v++)
            sums[v] += in[i] * load(weight + i * n_out + v * N_FLOATS);
#pragma GCC unroll 8
    for (int v = 0; v < n_vectors; v++) store(out + v * N_FLOATS, sums[v]);
}

/* out (n_out,) = bias + in (n_in,) @ weight (n_in, n_out) in one block or several equal ones. */
ALWAYS_INLINE void row_product(float *restrict out, const float *weight, const float *bias,
                               const float *in, int n_in, int n_out) {
    int n_blocks = (n_out / N_FLOATS + ROW_VECTORS - 1) / ROW_VECTORS, size = n_out / n_blocks;
    for (int j = 0; j < n_out; j += size)
        row_block(out + j, weight + j, bias + j, in, n_in, n_out, size / N_FLOATS);
}

/* A block of `patches_product`: PATCH_ROWS rows of PATCH_VECTORS vectors. */
ALWAYS_INLINE void patches_block(float *out, const float *weight, const float *bias,
                                 const float *in, int n_in, int n_out) {
    Floats sums[PATCH_ROWS][PATCH_VECTORS];
#pragma GCC unroll 8
    for (int row = 0; row < PATCH_ROWS; row++)
#pragma GCC unroll 8
        for (int v = 0; v < PATCH_VECTORS; v++) sums[row][v] = load(bias + v * N_FLOATS);
    for (int i = 0; i < n_in; i++)
#pragma GCC unroll 8
        for (int v = 0; v < PATCH_VECTORS; v++) {
            Floats values = load(weight + i * n_out + v * N_FLOATS);
#pragma GCC unroll 8
            for (int row = 0; row < PATCH_ROWS; row++) sums[row][v] += in[row * n_in + i] * values;
        }
#pragma GCC unroll 8
    for (int row = 0; row < PATCH_ROWS; row++)
#pragma GCC unroll 8
        for (int v = 0; v < PATCH_VECTORS; v++)
            store(out + row * n_out + v * N_FLOATS, sums[row][v]);
}

/* out (n_rows, n_out) = in (n_rows, n_in) @ weight (n_in, n_out) + bias; whole blocks of rows. */
ALWAYS_INLINE void patches_product(float *restrict out, const float *weight, const float *bias,
                                   const float *in, int n_rows, int n_in, int n_out) {
    for (int row = 0; row < n_rows; row += PATCH_ROWS)
        for (int j = 0; j < n_out; j += PATCH_VECTORS * N_FLOATS)
            patches_block(out + row * n_out + j, weight + j, bias + j, in + row * n_in, n_in,
                          n_out);
}

#endif
