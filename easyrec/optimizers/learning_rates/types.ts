/** The learning rate at a step: a function of the number of steps done before it. */
export type LearningRate = (step: number) => number;
