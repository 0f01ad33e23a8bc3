'use strict';

// Checks boards.yml before anything is packaged, so that nothing deploys with a mistake in it; before a deploy also
// against the scores that the stage has. When a deploy has ended well, what boards.yml says otherwise of boards that
// have scores is brought in at once: a minute's function would do it five minutes later.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

module.exports = class Catalog {
  constructor(serverless) {
    this.hooks = {
      'before:package:initialize': () => check(serverless),
      'before:deploy:deploy': async () => check(serverless, await scored(serverless)),
      'after:deploy:deploy': () => bringIn(serverless),
    };
  }
};

/** The board-seasons of the stage that have scores; none before its first deploy. */
async function scored(serverless) {
  const aws = serverless.getProvider('aws');
  const found = [];
  let from;
  do {
    let page;
    try {
      page = await aws.request('DynamoDB', 'scan', {
        TableName: `boards-${aws.getStage()}`,
        ProjectionExpression: 'boardSeason, revision',
        ExclusiveStartKey: from,
      });
    } catch (error) {
      if (/ResourceNotFound|non-existent|not found/i.test(`${error.code} ${error.message}`)) return [];
      throw error;
    }
    // One at revision 0 was opened with its season, and has no scores yet.
    for (const it of page.Items) if (it.revision?.N !== '0') found.push(it.boardSeason.S);
    from = page.LastEvaluatedKey;
  } while (from);
  return found;
}

async function bringIn(serverless) {
  const aws = serverless.getProvider('aws');
  const answer = await aws.request('Lambda', 'invoke', {
    FunctionName: serverless.service.getFunction('seasons').name,
    Payload: JSON.stringify({ deployed: true }),
  });
  if (answer.FunctionError) {
    const note = 'The function "seasons" failed; its next runs, each minute, do what it had to do.';
    serverless.serviceOutputs?.set?.('Changed rules', note);
  }
}

function check(serverless, keys) {
  const root = serverless.serviceDir;
  const own = path.join(root, '.venv', 'bin', 'python');
  const python = fs.existsSync(own) ? own : 'python3';
  const against = keys ? ['--scored', '-'] : [];
  const run = spawnSync(python, ['-m', 'leaderboard.catalog', 'boards.yml', ...against], {
    cwd: root,
    encoding: 'utf8',
    input: keys?.join('\n'),
  });
  if (run.status === 0) return;
  const reason = run.error ? run.error.message : `${run.stdout}${run.stderr}`.trim();
  throw new serverless.classes.Error(`boards.yml cannot be deployed.\n${reason}`);
}
