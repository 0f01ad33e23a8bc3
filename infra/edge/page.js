'use strict';

// Uploads the page after a deploy of the edge, and empties its bucket before the edge is removed.

const { readFile, readdir } = require('node:fs/promises');
const path = require('node:path');
const { CloudFormationClient, DescribeStacksCommand } = require('@aws-sdk/client-cloudformation');
const { DeleteObjectsCommand, ListObjectsV2Command, PutObjectCommand, S3Client } = require('@aws-sdk/client-s3');

const ROOT = path.join(__dirname, '..', '..');
// Where the paths of the page come from.
const FOLDERS = { '': 'web', 'client/': 'clients/javascript/src' };
const MEDIA_TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
// The files keep their names from one release to the next, so a browser asks whether they changed; fonts never do.
const KEPT = { '.woff2': 'public, max-age=31536000, immutable' };
const ASKED_AGAIN = 'no-cache';
const CONFIGURATION = 'config.json';

class Page {
  constructor(serverless, options, { log }) {
    const provider = serverless.getProvider('aws');
    this.hooks = {
      'after:deploy:deploy': async () => {
        const config = await provider.getAwsSdkV3Config();
        const outputs = await outputsOf(new CloudFormationClient(config), provider.naming.getStackName());
        const files = await page(configuration(serverless.service, provider.getStage(), outputs.EdgeUrl));
        const uploaded = await upload(s3(config), outputs.PageBucketName, files);
        log.notice(`${uploaded} files of the page are up: ${outputs.EdgeUrl}/`);
      },
      'before:remove:remove': async () => {
        const config = await provider.getAwsSdkV3Config();
        const outputs = await outputsOf(new CloudFormationClient(config), provider.naming.getStackName());
        if (outputs.PageBucketName) await remove(s3(config), outputs.PageBucketName, () => true);
      },
    };
  }
}

/** What the page must know of its stage. */
function configuration(service, stage, url) {
  const { region, webClientId } = service.custom.page;
  return {
    stage,
    http: `${url}/api`,
    socket: `${url.replace(/^http/, 'ws')}/ws`,
    cognito: `https://cognito-idp.${region}.amazonaws.com/`,
    webClientId,
    boards: [],
    anyCode: false,
  };
}

/** Every file of the page by its key. */
async function page(config) {
  const files = new Map([[CONFIGURATION, Buffer.from(JSON.stringify(config))]]);
  for (const [prefix, folder] of Object.entries(FOLDERS)) {
    const root = path.join(ROOT, folder);
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath ?? entry.path, entry.name);
      const key = prefix + path.relative(root, file).split(path.sep).join('/');
      if (entry.isFile() && path.extname(file) in MEDIA_TYPES) files.set(key, await readFile(file));
    }
  }
  return files;
}

/** Puts the files into the bucket, the one that names the others last, then removes what is no file of the page any more. */
async function upload(client, bucket, files) {
  const last = (key) => (key === 'index.html' ? 1 : 0);
  for (const [Key, Body] of [...files].sort(([a], [b]) => last(a) - last(b))) {
    const extension = path.extname(Key);
    const ContentType = Key === CONFIGURATION ? 'application/json' : MEDIA_TYPES[extension];
    const CacheControl = KEPT[extension] ?? ASKED_AGAIN;
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentType, CacheControl }));
  }
  await remove(client, bucket, (key) => !files.has(key));
  return files.size;
}

async function remove(client, bucket, chosen) {
  let ContinuationToken;
  do {
    const found = await client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken }));
    const Objects = (found.Contents ?? []).filter(({ Key }) => chosen(Key)).map(({ Key }) => ({ Key }));
    if (Objects.length) await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
    ContinuationToken = found.NextContinuationToken;
  } while (ContinuationToken);
}

async function outputsOf(client, stack) {
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: stack }));
  return Object.fromEntries((Stacks[0].Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
}

function s3(config) {
  // An endpoint of one's own answers under its own name, not under the bucket's.
  return new S3Client({ ...config, forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL) });
}

module.exports = Page;
