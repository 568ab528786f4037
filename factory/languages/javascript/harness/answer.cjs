// Answers a problem's calls from inside the candidate's own process.
//
// The request comes in on standard input before any code of the candidate's has run; answers go out as frames
// on what was standard output, and the candidate finds /dev/null in both places. It is hostile, and may reach
// all that is here: it gains nothing by that, since what is expected is not. Whatever else lands among the
// frames makes the whole run worthless on the host, and so does an end without the request's nonce.
//
// Values are read and written by `values.js` in a realm of its own, so that what a candidate does to Array,
// JSON or Map, be it a polyfill, changes nothing there.
'use strict';

const fs = require('fs');
const path = require('path');
const vm = require('vm');
const { isNativeError, isPromise, isProxy, isMap, isSet, isUint8Array, isTypedArray } = require('util').types;

const { closeSync, openSync, readFileSync, writeSync } = fs;
const { apply } = Reflect;
const { from: toBuffer, alloc } = Buffer;
const setSize = Buffer.prototype.writeUInt32BE;
const concat = Buffer.concat;
const exit = process.reallyExit.bind(process);

const realm = vm.createContext();
const { parse, codec } = vm.runInContext(readFileSync(path.join(__dirname, 'values.js'), 'utf8'), realm, {
  filename: 'values.js',
});
const request = parse(readFileSync(0, 'utf8'));
const values = codec({
  types: { isNativeError, isProxy, isMap, isSet, isUint8Array, isTypedArray },
  prototypes: { object: Object.prototype, list: Array.prototype, map: Map.prototype, set: Set.prototype },
  list: () => [],
  object: () => ({}),
  map: () => new Map(),
  set: () => new Set(),
  bytes: (size) => new Uint8Array(size),
  maxOutput: request.maxOutput,
});

const channel = openSync('/proc/self/fd/1', fs.constants.O_WRONLY | fs.constants.O_APPEND);
for (const standard of [0, 1]) {
  closeSync(standard);
  if (openSync('/dev/null', 'r+') !== standard) exit(3);
}

function write(data) {
  try {
    for (let done = 0; done < data.length; ) done += writeSync(channel, data, done);
  } catch {
    exit(3); // the output limit, or the candidate closed the channel
  }
}

function send(kind, text) {
  const payload = toBuffer(text);
  const head = toBuffer(kind + '\0\0\0\0');
  apply(setSize, head, [payload.length, 1]);
  write(concat([head, payload]));
}

// ---- the entry point ----

const builtIn = values.named(globalThis, request.names);
let declared = [];
Object.defineProperty(globalThis, request.hook, { value: (found) => (declared = found) });

const load = request.file.endsWith('.mjs') ? () => import(request.file) : () => require(request.file);

// ---- calls ----

async function answered(entry, call) {
  try {
    let value = apply(entry, undefined, values.arguments(entry, call));
    if (isPromise(value)) value = await value;
    return { kind: 'V', text: values.encode(value) };
  } catch (error) {
    const misfit = values.misfit(error);
    return misfit === null ? { kind: 'X', text: values.describe(error) } : { kind: 'U', text: misfit };
  }
}

async function serve() {
  let entry;
  try {
    entry = values.entryOf(request.names, await load(), declared, builtIn);
  } catch (error) {
    send('L', values.describe(error));
    exit(0);
  }
  if (entry === undefined) {
    send('M', '[]');
    exit(0);
  }
  send('R', '');
  for (let place = 0; place < request.calls.length; place++) {
    const { kind, text } = await answered(entry, request.calls[place]);
    if (text === null) write(alloc(request.maxOutput + 1)); // more than may be written: the limit is told as broken
    send(kind, text);
  }
  send('Z', request.nonce);
  exit(0);
}

serve();
