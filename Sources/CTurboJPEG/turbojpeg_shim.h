#pragma once

#include <turbojpeg.h>

// A flag of libjpeg-turbo 2.1 and later; older ones do without it.
#ifndef TJFLAG_LIMITSCANS
#define TJFLAG_LIMITSCANS 0
#endif
