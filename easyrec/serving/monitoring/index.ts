export { AccessLog } from './access_log.js';
export { AppendFile } from './append_file.js';
export type { MonitoringConfig } from './monitoring_config.js';
export { parseMonitoringConfig, readMonitoringConfig } from './monitoring_config.js';
export { ServerMetrics } from './server_metrics.js';
