// The kernels for every CPU that the compiler knows, in registers of four floats.

#include "kernels.h"

#include <cmath>

#define CTK_SET portable
#define CTK_LANES 4
#define CTK_REGISTERS 16
#include "all.h"

const ctk::Kernels ctk::portable_kernels = CTK_TABLE("portable");
