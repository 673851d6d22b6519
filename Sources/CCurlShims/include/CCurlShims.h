// Typed faces of curl's variadic functions, which Swift cannot call. One function per type of argument, not per option.
#ifndef NICHE_CCURL_SHIMS_H
#define NICHE_CCURL_SHIMS_H

#include <curl/curl.h>
#include <stddef.h>

CURLcode niche_curl_set_long(CURL *_Nonnull easy, CURLoption option, long value);
CURLMcode niche_curl_multi_set_long(CURLM *_Nonnull multi, CURLMoption option, long value);
// curl copies the text.
CURLcode niche_curl_set_string(CURL *_Nonnull easy, CURLoption option, const char *_Nullable value);
CURLcode niche_curl_set_list(CURL *_Nonnull easy, CURLoption option, struct curl_slist *_Nullable list);
// curl copies the bytes.
CURLcode niche_curl_set_body(CURL *_Nonnull easy, const unsigned char *_Nullable bytes, size_t count);

typedef size_t (*niche_curl_receiver)(char *_Nonnull bytes, size_t size, size_t count, void *_Nullable context);
CURLcode niche_curl_set_receivers(CURL *_Nonnull easy, niche_curl_receiver _Nonnull head, niche_curl_receiver _Nonnull body,
                                  void *_Nullable context);

// Keeps the sockets from programs that are started while a transfer runs: they would hold its connections open.
CURLcode niche_curl_close_on_exec(CURL *_Nonnull easy);
// The buffer, of CURL_ERROR_SIZE bytes, must outlive the handle.
CURLcode niche_curl_set_error_buffer(CURL *_Nonnull easy, char *_Nonnull buffer);

CURLcode niche_curl_get_long(CURL *_Nonnull easy, CURLINFO info, long *_Nonnull value);
CURLcode niche_curl_get_offset(CURL *_Nonnull easy, CURLINFO info, curl_off_t *_Nonnull value);

#endif
