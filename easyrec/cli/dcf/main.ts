#!/usr/bin/env node
import { type Actions, chooser } from '../chooser.js';
import type { Command } from '../command.js';
import { packageVersion } from '../../package_files.js';
import { runProgram } from '../program.js';
import { functionCommand } from './function.js';

const ACTIONS: Actions = {
  function: {
    summary: 'make, deploy and call functions',
    aliases: ['fn'],
    load: () => Promise.resolve(functionCommand),
  },
  runtime: {
    summary: 'list what functions may be written in',
    load: async () => (await import('./runtime.js')).runtimeCommand,
  },
  gateway: {
    summary: 'run functions on this machine',
    load: async () => (await import('./gateway.js')).gatewayCommand,
  },
};

const dcf: Command = (argv, context) => {
  if (argv[0] !== '--version') return chooser('dcf', 'Runs functions around models.', ACTIONS)(argv, context);
  context.stdout.write(`${packageVersion()}\n`);
  return Promise.resolve(0);
};

const argv = process.argv.slice(2);
process.exitCode = await runProgram(argv, () => Promise.resolve([dcf, argv]), { errorPrefix: 'Error' });
