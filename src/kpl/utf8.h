/* UTF-8 whose invalid bytes become U+FFFD, exactly as Python's bytes.decode('utf-8', 'replace')
 * and Java's decoder have it: one for each maximal part of a character that is cut short (The
 * Unicode Standard, section 3.9, "U+FFFD Substitution of Maximal Subparts"), and one for each
 * other invalid byte. */
#ifndef KPL_UTF8_H
#define KPL_UTF8_H

#include "kpl/bytes.h"

#include <stdbool.h>

/* Whether `text` is valid UTF-8. */
bool
kpl_utf8_is_valid(kpl_bytes text);

/* The size of `text` after replacement: at least text.size, at most three times that. */
size_t
kpl_utf8_replaced_size(kpl_bytes text);

/* Writes `text` after replacement to `output`, which has room for it. */
void
kpl_utf8_replace(kpl_bytes text, uint8_t *output);

#endif
