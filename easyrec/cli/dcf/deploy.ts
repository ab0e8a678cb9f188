import { UserError } from '../../errors.js';
import type { Log } from '../../log.js';
import type { GatewayClient } from '../../serving/function/gateway_client.js';
import { GatewayError } from '../../serving/function/gateway_error.js';
import type { CreateFunctionRequest } from '../../serving/function/index.js';
import { type FunctionConfig, packFolder, processBuild } from '../../serving/function/project/index.js';
import { exists, type WaitOptions, waitUntilGone, waitUntilReady } from './wait.js';

/** How a function is to be deployed. */
export interface DeployOptions {
  /** What becomes of a function of that name that is there already; with `create` that is an error. */
  readonly mode: 'create' | 'update' | 'replace';
  readonly noCache: boolean;
  /** Default: not to wait. */
  readonly wait: WaitOptions | undefined;
  /** Takes the lines that the original prints. */
  readonly say: (text: string) => void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What was deployed. */
export interface Created {
  readonly name: string;
  readonly image: string;
  /** `sha256:HEX` of what was sent; absent where the build was skipped. */
  readonly version?: string;
  readonly action: 'created' | 'updated' | 'replaced';
  /** Where it takes calls over HTTP. */
  readonly url?: string;
}

const GONE_TIMEOUT_MS = 600_000;

/**
 * Sends a function's folder to the gateway and has it run there.
 * @throws UserError when it is there already and is not to be touched, or does not start.
 * @throws GatewayError for what the gateway says.
 */
export async function deployFunction(
  client: GatewayClient,
  config: FunctionConfig,
  options: DeployOptions,
): Promise<Created> {
  const { name, image } = config;
  const { mode, wait, say, signal } = options;
  const { request, warnings } = processBuild(config);
  for (const warning of warnings) options.log.warn(warning);
  // Before the build, which may take minutes.
  if (mode === 'create' && (await exists(client, name))) throw alreadyThere(name);
  const version = await build(client, config, options);
  say(`Deploying: ${name}`);
  const action = await deploy(client, request, options);
  if (wait !== undefined) await waitUntilReady(client, name, { ...wait, version }, signal);
  return { name, image, ...(version !== undefined && { version }), action };
}

async function build(
  client: GatewayClient,
  config: FunctionConfig,
  { noCache, say, log }: DeployOptions,
): Promise<string | undefined> {
  const { name, image } = config;
  if (config.skipBuild) {
    say(`Skipping build: ${name}`);
    say(`Skipping push: ${name}`);
    return undefined;
  }
  say(`Building: ${name}, Image:${image}`);
  const header = { ...processBuild(config).header, no_cache: noCache };
  const archive = packFolder(config.handler, (message) => config.problem('handler', `handler: ${message}`));
  const { version } = await client.upload(header, archive, (line) => log.debug(line));
  say(`Image: ${image} built.`);
  say(`Pushing: ${name}, Image:${image}`);
  return version;
}

async function deploy(
  client: GatewayClient,
  request: CreateFunctionRequest,
  { mode, say, signal }: DeployOptions,
): Promise<Created['action']> {
  const name = request.Service;
  if (mode === 'update') {
    if (await foundBy(client.update(request))) {
      say(`Function ${name} already exists, attempting rolling-update.`);
      return 'updated';
    }
    say('Attempting update... but Function Not Found. Deploying Function...');
  }
  const replaced = mode === 'replace' && (await foundBy(client.delete(name)));
  if (replaced) await waitUntilGone(client, name, GONE_TIMEOUT_MS, signal);
  try {
    await client.deploy(request);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'AlreadyExists') throw alreadyThere(name, error);
    throw error;
  }
  return replaced ? 'replaced' : 'created';
}

/** Whether there was a function to do something with. */
async function foundBy(done: Promise<unknown>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'NotFound') return false;
    throw error;
  }
}

function alreadyThere(name: string, cause?: GatewayError): UserError {
  const detail = cause === undefined ? '' : ` ${cause.message}`;
  return new UserError(
    `Function ${name} already exists. failed deploying.${detail} (--update changes it without a gap)`,
    { cause },
  );
}
