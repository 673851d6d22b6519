// Where curl's functions are, once `niche_curl_load` has found them.
#ifndef NICHE_CURL_FUNCTIONS_H
#define NICHE_CURL_FUNCTIONS_H

#include <curl/curl.h>

// Each without its "curl_".
#define NICHE_CURL_FUNCTIONS(DO) \
  DO(global_init) DO(getdate) DO(slist_append) DO(slist_free_all) \
  DO(easy_init) DO(easy_cleanup) DO(easy_setopt) DO(easy_getinfo) DO(easy_strerror) \
  DO(multi_init) DO(multi_cleanup) DO(multi_setopt) DO(multi_add_handle) DO(multi_remove_handle) \
  DO(multi_perform) DO(multi_poll) DO(multi_wakeup) DO(multi_info_read) DO(multi_strerror)

struct niche_curl_functions {
#define NICHE_CURL_FIELD(name) __typeof__(curl_##name) *name;
  NICHE_CURL_FUNCTIONS(NICHE_CURL_FIELD)
#undef NICHE_CURL_FIELD
};

extern struct niche_curl_functions niche_curl;

#endif
