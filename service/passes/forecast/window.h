/* models/forecast_window.py: a raw series trimmed, its gaps filled, shifted and scaled. */

#ifndef FORECAST_WINDOW_H
#define FORECAST_WINDOW_H

#include "row.h"

/* Below this share of the largest magnitude a spread is rounding of float32, not a signal. */
#define FLAT 1e-7
#define FLOAT_FLAT ((double)1e-7f) /* as the graph compares with it */
#define LIMIT 3e38
#define SMALLEST_UNIT 1e-45

/* Find the first value; returns where it is. A row of nothing but gaps is one of zeros. */
static const float *trimmed(Row *row, const float *values, int n_steps) {
    int n = n_steps < CONTEXT ? n_steps : CONTEXT, first = 0;
    values += n_steps - n;
    while (first < n && !(fabsf(values[first]) < INFINITY)) first++;
    row->length = first < n ? n - first : (n + PATCH - 1) / PATCH * PATCH;
    row->n_patches = (row->length + PATCH - 1) / PATCH;
    return first < n ? values + first : NULL;
}

/* Values in the unit of their largest magnitude, zero where there is none. */
static void scale_to_unit(Row *row, const float *values) {
    int n = row->length;
    float largest = 0, count = 0;
    for (int t = 0; t < n; t++) {
        float size = fabsf(values[t]), known = size < INFINITY ? 1.0f : 0.0f;
        row->known[t] = known;
        row->scaled[t] = known > 0 ? values[t] : 0.0f;
    }
#pragma omp simd reduction(max : largest) reduction(+ : count)
    for (int t = 0; t < n; t++) {
        float size = fabsf(row->scaled[t]);
        largest = size > largest ? size : largest;
        count += row->known[t];
    }
    row->unit = largest > SMALLEST_UNIT ? largest : SMALLEST_UNIT;
    for (int t = 0; t < n; t++) row->filled[t] = row->scaled[t] / row->unit;
    row->n_observed = count;
    row->full = count == (float)n;
}

/* Linear interpolation inside, the last value after the end. */
static void fill_gaps(Row *row) {
    int n = row->length, before = 0;
    double *filled = row->filled;
    for (int t = 1; t < n; t++) {
        if (row->known[t] == 0) continue;
        double left = filled[before], rise = filled[t] - left;
        for (int step = before + 1; step < t; step++)
            filled[step] = left + rise * ((float)(step - before) / (float)(t - before));
        before = t;
    }
    for (int step = before + 1; step < n; step++) filled[step] = filled[before];
}

static double smallest_of(const double *values, int n) {
    double smallest = values[0];
#pragma omp simd reduction(min : smallest)
    for (int t = 1; t < n; t++) smallest = values[t] < smallest ? values[t] : smallest;
    return smallest;
}

/* Logarithms less their mean; zeros in a row that is not positive. */
static void centre_logs(Row *row, double divisor) {
    int n = row->length;
    double *exact = row->centred[1], mean = 0;
    if (row->positive) {
        for (int t = 0; t < n; t++) exact[t] = exact_log_of(row->filled[t]);
        mean = total_of(exact, n) / n;
        for (int t = 0; t < n; t++) row->logs[t] = (float)(exact[t] - mean);
    } else {
        memset(row->logs, 0, sizeof row->logs);
    }
    row->log_level = (float)(mean - log(divisor));
}

/* Fill in all of the row that models/forecast_window.py calls a window. */
static void make_window(Row *row, const float *values, int n_steps) {
    const float *first = trimmed(row, values, n_steps);
    int n = row->length;
    if (first) {
        scale_to_unit(row, first);
        if (!row->full) fill_gaps(row);
    } else {
        memset(row->filled, 0, sizeof row->filled);
        memset(row->known, 0, sizeof row->known);
        row->unit = SMALLEST_UNIT;
        row->n_observed = row->full = 0;
    }
    double *centred = row->centred[0], *sizes = row->centred[1];
    row->loc = total_of(row->filled, n) / n;
    for (int t = 0; t < n; t++) centred[t] = row->filled[t] - row->loc;
    for (int t = 0; t < n; t++) sizes[t] = fabs(centred[t]);
    double spread = total_of(sizes, n) / n, smallest = smallest_of(row->filled, n);
    double divisor = spread > FLAT ? spread : 1.0, by = spread > FLAT ? spread : INFINITY;
    for (int t = 0; t < n; t++) row->scaled[t] = (float)(centred[t] / by);
    row->scale = spread > FLAT ? spread : 0.0;
    row->level = (float)(row->loc / divisor);
    row->positive = smallest > FLOAT_FLAT;
    row->nonnegative = smallest >= 0.0;
    centre_logs(row, divisor);
}

#endif
