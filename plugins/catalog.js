'use strict';

// Checks boards.yml before anything is packaged, so that nothing deploys with a mistake in it.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

module.exports = class Catalog {
  constructor(serverless) {
    this.hooks = { 'before:package:initialize': () => check(serverless) };
  }
};

function check(serverless) {
  const root = serverless.serviceDir;
  const own = path.join(root, '.venv', 'bin', 'python');
  const python = fs.existsSync(own) ? own : 'python3';
  const run = spawnSync(python, ['-m', 'leaderboard.catalog', 'boards.yml'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (run.status === 0) return;
  const reason = run.error ? run.error.message : `${run.stdout}${run.stderr}`.trim();
  throw new serverless.classes.Error(`boards.yml cannot be deployed.\n${reason}`);
}
