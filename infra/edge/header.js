'use strict';

// The name of the header that the APIs ask for, from the one place where it is written.

const { readFileSync } = require('node:fs');
const path = require('node:path');

const CODE = path.join(__dirname, '..', '..', 'leaderboard', 'edge.py');

module.exports = () => {
  const [, name] = /^HEADER = "(.+)"$/m.exec(readFileSync(CODE, 'utf8'));
  return name;
};
