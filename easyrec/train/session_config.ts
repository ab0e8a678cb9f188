import type { TrainConfig } from '../config/generated/types.js';
import type { ConfigProto } from '../tf/protos.js';

/** How sessions run: threads as the config says (0: as many as there are cores). */
export function sessionConfig(config: TrainConfig | null): ConfigProto {
  return {
    intra_op_parallelism_threads: config?.intra_op_parallelism_threads ?? 0,
    inter_op_parallelism_threads: config?.inter_op_parallelism_threads ?? 0,
    allow_soft_placement: true,
    // A session of its own threads: two sessions of one process may differ in their number.
    use_per_session_threads: true,
    graph_options: {
      rewrite_options: {
        // It turns gathers on resource variables into reads of whole tables in some graphs.
        arithmetic_optimization: 'OFF',
      },
    },
  };
}
