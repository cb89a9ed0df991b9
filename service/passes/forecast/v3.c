/* The pass for processors with AVX2. */

#pragma GCC target("arch=x86-64-v3")

#include "forward.h"

size_t forecast_memory_v3(void) { return sizeof(Row); }

void forecast_v3(const Network *network, const Batch *batch, void *memory) {
    for (ptrdiff_t row = 0; row < batch->n_rows; row++) forecast_row(network, memory, batch, row);
}
