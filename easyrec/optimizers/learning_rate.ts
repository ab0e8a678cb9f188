/** The learning rate at a step: a function of the number of steps done before it. */
export type LearningRate = (step: number) => number;

export interface ConstantConfig {
  readonly learningRate: number;
}

/** The same rate at every step. */
export function constant({ learningRate }: ConstantConfig): LearningRate {
  return () => learningRate;
}

export interface ExponentialDecayConfig {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayFactor: number;
  /** Whether the rate falls once every `decaySteps` rather than a little at each step. */
  readonly staircase: boolean;
  /** The rate at step 0 when the first `burninSteps` rise linearly; 0 keeps them at the initial rate. */
  readonly burninLearningRate: number;
  readonly burninSteps: number;
  readonly minLearningRate: number;
}

/** `initial * factor^((step - burninSteps) / decaySteps)`, not below the minimum; a linear rise before that. */
export function exponentialDecay(config: ExponentialDecayConfig): LearningRate {
  const { initialLearningRate: initial, burninLearningRate, burninSteps } = config;
  return (step) => {
    if (step < burninSteps) {
      const rise = burninLearningRate === 0 ? 0 : ((initial - burninLearningRate) / burninSteps) * step;
      return Math.max(burninLearningRate === 0 ? initial : burninLearningRate + rise, config.minLearningRate);
    }
    const exact = (step - burninSteps) / config.decaySteps;
    const exponent = config.staircase ? Math.floor(exact) : exact;
    return Math.max(initial * config.decayFactor ** exponent, config.minLearningRate);
  };
}
