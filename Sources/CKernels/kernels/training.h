// Dropout, random numbers and optimizer steps.

// The finaliser of SplitMix64 (Steele, Lea & Flood 2014).
static inline uint64_t nk_mix(uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
  return bits ^ (bits >> 31);
}

static void nk_dropout(
    uint64_t key, double probability, ptrdiff_t draws, ptrdiff_t run, const float *x, float *result, float *mask) {
  // Of 2^32 draws, `bound` are zeroed.
  uint64_t bound = (uint64_t)(probability * 4294967296.0);
  float kept = probability < 1 ? (float)(1 / (1 - probability)) : 0;
  if (run == 1) {
    for (ptrdiff_t i = 0; i < draws; i++) {
      uint64_t draw = nk_mix(key + ((uint64_t)i + 1) * 0x9E3779B97F4A7C15u) >> 32;
      mask[i] = draw < bound ? 0 : kept;
    }
  } else {
    for (ptrdiff_t i = 0; i < draws; i++) {
      uint64_t draw = nk_mix(key + ((uint64_t)i + 1) * 0x9E3779B97F4A7C15u) >> 32;
      float value = draw < bound ? 0 : kept;
      for (ptrdiff_t j = 0; j < run; j++) mask[i * run + j] = value;
    }
  }
  ptrdiff_t count = draws * run;
  NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) result[i] = x[i] * mask[i];
}

static void nk_random(int32_t distribution, uint64_t key, double probability, ptrdiff_t count, float *result) {
  uint64_t bound = (uint64_t)(probability * 4294967296.0);
  for (ptrdiff_t i = 0; i < count; i++) {
    uint64_t draw = nk_mix(key + ((uint64_t)i + 1) * 0x9E3779B97F4A7C15u);
    switch (distribution) {
      case NICHE_UNIFORM: result[i] = (float)(draw >> 40) * 0x1p-24f; break;
      case NICHE_NORMAL: {
        // Box & Muller 1958; of the pair only one, so that each number is a function of its place.
        float radius = nk_square_root(-2.0f * logf(((float)(draw >> 32) + 1.0f) * 0x1p-32f));
        result[i] = radius * cosf((float)(uint32_t)draw * (6.283185307f * 0x1p-32f));
        break;
      }
      default: result[i] = draw >> 32 < bound ? 1.0f : 0.0f;
    }
  }
}

static void nk_sgd(
    ptrdiff_t count, float learning_rate, float momentum, float weight_decay, int32_t nesterov,
    const float *gradients, float *momentum_buffer, float *parameters) {
  if (!momentum_buffer || momentum == 0) {
    NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) {
      parameters[i] -= learning_rate * (gradients[i] + weight_decay * parameters[i]);
    }
  } else if (nesterov) {
    NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) {
      float direction = gradients[i] + weight_decay * parameters[i];
      float velocity = momentum * momentum_buffer[i] + direction;
      momentum_buffer[i] = velocity;
      parameters[i] -= learning_rate * (direction + momentum * velocity);
    }
  } else {
    NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) {
      float velocity = momentum * momentum_buffer[i] + (gradients[i] + weight_decay * parameters[i]);
      momentum_buffer[i] = velocity;
      parameters[i] -= learning_rate * velocity;
    }
  }
}

static void nk_adam(
    ptrdiff_t count, double learning_rate, double beta1, double beta2, double epsilon, double weight_decay,
    int32_t decoupled, int64_t step, const float *gradients, float *first_moments, float *second_moments,
    float *parameters) {
  float step_size = (float)(learning_rate / (1 - pow(beta1, (double)step)));
  float root = (float)sqrt(1 - pow(beta2, (double)step));
  float keep1 = (float)beta1, take1 = (float)(1 - beta1), keep2 = (float)beta2, take2 = (float)(1 - beta2);
  float small = (float)epsilon;
  float shrink = decoupled ? (float)(1 - learning_rate * weight_decay) : 1;
  float penalty = decoupled ? 0 : (float)weight_decay;
  NK_INDEPENDENT for (ptrdiff_t i = 0; i < count; i++) {
    float parameter = parameters[i] * shrink;
    float gradient = gradients[i] + penalty * parameter;
    float first = first_moments[i] * keep1 + gradient * take1;
    float second = second_moments[i] * keep2 + gradient * gradient * take2;
    first_moments[i] = first;
    second_moments[i] = second;
    parameters[i] = parameter - step_size * (first / (nk_square_root(second) / root + small));
  }
}

static void nk_scale(ptrdiff_t count, float factor, float *x) {
  for (ptrdiff_t i = 0; i < count; i++) x[i] *= factor;
}
