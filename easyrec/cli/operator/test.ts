import { readFile } from 'node:fs/promises';
import { UserError } from '../../errors.js';
import { OperatorClient } from '../../serving/operator/operator_client.js';
import { SAMPLE_IMAGE, testOperator } from '../../serving/operator/test_operator.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';

const HELP = {
  name: 'easyrec operator test',
  summary: 'Calls an operator and tells what it answers. It is sent a small picture unless told otherwise.',
  flags: {
    endpoint: { type: 'string', value: 'HOST:PORT', help: 'also -e; default: 127.0.0.1:50001' },
    image: { type: 'list', value: 'FILE...', help: 'send these files' },
    url: { type: 'list', value: 'URL...', help: 'have the operator fetch these' },
    wait_ms: { type: 'number', value: 'MS', help: 'wait so long for the operator to start; default: 0' },
    timeout_ms: { type: 'number', value: 'MS', help: 'limit for each call; default: 60000' },
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec operator test`: exit code 1 when the operator answers but makes nothing of what it is sent. */
export const testCommand: Command = async (argv, { stdout, log, signal }) => {
  const { flags } = parseArguments(argv.map(longEndpoint), HELP);
  const {
    endpoint = '127.0.0.1:50001',
    image,
    url: urls = [],
    timeout_ms: timeoutMs = 60_000,
    wait_ms: waitMs = 0,
  } = flags;
  const files = await Promise.all((image ?? []).map(readImage));
  const datas = files.length + urls.length === 0 ? [SAMPLE_IMAGE] : files;
  const client = new OperatorClient(endpoint, timeoutMs);
  const stop = (): void => client.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (waitMs > 0) await client.waitUntilReady(waitMs);
    const works = await testOperator(client, endpoint, { datas, urls }, (line) => stdout.write(`${line}\n`));
    if (!works) log.warn('the operator made nothing of what it was sent; its log says why');
    return works ? 0 : 1;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    client.close();
  }
};

/** `-e` is how the original script takes it. */
function longEndpoint(word: string): string {
  return word.replace(/^-e(?==|$)/, '--endpoint');
}

async function readImage(file: string): Promise<string> {
  try {
    return (await readFile(file)).toString('base64');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`${HELP.name}: --image: ${reason}`, { cause });
  }
}
