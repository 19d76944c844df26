#include "CGate.h"

// To be written.
