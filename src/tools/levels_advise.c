#include "tools/levels.h"
int levels_advise(const struct settings *settings)
{ (void)settings; return 1; }
