'use strict';

// Has the tool's own names begin with the param `prefix`: the stack, its exports, functions. The others say so themselves.

// What every kind of name may begin with.
const FORM = /^[a-z][a-z0-9]*(-[a-z0-9]+)*-$/;
// Cognito has no domain with one of these in its name.
const REFUSED = /aws|amazon|cognito/;
// CloudFront's functions have 64 letters, of which the others take 44.
const LETTERS = 20;

module.exports = class Prefix {
  constructor(serverless) {
    this.hooks = {
      initialize: () => {
        const { service } = serverless;
        const { prefix } = service.custom;
        if (prefix) check(serverless, prefix);
        service.service = service.custom.service;
        for (const it of Object.values(service.functions)) it.name = prefix + it.name;
      },
    };
  }
};

function check(serverless, prefix) {
  const stage = serverless.getProvider('aws').getStage();
  const fits = prefix.length + stage.length <= LETTERS;
  if (FORM.test(prefix) && !REFUSED.test(prefix) && fits) return;
  throw new serverless.classes.Error(
    `The prefix "${prefix}" cannot be used. Choose lower-case letters, digits and single hyphens, with a letter first ` +
      `and a hyphen last ("acme-"), without "aws", "amazon" or "cognito", and at most ${LETTERS} letters together ` +
      `with the stage's name ("${stage}").`
  );
}
