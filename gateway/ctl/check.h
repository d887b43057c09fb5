/* gateway/ctl/check.h: "causewayctl check": asks the daemon for each area, looks
 * up the names itself, and makes one list and one exit code of it.
 */
#pragma once

#include <jansson.h>

/* A new array of {"area","name","ok","detail"}; areas: those after "check",
   none or "all" means all. *code_out: 0, or that of the worst finding. NULL
   after a sentence on standard error; then *code_out says why. */
json_t *check_run(const char *socket_path, char *const *areas, int areas_n,
		  int *code_out);
