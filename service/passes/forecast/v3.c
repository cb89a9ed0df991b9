/* The pass for processors with AVX2. The features, not a level: older compilers know only them. */

#pragma GCC target("avx2,fma,bmi,bmi2")

#include "forward.h"

size_t forecast_memory_v3(void) { return sizeof(Row); }

void forecast_v3(const Network *network, const Batch *batch, void *memory) {
    for (ptrdiff_t row = 0; row < batch->n_rows; row++) forecast_row(network, memory, batch, row);
}
