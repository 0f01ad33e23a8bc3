'use strict';

// The Region of a stage, by the rule of all tools here (`tools/caller.py` has it in Python): --region, AWS_REGION,
// AWS_DEFAULT_REGION, the profile's Region, eu-central-1. `sls` has read `.env` before it asks.

const { loadSharedConfigFiles } = require('@smithy/core/config');

const UNLESS_TOLD = 'eu-central-1';

module.exports = async ({ options, resolveConfigurationProperty }) => {
  const stage = options.stage ?? (await resolveConfigurationProperty(['provider', 'stage']));
  const { env } = process;
  const told = options.region || env.AWS_REGION || env.AWS_DEFAULT_REGION;
  if (told) return told;
  const profile =
    options['aws-profile'] ||
    env[`AWS_${stage.toUpperCase()}_PROFILE`] ||
    env.AWS_PROFILE ||
    env.AWS_DEFAULT_PROFILE ||
    'default';
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  return credentialsFile[profile]?.region || configFile[profile]?.region || UNLESS_TOLD;
};
