#!/usr/bin/env node
import moreThreads = require('./more_threads.cjs');

if (process.argv[2] === 'serve') moreThreads();
void import('../main.js');
