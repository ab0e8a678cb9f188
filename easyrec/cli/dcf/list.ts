import type { FunctionInfo } from '../../serving/function/index.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { CALL_FLAGS, printJson, withGateway } from './gateway_call.js';

const HELP = {
  name: 'dcf function list',
  summary: 'Shows the functions on the gateway; with -f only those in the file.',
  flags: CALL_FLAGS,
} as const satisfies CommandHelp<Flags>;

const HEADER = ['Function', 'Image', 'Maintainer', 'Invocations', 'Replicas', 'Status', 'Description'];
const WIDTHS = [15, 20, 15, 10, 10, 10, 40];

/** `dcf function list`. */
export const listFunctions: Command = async (argv, context) => {
  const { flags } = parseArguments(argv, HELP);
  return withGateway(flags, 'did not list', context, async ({ client, config }) => {
    const names = config && new Set(config.functions.map(({ name }) => name));
    const shown = (await client.list()).filter(({ Name }) => names?.has(Name) ?? true);
    if (flags.json === true) printJson(context, shown.map(jsonOf));
    else context.stdout.write([HEADER, ...shown.map(rowOf)].map(line).join(''));
    return 0;
  });
};

function rowOf(info: FunctionInfo): readonly string[] {
  return [
    info.Name,
    shortened(info.Image.replace(/^[^/]*(?=\/)/, '$$(repo)'), 30),
    info.Annotations['maintainer'] ?? '',
    String(info.InvocationCount),
    String(info.Replicas),
    statusOf(info),
    shortened(info.Annotations['desc'] ?? '', 40),
  ];
}

/** The original's columns, also those that are not the last padded. */
function line(cells: readonly string[]): string {
  return `${cells.map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0)).join('\t')}\n`;
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 2)}..`;
}

function statusOf({ AvailableReplicas }: FunctionInfo): 'Ready' | 'Not Ready' {
  return AvailableReplicas > 0 ? 'Ready' : 'Not Ready';
}

function jsonOf(info: FunctionInfo): object {
  return {
    ...{ name: info.Name, image: info.Image, status: statusOf(info) },
    ...{ maintainer: info.Annotations['maintainer'] ?? '', description: info.Annotations['desc'] ?? '' },
    ...{ invocations: info.InvocationCount, replicas: info.Replicas },
    ...{ available_replicas: info.AvailableReplicas, annotations: info.Annotations, labels: info.Labels },
  };
}
