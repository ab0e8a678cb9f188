export { kserveGrpcService, kserveProto } from './grpc_service.js';
export type { KserveOptions } from './kserve_handler.js';
export { KserveHandler } from './kserve_handler.js';
