/* models/forecast_season.py: trend and seasonal indices of a row.

   Here steps count backwards from the newest value, so that the phase of a step is the remainder
   of its number. Loops run over tables that hold the season as often as makes them long. */

#ifndef FORECAST_SEASON_H
#define FORECAST_SEASON_H

#include "row.h"

#define OUTLIER 3.0f
#define FLOOR 1e-8f
#define LEAST_MASS 1e-6f
#define CYCLE_DISCOUNT 0.55
#define FILLED_WEIGHT 0.1f
enum { SHORTEST_TABLE = 64 };

/* The mean of a window of one season around each step, and what is needed at the ends. */
typedef struct {
    double total[CONTEXT];
    int half;
    double share, other, period;
} Moving;

static float mean_at(const Moving *moving, const float *series, int step) {
    int high = step + moving->half, low = step - moving->half;
    double upper = moving->total[high] - moving->share * series[high];
    double lower = moving->total[low] - moving->other * series[low];
    return (float)((upper - lower) / moving->period);
}

/* Series less a moving average over one season, run on along its slope at both ends; newest
   first. */
static void residual_of(const float *series, int n, int period, float *residual) {
    Moving moving = {.half = period / 2, .share = period % 2 ? 0.0 : 0.5, .period = period};
    moving.other = 1.0 - moving.share;
    double total = 0;
    for (int t = 0; t < n; t++) moving.total[t] = total += series[t];
    int first = moving.half, last = n - 1 - moving.half;
    int reach = 2 * moving.half < last - first ? 2 * moving.half : last - first;
    float at_first = mean_at(&moving, series, first), at_last = mean_at(&moving, series, last);
    float by = reach > 1 ? (float)reach : 1.0f;
    float early = (mean_at(&moving, series, first + reach) - at_first) / by;
    float late = (at_last - mean_at(&moving, series, last - reach)) / by;
    for (int t = 0; t < first; t++)
        residual[n - 1 - t] = series[t] - (at_first + early * (float)(t - first));
    for (int t = first; t <= last; t++)
        residual[n - 1 - t] = series[t] - mean_at(&moving, series, t);
    for (int t = last + 1; t < n; t++)
        residual[n - 1 - t] = series[t] - (at_last + late * (float)(t - last));
}

/* One channel of residuals: its weights, its season, and a table of whole seasons. */
typedef struct {
    const float *residual;
    float *weight;
    int n, period, table;
} Channel;

/* Sums over a table of whole seasons made sums over the season, and one of those again a table. */
static void fold(float *sums, int period, int table) {
    for (int step = table - 1; step >= period; step--) sums[step - period] += sums[step];
}

static void spread_out(float *values, int period, int table) {
    for (int step = period; step < table; step++) values[step] = values[step - period];
}

/* Weights that fall with the distance from the index beyond OUTLIER usual distances. */
static void weigh_outliers_down(const Channel *channel, float *index, float *mass, float *error) {
    const float *residual = channel->residual;
    float *weight = channel->weight, distance = 0, all = 0;
    int n = channel->n, period = channel->period, table = channel->table;
    memset(index, 0, table * sizeof *index);
    memset(mass, 0, table * sizeof *mass);
    for (int start = 0; start < n; start += table)
        for (int p = 0, m = n - start < table ? n - start : table; p < m; p++) {
            index[p] += residual[start + p] * weight[start + p];
            mass[p] += weight[start + p];
        }
    fold(index, period, table);
    fold(mass, period, table);
    for (int p = 0; p < period; p++) {
        all += mass[p];
        index[p] /= larger(mass[p], LEAST_MASS);
    }
    spread_out(index, period, table);
    for (int start = 0; start < n; start += table)
        for (int p = 0, m = n - start < table ? n - start : table; p < m; p++)
            error[start + p] = fabsf(residual[start + p] - index[p]);
#pragma omp simd reduction(+ : distance)
    for (int t = 0; t < n; t++) distance += error[t] * weight[t];
    float usual = 1e-6f + OUTLIER * (distance / larger(all, LEAST_MASS));
    for (int t = 0; t < n; t++) weight[t] /= larger(error[t] / usual, 1.0f);
}

/* Indices of every phase, centred, and the noise that they do not explain. */
static float centred_index(const Channel *channel, float *index, float *mass, float *squares) {
    const float *residual = channel->residual, *weight = channel->weight;
    int n = channel->n, period = channel->period, table = channel->table;
    float all = 0, total = 0, noise = 0, within = 0;
    for (int p = 0; p < table; p++) index[p] = mass[p] = squares[p] = 0;
    for (int start = 0; start < n; start += table)
        for (int p = 0, m = n - start < table ? n - start : table; p < m; p++) {
            float w = weight[start + p];
            index[p] += residual[start + p] * w;
            mass[p] += w;
            squares[p] += w * w;
        }
    fold(index, period, table);
    fold(mass, period, table);
    fold(squares, period, table);
    for (int p = 0; p < period; p++) {
        all += mass[p];
        mass[p] = larger(mass[p], LEAST_MASS);
        total += index[p] /= mass[p];
    }
    for (int p = 0; p < period; p++) index[p] -= total / (float)period;
    spread_out(index, period, table);
    for (int start = 0; start < n; start += table) {
        int m = n - start < table ? n - start : table;
#pragma omp simd reduction(+ : noise)
        for (int p = 0; p < m; p++) {
            float error = residual[start + p] - index[p];
            noise += error * error * weight[start + p];
        }
    }
    for (int p = 0; p < period; p++) within += squares[p] / (mass[p] * mass[p]);
    return noise / larger(all - (float)period, 1.0f) * within;
}

/* Shrunk index of every phase; returns the share of it that was kept. Writes over the weights. */
static float shrunk_index(const Channel *channel, float *index) {
    ALIGNED float mass[LONGEST], other[LONGEST];
    weigh_outliers_down(channel, index, mass, other);
    float within = centred_index(channel, index, mass, other), between = 0;
    for (int p = 0; p < channel->period; p++) between += index[p] * index[p];
    float unexplained = (within + FLOOR * (float)channel->period) / larger(between, 1e-12f);
    float kept = clamped(1.0f - unexplained, 0.0f, 1.0f);
    for (int p = 0; p < channel->table; p++) index[p] *= kept;
    return kept;
}

#endif
