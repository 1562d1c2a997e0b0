// The mapping directives of schema/passport.graphql, with the enums that they use: for tests with a schema of their own.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Kind, parse, print, visit } from 'graphql';
import { TOP } from './run.mjs';

const { definitions } = parse(readFileSync(path.join(TOP, 'schema/passport.graphql'), 'utf8'));
const directives = definitions.filter(({ kind }) => kind === Kind.DIRECTIVE_DEFINITION);
const used = new Set();
for (const directive of directives) visit(directive, { NamedType: ({ name }) => { used.add(name.value); } });
const enums = definitions.filter(({ kind, name }) => kind === Kind.ENUM_TYPE_DEFINITION && used.has(name.value));

/** SDL. */
export const MAPPING = [...directives, ...enums].map((definition) => print({ ...definition, description: undefined })).join('\n');
