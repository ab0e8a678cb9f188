import { UserError } from '../../errors.js';
import { applicationBody } from '../../serving/operator/phantoscope_bodies.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { apiOf, clientOf, print, SERVER_FLAGS } from './phantoscope.js';
import { oneWord } from './words.js';

const HELP = {
  name: 'easyrec operator application create',
  summary: 'Makes an application: images with a pipeline for each of their fields.',
  positional: 'NAME',
  flags: {
    ...SERVER_FLAGS,
    field: { type: 'list', value: 'FIELD=PIPELINE,...', required: true, help: 'what images are searched by' },
    bucket: { type: 'string', value: 'NAME', required: true, help: 'where the server keeps the images' },
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec operator application create NAME`. */
export const createApplication: Command = async (argv, context) => {
  const { flags, words } = parseArguments(argv, HELP);
  const name = oneWord(HELP.name, 'the name of the application', words);
  const fields = new Map(flags.field.map(readField));
  const body = applicationBody(apiOf(flags), { fields, bucket: flags.bucket });
  print(await clientOf(flags, context).create('application', name, body), context);
  return 0;
};

function readField(text: string): readonly [string, string] {
  const [, field, pipeline] = /^([^=]+)=([^=]+)$/.exec(text) ?? [];
  if (field !== undefined && pipeline !== undefined) return [field, pipeline];
  throw new UserError(`${HELP.name}: --field: expected FIELD=PIPELINE, received "${text}"`);
}
