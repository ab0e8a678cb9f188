// EASYREC_VECTORIZED before a function: it is compiled for wider registers too, and the machine decides at load time.
#ifndef EASYREC_VECTORIZED_H_
#define EASYREC_VECTORIZED_H_

// Sanitizers run before the dynamic linker has chosen a version of the function.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define EASYREC_VECTORIZED __attribute__((target_clones("avx2", "default")))
#else
#define EASYREC_VECTORIZED
#endif

#endif  // EASYREC_VECTORIZED_H_
