#define ELMAN_ISA avx2
#define ELMAN_VECTOR_BYTES 32
#define ELMAN_REGISTERS 16
#include "kernels.inc.h"
