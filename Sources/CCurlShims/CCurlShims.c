#include "CCurlShims.h"
#include "CurlFunctions.h"

#include <fcntl.h>

CURLcode niche_curl_set_long(CURL *easy, CURLoption option, long value) {
  return niche_curl.easy_setopt(easy, option, value);
}

CURLMcode niche_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return niche_curl.multi_setopt(multi, option, value);
}

CURLcode niche_curl_set_string(CURL *easy, CURLoption option, const char *value) {
  return niche_curl.easy_setopt(easy, option, value);
}

CURLcode niche_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *list) {
  return niche_curl.easy_setopt(easy, option, list);
}

CURLcode niche_curl_set_body(CURL *easy, const unsigned char *bytes, size_t count) {
  CURLcode code = niche_curl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
  if (code != CURLE_OK) return code;
  return niche_curl.easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, (const char *)bytes);
}

CURLcode niche_curl_set_receivers(CURL *easy, niche_curl_receiver head, niche_curl_receiver body, void *context) {
  CURLcode code = niche_curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, head);
  if (code == CURLE_OK) code = niche_curl.easy_setopt(easy, CURLOPT_HEADERDATA, context);
  if (code == CURLE_OK) code = niche_curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, body);
  if (code == CURLE_OK) code = niche_curl.easy_setopt(easy, CURLOPT_WRITEDATA, context);
  return code;
}

CURLcode niche_curl_get_long(CURL *easy, CURLINFO info, long *value) {
  return niche_curl.easy_getinfo(easy, info, value);
}

CURLcode niche_curl_set_error_buffer(CURL *easy, char *buffer) {
  return niche_curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, buffer);
}

CURLcode niche_curl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
  return niche_curl.easy_getinfo(easy, info, value);
}

static int close_on_exec(void *context, curl_socket_t socket, curlsocktype purpose) {
  (void)context;
  (void)purpose;
  return fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

CURLcode niche_curl_close_on_exec(CURL *easy) {
  return niche_curl.easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, close_on_exec);
}
