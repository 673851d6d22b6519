// Functions of one number that vectorise: no calls, no branches, no tables.

static inline float nk_from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t nk_to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// Not sqrtf, which is a call that may set errno and keeps loops from being vectorised.
static inline float nk_square_root(float x) { return __builtin_elementwise_sqrt(x); }

// exp(x) = 2^n · exp(r) with |r| ≤ ln 2 / 2, and the polynomial of Cephes' expf for r (S. Moshier, 1992).
typedef struct {
  float less_one;  // exp(r) − 1
  float scale_low, scale_high;  // 2^n as a product, so that denormal results and infinity come out
  int32_t n;
} nk_exponential;

static inline nk_exponential nk_split_exponential(float x) {
  x = x > 89.0f ? 89.0f : x;
  x = x < -104.0f ? -104.0f : x;
  // Adding 1.5 · 2^23 rounds to a whole number and leaves it in the low bits, for NaN something harmless.
  const float magic = 12582912.0f;
  float shifted = x * 1.44269504088896341f + magic;
  float whole = shifted - magic;
  int32_t n = (int32_t)(nk_to_bits(shifted) - 0x4B400000u);
  float r = x - whole * 0.693359375f;
  r = r - whole * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  int32_t low = n >> 1;
  nk_exponential result;
  result.less_one = p * r * r + r;
  result.scale_low = nk_from_bits((uint32_t)(low + 127) << 23);
  result.scale_high = nk_from_bits((uint32_t)(n - low + 127) << 23);
  result.n = n;
  return result;
}

static inline float nk_exp(float x) {
  nk_exponential e = nk_split_exponential(x);
  return (e.less_one + 1.0f) * e.scale_low * e.scale_high;
}

// exp(x) − 1 without cancellation near 0.
static inline float nk_expm1(float x) {
  nk_exponential e = nk_split_exponential(x);
  float whole = (e.less_one + 1.0f) * e.scale_low * e.scale_high - 1.0f;
  return e.n == 0 ? e.less_one : whole;
}

static inline float nk_sigmoid(float x) { return 1.0f / (1.0f + nk_exp(-x)); }

// Cephes' tanhf.
static inline float nk_tanh(float x) {
  float magnitude = fabsf(x);
  float s = x * x;
  float p = -5.70498872745e-3f;
  p = p * s + 2.06390887954e-2f;
  p = p * s - 5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s - 3.33332819422e-1f;
  float near = p * s * x + x;
  float far = 1.0f - 2.0f / (nk_exp(2.0f * magnitude) + 1.0f);
  far = x < 0 ? -far : far;
  return magnitude < 0.625f ? near : far;
}

// The rational approximation of Eigen (generic_fast_erf_float), a few units in the last place.
static inline float nk_erf(float x) {
  x = x > 4.0f ? 4.0f : x;
  x = x < -4.0f ? -4.0f : x;
  float s = x * x;
  float p = -2.72614225801306e-10f;
  p = p * s + 2.77068142495902e-08f;
  p = p * s - 2.10102402082508e-06f;
  p = p * s - 5.69250639462346e-05f;
  p = p * s - 7.34990630326855e-04f;
  p = p * s - 2.95459980854025e-03f;
  p = p * s - 1.60960333262415e-02f;
  float q = -1.45660718464996e-05f;
  q = q * s - 2.13374055278905e-04f;
  q = q * s - 1.68282697438203e-03f;
  q = q * s - 7.37332916720468e-03f;
  q = q * s - 1.42647390514189e-02f;
  return x * p / q;
}

// Standard normal density and distribution.
static inline float nk_density(float x) { return 0.398942280401f * nk_exp(-0.5f * x * x); }
static inline float nk_distribution(float x) { return 0.5f * (1.0f + nk_erf(x * 0.707106781187f)); }

// tanh(softplus(x)) = (e² + 2e) / (e² + 2e + 2) with e = exp(x); 1 in float32 from 20 on.
static inline float nk_tanh_softplus(float x) {
  float e = nk_exp(x > 20.0f ? 20.0f : x);
  float n = e * (e + 2.0f);
  return n / (n + 2.0f);
}

static inline float nk_clamp(float x, float lower, float upper) {
  x = x < lower ? lower : x;
  return x > upper ? upper : x;
}

static inline float nk_gelu_tanh_inner(float x) { return 0.7978845608f * (x + 0.044715f * x * x * x); }
