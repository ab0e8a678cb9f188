import { didYouMean, UserError } from '../../../errors.js';
import { isFunctionName, MAX_FUNCTION_NAME_LENGTH } from '../function_name.js';

/** What the functions of a runtime are written in. */
export interface Runtime {
  /** Where the handler stands in a new function's folder. */
  readonly handlerFile: string;
  /** Names what the handler requires. */
  readonly requirementsFile: string;
}

/** The runtimes, by the names that config.yaml uses. */
export const RUNTIMES = {
  python3: { handlerFile: 'handler.py', requirementsFile: 'requirements.txt' },
  node: { handlerFile: 'handler.ts', requirementsFile: 'package.json' },
} as const satisfies Readonly<Record<string, Runtime>>;

export type RuntimeName = keyof typeof RUNTIMES;

/** The class or function in the handler's file, unless config.yaml says otherwise. */
export const HANDLER_NAME = 'Handler';

/** Names of DCF's and OpenFx's runtimes, and what to use here. */
const OTHERS: Readonly<Record<string, string>> = {
  python: 'it is called python3 here',
  python2: 'Python 2 has come to its end; use python3',
  tensorflow: 'use python3 with tensorflow in requirements.txt, or node with easyrec/tf',
  'tensorflow-gpu': 'use python3 with tensorflow in requirements.txt, or node with easyrec/tf',
  nodejs: 'it is called node here',
  typescript: 'it is called node here',
};

/** Whether a text names a runtime. */
export function isRuntime(name: string): name is RuntimeName {
  return Object.hasOwn(RUNTIMES, name);
}

/** What to say of a runtime that there is not: `; did you mean …?`, or what stands for one of DCF's. */
export function runtimeHint(name: string): string {
  const other = Object.hasOwn(OTHERS, name) ? OTHERS[name] : undefined;
  return other === undefined ? didYouMean(name, Object.keys(RUNTIMES)) : `; ${other}`;
}

/**
 * Checks a function's name: Kubernetes takes no other, and neither does the gateway.
 * @throws UserError
 */
export function checkFunctionName(name: string): void {
  if (isFunctionName(name)) return;
  throw new UserError(
    `function name can only contain a-z, 0-9 and dashes: expected at most ${MAX_FUNCTION_NAME_LENGTH} of them, a letter or digit at both ends, received ${JSON.stringify(name)}`,
  );
}
