/* models/forecast_heads.py: from features to weights of the candidates and to quantiles. */

#ifndef FORECAST_HEADS_H
#define FORECAST_HEADS_H

#include "products.h"
#include "row.h"

/* Weights (ANCHORS, LANES) that sum to one; none for the lanes behind the last candidate. */
static void share_out(float *logits) {
    float highest = logits[0], total = 0;
#pragma omp simd reduction(max : highest)
    for (int lane = 0; lane < CANDIDATES; lane++)
        highest = logits[lane] > highest ? logits[lane] : highest;
    for (int lane = 0; lane < LANES; lane++) logits[lane] = exp_of(logits[lane] - highest);
#pragma omp simd reduction(+ : total)
    for (int lane = 0; lane < CANDIDATES; lane++) total += logits[lane];
    for (int lane = 0; lane < LANES; lane++)
        logits[lane] = lane < CANDIDATES ? logits[lane] / total : 0.0f;
}

/* Score every candidate by the same small network. */
static void weigh(const Network *network, Row *row) {
    ALIGNED float by_row[NARROW];
    float *first = row->hidden[0][0], *second = row->hidden[1][0];
    row_product(by_row, network->from_row[0], network->from_row_bias, row->row, WIDTH, NARROW);
    for (int check = 0; check < CHECKS; check++)
        if (row->n_tried[check] > 0)
            for (int j = 0; j < NARROW; j++) by_row[j] += network->from_tried[check][j];
    lanes_product(first, network->own[0], by_row, network->identity[0], row->own[0], NARROW,
                  OWN_FEATURES, 1);
    lanes_product(second, network->score[0], network->score_bias, NULL, first, NARROW, NARROW, 1);
    int n_rows = (ANCHORS + LANE_ROWS - 1) / LANE_ROWS * LANE_ROWS;
    lanes_product(row->weights[0], network->by_anchor[0], network->by_anchor_bias, NULL, second,
                  n_rows, NARROW, 0);
    for (int anchor = 0; anchor < ANCHORS; anchor++) share_out(row->weights[anchor]);
}

/* -log(1 + e^x), the logarithm of the sigmoid of -x. */
ALWAYS_INLINE float minus_soft_plus(float x) {
    return smaller(-x, 0.0f) - log_of(1.0f + exp_of(-fabsf(x)));
}

static float width_of(const Network *network, int period) {
    int class = 0;
    while (class < SEASON_CLASSES - 1 && period > network->season_edges[class]) class++;
    return network->widths[class];
}

/* Distances of the quantiles from the mixed forecast, for every anchor. Expects what the network
   is told behind `row->inputs` of the row; log_error: (ANCHORS,). */
static void spread_quantiles(const Network *network, Row *row, const float *log_error) {
    ALIGNED float hidden[WIDTH], raw[SPREADS];
    row_product(hidden, network->spread[0], network->spread_bias, row->inputs, WIDTH + TOLD,
                WIDTH);
    silu_of_all(hidden, WIDTH);
    row_product(raw, network->out[0], network->out_bias, hidden, WIDTH, SPREADS);
    float width = width_of(network, row->period);
    for (int anchor = 0; anchor < ANCHORS; anchor++) {
        const float *own = raw + anchor * (LEVELS + 1);
        float place[LEVELS], total = 0;
        for (int level = 0; level < LEVELS; level++) place[level] = minus_soft_plus(own[level]);
        for (int level = 0; level < LEVELS; level++) place[level] = total += place[level];
        float shift = tanhf(own[0]), log_size = (log_error[anchor] + log_error[0]) * 0.5f;
        float size = exp_of(smaller(log_size + (network->growth[anchor] + own[LEVELS]), 7.0f));
        for (int level = 0; level < LEVELS; level++)
            row->spread[level][anchor] = (shift + (place[MIDDLE] - place[level]) * width) * size;
    }
}

#endif
