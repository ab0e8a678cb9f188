/**
 * What an operator's class, or a program that embeds operators, imports from `easyrec/operator`. docs/operator.md is
 * the guide.
 *
 * @module
 */
export type { CustomOperator, CustomOperatorClass, CustomResult, OperatorContext } from './class_operator.js';
export { type ImageHeader, readImageHeader } from './image_header.js';
export type { OperatorProperties, OperatorType } from './operator.js';
export { OPERATOR_PROTO_PATH, OPERATOR_SERVICE } from './operator.js';
export type { OperatorServerOptions, RunningOperator } from './operator_server.js';
export { startOperatorServer } from './operator_server.js';
