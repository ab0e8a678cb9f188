import { cross } from './cross.js';
import { dotInteraction } from './dot_interaction.js';
import { editDistance } from './edit_distance.js';
import { fm } from './fm.js';
import { kerasActivation } from './keras/activation.js';
import { kerasAdd } from './keras/add.js';
import { kerasBatchNormalization } from './keras/batch_normalization.js';
import { kerasConcatenate } from './keras/concatenate.js';
import { kerasDense } from './keras/dense.js';
import { kerasDropout } from './keras/dropout.js';
import { mlp } from './mlp.js';
import { overlapFeature } from './overlap_feature.js';
import type { ComponentTable } from './types.js';

/** Components by the `class_name` that configs name them with. */
export const COMPONENTS = {
  Activation: kerasActivation,
  Add: kerasAdd,
  BatchNormalization: kerasBatchNormalization,
  Concatenate: kerasConcatenate,
  Cross: cross,
  Dense: kerasDense,
  DotInteraction: dotInteraction,
  Dropout: kerasDropout,
  EditDistance: editDistance,
  FM: fm,
  MLP: mlp,
  OverlapFeature: overlapFeature,
} as const satisfies ComponentTable;
