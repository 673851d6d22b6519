// Kernels for any processor: what the compiler's baseline offers.
#include "kernels/variants.h"

#define NICHE_TABLE niche_kernels_portable
#define NK_WIDTH 4
#include "kernels/table.h"
