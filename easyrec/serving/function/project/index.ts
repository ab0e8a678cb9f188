/**
 * The side of functions that lies with their authors: config.yaml, folders, what the gateway is told, manifests.
 *
 * @module
 */
export { addFunction, DEFAULT_REGISTRY, type NewFunction } from './add_function.js';
export { parseConfig, readConfigFile } from './config_file.js';
export type { DcfConfig, FunctionConfig } from './function_config.js';
export { chooseGateway, gatewayAddress, type GatewaySources } from './gateway_address.js';
export type { Target } from './manifests.js';
export { packFolder } from './pack_folder.js';
export { processBuild, type ProcessBuild } from './process_builder.js';
export {
  checkFunctionName,
  HANDLER_NAME,
  isRuntime,
  runtimeHint,
  type RuntimeName,
  RUNTIMES,
} from './runtimes.js';
export { dockerfileOf, scaffoldFunction } from './scaffold.js';
export { type WrittenTarget, writeTargetFiles } from './write_target.js';
