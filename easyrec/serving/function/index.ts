export { GatewayClient, type GatewayClientOptions } from './gateway_client.js';
export { type GatewayServer, type GatewayServerOptions, startGatewayServer } from './gateway_server.js';
export { GatewayError } from './gateway_error.js';
export type { FunctionHandler, HandlerRequest, HandlerResult } from './handler.js';
export type {
  CreateFunctionRequest,
  FunctionInfo,
  FunctionResources,
  FunctionState,
  FunctionStatus,
  UploadHeader,
  UploadResult,
} from './messages.js';
export { DEFAULT_GATEWAY_PORT, FUNCTION_STORE_PROTO_PATH, GATEWAY_PROTO_PATH } from './protocol.js';
