import type { SourceLocation } from '../errors.js';
import type { Output } from '../tf/index.js';

/** How the ids of one row become one vector: `sum w E`, `sum w E / sum w` or `sum w E / sqrt(sum w^2)`. */
export type Combiner = 'sum' | 'mean' | 'sqrtn';

/** A number of ids; a bigint where it is above 2^53. */
export type Buckets = number | bigint;

/** The number of ids of tables that have a row for each key which was seen: every int64 below it. */
export const ALL_KEYS = 2n ** 63n - 1n;

/** Where ids come from. */
export type IdSource =
  /** FarmHash Fingerprint64 of the text, modulo `buckets`. */
  | { readonly kind: 'hash'; readonly buckets: Buckets }
  /** The position among `words`, which are distinct; any other text is id 0. */
  | { readonly kind: 'vocabulary'; readonly words: readonly string[] }
  /** The number itself; outside `[0, buckets)` it is id 0. */
  | { readonly kind: 'identity'; readonly buckets: Buckets }
  /** Made before: the input is a column of ids, int64, -1 where a row has none; with `complete`, every row has one. */
  | { readonly kind: 'ready'; readonly buckets: Buckets; readonly complete: boolean };

/** What a table starts from. */
export type InitializerSpec =
  | { readonly kind: 'truncated_normal'; readonly mean: number; readonly stddev: number }
  | { readonly kind: 'random_normal'; readonly mean: number; readonly stddev: number }
  | { readonly kind: 'glorot_normal' }
  /** In row-major order; the last one repeats. */
  | { readonly kind: 'constant'; readonly values: readonly number[] };

/** Which keys have a row in a table without a number of rows. */
export interface KeySpec {
  /** Once training has looked them up so often; 0 and 1: at once. */
  readonly filterFreq: number;
  /** Until training has not looked them up for more than so many steps; 0: for ever. */
  readonly stepsToLive: number;
}

/** How a feature is embedded. */
export interface EmbeddingSpec {
  /** D in deep groups; 0 where the config sets none. */
  readonly dim: number;
  readonly combiner: Combiner;
  /** Null for the default: truncated normal, mean 0, standard deviation `0.01 / sqrt(D)`. */
  readonly initializer: InitializerSpec | null;
  /** The table's name where several features share it, else null. */
  readonly sharedName: string | null;
  /** Of a table without a number of rows. Default: it has one, and a row for each id. */
  readonly keys?: KeySpec;
}

interface FeatureBase {
  /** By which feature groups name it. */
  readonly name: string;
  /** Input fields, in the order in which `parse` gets their columns. */
  readonly inputs: readonly string[];
  /** Where the config has it, for messages. */
  readonly at?: SourceLocation | undefined;
}

/** One id a row. */
export interface IdFeatureSpec extends FeatureBase {
  readonly type: 'IdFeature';
  readonly ids: IdSource;
  /** Decimals with which a float input becomes text. */
  readonly precision: number | null;
  readonly embedding: EmbeddingSpec;
}

/** Numbers, used as they are or put into buckets. */
export interface RawFeatureSpec extends FeatureBase {
  readonly type: 'RawFeature';
  /** Numbers a row, at least 1. */
  readonly width: number;
  /** Characters that separate the numbers of a string input wider than 1. */
  readonly separator: string;
  /** A string input that is a list of such vectors, pooled element by element; null for a single one. */
  readonly pooling: RawPooling | null;
  /** `(x - min) / (max - min)`; null leaves the numbers as they are. */
  readonly range: { readonly min: number; readonly max: number } | null;
  /** Applied after `range`: `[B]` or `[B, width]` float32 in and out. */
  readonly normalizer: ((x: Output) => Output) | null;
  /** Strictly ascending; null where the feature is not bucketized. */
  readonly boundaries: readonly number[] | null;
  readonly embedding: EmbeddingSpec;
}

/** How the vectors of one row become one vector. */
export interface RawPooling {
  /** Characters that separate the vectors. */
  readonly separator: string;
  readonly combiner: 'max' | 'min' | 'sum' | 'mean';
}

/** Any number of ids a row, with or without weights. */
export interface TagFeatureSpec extends FeatureBase {
  readonly type: 'TagFeature';
  readonly ids: IdSource;
  /** Characters that separate the tags; empty parts are dropped. */
  readonly separator: string;
  /** Characters between a tag and its weight; null where tags carry none. A second input holds weights too. */
  readonly kvSeparator: string | null;
  readonly embedding: EmbeddingSpec;
}

/** Ids of combinations of several inputs. */
export interface ComboFeatureSpec extends FeatureBase {
  readonly type: 'ComboFeature';
  readonly buckets: Buckets;
  /** What stands between the texts that are joined before hashing; null crosses fingerprints instead. */
  readonly joinSeparator: string | null;
  /** Separating characters of each input, '' for one that is not split; none where no input is. */
  readonly inputSeparators: readonly string[];
  readonly precision: number | null;
  readonly embedding: EmbeddingSpec;
}

/** Input columns handed on as they are. */
export interface PassThroughFeatureSpec extends FeatureBase {
  readonly type: 'PassThroughFeature';
}

/** One entry of `feature_config.features`, every default resolved. */
export type FeatureSpec =
  IdFeatureSpec | RawFeatureSpec | TagFeatureSpec | ComboFeatureSpec | PassThroughFeatureSpec;

/** A feature that can have an embedding table. */
export type EmbeddedSpec = Exclude<FeatureSpec, PassThroughFeatureSpec>;
