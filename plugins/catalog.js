'use strict';

// Checks boards.yml before anything is packaged, so that nothing deploys with a mistake in it. Before a deploy the
// stage itself is asked whether some of its scores would be shown nowhere; when one has ended well, what boards.yml
// says otherwise of boards that have scores is brought in at once: the function of each minute would wait for a while.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { InvokeCommand, LambdaClient } = require('@aws-sdk/client-lambda');

module.exports = class Catalog {
  constructor(serverless) {
    let schedules; // of what is packaged; a deployment of what was packaged before has to ask
    this.hooks = {
      'before:package:initialize': () => (schedules = check(serverless)),
      'before:deploy:deploy': () => keepScores(serverless, schedules ?? check(serverless)),
      'after:deploy:deploy': () => bringIn(serverless),
    };
  }
};

/** The schedule of each board; throws if boards.yml has mistakes. */
function check(serverless) {
  const root = serverless.serviceDir;
  const own = path.join(root, '.venv', 'bin', 'python');
  const python = fs.existsSync(own) ? own : 'python3';
  const run = spawnSync(python, ['-m', 'leaderboard.scoring.rehearsal', '--schedules', 'boards.yml'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (run.status === 0) return JSON.parse(run.stdout);
  const reason = run.error ? run.error.message : `${run.stdout}${run.stderr}`.trim();
  throw refusal(serverless, reason);
}

async function keepScores(serverless, schedules) {
  let answer;
  try {
    answer = await invoke(serverless, 'verify', { schedules });
  } catch (error) {
    if (error.name === 'ResourceNotFoundException') return; // the first deploy
    throw error;
  }
  if (answer.stranded?.length) throw refusal(serverless, answer.stranded.join('\n'));
}

async function bringIn(serverless) {
  await invoke(serverless, 'seasons', { deployed: true });
}

async function invoke(serverless, name, event) {
  const aws = serverless.getProvider('aws');
  const client = new LambdaClient(await aws.getAwsSdkV3Config());
  const answer = await client.send(
    new InvokeCommand({
      FunctionName: serverless.service.getFunction(name).name,
      Payload: JSON.stringify(event),
    })
  );
  const text = Buffer.from(answer.Payload).toString('utf8');
  if (answer.FunctionError) {
    throw new serverless.classes.Error(`The function "${name}" of the stage failed; its log says why.\n${text}`);
  }
  return JSON.parse(text);
}

function refusal(serverless, reason) {
  return new serverless.classes.Error(`boards.yml cannot be deployed.\n${reason}`);
}
