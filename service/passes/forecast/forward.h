/* The pass of a forecaster, row by row, in the order of models/forecaster.py. */

#ifndef FORECAST_FORWARD_H
#define FORECAST_FORWARD_H

#include "backtest.h"
#include "encoder.h"
#include "features.h"
#include "heads.h"
#include "mix.h"
#include "season_length.h"
#include "smoothing.h"
#include "window.h"

#define LARGEST_SCALED 1e4f

/* Everything that needs no trained weights. */
static void observe(const Network *network, Row *row, const float *values, int n_steps,
                    int64_t season_length) {
    make_window(row, values, n_steps);
    settle_season(network, row, season_length);
    make_views(row);
    smooth(network, row);
    try_all(network, row);
    take_logs(row);
}

static void read_row(const Network *network, Row *row) {
    ALIGNED float inputs[ROW_INPUTS], hidden[WIDTH];
    candidate_features(row);
    row_features(network, row, inputs);
    float *by_view = inputs + ROW_FEATURES, means[VIEWS];
    memset(by_view, 0, VIEWS * sizeof *by_view);
    for (int check = 0; check < CHECKS; check++) {
        mean_by_view(row->own[check], means);
        for (int view = 0; view < VIEWS; view++) by_view[view] += means[view] * (1.0f / CHECKS);
    }
    encode(network, row, by_view + VIEWS);
    row_product(hidden, network->row_0[0], network->row_0_bias, inputs, ROW_INPUTS, WIDTH);
    silu_of_all(hidden, WIDTH);
    row_product(row->row, network->row_3[0], network->row_3_bias, hidden, WIDTH, WIDTH);
    silu_of_all(row->row, WIDTH);
}

/* Quantiles in the caller's unit, never below zero where the past never was, and their mean. */
static void answer(const Network *network, const Row *row, float *mean, float *quantiles) {
    ALIGNED float scaled[HORIZON], level_of[LEVELS][HORIZON];
    ALIGNED double total[HORIZON] = {};
    double loc = row->loc * row->unit, scale = row->scale * row->unit;
    double lowest = row->nonnegative ? 0.0 : -(double)(float)LIMIT;
    for (int level = 0; level < LEVELS; level++) {
        double weight = network->mean_weights[level];
        row_product(scaled, network->shares[0], row->centre, row->spread[level], ANCHORS, HORIZON);
        for (int q = 0; q < HORIZON; q++) {
            double value = loc + clamped(scaled[q], -LARGEST_SCALED, LARGEST_SCALED) * scale;
            value = value < LIMIT ? value : LIMIT;
            value = value > lowest ? value : lowest;
            total[q] += weight * value;
            level_of[level][q] = (float)value;
        }
    }
    for (int q = 0; q < HORIZON; q++) mean[q] = (float)total[q];
    for (int q = 0; q < HORIZON; q++)
        for (int level = 0; level < LEVELS; level++)
            quantiles[q * LEVELS + level] = level_of[level][q];
}

static void forecast_row(const Network *network, Row *row, const Batch *batch, ptrdiff_t at) {
    const float *values = batch->values + at * batch->n_steps;
    /* What is older than the context is never read, so that this fits an int. */
    ptrdiff_t beyond = batch->n_steps > CONTEXT ? batch->n_steps - CONTEXT : 0;
    int n_steps = (int)(batch->n_steps - beyond);
    observe(network, row, values + beyond, n_steps, batch->season_length[at]);
    read_row(network, row);
    weigh(network, row);
    mix(network, row);
    float *told = row->inputs + WIDTH;
    memcpy(row->inputs, row->row, sizeof row->row);
    tell(network, row, told);
    spread_quantiles(network, row, told);
    answer(network, row, batch->mean + at * HORIZON, batch->quantiles + at * HORIZON * LEVELS);
    batch->used[at] = row->period;
}

#endif
