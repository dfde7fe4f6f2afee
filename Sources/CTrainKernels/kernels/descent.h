// One step of stochastic gradient descent, as PyTorch defines it, for numbers at the same places of
// three arrays:
//
//   g ← factor · gradient + decay · parameter
//   m ← momentum · m + g
//   parameter ← parameter − rate · (g + momentum · m, or m without Nesterov)

static void descend(const ctk_descent &descent, float factor, float *parameters,
                    const float *gradients, float *momenta, int64_t count) {
#pragma clang fp contract(fast)
    float rate = descent.learning_rate, decay = descent.weight_decay;
    float momentum = descent.momentum;
    bool nesterov = descent.nesterov;
    for_each_register(count, [=](int64_t i, auto present) {
        Lanes parameter = load(parameters + i, present);
        Lanes direction = load(gradients + i, present) * factor + parameter * decay;
        if (momenta) {
            Lanes average = load(momenta + i, present) * momentum + direction;
            store(momenta + i, average, present);
            direction = nesterov ? direction + average * momentum : average;
        }
        store(parameters + i, parameter - direction * rate, present);
    });
}
