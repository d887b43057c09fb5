/* adapters/sip/oma_tokens.h: every token that is OMA's and not the IETF's, so
 * that a correction costs one line.
 */
#pragma once

/* Server and User-Agent of an IM server; product and version follow. */
#define OMA_SERVER "IM-serv/OMA1.0 causeway/" CAUSEWAY_VERSION

/* Caller preference on IM requests [OMA-IM; RFC 3841]. */
#define OMA_TAG_IM "+g.oma.sip-im"
#define OMA_TAG_LARGE "+g.oma.sip-im.large-message"
/* Feature tags of the server itself, in the Contact of an OPTIONS answer. */
#define OMA_FEATURES OMA_TAG_IM
#define OMA_ACCEPT_CONTACT "*;" OMA_TAG_IM

/* Warning texts: 399, with OMA's number inside the quoted text. */
#define OMA_WARN_CODE 399
#define OMA_WARN_NOT_AUTHORISED "127 Service not authorised"
#define OMA_WARN_SIZE "133 Size exceeded"
#define OMA_WARN_ANONYMITY "Anonymity not allowed"
#define OMA_WARN_FUNCTION "Function not allowed"

/* What an IM server takes; 415 and OPTIONS say it. */
#define OMA_ACCEPT                                                            \
	"text/*, message/cpim, message/imdn+xml, "                            \
	"application/im-iscomposing+xml, multipart/*, image/*, audio/*, "     \
	"video/*"
/* What always finds its way; a type beyond it was refused further on. */
#define OMA_ACCEPT_ANYWHERE                                                   \
	"text/plain, text/html, message/cpim, message/imdn+xml, "             \
	"application/im-iscomposing+xml"
