import { didYouMean, UserError } from '../../errors.js';
import { type FunctionConfig, type Target, writeTargetFiles } from '../../serving/function/project/index.js';
import type { CommandContext } from '../command.js';
import { printJson } from './gateway_call.js';

const TARGETS = ['knative', 'openfaas'] as const satisfies readonly Target[];

interface TargetFlags {
  readonly out: string | undefined;
  readonly update: boolean | undefined;
  readonly json: boolean | undefined;
}

/** `--target knative|openfaas`: writes files, prints their names, and tells what to do next. */
export async function writeTarget(
  name: string,
  functions: readonly FunctionConfig[],
  flags: TargetFlags,
  context: CommandContext,
): Promise<number> {
  const target = TARGETS.find((known) => known === name);
  if (target === undefined) {
    throw new UserError(
      `--target: expected ${TARGETS.join(' or ')}, received "${name}"${didYouMean(name, TARGETS)}`,
    );
  }
  const options = { out: flags.out ?? target, overwrite: flags.update === true };
  const { files, commands } = await writeTargetFiles(target, functions, options);
  if (flags.json === true) printJson(context, { files, commands });
  else for (const file of files) context.stdout.write(`${file}\n`);
  context.log.info(`next:\n${commands.map((command) => `  ${command}`).join('\n')}`);
  return 0;
}
