'use strict';

// Adds bytecode to what is packaged. Functions cannot write where their code is (/var/task), so that without it each
// cold start compiles the sources again. Bytecode is of one version of Python alone: it takes the runtime's. Where
// that is not found a stage goes without and is told what it costs; a protected stage is not packaged.

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const COST = 'each cold start compiles its sources again and takes two to three times as long (docs/architecture.md, "Cold starts")';

module.exports = class Bytecode {
  constructor(serverless, _options, { log }) {
    let python;
    const find = () => (python = wanted(serverless, log));
    const add = (archive) => python && compile(serverless, python, archive);
    this.hooks = {
      // Before anything takes time. The archive is complete after the hooks of serverless-python-requirements.
      'before:package:initialize': find,
      'after:package:createDeploymentArtifacts': () => add(serverless.service.package.artifact),
      'before:deploy:function:packageFunction': find,
      'after:deploy:function:packageFunction': () =>
        add(serverless.service.getFunction(serverless.processedInput.options.function).package.artifact),
    };
  }
};

/** The Python that compiles, or nothing where none is to; throws where a protected stage has none. */
function wanted(serverless, log) {
  const { bytecode, isProtected } = serverless.service.custom.bytecode;
  if (bytecode === 'none') return undefined;
  if (bytecode !== 'compiled') {
    throw new serverless.classes.Error(`The param "bytecode" is compiled or none, not ${JSON.stringify(bytecode)}.`);
  }
  const python = serverless.service.provider.runtime;
  const reason = missing(python);
  if (!reason) return python;
  if (String(isProtected) === 'true') {
    throw new serverless.classes.Error(
      `This stage is protected, and its archive would be without bytecode: ${reason}. ` +
        `Without bytecode ${COST}. Put ${python} on the PATH, or package without: --param bytecode=none`
    );
  }
  log.warning(`The archive is without bytecode: ${reason}. So ${COST}. Put ${python} on the PATH.`);
  return undefined;
}

/** Why a Python cannot compile for the runtime of that name; nothing if it can. */
function missing(python) {
  const expected = python.replace('python', 'cpython-').replace('.', '');
  const run = spawnSync(python, ['-c', 'import sys; print(sys.implementation.cache_tag)'], { encoding: 'utf8' });
  if (run.error) return `there is no ${python} on the PATH`;
  if (run.status !== 0) return `${python} does not run (${run.stderr.trim().split('\n')[0]})`;
  const found = run.stdout.trim();
  return found === expected ? undefined : `${python} is ${found}, not ${expected}`;
}

function compile(serverless, python, archive) {
  const run = spawnSync(python, [path.join(__dirname, 'bytecode.py'), path.resolve(serverless.serviceDir, archive)], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONHASHSEED: '0' },
  });
  if (run.status === 0) return;
  const reason = run.error ? run.error.message : `${run.stdout}${run.stderr}`.trim();
  throw new serverless.classes.Error(`${python} cannot compile what is packaged.\n${reason}`);
}
