#define ELMAN_ISA generic
#define ELMAN_VECTOR_BYTES 16
#if defined(__aarch64__)
#define ELMAN_REGISTERS 32
#else
#define ELMAN_REGISTERS 16
#endif
#include "kernels.inc.h"
