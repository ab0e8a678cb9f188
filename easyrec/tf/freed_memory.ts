import koffi from 'koffi';

// <malloc.h> of glibc.
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;
const MMAP_THRESHOLD_BYTES = 32 << 20;
const TRIM_THRESHOLD_BYTES = 2 ** 31 - 1;

/**
 * Lets this process keep freed memory instead of giving it back to the system and asking for it again: of a program
 * that makes tensors of a megabyte by the thousand, that is a tenth of the processor time. For programs, not for
 * libraries: it holds for all of the process. Does nothing where the C library has no such setting.
 */
export function keepFreedMemory(): void {
  const libc = koffi.load(null);
  try {
    const mallopt = libc.func('int mallopt(int parameter, int value)') as (
      parameter: number,
      value: number,
    ) => number;
    mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
    mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD_BYTES);
  } catch (error) {
    // musl has no mallopt; all other errors are of koffi and would come up again at the next call.
    if (!(error instanceof Error && error.message.includes('mallopt'))) throw error;
  }
}
