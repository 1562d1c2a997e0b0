/* tests/unit/cases_mappings.h: types whose mapping is refused, and the sentence that says why. */
#ifndef TESTS_UNIT_CASES_MAPPINGS_H
#define TESTS_UNIT_CASES_MAPPINGS_H

static const struct {
    const char *types, *error;
} cases_mappings[] = {
    {"type Query { a: Int }", "Field \"Query.a\" has no mapping: its type has no @table and is no "
                              "part of a connection that is used."},
    {"type Query { a: T } type T @table(name: \"t\") { id: ID! }",
     "Field \"Query.a\" has no mapping: its type has no @table and is no part of a connection that "
     "is used."},
    {"type T @table(name: \"t\") { id: ID! t: T }",
     "Field \"T.t\" has no mapping: it needs @reference, @lookup or @list."},
    {"type T @table(name: \"t\") { id: ID! t: [T!]! }",
     "Field \"T.t\" has no mapping: it needs @reference, @lookup or @list."},
    {"type T @table(name: \"t\") { id: ID! t: [[[[[[[Int]!]]]!]!]!]! }",
     "Field \"T.t\" has more lists in lists than an array has dimensions: 6."},
    {"type T @table(name: \"t\") { t(a: Int): [Int] }",
     "Field \"T.t\" has an argument that nothing uses."},
    {"type T @hot { id: ID! }", "Type \"T\" lacks @table."},
    {"type T @table(name: \"t\", key: [\"a\", \"b\"]) @hot { id: ID! }",
     "Type \"T\": @hot and @aggregate need a key of one column."},
    {"type T @table(name: \"t\", key: []) { a: Int @apart }",
     "Field \"T.a\" has @apart, but the rows of its type have no key."},
    {"type T @table(name: \"t\", key: []) { t: [T0!]! @list(column: \"x\", order: \"id\") }",
     "Field \"T.t\" has @list, but the rows of its type have no key."},
    {"type T @table(name: \"t\") { t: T2 @reference(columns: [\"a\"]) } type T2 @table(name: "
     "\"u\", "
     "key: []) { a: Int }",
     "Field \"T.t\" refers by 1 columns to a key of 0."},
    {"extend type Root { n(id: ID!): I @node(argument: \"id\") } union I = T type T @table(name: "
     "\"t\", key: []) { a: Int }",
     "Type \"T\" is reached by @node and needs a key."},
    /* lists that functions return */
    {"type T @table(name: \"t\") { t: [T!]! @list(function: \"f\", order: \"id\") }",
     "Field \"T.t\" has @list by a function, which knows column, order and condition."},
    {"type T @table(name: \"t\") { t: C @list(function: \"f\") } type C { nodes: [T!]! }",
     "The order \"\" lacks a column."},
    {"type T @table(name: \"t\") @entry(kind: \"k\", id: \"i\", of: \"I\") { a: Int } interface I "
     "{ a: "
     "Int }",
     "Type \"T\" has @entry, which needs @belongs and an interface or union."},
    {"type T @table(name: \"t\") { t(a: [Int]): [T] @list(function: \"f\") }",
     "Field \"T.t\" gives its function an argument that is no scalar."},
    {"type T @table(name: \"t\") { t(a: Float): [T] @list(function: \"f\") }",
     "Field \"T.t\" gives its function an argument that is a number with a fraction."},
    {"type T @table(name: \"t\") { t(a: Int @filter(column: \"a\")): [T] @list(function: \"f\") }",
     "Field \"T.t\" has @filter, but a function's arguments go by their place."},
    {"type T @table(name: \"t\") { t(a: ID @parameter(names: [\"a\"], type: \"T\")): [T] "
     "@list(function: \"f\") }",
     "Field \"T.t\" names a parameter of a function whose arguments go by their place."},
    {"type T @table(name: \"t\") { t(a: ID @parameter(type: \"T\")): [T] @list(function: \"f\") }",
     "Field \"T.t\" has an argument that is to be an id of a type with a key of one column, and "
     "can't be."},
    {"type T @table(name: \"t\") { t(a: Int, b: Int, c: Int, d: Int, e: Int, f: Int, g: Int, h: "
     "Int, "
     "i: Int): [T] @list(function: \"f\") }",
     "Field \"T.t\" gives its function too many arguments."},
    {"type T @table(name: \"t\") @hot(reads: [\"\"]) { id: ID! }",
     "@hot reads a table without a name."},
    {"extend type Root { f: Int @procedure(name: \"f\") @changes(types: [\"T0\"]) }",
     "Field \"Root.f\" has @changes, but only mutations change anything."},
    {"extend schema { mutation: M } type M { f: Int @procedure(name: \"f\") @changes(types: "
     "[\"T0\"]) "
     "}",
     "Field \"M.f\" has @changes with what is no type with @hot."},
    {"extend schema { mutation: M } type M { f: Int @procedure(name: \"f\") @changes(types: "
     "[\"a\", "
     "\"b\", \"c\", \"d\", \"e\"]) }",
     "Field \"M.f\" has @changes with more than 4 types."},
    {"extend type Root { f: [T0!]! @procedure(name: \"f\", limit: 1001) }",
     "Field \"Root.f\" must have a limit from 1 to 1000."},
    {"extend type Root { f: [[T0!]] @procedure(name: \"f\") }",
     "Field \"Root.f\" has @procedure, and as a list must be one of a type with @table."},
    {"extend type Root { f: [Int] @procedure(name: \"f\") }",
     "Field \"Root.f\" has @procedure, and as a list must be one of a type with @table."},
    {"type T @table(name: \"t\", key: [\"a\", \"b\", \"c\"]) { id: ID! }",
     "Table \"t\": a key has at most 2 columns."},
    {"type T @table(name: \"t\") { id: ID! } type U @table(name: \"t\", key: [\"x\"]) { id: ID! }",
     "Table \"t\" has another key in line 25."},
    {"type T @table(name: \"\") { id: ID! }", "A table's name is empty."},
    {"type T @table(name: \"t\") { t: T @reference(columns: [\"a\", \"b\"]) }",
     "Field \"T.t\" refers by 2 columns to a key of 1."},
    {"type T @table(name: \"t\") { t: Int @reference(columns: [\"a\"]) }",
     "Field \"T.t\" must be of a type with @table (or of an interface or union with @kind), and "
     "no list."},
    {"type T @table(name: \"t\") { t: T @reference(columns: [\"a\"]) @column(name: \"x\") }",
     "Field \"T.t\" is mapped in two ways."},
    {"type T @table(name: \"t\") { t: T @reference(columns: [\"a\"]) @list(column: \"x\", order: "
     "\"id\") }",
     "Field \"T.t\" is mapped in two ways."},
    {"type T @table(name: \"t\") { t: Int @column(name: \"a\") @computed(function: \"b\") }",
     "Field \"T.t\" has both @column and @computed."},
    {"type T @table(name: \"t\") { t(a: Int): Int }",
     "Field \"T.t\" has an argument that nothing uses."},
    {"type T @table(name: \"t\") { t(a: ID!): T @lookup(column: \"x\", argument: \"b\") }",
     "Field \"T.t\" has @lookup by an argument that it does not have."},
    {"type T @table(name: \"t\") { t(a: Int): String @column(name: \"n_{b}\") }",
     "Field \"T.t\" has a name with an argument that it does not have."},
    {"type T @table(name: \"t\") { t(a: Int): String @column(name: \"n_{a}\") }",
     "Field \"T.t\" has a name with an argument that is no enum."},
    {"type T @table(name: \"t\") { t(a: E = V @negotiated): String @column(name: \"n_{a}\") } "
     "enum E { V }",
     "Field \"T.t\" has an argument with @negotiated, which must be one that may be left out and "
     "has "
     "no default."},
    {"type T @table(name: \"t\") { t(a: E! @negotiated): String @column(name: \"n_{a}\") } enum E "
     "{ V "
     "}",
     "Field \"T.t\" has an argument with @negotiated, which must be one that may be left out and "
     "has "
     "no default."},
    {"type T @table(name: \"t\") { s(a: D @negotiated): String @column(name: \"n_{a}\") "
     "t(a: E @negotiated): String @column(name: \"n_{a}\") } enum D { U } enum E { V }",
     "Field \"T.t\" has an argument with @negotiated of another enum than the others."},
    {"type T @table(name: \"t\") { t(first: Int @negotiated): [T] @list(column: \"x\", order: "
     "\"a\") }",
     "Field \"T.t\" has @negotiated on an argument that chooses no column."},
    {"type T @table(name: \"t\") { t: [T] @list(column: \"x\", order: \"a asc, b desc\") }",
     "All columns of the order \"a asc, b desc\" must go the same way."},
    {"type T @table(name: \"t\") { t: [T] @list(column: \"x\", order: \"a up\") }",
     "The order \"a up\" is not \"column [asc|desc], ...\"."},
    {"type T @table(name: \"t\") { t: [T] @list(column: \"x\", order: \"a, \") }",
     "The order \"a, \" lacks a column."},
    {"type T @table(name: \"t\") { t: [T] @list(column: \"x\", order: \"a, b, c, d\") }",
     "The order \"a, b, c, d\" has more than 3 columns."},
    {"type T @table(name: \"t\") { t: [T] @list(column: \"x\", order: \"a\", limit: 0) }",
     "Field \"T.t\" must have a limit from 1 to 1000."},
    {"type T @table(name: \"t\") { t(x: Int): [T] @list(column: \"x\", order: \"a\") }",
     "Field \"T.t\" has an argument that nothing uses; @filter would."},
    {"type T @table(name: \"t\") { t(first: String): [T] @list(column: \"x\", order: \"a\") }",
     "Field \"T.t\" has an argument `first` that is no Int."},
    {"type T @table(name: \"t\") { t: T @list(column: \"x\", order: \"a\") }",
     "Field \"T.t\" has @list, but is no list."},
    {"type T @table(name: \"t\") { t: C @list(column: \"x\", order: \"a\") } type C { nodes: [T!]! "
     "total: Int }",
     "Field \"C.total\" is not one that a connection has in the Relay specification."},
    {"type T @table(name: \"t\") { t: C @list(column: \"x\", order: \"a\") } type C { things: "
     "[T!]! }",
     "Field \"T.t\" has @list, but is neither a list of a type with @table nor a connection of "
     "such (an object "
     "with `nodes`)."},
    {"type T @table(name: \"t\") { t: C @list(column: \"x\", order: \"a\") } type C { nodes: [T!]! "
     "edges: [E!]! }"
     " type E { node: U! } type U @table(name: \"u\") { id: ID! }",
     "Field \"E.node\" is not of the type of the connection's nodes."},
    {"type T @table(name: \"t\") { e: E } enum E { A B @value(name: \"a\") }",
     "Enum values \"A\" and \"B\" are stored alike."},
    /* interfaces, unions, ids */
    {"interface I @kind(column: \"k\") { a: Int } type T implements I { a: Int }",
     "Type \"I\" has @kind, but \"T\" has no @table."},
    {"union I @kind(column: \"k\") = T | U type T @table(name: \"t\") { a: Int } type U "
     "@table(name: "
     "\"u\") { a: Int }",
     "Type \"I\" has @kind, but \"U\" is in another table."},
    {"union I @kind(column: \"k\") = T union J @kind(column: \"l\") = T type T @table(name: \"t\") "
     "{ "
     "a: Int }",
     "Type \"J\" has @kind, but \"T\" is told by another column already."},
    {"union I @kind(column: \"k\") = T type T @table(name: \"t\") @aggregate { a: Int }",
     "Type \"I\" has @kind, but \"T\" is an @aggregate, which is one type."},
    {"interface I @kind(column: \"k\") { a: Int }", "Type \"I\" has @kind, but nothing is of it."},
    {"union I @kind(column: \"k\") = T | U type T @table(name: \"t\") @value(name: \"u\") { a: Int "
     "} "
     "type U @table(name: \"t\") { a: Int }",
     "Two types of \"I\" are stored as \"u\"."},
    {"type T @table(name: \"t\") { u: I @reference(columns: [\"a\"], kind: \"k\") } union I = V "
     "type V { "
     "a: Int }",
     "Field \"T.u\" can be of a type that has no @table."},
    {"type T @table(name: \"t\") { u: I @reference(columns: [\"a\"], kind: \"k\") } union I = V "
     "type V "
     "@table(name: \"v\", key: [\"x\", \"y\"]) { a: Int }",
     "Field \"T.u\" refers by 1 columns to a key of 2."},
    {"type T @table(name: \"t\") { u: T @reference(columns: [\"a\"], kind: \"k\") }",
     "Field \"T.u\" has @reference with `kind`, but is of no interface or union."},
    {"type T @table(name: \"t\") { u: I @reference(columns: [\"a\"]) } union I = T",
     "Field \"T.u\" must be of a type with @table (or of an interface or union with @kind), and no "
     "list."},
    {"extend type Root { n(id: ID!): T0 @node(argument: \"id\") }",
     "Field \"Root.n\" has @node, but is of no interface or union."},
    {"extend type Root { n(id: ID!): I @node(argument: \"id\") } union I = V type V { a: Int }",
     "Field \"Root.n\" has @node, but \"V\" has no @table."},
    {"extend type Root { n(id: ID!): I @node(argument: \"x\") } union I = T0",
     "Field \"Root.n\" has @node and needs one argument: the one that @node names."},
    {"extend type Root { n(id: Int!): I @node(argument: \"id\") } union I = T0",
     "Field \"Root.n\" has @node and needs an ID as argument."},
    {"extend type Root { n(id: ID!): [I] @node(argument: \"id\") } union I = T0",
     "Field \"Root.n\" has @node, is a list, and so needs a list of IDs as argument."},
    {"extend type Root { n(id: [ID!]!): [[I]] @node(argument: \"id\") } union I = T0",
     "Field \"Root.n\" has @node, but is a list of lists."},
    {"extend type Root { n(id: ID!): I @node(argument: \"id\") } union I = T type T @table(name: "
     "\"t\") { "
     "id: Int! n(id: ID!): I @node(argument: \"id\") }",
     "Field \"T.id\" must be `id: ID!` and nothing more: its type is reached by @node."},
    {"type T @table(name: \"t\") { id: ID! n(id: ID!): I @node(argument: \"id\") } union I = T",
     "Field \"T.n\" has @node, which only fields of a root type can have."},
    {"type T @table(name: \"t\") { t(a: ID!): T @lookup(column: \"x\", argument: \"a\") }",
     "Field \"T.t\" has @lookup, which only fields of a root type can have."},
    {"type T @table(name: \"t\") { t: [T] @list(column: \"x\", order: \"a\") @apart }",
     "Field \"T.t\" has @apart, which only cells and references of a row can have."},
    /* input objects */
    {"extend type Root { f(by: K!): T0 @lookup(argument: \"by\") } input K { id: ID }",
     "Field \"Root.f\" has @lookup by an input object that is not @oneOf."},
    {"extend type Root { f(by: K!): T0 @lookup(column: \"id\", argument: \"by\") } input K @oneOf "
     "{ id: "
     "ID }",
     "Field \"Root.f\" has @lookup by an input object, whose fields say the columns."},
    {"extend type Root { f(by: K!): T0 @lookup(argument: \"by\") } input K @oneOf { id: [ID] }",
     "Field \"Root.f\" has @lookup by a key that is no scalar."},
    {"extend type Root { f(id: ID!): T0 @lookup(argument: \"id\") }",
     "Field \"Root.f\" has @lookup without a column."},
    {"type T @table(name: \"t\") { t(x: K @filter): [T] @list(column: \"x\", order: \"a\") } input "
     "K { a: "
     "Int }",
     "Field \"T.t\" has a filter without a column."},
    {"type T @table(name: \"t\") { t(x: [Int] @filter(column: \"a\")): [T] @list(column: \"x\", "
     "order: "
     "\"a\") }",
     "Field \"T.t\" has a filter that is no scalar."},
    {"scalar M @codec(as: FIXED) type T @table(name: \"t\") { t(x: M @filter(column: \"a\")): [T] "
     "@list(column: \"x\", order: \"a\") }",
     "Field \"T.t\" has a filter of a fixed decimal, which can't be compared."},
    {"scalar S @codec(as: FIXED, scale: 19) type T @table(name: \"t\") { s: S }",
     "@codec: `scale` must be from 0 to 18."},
    {"scalar S @codec(as: SIGNED) type T @table(name: \"t\") { s: S }",
     "Field \"T.s\" is signed or a link, which only rows without a key can have: those that "
     "functions return."},
    {"scalar S @codec(as: LINK) type T @table(name: \"t\", key: []) { s: [S] }",
     "Field \"T.s\" is signed or a link, which has no lists."},
};

#endif
