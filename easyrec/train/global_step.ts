import { makeStep, ops, type Session, type Variable, type Variables } from '../tf/index.js';

/** The variable that counts steps, as in EasyRec's checkpoints. */
export const GLOBAL_STEP = 'global_step';

/** Adds the variable that counts steps: a scalar int64, 0 at the start. */
export function createGlobalStep(variables: Variables): Variable {
  return variables.create(GLOBAL_STEP, {
    shape: [],
    dtype: 'int64',
    initializer: (graph) => ops.constant(graph, 'int64', 0),
    trainable: false,
  });
}

/** The number of steps that a session's variables have been trained for. */
export async function readGlobalStep(session: Session, variables: Variables): Promise<number> {
  const variable = variables.find(GLOBAL_STEP);
  if (variable === undefined) throw new Error(`no variable ${GLOBAL_STEP}`);
  const [value] = await session.run(makeStep({ fetches: [variable.read()] }));
  const step = Number(value?.data('int64')[0] ?? 0n);
  value?.dispose();
  return step;
}
