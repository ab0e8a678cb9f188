import { paint, type Rectangle } from '../../../easyrec/serving/detector/index.js';
import { Graph, makeStep, ops, type Output, Session, tensor } from '../../../easyrec/tf/index.js';
import { RED } from './colours.js';

/** What the pictures show; of the grey ones nothing is found. */
export const SHOWN: Rectangle = { colour: RED, xmin: 16, ymin: 8, xmax: 40, ymax: 32 };
const [WIDTH, HEIGHT] = [64, 48];

/** Made with Pillow 12: `Image.convert('CMYK').save(file, 'JPEG')` and `Image.convert('P').save(file, 'PNG')`. */
const CMYK_JPEG =
  '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFaUGBK' +
  'UVJP/8AAFAgAMABABEMRAE0RAFkRAEsRAP/EABcAAQEBAQAAAAAAAAAAAAAAAAAECAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oADgRDAE0AWQBLAAA/' +
  'AOdududunAAAAAAAAAAAANBrlAAADPiFOAAAAADQa5QAAAz4hTgAAAAA0GuUAAAM+IU4AAAAAAAAAAAAAAAAAAAAAAAA/9k=';
const PALETTE_PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAEAAAAAwAQMAAACbhe5cAAAABlBMVEXmKB4SEhKw4nO8AAAAIklEQVR42mP8zwABTAwUMVgYGBgZGP5TbM5gYzD+' +
  'H1zuAQDy4gNf1sr+mwAAAABJRU5ErkJggg==';

/** One picture in the forms that picture files come in, by name: what has colours shows `SHOWN`. */
export async function sampleFiles(): Promise<Readonly<Record<string, Uint8Array>>> {
  const rgb = paint(WIDTH, HEIGHT, [SHOWN]);
  const alpha = channels(rgb, 4, ([red = 0, green = 0, blue = 0]) => [red, green, blue, 128]);
  const grey = channels(rgb, 1, ([red = 0]) => [red]);
  const greyAlpha = channels(rgb, 2, ([red = 0]) => [red, 255]);
  return {
    'rgb.png': await encode('EncodePng', 3, rgb),
    'rgb.jpg': await encode('EncodeJpeg', 3, rgb, { quality: 95, chroma_downsampling: false }),
    'alpha.png': await encode('EncodePng', 4, alpha),
    'cmyk.jpg': Buffer.from(CMYK_JPEG, 'base64'),
    'palette.png': Buffer.from(PALETTE_PNG, 'base64'),
    'grey.png': await encode('EncodePng', 1, grey),
    'grey.jpg': await encode('EncodeJpeg', 1, grey, { format: 'grayscale' }),
    'grey_alpha.png': await encode('EncodePng', 2, greyAlpha),
  };
}

/** Those of the files that have no colours. */
export function isGrey(name: string): boolean {
  return name.startsWith('grey');
}

function channels(rgb: Uint8Array, count: number, of: (pixel: Uint8Array) => readonly number[]): Uint8Array {
  const pixels = new Uint8Array((rgb.length / 3) * count);
  for (let i = 0; i < rgb.length / 3; i++) pixels.set(of(rgb.subarray(3 * i, 3 * i + 3)), i * count);
  return pixels;
}

async function encode(type: string, count: number, pixels: Uint8Array, attrs = {}): Promise<Uint8Array> {
  using graph = new Graph();
  const image: Output = ops.placeholder(graph, 'uint8', [HEIGHT, WIDTH, count], 'image');
  const file = graph.op(type, [image], attrs).output();
  await using session = Session.create(graph);
  using input = tensor('uint8', [HEIGHT, WIDTH, count], pixels);
  const [result] = await session.run(makeStep({ feeds: [image], fetches: [file] }), [input]);
  using encoded = result;
  const [bytes] = encoded?.bytes() ?? [];
  if (bytes === undefined) throw new Error(`${type} made no file`);
  return bytes;
}
