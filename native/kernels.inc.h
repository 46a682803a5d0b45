// The kernels of one instruction set. A translation unit defines ELMAN_ISA (its name), ELMAN_VECTOR_BYTES and
// ELMAN_REGISTERS (the number of vector registers) and includes this file. One that defines ELMAN_PAIRS, for
// instructions that multiply pairs of bfloat16 numbers, and perhaps ELMAN_TILES, for those that multiply matrices of
// them, has products in bfloat16 and no others.
//
// Everything lies in the namespace of that instruction set, and nothing comes from the standard library: of an inline
// function that two units compile, the linker keeps one, and it might be the one for the newer processor.
#include "kernels.h"

#define ELMAN_INLINE [[gnu::always_inline]] inline
#if defined(__clang__)
#define ELMAN_ONE_COPY [[gnu::noinline]]
#else
#define ELMAN_ONE_COPY [[gnu::noipa]]  // nor a copy for one value of an argument
#endif

namespace elman {
namespace ELMAN_ISA {

#include "bfloat16_gradient.inc.h"

#define ELMAN_TEXT_OF(x) #x
#define ELMAN_TEXT(x) ELMAN_TEXT_OF(x)

#if !ELMAN_PAIRS
#include "attention.inc.h"
#include "elementwise.inc.h"
#include "long_sums.inc.h"
#include "smoothing.inc.h"
#include "theta.inc.h"

template <class T>
constexpr Kernels<T> table = {ELMAN_TEXT(ELMAN_ISA),
                              tile_rows,
                              panel_columns<T>,
                              panels_size<T>,
                              pack_panels<T>,
                              product_scratch<T>,
                              product<T>,
                              gradient_tasks<T>,
                              gradient_scratch<T>,
                              gradient<T>,
                              column_sums<T>,
                              long_sums<T>,
                              long_products<T>,
                              elementwise<T>,
                              sum_of_squares<T>,
                              all_finite<T>,
                              attend<T>,
                              attend_back<T>,
                              lanes<T>,
                              smoothing_scratch<T>,
                              smooth<T>,
                              theta<T>};

const Kernels<float>* kernels_float() { return &table<float>; }
const Kernels<double>* kernels_double() { return &table<double>; }
#endif

void use_bfloat16(Kernels<float>& kernels) {
  kernels.mr = tile_rows, kernels.nr = panel_columns<float>;
  kernels.packed_size = bfloat16_packed_size, kernels.pack = bfloat16_pack;
  kernels.product_scratch = bfloat16_product_scratch, kernels.product = bfloat16_product;
  kernels.gradient_tasks = bfloat16_gradient_tasks, kernels.gradient_scratch = bfloat16_gradient_scratch;
  kernels.gradient = bfloat16_gradient;
}

}  // namespace ELMAN_ISA
}  // namespace elman
