// Ways to break a document, one for each rule of validation at least: each takes the tree of a document and changes it in
// place, or finds nothing to change.
import { isCompositeType, isInputType, parse, print, visit } from 'graphql';

const nodes = (tree, ...kinds) => {
  const found = [];
  visit(tree, { enter(node) { if (kinds.includes(node.kind)) found.push(node); } });
  return found;
};
const definitions = (text) => parse(text).definitions;
const selections = (text) => definitions(`{ ${text} }`)[0].selectionSet.selections;
const value = (text) => selections(`a(b: ${text})`)[0].arguments[0].value;
const directive = (text) => selections(`a ${text}`)[0].directives[0];
const type = (text) => definitions(`query ($a: ${text}) { a }`)[0].variableDefinitions[0].type;
const copy = (node) => JSON.parse(JSON.stringify(node));

const VALUES = ['1', '-1', '2147483647', '2147483648', '-2147483649', '1.5', '1e3', '12345678901234567890', '"s"', '""', '"""b\n  c"""', 'true', 'null',
  'RED', 'WRONG', 'REDD', '[]', '[1]', '[null]', '[[1], 2]', '["a", null]', '{}', '{x: 1}', '{x: null}', '{x: 1, y: 2, z: 3}', '{x: 1, x: 2}',
  '{number: 1}', '{number: null}', '{text: "a", number: 1}', '{number: 1, number: 2}', '{nope: 1}', '{text: null, nope: 1}', '{either: {text: 1}}',
  '{a: 1, b: "x"}', '{a: 1}', '{a: "x", b: [1, null, "y"], c: {a: 1}, d: "1", e: 1.5}', '{name: 3, color: "RED", near: [1], not: {colr: 1}}',
  '{and: {name: 1}}', '{path: {x: 1}, path: null}', '{required: null, old: "o", any: {a: $v, b: [1]}}', '[{x: 1}, {y: 2}, 3]',
  '{name: "a very long text that makes the line longer than eighty characters", color: NOPE, near: {y: 1, label: "and on it goes"}}', '"\\u00e9\\n\\"q\\""'];
const STRANGE_DIRECTIVES = ['@nope', '@nope(value: 1, first: "x", id: $v)', '@skip(if: 3)', '@skip', '@include(iff: true)', '@include(if: true, if: false)', '@onField(name: 1)',
  '@onField(nam: "x", level: $v)', '@onQuery(x: "1")', '@again(n: null)', '@again @anywhere', '@needs', '@needs(if: $v, filter: {nme: 1})', '@needs(if: true, fi: {})',
  '@onInlineFragment(color: 1)', '@onVariableDefinition(n: 1)', '@deprecated', '@oneOf', '@specifiedBy(url: 1)', '@anywhere', '@onFragmentSpread', '@onFragmentDefinition', '@onMutation'];

