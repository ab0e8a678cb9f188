export * from './array.js';
export * from './math.js';
export * from './nn.js';
export * from './random.js';
export * from './state.js';
export * from './string.js';
