/** The longest name of a function, which is Kubernetes's limit too. */
export const MAX_FUNCTION_NAME_LENGTH = 63;

const FUNCTION_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Whether a text may be a function's name, which becomes part of URLs and the name of a folder. */
export function isFunctionName(name: string): boolean {
  return FUNCTION_NAME.test(name) && name.length <= MAX_FUNCTION_NAME_LENGTH;
}