export const breakers = (schema, rnd) => {
  const pick = (list) => list[rnd(list.length)];
  const typeNames = Object.keys(schema.getTypeMap());
  const composites = typeNames.filter((name) => isCompositeType(schema.getType(name)) && name !== '__Directive'); // graphql 17's has fields more
  const inputs = typeNames.filter((name) => isInputType(schema.getType(name)));
  const fieldNames = [...new Set(composites.flatMap((name) => Object.keys(schema.getType(name).getFields?.() ?? {})))];
  const misspelled = (name) => pick([`${name}x`, name.slice(1), name.slice(0, -1), name.toUpperCase(), name[0] + name, 'zzz', `${name.slice(1, 2)}${name[0]}${name.slice(2)}`])
    .replace(/^[^A-Za-z_]*$/, 'q');
  const operations = (tree) => tree.definitions.filter(({ kind }) => kind === 'OperationDefinition');
  const fragments = (tree) => tree.definitions.filter(({ kind }) => kind === 'FragmentDefinition');
  const insert = (list, ...items) => list.splice(rnd(list.length + 1), 0, ...items);
  const change = (list, how) => { if (list.length) how(pick(list)); };
  const anyType = (names) => type(pick(['X', 'X!', '[X]', '[X!]!', '[[X]]']).replace('X', pick(names)));
  const withArguments = (tree) => nodes(tree, 'Field', 'Directive').filter((node) => node.arguments?.length);

  const all = {
    ExecutableDefinitions: (tree) => insert(tree.definitions, ...definitions(pick(['type Zz { a: Int }', 'schema { query: Zq }', 'extend type Dog { zz: Int }', 'scalar Zs',
      'directive @zd on FIELD', 'extend schema { mutation: Zm }', '"described" enum Ze { A }', 'union Zu = Zv', 'input Zi { a: Int = 1 }', 'interface Zf { a: Int }']))),
    KnownOperationTypes: (tree) => change(operations(tree), (op) => { op.operation = pick(['mutation', 'subscription', 'query']); }),
    UniqueOperationNames: (tree) => change(operations(tree), (op) => {
      op.name ??= { kind: 'Name', value: 'Q' };
      for (let n = 1 + rnd(2); n > 0; n--) insert(tree.definitions, copy(op));
    }),
    LoneAnonymousOperation: (tree) => insert(tree.definitions, ...definitions(pick(['{ __typename }', 'query { __typename }', 'query Other { __typename }']))),
    SingleFieldSubscriptions: (tree) => {
      const name = `S${rnd(1000)}`;
      insert(tree.definitions, ...definitions(pick([
        `subscription ${name} { dogAdded { id } counted }`, 'subscription { counted moved { id } c: counted counted }', `subscription ${name} { __typename }`,
        `subscription ${name} { counted ...${name} } fragment ${name} on Subscription { moved { id } counted ... { x: counted } }`,
        `subscription ${name} { dogAdded @skip(if: true) { id } counted @include(if: false) }`, `subscription ${name} { ...${name} @include(if: true) } fragment ${name} on Subscription { counted }`,
        `subscription ${name} { ... on Dog { id } }`, `subscription ${name} { ... on Subscription { counted } ... @skip(if: false) { moved { id } } }`,
        `subscription ${name} { counted __typename a: __typename moved { id } }`, `subscription ${name} { ...Nope ...${name} } fragment ${name} on Query { counted }`])));
    },
    KnownTypeNames: (tree) => change(nodes(tree, 'NamedType'), (node) => { node.name.value = misspelled(node.name.value); }),
    FragmentsOnCompositeTypes: (tree) => change(nodes(tree, 'InlineFragment', 'FragmentDefinition').filter((node) => node.typeCondition), (node) => { node.typeCondition.name.value = pick(inputs); }),
    VariablesAreInputTypes: (tree) => change(nodes(tree, 'VariableDefinition'), (node) => { node.type = anyType(composites); }),
    ScalarLeafs: (tree) => change(nodes(tree, 'Field'), (node) => { node.selectionSet = node.selectionSet ? undefined : { kind: 'SelectionSet', selections: selections('id a: x') }; }),
    FieldsOnCorrectType: (tree) => change(nodes(tree, 'Field'), (node) => { node.name.value = rnd(2) ? pick(fieldNames) : misspelled(node.name.value); }),
    UniqueFragmentNames: (tree) => change(fragments(tree), (node) => insert(tree.definitions, copy(node))),
    KnownFragmentNames: (tree) => change(nodes(tree, 'SelectionSet'), (node) => insert(node.selections, ...selections(pick(['...Nope', '...F0', '...F1', '...F2 ...Nope'])))),
    NoUnusedFragments: (tree) => insert(tree.definitions, ...definitions(`fragment U${rnd(3)} on ${pick(composites)} { __typename ${pick(['', '...U0', '...F0'])} }`)),
    PossibleFragmentSpreads: (tree) => change(nodes(tree, 'SelectionSet'), (node) => insert(node.selections, ...selections(`... on ${pick(composites)} { __typename ${pick(fieldNames)} }`))),
    NoFragmentCycles: (tree) => change(fragments(tree), (node) => change(nodes(node, 'SelectionSet'), (set) => insert(set.selections, ...selections(`...${pick(fragments(tree)).name.value} ...${node.name.value}`)))),
    UniqueVariableNames: (tree) => change(operations(tree).filter((op) => op.variableDefinitions.length), (op) => insert(op.variableDefinitions, copy(pick(op.variableDefinitions)))),
    NoUndefinedVariables: (tree) => change(operations(tree).filter((op) => op.variableDefinitions.length), (op) => op.variableDefinitions.splice(rnd(op.variableDefinitions.length), 1)),
    NoUnusedVariables: (tree) => change(operations(tree), (op) => insert(op.variableDefinitions, ...definitions(`query (${pick(['"text" ', ''])}$u${rnd(3)}: ${pick(inputs)}) { a }`)[0].variableDefinitions)),
    KnownDirectives: (tree) => change(nodes(tree, 'Field', 'FragmentSpread', 'InlineFragment', 'OperationDefinition', 'FragmentDefinition'), (node) => insert(node.directives, directive(pick(STRANGE_DIRECTIVES)))),
    DirectivesOfVariables: (tree) => change(nodes(tree, 'VariableDefinition'), (node) => insert(node.directives, directive(pick(STRANGE_DIRECTIVES).replace('$v', '2')))),
    UniqueDirectivesPerLocation: (tree) => change(nodes(tree, 'Field', 'FragmentSpread', 'InlineFragment', 'OperationDefinition', 'FragmentDefinition', 'VariableDefinition'),
      (node) => { for (let n = 2 + rnd(2); n > 0; n--) insert(node.directives, directive('@anywhere')); }),
    KnownArgumentNames: (tree) => change(withArguments(tree), (node) => { pick(node.arguments).name.value = misspelled(pick(node.arguments).name.value); }),
    ArgumentsOfMetaFields: (tree) => change(nodes(tree, 'SelectionSet'), (node) => insert(node.selections, ...selections(pick(['__typename(x: 1)', '__type { name }', '__type(nam: "x") { name }', '__schema(a: $v) { description }'])))),
    UniqueArgumentNames: (tree) => change(withArguments(tree), (node) => { for (let n = 1 + rnd(2); n > 0; n--) insert(node.arguments, copy(pick(node.arguments))); }),
    ValuesOfCorrectType: (tree) => change(nodes(tree, 'Argument'), (node) => { node.value = value(pick(VALUES)); }),
    ValuesOfCorrectTypeInside: (tree) => change(nodes(tree, 'ObjectField'), (node) => { node.value = value(pick(VALUES)); }),
    ValuesOfVariables: (tree) => change(nodes(tree, 'VariableDefinition'), (node) => { node.defaultValue = value(pick(VALUES).replace('$v', '2')); }),
    ProvidedRequiredArguments: (tree) => change(withArguments(tree), (node) => node.arguments.splice(rnd(node.arguments.length), 1)),
    VariablesInAllowedPosition: (tree) => change(nodes(tree, 'VariableDefinition'), (node) => { node.type = anyType(inputs); }),
    VariablesAnywhere: (tree) => change(nodes(tree, 'Argument', 'ObjectField'), (node) => {
      const name = pick(['a', 'b', 'v', 'w']);
      node.value = value(pick(['$n', '[$n]', '{x: $n}', '{number: $n}', '{text: $n}', '{name: $n, and: [{not: {name: $n}}]}']).replaceAll('n:', 'N:').replaceAll('$n', `$${name}`).replaceAll('N:', 'n:'));
      change(operations(tree), (op) => { if (rnd(3)) op.variableDefinitions.push(...definitions(`query ($${name}: ${pick(inputs)}${pick(['', '!', '', ' = null'])}) { a }`)[0].variableDefinitions); });
    }),
    OverlappingFieldsCanBeMerged: (tree) => change(nodes(tree, 'SelectionSet'), (node) => {
      const fields = node.selections.filter(({ kind }) => kind === 'Field');
      const field = fields.length ? copy(pick(fields)) : selections(pick(fieldNames))[0];
      if (rnd(2)) field.alias = { kind: 'Name', value: pick(['x', 'y', 'id', 'value']) };
      if (rnd(2)) field.name.value = pick(fieldNames);
      if (rnd(2)) field.arguments = selections(pick(['a(value: 1)', 'a(lang: "x")', 'a(first: $a)', 'a', 'a(value: {x: 1, y: 2})', 'a(value: {y: 2, x: 1})']))[0].arguments;
      insert(node.selections, rnd(3) ? field : { kind: 'InlineFragment', typeCondition: type(pick(composites)), directives: [], selectionSet: { kind: 'SelectionSet', selections: [field] } });
    }),
    Twice: (tree) => change(nodes(tree, 'SelectionSet'), (node) => insert(node.selections, ...copy(node.selections))),
    UniqueInputFieldNames: (tree) => change(nodes(tree, 'ObjectValue').filter((node) => node.fields.length), (node) => { for (let n = 1 + rnd(2); n > 0; n--) insert(node.fields, copy(pick(node.fields))); }),
    MaxIntrospectionDepth: (tree) => change(operations(tree), (op) => insert(op.selectionSet.selections, ...selections(pick([
      '__schema { types { fields { type { fields { type { fields { name } } } } } } }', '__type(name: "Dog") { fields { type { interfaces { possibleTypes { name __schema { types { name } } } } } } }',
      '__schema { types { inputFields { type { inputFields { name type { inputFields { name } } } } } } }', '__schema { ...M0 }', '__schema { types { fields { name } } }'])))),
    MaxIntrospectionFragments: (tree) => insert(tree.definitions, ...definitions('fragment M0 on __Schema { types { ...M1 } } fragment M1 on __Type { fields { type { ...M2 } } } fragment M2 on __Type { inputFields { type { ...M1 fields { name } } } }')),
  };
  const how = Object.values(all);

  /** The text, broken in one to three ways. A line of the printed tree may lose its end. */
  return (text) => {
    const tree = copy(parse(text, { noLocation: true }));
    for (let n = 1 + rnd(3); n > 0; n--) pick(how)(tree);
    const broken = print(tree);
    return rnd(2) ? broken : broken.replace(/\n\s*(?![^"]*"""\s*$)/g, (end) => (rnd(2) || text.includes('"""') ? end : ' '));
  };
};

