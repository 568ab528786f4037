// Python's values in JavaScript and back, in a realm whose built-ins no candidate can change.
//
// The request's values are JSON tagged {"$": kind, "v": ...}; answers are written the same way, every number
// that is no bigint as JavaScript prints it (see factory/languages/javascript/fit.py). Reading an answer may
// run getters of the candidate's; nothing that they do makes an answer right.
(function () {
  'use strict';

  const MAX_DEPTH = 200;
  const MESSAGE = 2000;

  class Misfit {
    constructor(text) {
      this.text = text;
    }
  }
  class TooMuch {}

  const sourceOf = Function.prototype.toString;
  const lengthOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length').get;
  const { entries } = Map.prototype;
  const members = Set.prototype.values;
  const returned = (what) => new Misfit(`returned ${what}, which is no plain value`);
  const plain = (name) => name.replaceAll('_', '').toLowerCase();

  // `main` makes containers of the candidate's realm and knows their prototypes.
  function codec(main) {
    // ---- Python to JavaScript ----

    function list(items) {
      const made = main.list();
      for (const item of items) Array.prototype.push.call(made, decode(item));
      return made;
    }

    const decoders = {
      tuple: list,
      set(items) {
        const made = main.set();
        for (const item of items) Set.prototype.add.call(made, decode(item));
        return made;
      },
      map(pairs) {
        const made = main.map();
        for (const [key, value] of pairs) Map.prototype.set.call(made, decode(key), decode(value));
        return made;
      },
      object(pairs) {
        const made = main.object();
        for (const [key, item] of pairs) {
          Object.defineProperty(made, key, { value: decode(item), writable: true, enumerable: true, configurable: true });
        }
        return made;
      },
      bytes(digits) {
        const made = main.bytes(digits.length / 2);
        for (let i = 0; i < digits.length; i += 2) made[i / 2] = parseInt(digits.slice(i, i + 2), 16);
        return made;
      },
      int: (digits) => BigInt(digits),
      float: (text) => ({ nan: NaN, inf: Infinity, '-inf': -Infinity })[text],
    };

    function decode(data) {
      if (Array.isArray(data)) return list(data);
      return data !== null && typeof data === 'object' ? decoders[data.$](data.v) : data;
    }

    // ---- the entry point ----

    const isFunction = (value) => typeof value === 'function';

    function property(value, name) {
      return isFunction(value) || (value !== null && typeof value === 'object') ? value[name] : undefined;
    }

    // What `value` holds under each of `names`.
    const named = (value, names) => names.map((name) => value[name]);

    // The function called for: declared under one of its names, exported under one, or the only thing exported.
    // `declared` is what the file knows by each name, which may be a global that was there before.
    function entryOf(names, exported, declared, builtIn) {
      const whole = property(exported, 'default');
      for (let place = 0; place < names.length; place++) {
        const own = declared[place] === builtIn[place] ? undefined : declared[place];
        const found = [own, property(exported, names[place]), property(whole, names[place])].find(isFunction);
        if (found !== undefined) return found;
      }
      return [exported, whole].find((one) => isFunction(one) && ['', 'default', ...names].includes(one.name));
    }

    // ---- a call's arguments ----

    function parameters(entry) {
      const source = sourceOf.call(entry);
      const head = /^(?:async\b)?\s*(?:function\b\s*\*?\s*[\w$]*)?\s*(?:\(([^)]*)\)|([\w$]+)\s*=>)/.exec(source);
      let text = head ? (head[1] ?? head[2]) : '';
      for (let before; before !== text; ) [before, text] = [text, text.replace(/\[[^[\]]*\]|\{[^{}]*\}/g, '')];
      return text.split(',').map((one) => plain(one.split('=')[0].trim()));
    }

    function argumentsOf(entry, [positional, named]) {
      const given = list(positional);
      const names = named.length ? parameters(entry) : [];
      for (const [name, value] of named) {
        const place = names.indexOf(plain(name));
        if (place < positional.length) throw new Misfit(`no parameter takes the keyword argument ${name}`);
        given[place] = decode(value);
      }
      return given;
    }

    // ---- JavaScript to Python ----

    function nameOf(value) {
      try {
        const { constructor, [Symbol.toStringTag]: tag } = value;
        for (const name of [isFunction(constructor) && constructor.name, tag]) {
          if (typeof name === 'string' && name !== '' && name !== 'Object') return name.slice(0, 80);
        }
      } catch {
        // whatever its constructor is, it does not tell
      }
      return 'an object of a class without a name';
    }

    let parts;
    let size;

    function add(text) {
      size += text.length;
      if (size > main.maxOutput) throw new TooMuch();
      parts.push(text);
    }

    function each(opening, items, closing, writeOne) {
      add(opening);
      let first = true;
      for (const item of items) {
        if (!first) add(',');
        first = false;
        writeOne(item);
      }
      add(closing);
    }

    function* indexed(value, count) {
      for (let i = 0; i < count; i++) yield value[i];
    }

    function number(value) {
      if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : String(value);
      return `{"$":"float","v":"${Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'}"}`;
    }

    function writeValue(value, depth) {
      switch (typeof value) {
        case 'undefined':
          return add('null');
        case 'boolean':
          return add(value ? 'true' : 'false');
        case 'number':
          return add(number(value));
        case 'string':
          return add(JSON.stringify(value));
        case 'bigint':
          return add(`{"$":"int","v":"${value.toString(16)}"}`);
        case 'object':
          return value === null ? add('null') : writeObject(value, depth);
        default:
          throw returned(`a ${typeof value}`);
      }
    }

    function writeObject(value, depth) {
      if (main.types.isProxy(value)) throw returned('a Proxy');
      if (depth === 0) throw returned(`a value nested deeper than ${MAX_DEPTH}`);
      const one = (item) => writeValue(item, depth - 1);
      const pair = ([key, item]) => each('[', [key, item], ']', one);
      const prototype = Object.getPrototypeOf(value);
      if (main.types.isUint8Array(value)) {
        const count = lengthOf.call(value);
        if (2 * count > main.maxOutput) throw new TooMuch();
        const digits = [];
        for (let i = 0; i < count; i++) digits.push((256 + value[i]).toString(16).slice(1));
        return add(`{"$":"bytes","v":"${digits.join('')}"}`);
      }
      if (main.types.isTypedArray(value)) return each('[', indexed(value, lengthOf.call(value)), ']', one);
      if (Array.isArray(value) && prototype === main.prototypes.list) {
        return each('[', indexed(value, value.length), ']', one);
      }
      if (main.types.isMap(value) && prototype === main.prototypes.map) {
        return each('{"$":"map","v":[', entries.call(value), ']}', pair);
      }
      if (main.types.isSet(value) && prototype === main.prototypes.set) {
        return each('{"$":"set","v":[', members.call(value), ']}', one);
      }
      if (!main.types.isNativeError(value) && (prototype === null || prototype === main.prototypes.object)) {
        return each('{"$":"object","v":[', Object.keys(value), ']}', (key) => pair([key, value[key]]));
      }
      throw returned(nameOf(value));
    }

    // The answer as text; null when it is longer than may be written.
    function encode(value) {
      [parts, size] = [[], 0];
      try {
        writeValue(value, MAX_DEPTH);
        return parts.join('');
      } catch (error) {
        if (error instanceof TooMuch) return null;
        throw error;
      } finally {
        parts = [];
      }
    }

    // ---- what went wrong ----

    const misfit = (error) => (error instanceof Misfit ? error.text : null);

    function describe(error) {
      let [type, message, line] = ['an exception', 'that cannot be told', 0];
      try {
        if (main.types.isNativeError(error)) {
          type = String(error.name).slice(0, 80);
          message = String(error.message).slice(0, MESSAGE);
          const place = /\/solution\.[cm]js:(\d{1,9})\b/.exec(String(error.stack));
          line = place ? Number(place[1]) : 0;
        } else {
          type = `thrown ${error === null ? 'null' : typeof error}`;
          message = String(error).slice(0, MESSAGE);
        }
      } catch {
        // what it says of itself cannot be read; what is known so far is told
      }
      return JSON.stringify({ type, message, line });
    }

    return { named, entryOf, arguments: argumentsOf, encode, misfit, describe };
  }

  return { parse: JSON.parse, codec };
})();
