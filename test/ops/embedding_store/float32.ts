const LEAST_NORMAL = 2 ** -126;

/** The float32 next to a number, as the store computes: numbers too small for a normalised one count as 0. */
export function f(value: number): number {
  const rounded = Math.fround(value);
  return Math.abs(rounded) < LEAST_NORMAL ? rounded * 0 : rounded;
}

/** Products and quotients of two float32 numbers, and all else of one operation, rounded as float32 hardware does. */
export const f32 = {
  add: (a: number, b: number): number => f(a + b),
  sub: (a: number, b: number): number => f(a - b),
  mul: (a: number, b: number): number => f(a * b),
  div: (a: number, b: number): number => f(a / b),
  sqrt: (a: number): number => f(Math.sqrt(a)),
};
