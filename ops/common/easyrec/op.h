// Everything that the source of an op needs, on TensorFlow's stable C kernel API: the library built from it
// loads in every TensorFlow 2 from 2.12 on.
#ifndef EASYREC_OP_H_
#define EASYREC_OP_H_

#include "easyrec/context.h"
#include "easyrec/pair.h"
#include "easyrec/registration.h"
#include "easyrec/shape.h"
#include "easyrec/status.h"
#include "easyrec/tensor.h"

#endif  // EASYREC_OP_H_
