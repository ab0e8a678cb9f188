import { join } from 'node:path';
import { EventWriter } from '../report/tensorboard.js';

/** The TensorBoard event files of a training: its own in model_dir, evaluation's in `eval_val`, made at first use. */
export class TrainingEvents {
  #train: EventWriter | undefined;
  #evaluation: EventWriter | undefined;

  constructor(private readonly directory: string) {}

  /** Adds the training graph, a serialized GraphDef. */
  graph(graphDef: Uint8Array): void {
    this.#training().graph(graphDef);
  }

  /** Adds what a training step gave. */
  train(values: Readonly<Record<string, number>>, step: number): void {
    this.#training().scalars(values, step);
  }

  /** Adds what an evaluation gave. */
  evaluation(values: Readonly<Record<string, number>>, step: number): void {
    this.#evaluation ??= new EventWriter(join(this.directory, 'eval_val'));
    this.#evaluation.scalars(values, step);
    this.#evaluation.flush();
  }

  #training(): EventWriter {
    this.#train ??= new EventWriter(this.directory);
    return this.#train;
  }

  /** Writes what waits, and closes the files. */
  close(): void {
    try {
      this.#train?.close();
    } finally {
      this.#evaluation?.close();
    }
  }
}
