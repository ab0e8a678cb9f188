import { readFile } from 'node:fs/promises';
import { UserError } from '../../errors.js';
import { imageBody, type ImageSource } from '../../serving/operator/phantoscope_bodies.js';
import { type CommandHelp, type Flags, parseArguments } from '../args.js';
import type { Command } from '../command.js';
import { clientOf, print, SERVER_FLAGS } from './phantoscope.js';
import { oneWord } from './words.js';

const { server, timeout_ms } = SERVER_FLAGS;
const IMAGE_FLAGS = {
  server,
  timeout_ms,
  field: { type: 'string', value: 'NAME', required: true, help: "of the application's fields" },
  image: { type: 'string', value: 'FILE', help: 'the image' },
  url: { type: 'string', value: 'URL', help: 'where the image is, instead of a file' },
} as const satisfies Flags;

const UPLOAD = {
  name: 'easyrec operator upload',
  summary: 'Has an application of a Phantoscope server take an image in.',
  positional: 'APPLICATION',
  flags: IMAGE_FLAGS,
} as const satisfies CommandHelp<Flags>;

const SEARCH = {
  name: 'easyrec operator search',
  summary: 'Has an application of a Phantoscope server look for images like one.',
  positional: 'APPLICATION',
  flags: {
    ...IMAGE_FLAGS,
    topk: { type: 'number', help: 'so many images; default: 10' },
    nprobe: { type: 'number', help: 'so many parts of the index are looked through; default: 16' },
  },
} as const satisfies CommandHelp<Flags>;

/** `easyrec operator upload APPLICATION`. */
export const uploadImage: Command = async (argv, context) => {
  const { flags, words } = parseArguments(argv, UPLOAD);
  const application = oneWord(UPLOAD.name, 'the name of the application', words);
  const body = imageBody(flags.field, await readSource(UPLOAD.name, flags));
  const client = clientOf({ ...flags, api: undefined }, context);
  print(await client.apply(application, 'upload', body), context);
  return 0;
};

/** `easyrec operator search APPLICATION`. */
export const searchImages: Command = async (argv, context) => {
  const { flags, words } = parseArguments(argv, SEARCH);
  const application = oneWord(SEARCH.name, 'the name of the application', words);
  const { topk = 10, nprobe = 16 } = flags;
  const body = imageBody(flags.field, await readSource(SEARCH.name, flags), { topk, nprobe });
  const client = clientOf({ ...flags, api: undefined }, context);
  print(await client.apply(application, 'search', body), context);
  return 0;
};

async function readSource(
  command: string,
  { image, url }: { readonly image: string | undefined; readonly url: string | undefined },
): Promise<ImageSource> {
  if (url !== undefined && image === undefined) return { url };
  if (image === undefined || url !== undefined) {
    throw new UserError(`${command}: expected either --image or --url`);
  }
  try {
    return { data: await readFile(image) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(`${command}: --image: ${reason}`, { cause });
  }
}
