// Parses every source of the request, running none: a line of JSON each, {kind} or {line, message}.
//
// Before them it says that Node itself is up: what brings it down after that is a source.
//
// A source is CommonJS where it can be, as for Node itself, else an ECMAScript module.
'use strict';

const fs = require('fs');
const vm = require('vm');

const NODE_S_OWN = ['exports', 'require', 'module', '__filename', '__dirname'];
const OF_MODULES = /import statement|'?import\.meta|Unexpected token 'export'|await is only valid/;
const IMPORTS_AND_LISTS = /^[ \t]*(?:import\b[^;'"(]*(['"])[^'"\n]*\1|export[ \t]*\{[^}]*\})/gm;
const EXPORTED = /^[ \t]*export[ \t]+(?:default[ \t]+)?/gm;

function asCommonJs(source) {
  vm.compileFunction(source, NODE_S_OWN, { filename: 'solution' });
}

function asModule(source) {
  new vm.SourceTextModule(source, { identifier: 'solution' });
}

// The source without what only modules have, line by line as before: where V8 tells the lines of errors.
function asBody(source) {
  const blank = (text) => text.replace(/[^\n]/g, ' ');
  asCommonJs(`async () => {${source.replace(IMPORTS_AND_LISTS, blank).replace(EXPORTED, blank)}\n}`);
}

function fault(parse, source) {
  try {
    parse(source);
    return null;
  } catch (error) {
    const place = /^solution:(\d+)/m.exec(String(error.stack));
    return { line: place ? Number(place[1]) : 0, message: `${error.name}: ${error.message}` };
  }
}

function look(source) {
  const first = fault(asCommonJs, source);
  if (first === null) return { kind: 'cjs' };
  const second = fault(asModule, source);
  if (second === null) return { kind: 'mjs' };
  if (!OF_MODULES.test(first.message) || second.message.endsWith('Unexpected reserved word')) return first;
  const third = fault(asBody, source);
  return third !== null && third.message === second.message ? third : second;
}

const sources = JSON.parse(fs.readFileSync(0, 'utf8'));
fs.writeSync(1, 'ready\n');
for (const source of sources) {
  fs.writeSync(1, JSON.stringify(look(source)) + '\n');
}
