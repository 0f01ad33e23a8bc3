'use strict';

// The tool loads plugins from a service's own folder alone.
module.exports = require('../../plugins/prefix.js');
