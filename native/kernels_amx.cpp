#include "intrinsics.h"
#define ELMAN_ISA amx
#define ELMAN_VECTOR_BYTES 64
#define ELMAN_REGISTERS 32
#define ELMAN_PAIRS 1
#define ELMAN_TILES 1
#include "kernels.inc.h"
