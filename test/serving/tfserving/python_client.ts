import { runServingApi } from '../../support/serving_api.js';

/** What every script below begins with: the stubs, and `attempt`, which tells an error as `CODE: details`. */
const PRELUDE = String.raw`
import json, sys, time
import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (classification_pb2, get_model_metadata_pb2, get_model_status_pb2, inference_pb2, input_pb2,
    model_management_pb2, model_pb2, model_service_pb2_grpc, predict_pb2, prediction_service_pb2_grpc, regression_pb2)

endpoint, *arguments = sys.argv[1:]
channel = grpc.insecure_channel(endpoint, options=[('grpc.max_receive_message_length', -1), ('grpc.max_send_message_length', -1)])
predictions = prediction_service_pb2_grpc.PredictionServiceStub(channel)
models = model_service_pb2_grpc.ModelServiceStub(channel)

def attempt(call, *args, **more):
    try:
        return call(*args, **more)
    except grpc.RpcError as error:
        return error.code().name + ': ' + error.details()

def request_of(kind, name, signature='', version=None, label=None):
    request = kind()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    if label is not None:
        request.model_spec.version_label = label
    return request

def predict(name, inputs, signature='', filter=[], **more):
    request = request_of(predict_pb2.PredictRequest, name, signature, **more)
    for alias, value in inputs.items():
        proto = value if isinstance(value, tensor_pb2.TensorProto) else tf.make_tensor_proto(value)
        request.inputs[alias].CopyFrom(proto)
    request.output_filter.extend(filter)
    return attempt(predictions.Predict, request)

def plain(response):
    if isinstance(response, str):
        return response
    return {alias: tf.make_ndarray(proto).tolist() for alias, proto in response.outputs.items()}

def spec(message):
    return [message.name, message.version.value, message.signature_name]
`;

/** Runs a program that begins as above against our service; its last line is the JSON that this resolves to. */
export function runClient(endpoint: string, script: string, args: readonly string[] = []): Promise<unknown> {
  return runServingApi(PRELUDE + script, [endpoint, ...args]);
}
