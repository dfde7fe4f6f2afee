// One step of stochastic gradient descent, as PyTorch defines it, for numbers at the same places of
// three arrays:
//
//   g ← factor · gradient + decay · parameter
//   m ← momentum · m + g
//   parameter ← parameter − rate · (g + momentum · m, or m without Nesterov)

template <bool has_momenta, bool is_nesterov>
CTK_INLINE void descend_as(const ctk::Step &step) {
#pragma clang fp contract(fast)
    const ctk_descent &descent = step.update.descent;
    const Lanes rate = all(descent.learning_rate), decay = all(descent.weight_decay);
    const Lanes momentum = all(descent.momentum), factor = all(step.factor);
    float *parameters = step.update.parameters + step.place;
    float *momenta = has_momenta ? step.update.momenta + step.place : nullptr;
    const float *gradients = step.gradients;
    const int64_t row = step.row, gradient_row = step.gradient_row, columns = step.columns;
    for (int64_t rest = step.rows; rest > 0; --rest) {
        for_each_register(columns, [=](int64_t i, auto present) {
            Lanes parameter = load(parameters + i, present);
            Lanes direction = load(gradients + i, present) * factor + parameter * decay;
            if constexpr (has_momenta) {
                Lanes average = load(momenta + i, present) * momentum + direction;
                store(momenta + i, average, present);
                direction = is_nesterov ? direction + average * momentum : average;
            }
            store(parameters + i, parameter - direction * rate, present);
        });
        parameters += row;
        if constexpr (has_momenta) momenta += row;
        gradients += gradient_row;
    }
}

static void descend(const ctk::Step &step) {
    if (step.update.momenta == nullptr) return descend_as<false, false>(step);
    if (step.update.descent.nesterov) return descend_as<true, true>(step);
    descend_as<true, false>(step);
}
