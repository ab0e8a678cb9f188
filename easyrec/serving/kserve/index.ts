export { kserveGrpcService, kserveProto } from './grpc_service.js';
export type { KserveOptions } from './kserve_handler.js';
export { KserveHandler } from './kserve_handler.js';
export type { KserveTarget, WrittenKserveTarget } from './manifest.js';
export { writeKserveTarget } from './manifest.js';
