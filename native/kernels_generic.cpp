#define ELMAN_ISA generic
#define ELMAN_VECTOR_BYTES 16
#define ELMAN_REGISTERS 16
#include "kernels.inc.h"
