import { DataError } from '../../errors.js';
import { Graph, makeStep, ops, Session, type Step, tensor } from '../../tf/index.js';

/** Encodes pixels as JPEG files inside TensorFlow. */
export class JpegEncoder {
  readonly #graph = new Graph();
  readonly #session: Session;
  readonly #step: Step;

  constructor() {
    const pixels = ops.placeholder(this.#graph, 'uint8', [-1, -1, -1], 'pixels');
    const file = this.#graph.op('EncodeJpeg', [pixels], { quality: 95 }).output();
    this.#session = Session.create(this.#graph);
    this.#step = makeStep({ feeds: [pixels], fetches: [file] });
  }

  /**
   * A JPEG file.
   * @param shape height, width and channels: 1 for grey, 3 for red, green and blue.
   * @param pixels values from 0 to 255; what lies outside is brought to the nearest of these, fractions are rounded.
   * @throws DataError when the shape is another.
   */
  async encode(shape: readonly number[], pixels: ArrayLike<number>): Promise<Uint8Array> {
    const [height = 0, width = 0, channels = 0] = shape;
    const size = height * width * channels;
    if (shape.length !== 3 || (channels !== 1 && channels !== 3) || size === 0 || size !== pixels.length) {
      throw new DataError(
        `image: expected pixels of shape [height, width, 1 or 3], received ${pixels.length} values of shape [${shape.join(', ')}]`,
      );
    }
    // Uint8ClampedArray rounds and clips; a tensor takes its bytes as they are.
    const bytes = new Uint8Array(Uint8ClampedArray.from(pixels).buffer);
    using input = tensor('uint8', shape, bytes);
    const [result] = await this.#session.run(this.#step, [input]);
    using file = result;
    return file?.bytes()[0] ?? new Uint8Array();
  }

  /** Frees the graph. */
  async close(): Promise<void> {
    await this.#session.close();
    this.#graph.dispose();
  }
}
