#include <arm_neon.h>
#define ELMAN_ISA neon
#define ELMAN_NEON 1
#define ELMAN_VECTOR_BYTES 16
#define ELMAN_REGISTERS 32
#include "kernels.inc.h"
