import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelSpec, ServedVersion, VersionStatus } from '../../easyrec/serving/catalog.js';
import { SavedModelServable } from '../../easyrec/serving/saved_model_servable.js';
import { SingleModelCatalog } from '../../easyrec/serving/single_model_catalog.js';
import type { ServingError } from '../../easyrec/serving/status.js';
import type { ModelServerConfig } from '../../easyrec/serving/versions/model_server_config.js';
import type { ReloadableCatalog } from '../../easyrec/serving/versions/model_manager.js';
import { loadSavedModel } from '../../easyrec/tf/index.js';

/** Version 1 of every model in a folder of models. Reloads are only remembered, or refused with `reloadError`. */
export class ModelFolder implements ReloadableCatalog {
  readonly #models: ReadonlyMap<string, ServedVersion>;
  readonly reloads: ModelServerConfig[] = [];
  reloadError: ServingError | undefined;

  private constructor(models: ReadonlyMap<string, ServedVersion>) {
    this.#models = models;
  }

  static async load(root: string): Promise<ModelFolder> {
    const models = new Map<string, ServedVersion>();
    for (const name of readdirSync(root).sort()) {
      const model = new SavedModelServable(await loadSavedModel(join(root, name, '1')));
      models.set(name, { version: 1n, model });
    }
    return new ModelFolder(models);
  }

  names(): readonly string[] {
    return [...this.#models.keys()];
  }

  find(spec: ModelSpec): ServedVersion {
    return this.#catalog(spec.name).find(spec);
  }

  status(spec: ModelSpec): readonly VersionStatus[] {
    return this.#catalog(spec.name).status(spec);
  }

  reload(config: ModelServerConfig): Promise<void> {
    if (this.reloadError !== undefined) return Promise.reject(this.reloadError);
    this.reloads.push(config);
    return Promise.resolve();
  }

  async close(): Promise<void> {
    for (const { model } of this.#models.values()) await model.close();
  }

  #catalog(name: string): SingleModelCatalog {
    const served = this.#models.get(name);
    // Of a name that is none of them, the catalog of any other says what is to be said.
    const [[other, another] = []] = this.#models;
    if (served !== undefined) return new SingleModelCatalog(name, served);
    if (other === undefined || another === undefined) throw new Error('no models');
    return new SingleModelCatalog(other, another);
  }
}
