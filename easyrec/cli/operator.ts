import { type Action, type Actions, chooser } from './chooser.js';
import type { Command } from './command.js';

const PREFIX = 'easyrec operator';

const ACTIONS: Actions = {
  init: {
    summary: "make a new operator's folder",
    load: async () => (await import('./operator/init.js')).initOperator,
  },
  prepare: {
    summary: 'build VGG19 or ResNet50 from Keras weights',
    load: async () => (await import('./operator/prepare.js')).prepareOperator,
  },
  serve: {
    summary: 'serve an operator over gRPC',
    load: async () => (await import('./operator/serve.js')).serveOperator,
  },
  test: {
    summary: 'call an operator and tell what it answers',
    load: async () => (await import('./operator/test.js')).testCommand,
  },
  register: {
    summary: 'register an operator with a Phantoscope server',
    load: async () => (await import('./operator/register.js')).registerOperator,
  },
  ...resources('operator', PREFIX),
  pipeline: {
    summary: 'create, list, show or delete pipelines',
    load: () =>
      Promise.resolve(
        chooser(`${PREFIX} pipeline`, 'Manages the pipelines of a Phantoscope server.', {
          create: {
            summary: 'make a pipeline of registered operators',
            load: async () => (await import('./operator/pipeline.js')).createPipeline,
          },
          ...resources('pipeline', `${PREFIX} pipeline`),
        }),
      ),
  },
  application: {
    summary: 'create, list, show or delete applications',
    load: () =>
      Promise.resolve(
        chooser(`${PREFIX} application`, 'Manages the applications of a Phantoscope server.', {
          create: {
            summary: 'make an application of pipelines',
            load: async () => (await import('./operator/application.js')).createApplication,
          },
          ...resources('application', `${PREFIX} application`),
        }),
      ),
  },
  upload: {
    summary: 'have an application take an image in',
    load: async () => (await import('./operator/images.js')).uploadImage,
  },
  search: {
    summary: 'have an application look for images like one',
    load: async () => (await import('./operator/images.js')).searchImages,
  },
};

/** `easyrec operator ACTION`: Phantoscope operators, from a new folder to a search. */
export const operator: Command = (argv, context) =>
  chooser(
    PREFIX,
    'Makes, serves and registers operators of the image search engine Phantoscope.',
    ACTIONS,
  )(argv, context);

function resources(kind: 'operator' | 'pipeline' | 'application', prefix: string): Actions {
  const row = (action: 'list' | 'show' | 'delete', summary: string): readonly [string, Action] => [
    action,
    {
      summary,
      load: async () => (await import('./operator/resources.js')).resourceCommand(kind, action, prefix),
    },
  ];
  return Object.fromEntries([
    row('list', `print the server's ${kind}s`),
    row('show', `print one ${kind} of the server's`),
    row('delete', `delete one ${kind} from the server`),
  ]);
}
