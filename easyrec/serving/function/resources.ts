import { readdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { invalidArgument, ServingError } from '../status.js';
import type { FunctionResources } from './messages.js';

/** What a worker may use; undefined for as much as there is. */
export interface ResourceLimits {
  readonly memoryBytes?: number;
  /** May be a fraction. */
  readonly cpus?: number;
  readonly gpus?: number;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/**
 * Reads texts such as `512M`, `1Gi` (memory), `1`, `0.5`, `500m` (CPU) and `1` (GPU).
 * @param what `Limits` or `Requests`, for messages.
 * @throws ServingError INVALID_ARGUMENT for other texts.
 */
export function readResources(
  resources: FunctionResources | null | undefined,
  what: 'Limits' | 'Requests',
): ResourceLimits {
  const { Memory = '', CPU = '', GPU = '' } = resources ?? {};
  return {
    ...(Memory !== '' && { memoryBytes: memoryBytes(Memory, what) }),
    ...(CPU !== '' && { cpus: cpus(CPU, what) }),
    ...(GPU !== '' && GPU !== '0' && { gpus: gpus(GPU, what) }),
  };
}

/**
 * Checks that this machine has what a function asks for.
 * @throws ServingError FAILED_PRECONDITION when it has not.
 */
export function checkRequests({ memoryBytes = 0, cpus = 0 }: ResourceLimits): void {
  if (memoryBytes > totalmem()) {
    const message = `Requests: the function asks for ${memoryBytes} bytes of memory, this machine has ${totalmem()}`;
    throw new ServingError('FAILED_PRECONDITION', message);
  }
  if (cpus > availableParallelism()) {
    const message = `Requests: the function asks for ${cpus} CPUs, this machine has ${availableParallelism()}`;
    throw new ServingError('FAILED_PRECONDITION', message);
  }
}

/**
 * Checks that this machine has as many GPUs as a function is to use.
 * @throws ServingError FAILED_PRECONDITION when it has not.
 */
export function checkGpus({ gpus = 0 }: ResourceLimits): void {
  const present = readdirSync('/dev').filter((name) => /^nvidia\d+$/.test(name)).length;
  if (gpus > present) {
    const message = `Limits: the function is to have ${gpus} GPUs, this machine has ${present}`;
    throw new ServingError('FAILED_PRECONDITION', message);
  }
}

function memoryBytes(text: string, what: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  if (number === '' || factor === undefined || Number(number) === 0) {
    throw invalidArgument(`${what}.Memory: expected a size such as 512M or 1Gi, received "${text}"`);
  }
  return Math.ceil(Number(number) * factor);
}

function cpus(text: string, what: string): number {
  const [, number = '', milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(text) ?? [];
  if (number === '' || Number(number) === 0) {
    throw invalidArgument(`${what}.CPU: expected a number such as 1, 0.5 or 500m, received "${text}"`);
  }
  return milli === 'm' ? Number(number) / 1000 : Number(number);
}

function gpus(text: string, what: string): number {
  if (!/^\d{1,3}$/.test(text)) {
    throw invalidArgument(`${what}.GPU: expected a whole number, received "${text}"`);
  }
  return Number(text);
}
