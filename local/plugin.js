'use strict';

// Makes the stage `local` fit the emulator: drops what its CloudFormation refuses and says what it reads otherwise.
// Does nothing for any other stage, and never lets the stage `local` near a real account.

const { createHash } = require('node:crypto');

const STAGE = 'local';
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
const REFUSED = new Set(['AWS::ApiGatewayV2::Deployment', 'AWS::ApiGatewayV2::RouteResponse']);

module.exports = class Local {
  constructor(serverless) {
    this.hooks = {
      initialize: () => {
        if (stageOf(serverless) === STAGE) loopback(serverless);
      },
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        if (stageOf(serverless) !== STAGE) return;
        disableTriggers(serverless);
        fit(
          serverless.service.provider.compiledCloudFormationTemplate.Resources,
          `${loopback(serverless)} ${serverless.service.service}`
        );
      },
    };
  }
};

function stageOf(serverless) {
  return serverless.getProvider('aws').getStage();
}

function loopback(serverless) {
  const endpoint = process.env.AWS_ENDPOINT_URL;
  if (URL.canParse(endpoint) && LOOPBACK.has(new URL(endpoint).hostname)) return endpoint;
  throw new serverless.classes.Error(
    'The stage "local" is for a running local stack: start one with "make dev" or "python -m local up", ' +
      'or set AWS_ENDPOINT_URL to its address on this machine.'
  );
}

function fit(resources, owner) {
  for (const [name, resource] of Object.entries(resources)) {
    if (REFUSED.has(resource.Type)) delete resources[name];
  }
  for (const [name, resource] of Object.entries(resources)) {
    if (Array.isArray(resource.DependsOn)) {
      resource.DependsOn = resource.DependsOn.filter((needed) => needed in resources);
    }
    if (resource.Type === 'AWS::ApiGatewayV2::Stage') {
      delete resource.Properties.DeploymentId;
      resource.Properties.AutoDeploy = true;
    }
    if (resource.Type === 'AWS::ApiGatewayV2::Api') {
      // A service has the same addresses each time at one port, and others at another.
      const id = createHash('sha256').update(`${owner} ${name}`).digest('hex').slice(0, 8);
      resource.Properties.Tags = { ...resource.Properties.Tags, 'ms-custom-id': id };
      const cors = resource.Properties.CorsConfiguration;
      if (cors) resource.Properties.CorsConfiguration = camelCased(cors);
    }
  }
}

// The emulator's own poller leaves them alone; `local/emulator/triggers.py` drives them.
function disableTriggers(serverless) {
  const resources = serverless.service.provider.compiledCloudFormationTemplate.Resources;
  for (const [name, { Type, Properties }] of Object.entries(resources)) {
    if (Type !== 'AWS::Lambda::EventSourceMapping') continue;
    for (const option of ['FilterCriteria', 'TumblingWindowInSeconds']) {
      if (Properties[option]) {
        throw new serverless.classes.Error(`${name}: the local stack does not know ${option}.`);
      }
    }
    if (Properties.Enabled === false) delete resources[name];
    else Properties.Enabled = false;
  }
}

function camelCased(object) {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key[0].toLowerCase() + key.slice(1), value])
  );
}
