import { type Actions, chooser } from '../chooser.js';

const ACTIONS: Actions = {
  init: {
    summary: "make a new function's folder",
    load: async () => (await import('./init.js')).initFunction,
  },
  create: {
    summary: 'build and deploy the functions of a config.yaml',
    load: async () => (await import('./create.js')).createFunctions,
  },
  list: {
    summary: 'show what is deployed',
    aliases: ['ls'],
    load: async () => (await import('./list.js')).listFunctions,
  },
  call: {
    summary: 'send standard input to a function and print its answer',
    aliases: ['invoke'],
    load: async () => (await import('./call.js')).callFunction,
  },
  delete: {
    summary: 'take functions off the gateway',
    aliases: ['remove', 'rm'],
    load: async () => (await import('./delete.js')).deleteFunctions,
  },
  info: {
    summary: 'show one function as YAML',
    load: async () => (await import('./info.js')).functionInfo,
  },
  log: {
    summary: 'show what a function has printed',
    load: async () => (await import('./log.js')).functionLog,
  },
  serve: {
    summary: 'serve one folder as a function over HTTP, as containers do',
    load: async () => (await import('./serve.js')).serveFunction,
  },
};

/** `dcf function ACTION`: functions around models, from a new folder to a call. */
export const functionCommand = chooser(
  'dcf function',
  'Makes, deploys and calls functions around models.',
  ACTIONS,
);
