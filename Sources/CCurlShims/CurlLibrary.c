#include "CCurlShims.h"
#include "CurlFunctions.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

struct niche_curl_functions niche_curl;

static char failure[512];

static void load(void) {
#ifdef __APPLE__
  const char *file = "libcurl.4.dylib";
#else
  const char *file = "libcurl.so.4";
#endif
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    snprintf(failure, sizeof failure, "%s", reason ? reason : file);
    return;
  }
#define FIND(name) \
  niche_curl.name = (__typeof__(niche_curl.name))dlsym(library, "curl_" #name); \
  if (!niche_curl.name) { \
    snprintf(failure, sizeof failure, "%s has no function curl_%s", file, #name); \
    return; \
  }
  NICHE_CURL_FUNCTIONS(FIND)
#undef FIND
  if (niche_curl.global_init(CURL_GLOBAL_ALL) != CURLE_OK) {
    snprintf(failure, sizeof failure, "%s could not be set up", file);
  }
}

const char *niche_curl_load(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return failure[0] ? failure : NULL;
}

time_t niche_curl_getdate(const char *text) { return niche_curl_load() ? -1 : niche_curl.getdate(text, NULL); }

struct curl_slist *niche_curl_slist_append(struct curl_slist *list, const char *text) {
  return niche_curl.slist_append(list, text);
}

void niche_curl_slist_free_all(struct curl_slist *list) { niche_curl.slist_free_all(list); }

CURL *niche_curl_easy_init(void) { return niche_curl.easy_init(); }

void niche_curl_easy_cleanup(CURL *easy) { niche_curl.easy_cleanup(easy); }

const char *niche_curl_easy_strerror(CURLcode code) { return niche_curl.easy_strerror(code); }

CURLM *niche_curl_multi_init(void) { return niche_curl.multi_init(); }

void niche_curl_multi_cleanup(CURLM *multi) { niche_curl.multi_cleanup(multi); }

CURLMcode niche_curl_multi_add_handle(CURLM *multi, CURL *easy) { return niche_curl.multi_add_handle(multi, easy); }

CURLMcode niche_curl_multi_remove_handle(CURLM *multi, CURL *easy) {
  return niche_curl.multi_remove_handle(multi, easy);
}

CURLMcode niche_curl_multi_perform(CURLM *multi, int *running) { return niche_curl.multi_perform(multi, running); }

CURLMcode niche_curl_multi_poll(CURLM *multi, int milliseconds) {
  return niche_curl.multi_poll(multi, NULL, 0, milliseconds, NULL);
}

CURLMcode niche_curl_multi_wakeup(CURLM *multi) { return niche_curl.multi_wakeup(multi); }

CURLMsg *niche_curl_multi_info_read(CURLM *multi, int *waiting) { return niche_curl.multi_info_read(multi, waiting); }

const char *niche_curl_multi_strerror(CURLMcode code) { return niche_curl.multi_strerror(code); }
