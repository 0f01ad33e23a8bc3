'use strict';

// Leaves out the deletion protection of what this deploy creates: a rollback can delete nothing that is protected, and
// what it leaves behind keeps its fixed name, so that no later deploy succeeds. The next deploy protects it. Until then
// the stack's output `UnprotectedUntilNextDeploy` names it.

const { CloudFormationClient, paginateListStackResources } = require('@aws-sdk/client-cloudformation');

const OUTPUT = 'UnprotectedUntilNextDeploy';
// By type: the property, and its value without protection.
const PROTECTION = {
  'AWS::Cognito::UserPool': ['DeletionProtection', 'INACTIVE'],
  'AWS::DynamoDB::Table': ['DeletionProtectionEnabled', false],
};

module.exports = class Protection {
  constructor(serverless, options, { log }) {
    this.unprotected = [];
    this.hooks = {
      'before:aws:deploy:deploy:createStack': async () => {
        const template = serverless.service.provider.compiledCloudFormationTemplate;
        this.unprotected = leaveOut(template, await deployed(serverless));
      },
      'after:deploy:finalize': () => {
        if (!this.unprotected.length) return;
        log.warning(
          `Deletion protection is still off for ${this.unprotected.join(', ')}. Deploy again to turn it on.`
        );
      },
    };
  }
};

/** Takes the protection off what is not deployed yet; the names of it. */
function leaveOut(template, deployed) {
  const unprotected = [];
  for (const [name, { Type, Properties }] of Object.entries(template.Resources)) {
    const [property, off] = PROTECTION[Type] ?? [];
    if (!property || deployed.has(name) || String(Properties[property]) === String(off)) continue;
    Properties[property] = off;
    unprotected.push(name);
  }
  if (unprotected.length) {
    template.Outputs[OUTPUT] = {
      Description: 'Deletion protection is off for these resources until the next deploy',
      Value: unprotected.join(', '),
    };
  }
  return unprotected;
}

/** The resources that the stack has by now. */
async function deployed(serverless) {
  const aws = serverless.getProvider('aws');
  const client = new CloudFormationClient(await aws.getAwsSdkV3Config());
  const names = new Set();
  try {
    for await (const page of paginateListStackResources({ client }, { StackName: aws.naming.getStackName() })) {
      for (const { LogicalResourceId, ResourceStatus } of page.StackResourceSummaries ?? []) {
        if (!/^(CREATE_(IN_PROGRESS|FAILED)|DELETE_COMPLETE)$/.test(ResourceStatus)) names.add(LogicalResourceId);
      }
    }
  } catch (error) {
    if (error.name === 'ValidationError' && /does not exist/.test(error.message)) return names; // the first deploy
    throw error;
  }
  return names;
}
