// The reading thread of CSVInput: its workerData is a checked CsvPlan.
import { parentPort, workerData } from 'node:worker_threads';
import { serveReader } from '../reader_messages.js';
import type { CsvPlan } from './csv_plan.js';
import { CsvReader } from './csv_reader.js';

if (parentPort === null) throw new Error('csv_worker runs as a worker thread only');
serveReader(new CsvReader(workerData as CsvPlan), parentPort);
