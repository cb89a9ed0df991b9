/* models/forecast_views.py: one series seen five ways, and forecasts of them mapped back. */

#ifndef FORECAST_VIEWS_H
#define FORECAST_VIEWS_H

#include "season.h"

#define LOG_ROOM 3.0f

/* One of a season for every step and whole seasons only: at least SHORTEST_TABLE steps. */
static int table_of(int period) {
    return period * ((SHORTEST_TABLE + period - 1) / period);
}

/* Weights of the newest seasons, newest first. */
static void weigh_recent(const float *weight, int n, int period, float *recent) {
    ALIGNED float discount[CONTEXT / 2 + ROOM];
    int n_cycles = (n + period - 1) / period;
    for (int cycle = 0; cycle < n_cycles; cycle++)
        discount[cycle] = exp_of((float)cycle * (float)log(CYCLE_DISCOUNT));
    for (int t = 0, cycle = 0, p = 0; t < n; t++) {
        recent[t] = weight[t] * discount[cycle];
        if (++p == period) p = 0, cycle++;
    }
}

/* A table of an index, newest first, as one of every past step and of every step ahead. */
static void lay_out_index(const float *index, const Channel *channel, float *past, float *ahead) {
    ALIGNED float turned[LONGEST];
    int table = channel->table, period = channel->period;
    for (int p = 0; p < table; p++) turned[p] = index[table - 1 - p];
    for (int end = channel->n; end > 0; end -= table) {
        int m = end < table ? end : table;
        memcpy(past + end - m, turned + table - m, m * sizeof *past);
    }
    for (int q = 0, p = period - 1; q < HORIZON; q++) {
        ahead[q] = index[p];
        if (--p < 0) p = period - 1;
    }
}

/* Additive, multiplicative and recent index of every step. */
static void make_indices(Row *row) {
    int n = row->length, period = row->period, table = table_of(period);
    if (period <= 1) {
        memset(row->past, 0, sizeof row->past);
        memset(row->ahead, 0, sizeof row->ahead);
        memset(row->kept, 0, sizeof row->kept);
        return;
    }
    ALIGNED float residual[2][LONGEST], weight[3][LONGEST], index[LONGEST];
    residual_of(row->scaled, n, period, residual[0]);
    if (row->positive) residual_of(row->logs, n, period, residual[1]);
    for (int t = 0; t < n; t++) {
        float known = row->known[n - 1 - t];
        weight[0][t] = weight[1][t] = known + (1.0f - known) * FILLED_WEIGHT;
    }
    weigh_recent(weight[0], n, period, weight[2]);
    for (int c = 0; c < 3; c++) {
        const float *from = residual[c > 0 && row->positive];
        Channel channel = {from, weight[c], n, period, table};
        row->kept[c] = shrunk_index(&channel, index);
        lay_out_index(index, &channel, row->past[c], row->ahead[c]);
    }
}

/* An error of one in a view, roughly, in the unit of the scaled series. */
static void measure_units(Row *row) {
    for (int view = 0; view < VIEWS; view++) row->unit_of[view] = 1.0f;
    if (row->positive) row->unit_of[VIEWS - 1] = smaller(fabsf(row->level) + 1.0f, 1e4f);
    for (int view = 0; view < VIEWS; view++)
        for (int k = 0; k < VIEW_LANES; k++)
            row->unit_lanes[view * METHODS + k] = row->unit_of[view];
}

static void make_views(Row *row) {
    int n = row->length;
    float level = row->level, (*past)[LONGEST] = row->past, *series[VIEWS];
    make_indices(row);
    for (int view = 0; view < VIEWS; view++) {
        memset(row->series[view], 0, FRONT * sizeof(float));
        series[view] = row->series[view] + FRONT;
    }
    for (int t = 0; t < n; t++) {
        series[0][t] = row->scaled[t];
        series[1][t] = row->scaled[t] - past[0][t];
    }
    if (row->positive) {
        for (int t = 0; t < n; t++) {
            series[2][t] = (row->scaled[t] + level) / exp_of(past[1][t]) - level;
            series[3][t] = (row->scaled[t] + level) / exp_of(past[2][t]) - level;
            series[4][t] = row->logs[t] - past[1][t];
        }
    } else {
        for (int t = 0; t < n; t++) {
            series[2][t] = series[4][t] = row->scaled[t] - past[1][t];
            series[3][t] = row->scaled[t] - past[2][t];
        }
    }
    measure_units(row);
}

/* Forecasts of a view (HORIZON,) -> in the unit of the scaled series, in place. */
static void from_logarithm(const Row *row, float *inner) {
    float low = 0, high = 0;
#pragma omp simd reduction(min : low) reduction(max : high)
    for (int t = 0; t < row->length; t++) {
        low = row->logs[t] < low ? row->logs[t] : low;
        high = row->logs[t] > high ? row->logs[t] : high;
    }
    float room = smaller(high - low, LOG_ROOM) + 0.1f;
    for (int q = 0; q < HORIZON; q++) {
        float within = clamped(inner[q] + row->ahead[1][q], low - room, high + room);
        inner[q] = exp_of(within + row->log_level) - row->level;
    }
}

static void from_view(const Row *row, int view, float *inner) {
    if (view == 0) return;
    if (view == 4 && row->positive) {
        from_logarithm(row, inner);
        return;
    }
    const float *ahead = row->ahead[view == 4 ? 1 : view - 1];
    int ratio = view > 1 && row->positive;
    for (int q = 0; q < HORIZON; q++) {
        float added = inner[q] + ahead[q];
        inner[q] = ratio ? (inner[q] + row->level) * exp_of(ahead[q]) - row->level : added;
    }
}

#endif
