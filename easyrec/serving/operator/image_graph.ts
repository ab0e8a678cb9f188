import { DataError } from '../../errors.js';
import {
  Graph,
  makeStep,
  ops,
  type Output,
  Session,
  type Step,
  type Tensor,
  tensor,
  TensorflowError,
} from '../../tf/index.js';
import { readImageHeader } from './image_header.js';

/** What is done to the values of pixels, 0 to 255, before a model sees them. */
export type Preprocessing =
  /** Blue, green, red in this order, less ImageNet's means, as Keras does for VGG16, VGG19 and ResNet50. */
  | { readonly kind: 'vgg' | 'resnet' }
  /** `value * scale + offset`. */
  | { readonly kind: 'scaling'; readonly scale: number; readonly offset: number }
  | { readonly kind: 'none' };

/** What becomes of an image. */
export interface ImageGraphOptions {
  /** To which images are resized. */
  readonly height: number;
  readonly width: number;
  readonly preprocessing: Preprocessing;
  /** Larger images are refused before they are unpacked; default 64 Mi pixels. */
  readonly maxPixels?: number;
}

const MAX_PIXELS = 64 * 1024 * 1024;
/** Means of blue, green and red over ImageNet. */
const IMAGENET_MEANS = [103.939, 116.779, 123.68];

/** Decodes, resizes and preprocesses images inside TensorFlow. */
export class ImageGraph {
  readonly height: number;
  readonly width: number;
  readonly #maxPixels: number;
  readonly #graph: Graph;
  readonly #session: Session;
  readonly #step: Step;

  constructor(options: ImageGraphOptions) {
    this.height = options.height;
    this.width = options.width;
    this.#maxPixels = options.maxPixels ?? MAX_PIXELS;
    this.#graph = new Graph();
    const file = ops.placeholder(this.#graph, 'string', [], 'file');
    const image = preprocess(resize(decode(file), options), options.preprocessing);
    this.#session = Session.create(this.#graph);
    this.#step = makeStep({ feeds: [file], fetches: [image] });
  }

  /**
   * The pixels of an image file, `height * width * 3` values, row by row, red, green and blue of each pixel unless the
   * preprocessing says otherwise.
   * @throws DataError when it is no JPEG, PNG, GIF or BMP image, damaged, or too large.
   */
  async read(file: Uint8Array): Promise<Float32Array> {
    const { width, height } = readImageHeader(file);
    if (width * height > this.#maxPixels) {
      throw new DataError(
        `image: expected at most ${this.#maxPixels} pixels, received ${width} x ${height} = ${width * height}`,
      );
    }
    using content = tensor('string', [], [file]);
    const [result] = await this.#run(content);
    using pixels = result;
    return pixels?.data('float32').slice() ?? new Float32Array();
  }

  /** Ends what runs and frees the graph. */
  async close(): Promise<void> {
    await this.#session.close();
    this.#graph.dispose();
  }

  async #run(content: Tensor): Promise<Tensor[]> {
    try {
      return await this.#session.run(this.#step, [content]);
    } catch (error) {
      if (!(error instanceof TensorflowError) || error.code !== 'INVALID_ARGUMENT') throw error;
      throw new DataError(`image: cannot be decoded: ${error.detail.split('\n', 1)[0] ?? ''}`, {
        cause: error,
      });
    }
  }
}

/** `string [] -> uint8 [height, width, 3]`; of an animation the first picture. */
function decode(file: Output): Output {
  return file.graph.op('DecodeImage', [file], { channels: 3, expand_animations: false }).output();
}

/** `[any, any, 3] -> float32 [height, width, 3]`. */
function resize(image: Output, { height, width }: ImageGraphOptions): Output {
  const { graph } = image;
  const batch = ops.expandDims(image, 0);
  const size = ops.ints(graph, [height, width]);
  const resized = graph.op('ResizeBilinear', [batch, size], { half_pixel_centers: true }).output();
  return ops.squeeze(resized, [0]);
}

function preprocess(image: Output, preprocessing: Preprocessing): Output {
  const { graph } = image;
  switch (preprocessing.kind) {
    case 'vgg':
    case 'resnet': {
      const reversed = graph.op('ReverseV2', [image, ops.ints(graph, [2])]).output();
      return ops.sub(reversed, ops.constant(graph, 'float32', IMAGENET_MEANS));
    }
    case 'scaling':
      return ops.add(ops.mul(image, preprocessing.scale), preprocessing.offset);
    case 'none':
      return image;
  }
}
