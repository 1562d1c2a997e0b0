// What the reference implementation says: graphql 16 of syntax and of the values of variables, graphql 17 of validation.
import './to-sorted.mjs';
import * as v16 from 'graphql';
import * as v17 from 'graphql17';

export { v16, v17 };
export const MAX_ERRORS = 20;
// Longer messages are cut at this many bytes.
const WHOLE_BYTES = 255;
// Rules about @defer and @stream, which no schema of ours has; the reference reports them by name all the same.
export const RULES = v17.specifiedRules.filter(({ name }) => !/Defer|Stream/.test(name));

const place = ({ line, column }) => `${line}:${column}`;
export const say = ({ message, locations = [] }) => `${locations.map(place).join(',')} ${message}`;

// A variable in a field of a OneOf input object: the specification (IsVariableUsageAllowed) lets a nullable one pass that has
// a default which is not null, as in any other place where none may be; graphql 17.1 does not.
export const allowedBySpecification = ({ message, nodes }) => / but must be non-nullable to be used for OneOf /.test(message) &&
  nodes[0].defaultValue && nodes[0].defaultValue.kind !== 'NullValue';

/** A reference over one schema; `hits` counts how often each rule has reported something. */
export class Reference {
  constructor(sdl) {
    this.v16 = v16.buildSchema(sdl, { assumeValidSDL: true });
    this.v17 = v17.buildSchema(sdl, { assumeValidSDL: true });
    this.hits = new Map(RULES.map(({ name }) => [name.replace(/Rule$/, ''), 0]));
    this.rules = RULES.map((rule) => (context) => rule(Object.create(context, {
      reportError: {
        value: (error) => {
          if (allowedBySpecification(error)) return;
          this.count(rule);
          context.reportError(error);
        },
      },
    })));
  }

  count(rule) {
    const name = rule.name.replace(/Rule$/, '');
    this.hits.set(name, this.hits.get(name) + 1);
  }

  /** { code, errors: ['line:column,... message'] } of a document, the first 20; null when it gave up. */
  judge(text) {
    try {
      v16.parse(text);
    } catch (error) {
      return { code: 'GRAPHQL_PARSE_FAILED', errors: [say(error)] };
    }
    const errors = v17.validate(this.v17, v17.parse(text), this.rules, { maxErrors: MAX_ERRORS });
    if (errors.some(({ message }) => message === 'Validation aborted.')) return null;
    const first = errors.slice(0, MAX_ERRORS).map(say);
    return { code: first.length ? 'GRAPHQL_VALIDATION_FAILED' : null, errors: first };
  }

  /** { errors } or { variables } of the first operation of a valid document. */
  coerce(text, variables) {
    const operation = v16.parse(text).definitions.find(({ kind }) => kind === 'OperationDefinition');
    const { errors, coerced } = v16.getVariableValues(this.v16, operation?.variableDefinitions ?? [], variables);
    return errors ? { errors: errors.map(say) } : { variables: JSON.parse(JSON.stringify(coerced)) };
  }
}

/** Whether two lists of errors say the same, a message that was cut counting as far as it goes. What is quoted in a
 * message is cut too, long before its end. */
export const sameErrors = (have, want) => have.length === want.length && have.every((text, i) => text === want[i] ||
  (Buffer.byteLength(want[i].replace(/^[\d:,]* /, '')) > WHOLE_BYTES && shortened(text, want[i])) || quotedLess(text, want[i]) ||
  (UNSAYABLE.test(want[i]) && text.startsWith(want[i].slice(0, want[i].search(UNSAYABLE)))));

// What our messages can't quote: U+0000, and half of a surrogate pair. They end there.
const UNSAYABLE = /\u0000|[\uD800-\uDBFF](?![\uDC00-\uDFFF])/;
const shortened = (have, want) => want.startsWith(have.slice(0, have.indexOf(' ') + 100));
// "found: <a value that was cut>": the same up to there, and then at least 150 bytes of the same value.
const quotedLess = (have, want) => have.length > 190 && want.startsWith(have.slice(0, 190));

/** A message about a variable without what it repeats of the client's value, which we don't: the place, the variable, the
 * path and the reason stay. */
export function withoutValue(message) {
  return message
    .replace(/(got invalid value )[^]*?(?= at "|; (?:Expected |Field |Exactly |Int |Float |String |Boolean |ID |Enum |Value ))/, '$1…')
    .replace(/(cannot represent [a-z0-9 -]*(?:value|numeric value|string value|boolean value): )[^]*$/, '$1…')
    .replace(/Value "[^]*" does not exist/, 'Value does not exist')
    .replace(/(Expected type "[^"]*" to be an object)[^]*/, '$1')
    .replace(/ Did you mean [^]*\?$/, '');
}
