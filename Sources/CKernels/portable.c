// Kernels for any processor: what the compiler's baseline offers.
#include "kernels/variants.h"

#define NICHE_TABLE niche_kernels_portable
#include "kernels/table.h"
