#!/usr/bin/env node
import moreThreads = require('./more_threads.cjs');

moreThreads();
void import('../tensorflow_model_server.js');
