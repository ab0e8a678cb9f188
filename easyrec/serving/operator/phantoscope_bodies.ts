import { UserError } from '../../errors.js';
import type { ApiVersion } from './phantoscope_client.js';

/** An operator as a 0.2 server runs it: an image of a container, and who made it. */
export interface OperatorImage {
  /** Such as `psoperator/vgg19_encoder:latest`. */
  readonly addr: string;
  readonly author: string;
  readonly version: string;
  readonly type: string;
  readonly description: string;
}

/** A pipeline: images go through processors, if any, then through one encoder. */
export interface PipelineSpec {
  /** Operators by name; in 0.2 `NAME/INSTANCE`. */
  readonly processors: readonly string[];
  readonly encoder: string;
  readonly description: string;
  /** 0.1 only: what it takes; default `image`. */
  readonly input?: string | undefined;
  /** 0.1 only: megabytes at which an index file is closed; default 1024. */
  readonly indexFileSize?: number | undefined;
}

/** An application: a pipeline for each field, and a bucket for the images. */
export interface ApplicationSpec {
  /** Pipelines keyed by field. */
  readonly fields: ReadonlyMap<string, string>;
  readonly bucket: string;
}

/** An image to take in or to look for: a file's bytes, or where it is. */
export type ImageSource = { readonly data: Uint8Array } | { readonly url: string };

/**
 * The body that makes a pipeline.
 * @throws UserError when 0.2 lacks an instance, or is given what only 0.1 knows.
 */
export function pipelineBody(version: ApiVersion, spec: PipelineSpec): object {
  const { processors, encoder, description, input = 'image', indexFileSize = 1024 } = spec;
  if (version === '0.1') {
    return { input, description, processors: processors.join(','), encoder, indexFileSize };
  }
  if (spec.input !== undefined || spec.indexFileSize !== undefined) {
    throw new UserError('pipeline: --input and --index_file_size have no effect in version 0.2');
  }
  return { description, processors: processors.map(instance), encoder: instance(encoder) };
}

function instance(text: string): object {
  const [, name, instance] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (name === undefined) {
    throw new UserError(`pipeline: version 0.2 expects operators as NAME/INSTANCE, received "${text}"`);
  }
  return { name, instance };
}

/** The body that makes an application. */
export function applicationBody(version: ApiVersion, { fields, bucket }: ApplicationSpec): object {
  const entries = [...fields].map(([field, pipeline]) => [
    field,
    version === '0.1' ? { type: 'object', pipeline } : { type: 'pipeline', value: pipeline },
  ]);
  const all = Object.fromEntries(entries) as object;
  return version === '0.1' ? { fields: all, s3Buckets: bucket } : { fields: all, s3Bucket: bucket };
}

/** The part of a body that names an image; `nprobe` and `topk` are for searches. */
export function imageBody(field: string, source: ImageSource, search: object = {}): object {
  const value = 'url' in source ? { url: source.url } : { data: Buffer.from(source.data).toString('base64') };
  return { fields: { [field]: value }, ...search };
}
