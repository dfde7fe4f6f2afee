// The kernels for every CPU that the compiler knows, in registers of four floats.

#include "kernels.h"

#include <cmath>

#define CTK_SET portable
#define CTK_LANES 4
#define CTK_REGISTERS 16
#define CTK_TILE_ROWS 6
#define CTK_TILE_COLUMNS 8
#define CTK_STEPS 512
#define CTK_TILES_AT_ONCE 8
#include "all.h"

const ctk::Kernels ctk::portable_kernels = CTK_TABLE("portable");
