/* adapters/sip/sip_count.h: SIP requests for the metrics, by method, direction
 * and class of the final answer.
 */
#pragma once

#include <stdbool.h>

/* status 0: no answer came. */
void sip_count_request(const char *method, bool is_in, unsigned status);
void sip_count_parse_error(void);
void sip_count_auth_failure(void);
