import { invalidArgument } from '../status.js';
import { isFunctionName, MAX_FUNCTION_NAME_LENGTH } from './function_name.js';
import type { CreateFunctionRequest } from './messages.js';
import { checkGpus, checkRequests, readResources, type ResourceLimits } from './resources.js';

/** What a function is to be: one version and how to run it. Kept as JSON. */
export interface Deployment {
  /** As the request named it. */
  readonly image: string;
  /** `sha256:HEX` */
  readonly version: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly limits: ResourceLimits;
  /** 0 stands for none until a call comes. */
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

const MAX_REPLICAS = 1000;
const MAX_VARIABLE_BYTES = 100_000;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Checks a function's name, which becomes that of a folder too.
 * @throws ServingError INVALID_ARGUMENT
 */
export function checkFunctionName(name: string): void {
  if (isFunctionName(name)) return;
  const received = JSON.stringify(name.slice(0, 2 * MAX_FUNCTION_NAME_LENGTH));
  throw invalidArgument(
    `function name can only contain a-z, 0-9 and dashes, at most ${MAX_FUNCTION_NAME_LENGTH}, received ${received}`,
  );
}

/**
 * Reads a request to deploy.
 * @param version what its image names.
 * @throws ServingError INVALID_ARGUMENT when this gateway cannot do what the request says.
 */
export function readDeployment(request: CreateFunctionRequest, version: string): Deployment {
  const { EnvVars = {}, Labels = {}, Annotations = {}, MinReplicas = 0, MaxReplicas = 0 } = request;
  refuse('Constraints', request.Constraints, 'all functions of this gateway run on its own machine');
  refuse('Secrets', request.Secrets, 'this gateway keeps none; set EnvVars');
  checkVariables(EnvVars);
  checkRequests(readResources(request.Requests, 'Requests'));
  const limits = readResources(request.Limits, 'Limits');
  checkGpus(limits);
  const minReplicas = MinReplicas === 0 ? 1 : MinReplicas;
  const maxReplicas = MaxReplicas === 0 ? minReplicas : MaxReplicas;
  checkReplicas('MinReplicas', minReplicas);
  checkReplicas('MaxReplicas', maxReplicas);
  if (maxReplicas < minReplicas) {
    throw invalidArgument(
      `MaxReplicas: expected at least MinReplicas ${minReplicas}, received ${maxReplicas}`,
    );
  }
  return {
    image: request.Image,
    version,
    environment: { ...EnvVars },
    labels: { ...Labels },
    annotations: { ...Annotations },
    limits,
    minReplicas,
    maxReplicas,
  };
}

/**
 * The same with another number of replicas; 0 ends all workers until a call comes.
 * @throws ServingError INVALID_ARGUMENT when that is no such number.
 */
export function withReplicas(deployment: Deployment, replicas: number): Deployment {
  checkReplicas('Replicas', replicas);
  const { minReplicas, maxReplicas } = deployment;
  // What was given as room for growth stays; a fixed number moves with the wish.
  const most = maxReplicas > minReplicas ? Math.max(maxReplicas, replicas) : Math.max(replicas, 1);
  return { ...deployment, minReplicas: replicas, maxReplicas: most };
}

/** The kernel takes no longer texts in an environment. */
function checkVariables(variables: Readonly<Record<string, string>>): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(variables)) {
    if (!VARIABLE_NAME.test(name) || value.includes('\0')) {
      throw invalidArgument(
        `EnvVars: expected names of letters, digits and _, and no zero bytes, received "${name}"`,
      );
    }
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > MAX_VARIABLE_BYTES) {
    throw invalidArgument(`EnvVars: expected at most ${MAX_VARIABLE_BYTES} bytes, received ${bytes}`);
  }
}

function checkReplicas(what: string, count: number): void {
  if (Number.isInteger(count) && count >= 0 && count <= MAX_REPLICAS) return;
  throw invalidArgument(`${what}: expected a number from 0 to ${MAX_REPLICAS}, received ${count}`);
}

function refuse(field: string, values: readonly string[] | undefined, why: string): void {
  if (values !== undefined && values.length > 0) {
    throw invalidArgument(`${field}: expected none, received "${values[0] ?? ''}": ${why}`);
  }
}
