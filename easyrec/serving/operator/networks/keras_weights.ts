import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Dataset, File, Group } from 'h5wasm/node';
import { DataError } from '../../../errors.js';

/** A weight of a layer. */
export interface KerasWeight {
  /** As in the file, such as `block1_conv1/kernel:0`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A Keras weights file in HDF5, open. */
export class KerasWeights implements Disposable {
  readonly #path: string;
  readonly #file: File;
  readonly #layers: Group;

  private constructor(path: string, file: File, layers: Group) {
    this.#path = path;
    this.#file = file;
    this.#layers = layers;
  }

  /**
   * Opens what Keras wrote with `save_weights('x.h5')` or `save('x.h5')`.
   * @throws DataError when it is missing, no HDF5, or has Keras 3's layout, which does not name the layers.
   */
  static async open(path: string): Promise<KerasWeights> {
    if (!existsSync(path)) throw new DataError(`weights: there is no file ${path}`);
    // Compiled HDF5 takes a while to load: only who reads weights waits for it.
    const h5wasm = await import('h5wasm/node');
    const library = await h5wasm.ready;
    // Otherwise HDF5 prints its errors itself.
    library.activate_throwing_error_handler();
    let file: File;
    try {
      file = new h5wasm.File(resolve(path), 'r');
    } catch (cause) {
      throw new DataError(`weights: ${path} is no HDF5 file, or is damaged`, { cause });
    }
    const whole = file.get('model_weights');
    const layers = whole instanceof h5wasm.Group ? whole : file;
    if ('layer_names' in layers.attrs) return new KerasWeights(path, file, layers);
    const found = file.keys().join(', ') || 'nothing';
    file.close();
    throw new DataError(
      `weights: ${path}: expected a file of Keras layers by name, found ${found}; in Keras 3 save it with model.save('x.h5')`,
    );
  }

  /** Whether the file has weights of a layer of this name. */
  has(layer: string): boolean {
    return this.#layers.keys().includes(layer);
  }

  /**
   * The weights of a layer, in the layer's own order.
   * @throws DataError when there is no such layer, or it has another number of weights.
   */
  read(layer: string, count: number): readonly KerasWeight[] {
    const group = this.has(layer) ? (this.#layers.get(layer) as Group | null) : null;
    if (group === null) throw new DataError(`weights: ${this.#path} has no layer "${layer}"`);
    const names = group.attrs['weight_names']?.value;
    const known = Array.isArray(names) ? names.map(String) : [];
    if (known.length !== count) {
      throw new DataError(
        `weights: ${this.#path}: layer "${layer}": expected ${count} weights, found ${known.join(', ') || 'none'}`,
      );
    }
    return known.map((name) => this.#weight(group, name));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #weight(group: Group, name: string): KerasWeight {
    const where = `weights: ${this.#path}: "${name}"`;
    try {
      const { value: values, shape } = group.get(name) as Dataset;
      if (values instanceof Float32Array && shape !== null) return { name, shape, values };
    } catch (cause) {
      throw new DataError(`${where}: cannot be read: the file is damaged`, { cause });
    }
    throw new DataError(`${where}: expected float32 values`);
  }
}
