// curl's functions. The library is loaded when something is first asked of it: with the 28 libraries behind it that
// takes as long as compiling and planning a small network, and most commands ask nobody anything.
#ifndef NICHE_CCURL_SHIMS_H
#define NICHE_CCURL_SHIMS_H

#include <curl/curl.h>
#include <stddef.h>
#include <time.h>

// Loads curl and sets it up, once: nil, or what is wrong. The functions below may be called only where it gave nil.
const char *_Nullable niche_curl_load(void);

// Seconds since 1970; -1 where the text is no date (or there is no curl).
time_t niche_curl_getdate(const char *_Nonnull text);
struct curl_slist *_Nullable niche_curl_slist_append(struct curl_slist *_Nullable list, const char *_Nonnull text);
void niche_curl_slist_free_all(struct curl_slist *_Nullable list);
CURL *_Nullable niche_curl_easy_init(void);
void niche_curl_easy_cleanup(CURL *_Nonnull easy);
const char *_Nonnull niche_curl_easy_strerror(CURLcode code);
CURLM *_Nullable niche_curl_multi_init(void);
void niche_curl_multi_cleanup(CURLM *_Nonnull multi);
CURLMcode niche_curl_multi_add_handle(CURLM *_Nonnull multi, CURL *_Nonnull easy);
CURLMcode niche_curl_multi_remove_handle(CURLM *_Nonnull multi, CURL *_Nonnull easy);
CURLMcode niche_curl_multi_perform(CURLM *_Nonnull multi, int *_Nonnull running);
CURLMcode niche_curl_multi_poll(CURLM *_Nonnull multi, int milliseconds);
CURLMcode niche_curl_multi_wakeup(CURLM *_Nonnull multi);
CURLMsg *_Nullable niche_curl_multi_info_read(CURLM *_Nonnull multi, int *_Nonnull waiting);
const char *_Nonnull niche_curl_multi_strerror(CURLMcode code);

// Typed faces of the variadic functions, which Swift cannot call. One function per type of argument, not per option.
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
