import { availableParallelism } from 'node:os';
import type { TrainConfig } from '../config/generated/types.js';
import type { ConfigProto } from '../tf/protos.js';

/**
 * So many batches are computed at the same time where one does not wait for another: of the four threads that Node has
 * for such calls, one is left for files and for waiting for rows.
 */
export const BATCHES_IN_FLIGHT = 3;

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

/**
 * The threads of a session in which `BATCHES_IN_FLIGHT` steps are under way: each runs on the thread that called it,
 * where the config does not say otherwise. Ops of a batch of some thousand rows gain little from a second thread, whose
 * waiting costs a quarter more processor time; another batch on it gains all.
 */
export function threadsOfManySteps(config: TrainConfig | null): ConfigProto {
  const { intra_op_parallelism_threads: intra = 0, inter_op_parallelism_threads: inter = 0 } = config ?? {};
  return {
    intra_op_parallelism_threads: intra || Math.ceil(availableParallelism() / BATCHES_IN_FLIGHT),
    inter_op_parallelism_threads: inter || -1,
    use_per_session_threads: true,
  };
}
