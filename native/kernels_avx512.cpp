#define ELMAN_ISA avx512
#define ELMAN_VECTOR_BYTES 64
#define ELMAN_REGISTERS 32
#include "kernels.inc.h"
