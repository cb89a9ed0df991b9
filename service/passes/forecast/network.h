/* The weights and tables of a forecaster as its pass reads them.

   service/passes/forecast_layout.py makes them from a graph, one array for each field, and is the
   place where the names and shapes of a graph are checked. */

#ifndef FORECAST_NETWORK_H
#define FORECAST_NETWORK_H

#include <stddef.h>
#include <stdint.h>

/* The sizes of models/forecaster.py. A candidate is a method in a view, number VIEW * METHODS +
   METHOD; the lanes behind the last one fill its vector. */
enum {
    CONTEXT = 512,
    HORIZON = 64,
    LEVELS = 13,
    MIDDLE = 6,
    VIEWS = 5,
    METHODS = 22,
    CANDIDATES = VIEWS * METHODS,
    LANES = 112,
    DISCOUNTS = 7,
    FIRST_LINE = 2,
    TREND = 6, /* the lane of the line without discount */
    ORIGINS = 48,
    COLUMNS = CONTEXT + ORIGINS,
    CHECKS = 5,
    ANCHORS = 7,
    DAMPINGS = 3,
    PATCH = 16,
    PATCHES = CONTEXT / PATCH,
    SEEN = 2, /* channels of a patch that are not the same nearly everywhere */
    STATE = 64,
    GATES = 3 * STATE,
    WIDTH = 128,
    NARROW = 48,
    ROW_FEATURES = 27,
    ROW_INPUTS = ROW_FEATURES + VIEWS + STATE,
    TOLD = 4 * ANCHORS,
    OWN_FEATURES = 16, /* those of the 21 that differ between the candidates of a row */
    SPREADS = 112      /* 7 anchors of 14 numbers, and lanes that fill the vector */
};

/* Lanes of a view: 22 methods and two that the next view overwrites. */
enum { VIEW_LANES = 24, SEASON_CLASSES = 4 };

typedef struct {
    double mean_weights[16], discounts[8];
    /* By steps seen: what moments are multiplied by, a lane for each discount. */
    double per_mass[COLUMNS][8], line_mass[COLUMNS][8], line_age[COLUMNS][8];
    double line_spread[COLUMNS][8], per_step[COLUMNS];
    float bonus[CONTEXT + 1];
    int32_t level_from[VIEW_LANES], slope_from[VIEW_LANES];
    int32_t check_of[ANCHORS], steps[CHECKS], season_edges[SEASON_CLASSES - 1];
    _Alignas(64) float check_reach[CHECKS][LANES], anchor_reach[ANCHORS][LANES];
    float damped[METHODS][8]; /* a lane for each damping, from lane 1 on */
    float shares[ANCHORS][HORIZON], paths[(1 + DAMPINGS) * ANCHORS][HORIZON];
    float factors[ROW_FEATURES], offsets[ROW_FEATURES];
    /* Products with one row: weights with the outputs as lanes. */
    _Alignas(64) float gru_input[SEEN * PATCH][GATES], gru_input_bias[GATES];
    float gru_inside[PATCH][GATES]; /* of the third channel, whether a step is there */
    float gru_state[STATE][GATES], gru_new_bias[STATE];
    float row_0[ROW_INPUTS][WIDTH], row_0_bias[WIDTH], row_3[WIDTH][WIDTH], row_3_bias[WIDTH];
    float from_row[WIDTH][NARROW], from_row_bias[NARROW], from_tried[CHECKS][NARROW];
    float spread[WIDTH + TOLD][WIDTH], spread_bias[WIDTH];
    float out[WIDTH][SPREADS], out_bias[SPREADS];
    float growth[ANCHORS], widths[SEASON_CLASSES];
    /* Products with all candidates: the candidates are the lanes, an output is a row of weights. */
    _Alignas(64) float identity[NARROW][LANES];
    float own[NARROW][OWN_FEATURES], score[NARROW][NARROW], score_bias[NARROW];
    float by_anchor[12][NARROW], by_anchor_bias[12];
} Network;

/* Inputs and outputs of a pass, contiguous, as the manifest has them. */
typedef struct {
    const float *values;
    const int64_t *season_length;
    float *mean, *quantiles;
    int64_t *used;
    ptrdiff_t n_rows, n_steps;
} Batch;

/* Bytes of memory that a pass needs, and the pass, for processors with AVX2 and with AVX512. */
size_t forecast_memory_v3(void);
size_t forecast_memory_v4(void);
void forecast_v3(const Network *network, const Batch *batch, void *memory);
void forecast_v4(const Network *network, const Batch *batch, void *memory);

#endif
