import { hasUnregisteredOps, modelOpLibraries } from '../../tf/index.js';
import type { OpLibraryTrust } from '../../trust/op_library_trust.js';

/**
 * Whether a version of a model runs native code that is loaded with it, and so belongs in a process of its own: it
 * brings libraries that may be loaded, or uses ops that only a library of the operator's can have.
 *
 * @throws NativeError when it is no SavedModel.
 */
export function needsWorker(directory: string, trust: OpLibraryTrust): boolean {
  if (trust.fromModels && modelOpLibraries(directory).length > 0) return true;
  return (trust.files ?? []).length > 0 && hasUnregisteredOps(directory);
}
