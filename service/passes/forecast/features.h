/* models/forecast_features.py: what the network is told about a row and about each candidate. */

#ifndef FORECAST_FEATURES_H
#define FORECAST_FEATURES_H

#include "row.h"

/* Sums of the changes of a series, and those of its newest ones. */
typedef struct {
    float size, sum, sign, still, newest, echo;
} Changes;

static Changes changes_of(const float *series, int n) {
    ALIGNED float change[LONGEST];
    Changes all = {};
    float size = 0, sum = 0, sign = 0, still = 0, square = 0, echo = 0;
    for (int t = 0; t + 1 < n; t++) change[t] = series[t + 1] - series[t];
#pragma omp simd reduction(+ : size, sum, sign, still, square)
    for (int t = 0; t < n - 1; t++) {
        float step = change[t], length = fabsf(step);
        size += length;
        sum += step;
        sign += step / (length + 1e-3f);
        square += step * step;
        still += 1.0f / (1.0f + 1e8f * (step * step));
    }
#pragma omp simd reduction(+ : echo)
    for (int t = 0; t < n - 2; t++) echo += change[t + 1] * change[t];
    for (int t = n - 13 > 0 ? n - 13 : 0; t < n - 1; t++) all.newest += fabsf(change[t]);
    all.size = size, all.sum = sum, all.sign = sign, all.still = still;
    all.echo = echo / (square + 1e-6f);
    return all;
}

/* The 27 features of the row, in the order of the graph. */
static void row_features(const Network *network, const Row *row, float *out) {
    float n = (float)row->length, season = (float)row->period, low = 0, high = 0;
    float steps = larger(n - 1.0f, 1.0f);
    Changes change = changes_of(row->series[2] + FRONT, row->length);
    float rough = change.size / steps + 1e-3f;
    float recent = (change.newest / smaller(steps, 12.0f) + 1e-3f) / rough;
#pragma omp simd reduction(min : low) reduction(max : high)
    for (int t = 0; t < row->length; t++) {
        low = row->scaled[t] < low ? row->scaled[t] : low;
        high = row->scaled[t] > high ? row->scaled[t] : high;
    }
    const float features[ROW_FEATURES] = {
        logf(n), logf(season), logf(smaller(n / season, 60.0f)),
        row->period > 1, row->period == 4, row->period == 12,
        row->kept[0], row->kept[1], row->kept[2],
        logf(rough),
        change.echo, change.sum / steps / rough, change.sign / steps,
        (row->scale > 0) / (fabsf(row->level) + 1.0f),
        high, low, row->scaled[row->length - 1], logf(recent), row->n_observed / n,
        row->positive, row->nonnegative, change.still / steps,
        log1pf(row->n_tried[0]), log1pf(row->n_tried[1]), log1pf(row->n_tried[2]),
        log1pf(row->n_tried[3]), log1pf(row->n_tried[4])};
    for (int i = 0; i < ROW_FEATURES; i++)
        out[i] = network->offsets[i] + features[i] * network->factors[i];
}

/* Mean of a feature over the candidates of each view. */
static void mean_by_view(const float *feature, float *means) {
    for (int view = 0; view < VIEWS; view++) {
        float total = 0;
        for (int k = 0; k < METHODS; k++) total += feature[view * METHODS + k];
        means[view] = total * (1.0f / METHODS);
    }
}

/* Where candidates point, of all of them together, apart from the others, and of their view. */
static void point(float *both, float *apart, float *together) {
    float by_view[VIEWS], all = 0;
    mean_by_view(both, by_view);
    for (int view = 0; view < VIEWS; view++) all += by_view[view];
    all *= 1.0f / VIEWS;
    for (int lane = 0; lane < CANDIDATES; lane++)
        together[lane] = signed_log_of(by_view[lane / METHODS]);
    for (int lane = 0; lane < LANES; lane++) apart[lane] = signed_log_of(both[lane] - all);
    for (int lane = 0; lane < LANES; lane++) both[lane] = signed_log_of(both[lane]);
}

/* Errors relative to the other candidates. */
static void compare_errors(Row *row, int check) {
    const float *logs = row->logs_of[check], *size = row->size[check], *bias = row->bias[check];
    float usual = 0, tried = row->n_tried[check] > 0 ? 1.0f : 0.0f;
#pragma omp simd reduction(+ : usual)
    for (int lane = 0; lane < CANDIDATES; lane++) usual += logs[lane];
    usual *= 1.0f / CANDIDATES;
    float *relative = row->own[check], *sign = row->own[CHECKS + check];
    for (int lane = 0; lane < LANES; lane++) relative[lane] = (logs[lane] - usual) * tried;
    for (int lane = 0; lane < LANES; lane++) {
        float unit = row->unit_lanes[lane];
        sign[lane] = bias[lane] * unit / (1e-3f + size[lane] * unit);
    }
}

/* Features of every candidate: but for those that are the same for all candidates of a row. */
static void candidate_features(Row *row) {
    float least = row->logs_of[0][0], (*places)[LANES] = row->own + 2 * CHECKS;
    for (int check = 0; check < CHECKS; check++) compare_errors(row, check);
    for (int lane = 1; lane < CANDIDATES; lane++) least = smaller(row->logs_of[0][lane], least);
    float per_typical = 1.0f / (exp_of(least) + 0.02f);
    const float *level = row->levels[ORIGINS - 1], *slope = row->slopes[ORIGINS - 1];
    const float *newest = row->newest[ORIGINS - 1];
    for (int lane = 0; lane < LANES; lane++) {
        float unit = row->unit_lanes[lane] * per_typical;
        places[0][lane] = (level[lane] - newest[lane]) * unit;
        places[1][lane] = slope[lane] * 4.0f * unit;
    }
    point(places[0], places[2], places[4]);
    point(places[1], places[3], places[5]);
}

#endif
