import type { OpLibraryOptions } from '../trust/op_library_trust.js';
import type { Flags, Given } from './args.js';

/** Flags of all commands that run models which may bring op libraries. */
export const OP_LIBRARY_FLAGS = {
  load_op_libraries: {
    type: 'boolean',
    help: "load the op libraries in the model's assets folder; this runs their native code",
  },
  op_library: { type: 'list', value: 'FILE', help: 'op library that models without their own may use' },
  op_library_allow_list: {
    type: 'string',
    value: 'FILE',
    help: 'sha256sum lines of op libraries that models may bring, besides those of their own record',
  },
} as const satisfies Flags;

/** What the flags allow. */
export function opLibraryOptions(flags: Given<typeof OP_LIBRARY_FLAGS>): OpLibraryOptions {
  return {
    loadOpLibraries: flags.load_op_libraries,
    opLibraries: flags.op_library,
    opLibraryAllowList: flags.op_library_allow_list,
  };
}
