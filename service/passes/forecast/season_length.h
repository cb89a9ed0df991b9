/* models/forecast_season_length.py: the season of a row, by autocorrelation where none is given.

   Correlations are computed at the lags that may be a season: fewer operations than a transform. */

#ifndef FORECAST_SEASON_LENGTH_H
#define FORECAST_SEASON_LENGTH_H

#include "row.h"

/* As the graph rounds them. */
#define EXTRA_STEPS 2
#define NEARLY ((double)0.85f)
#define USELESS ((double)0.2f)
#define USELESS_BY_LENGTH ((double)1.3f)
enum { LONGEST_LAG = CONTEXT * 2 / 5 + 1, LAG_BLOCK = 32 };
enum { DOUBLES = N_FLOATS / 2, LAG_VECTORS = LAG_BLOCK / DOUBLES, APART = N_FLOATS / 4 };

/* Less the least-squares line; zeros behind the end, where the lags of a block reach. */
static void detrend(double *series, int n) {
    double mean = total_of(series, n) / (n > 1 ? n : 1), middle = (n - 1) / 2.0;
    double rise = 0, spread = 0;
    for (int t = 0; t < n; t++) series[t] -= mean;
#pragma omp simd reduction(+ : rise, spread)
    for (int t = 0; t < n; t++) {
        rise += (t - middle) * series[t];
        spread += (t - middle) * (t - middle);
    }
    double slope = rise / (spread > 1 ? spread : 1);
    for (int t = 0; t < n; t++) series[t] -= slope * (t - middle);
    memset(series + n, 0, ROOM * sizeof *series);
}

/* Correlations at LAG_BLOCK lags from `lag` on, not yet divided by anything. Values DOUBLES apart
   meet the same vectors of later values, so that four of them read seven vectors, not sixteen. */
static void correlate(const double *series, int n, int lag, double *out) {
    Doubles sums[LAG_VECTORS] = {};
    for (int start = 0; start + lag < n; start += APART * DOUBLES)
        for (int t = start; t < start + DOUBLES; t++) {
            Doubles later[LAG_VECTORS + APART - 1];
#pragma GCC unroll 16
            for (int v = 0; v < LAG_VECTORS + APART - 1; v++)
                later[v] = load_doubles(series + t + lag + DOUBLES * v);
#pragma GCC unroll 4
            for (int k = 0; k < APART; k++)
#pragma GCC unroll 8
                for (int v = 0; v < LAG_VECTORS; v++)
                    sums[v] += series[t + DOUBLES * k] * later[v + k];
        }
    memcpy(out, sums, sizeof sums);
}

/* Add half the height of every lag above the lowest correlation at shorter lags. */
static void add_prominence(const double *series, int n, int n_lags, double *height) {
    double product[LONGEST_LAG + 1 + LAG_BLOCK], lowest = 0;
    for (int lag = 0; lag < n_lags; lag += LAG_BLOCK) correlate(series, n, lag, product + lag);
    double first = product[0] / (n > 1 ? n : 1);
    first = first > 1e-9 ? first : 1e-9;
    for (int lag = 0; lag < n_lags; lag++)
        product[lag] = product[lag] / (n - lag > 1 ? n - lag : 1) / first;
    for (int lag = 0; lag < n_lags; lag++) {
        lowest = lag == 0 || product[lag] < lowest ? product[lag] : lowest;
        height[lag] += 0.5 * (product[lag] - (lowest > 0 ? lowest : 0));
    }
}

/* The shortest lag that is a peak nearly as high as the highest; 1 if there is none. */
static int first_peak(const double *height, int n, int last) {
    double least = USELESS_BY_LENGTH / sqrt((double)n) + USELESS, highest = 0;
    int first = 1;
    for (int again = 0; again < 2; again++)
        for (int lag = last; lag >= 2; lag--) {
            double here = height[lag];
            if (!(here > least && here > height[lag - 1] && here >= height[lag + 1])) continue;
            if (again == 0 && here > highest) highest = here;
            if (again == 1 && here >= highest * NEARLY) first = lag;
        }
    return first;
}

static int detect(const Network *network, Row *row) {
    int n = row->length, last = 2 * n / 5, n_lags = last + 2;
    if (last < 2) return 1;
    double height[LONGEST_LAG + 1], *series = row->centred[0], *steps = row->centred[1];
    for (int lag = 0; lag < n_lags; lag++) height[lag] = network->bonus[lag];
    for (int t = 0; t < n; t++) series[t] = row->scaled[t];
    for (int t = 0; t + 1 < n; t++) steps[t] = row->scaled[t + 1] - row->scaled[t];
    detrend(series, n);
    detrend(steps, n - 1);
    add_prominence(series, n, n_lags, height);
    add_prominence(steps, n - 1, n_lags, height);
    return first_peak(height, n, last);
}

/* As given, detected for 0, and 1 where the past is too short. */
static void settle_season(const Network *network, Row *row, int64_t given) {
    int64_t found = given == 0 ? detect(network, row) : given;
    row->period = found <= row->length - EXTRA_STEPS && found > 1 ? (int)found : 1;
}

#endif
