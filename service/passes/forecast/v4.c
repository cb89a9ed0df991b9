/* The pass for processors with AVX512: what level v4 of x86-64 has, in vectors of full width. */

#pragma GCC target("avx2,fma,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")
#pragma GCC target("prefer-vector-width=512")

#include "forward.h"

size_t forecast_memory_v4(void) { return sizeof(Row); }

void forecast_v4(const Network *network, const Batch *batch, void *memory) {
    for (ptrdiff_t row = 0; row < batch->n_rows; row++) forecast_row(network, memory, batch, row);
}
