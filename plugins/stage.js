'use strict';

// What a stage's name says about it. A protected stage has the params of `prod`, and is not packaged before its params
// say who sends its e-mails. A name that says nothing is not packaged before the stage is named in `params`: it would
// become a stage like `dev`, which loses its data when it is removed.

const kinds = require('./stages.json');

const PROTECTED = 'protected';
const THROW_AWAY = 'throw-away';
const MODEL = 'prod';
// What the names of caches are made of, and what Cognito has in no sign-in domain.
const FORM = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const REFUSED = /aws|amazon|cognito/;
// The params under those of every stage.
const UNDER_ALL = 'default';

class Stage {
  constructor(serverless, options) {
    const input = serverless.configurationInput;
    const stage = options.stage ?? input.provider.stage;
    const named = Object.hasOwn(input.params, stage) && stage !== UNDER_ALL;
    const own = named ? input.params[stage] : undefined;
    const kind = own?.kind ?? kindOf(stage) ?? (own && THROW_AWAY);
    // Before the first param is read: plugins are made before that.
    if (kind === PROTECTED) input.params[stage] = { ...input.params[MODEL], ...own };

    const check = () => {
      const reason = refusal(stage, kind, serverless.service.custom.email);
      if (reason) throw new serverless.classes.Error(reason);
    };
    this.hooks = {
      'before:package:initialize': check,
      'before:deploy:deploy': check,
      'before:deploy:function:initialize': check,
    };
  }
}

/** The kind of a stage by its name; undefined if the name says nothing. */
function kindOf(stage) {
  return Object.keys(kinds).find((kind) =>
    kinds[kind].some((pattern) =>
      pattern.endsWith('*') ? stage.startsWith(pattern.slice(0, -1)) : stage === pattern
    )
  );
}

/** Why this stage is not packaged; undefined if it may be. */
function refusal(stage, kind, email) {
  if (stage === UNDER_ALL) return 'In serverless.yml "default" has the params of all stages. Choose another stage name.';
  if (!kind) {
    return (
      `The name of the stage "${stage}" does not say whether its data may be thrown away. Throw-away: ` +
      `${kinds[THROW_AWAY].join(', ')}. Protected: ${kinds[PROTECTED].join(', ')}. Choose one of these, or name the ` +
      `stage in the params of serverless.yml: "${stage}: {kind: protected}" or "${stage}: {kind: throw-away}".`
    );
  }
  if (kind !== PROTECTED && kind !== THROW_AWAY && kind !== kindOf(stage)) {
    return `The stage "${stage}" has the kind "${kind}" in the params of serverless.yml. Use protected or throw-away.`;
  }
  if (!FORM.test(stage) || REFUSED.test(stage)) {
    return (
      `The stage name "${stage}" cannot be used. Choose lower-case letters, digits and single hyphens, with no hyphen ` +
      'at an end, and without "aws", "amazon" or "cognito".'
    );
  }
  if (email.sender === 'ses' && !email.from) {
    return (
      `The stage "${stage}" sends its e-mails through SES, and from no address. Set "emailFrom: <address>" in the ` +
      'params of serverless.yml.'
    );
  }
  if (kind === PROTECTED && email.sender === 'undecided') {
    return (
      `The stage "${stage}" has no sender for its e-mails. Players cannot sign up without the code that they bring. ` +
      'Set "email: ses" and "emailFrom: <address>" in the params of serverless.yml, or accept the 50 e-mails a day ' +
      'that Cognito sends for the whole account: "email: cognito-50-a-day".'
    );
  }
  return undefined;
}

module.exports = Stage;
