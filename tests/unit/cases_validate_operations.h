/* tests/unit/cases_validate_operations.h: operations: names, subscriptions, what is executable, directives. See cases_validate.h. */
#ifndef TESTS_UNIT_CASES_VALIDATE_OPERATIONS_H
#define TESTS_UNIT_CASES_VALIDATE_OPERATIONS_H

#include "tests/unit/cases_validate.h"

static const struct validate_case cases_validate_operations[] = {
    {"type Zz { a: Int } { dog { name } }", "1:1 The \"Zz\" definition is not executable."},
    {"{ dog { name } } extend type Dog { color: String } schema { query: QueryRoot } directive @x "
     "on FIELD",
     "1:18 The \"Dog\" definition is not executable.\n1:52 The schema definition is not "
     "executable.\n1:80 The \"x\" definition is not executable."},
    {"{ dog { name } } extend schema { mutation: MutationRoot } enum E { A } union U = Dog",
     "1:18 The schema definition is not executable.\n1:59 The \"E\" definition is not "
     "executable.\n1:72 The \"U\" definition is not executable."},
    {"\"text\" scalar Foo \"text\" query Q { dog { name } }",
     "1:1 The \"Foo\" definition is not executable."},
    {"query A { dog { name } } mutation A { setHuman(id: 1) { name } }",
     "1:7,1:35 There can be only one operation named \"A\"."},
    {"query A { dog { name } } query A { dog { name } } query A { dog { name } }",
     "1:7,1:32 There can be only one operation named \"A\".\n1:7,1:57 There can be only one "
     "operation named \"A\"."},
    {"query A { dog { ...A } } fragment A on Dog { name }", ""},
    {"query A { dog { name } } subscription B { newMessage { body } } subscription A { newMessage "
     "{ body } }",
     "1:7,1:78 There can be only one operation named \"A\"."},
    {"fragment F on Dog { name } { dog { ...F } }", ""},
    {"{ dog { name } } mutation M { setHuman(id: 1) { name } }",
     "1:1 This anonymous operation must be the only defined operation."},
    {"query { dog { name } } query { dog { name } } query N { dog { name } }",
     "1:1 This anonymous operation must be the only defined operation.\n1:24 This anonymous "
     "operation must be the only defined operation."},
    {"subscription S { newMessage { body } newMessage { sender } }", ""},
    {"subscription S { m: newMessage { body } n: newMessage { body } n: newMessage { body } }",
     "1:41,1:64 Subscription \"S\" must select only one top level field."},
    {"subscription S { newMessage { body } oldMessage { body } __typename }",
     "1:38,1:58 Subscription \"S\" must select only one top level field.\n1:58 Subscription \"S\" "
     "must not select an introspection top level field."},
    {"subscription S { ...A } fragment A on SubscriptionRoot { ...B } fragment B on "
     "SubscriptionRoot { newMessage { body } }",
     ""},
    {"subscription S { ...A } fragment A on SubscriptionRoot { ...B newMessage { body } } fragment "
     "B on SubscriptionRoot { ...A oldMessage { body } }",
     "1:63 Subscription \"S\" must select only one top level field.\n1:58,1:118 Cannot spread "
     "fragment \"A\" within itself via \"B\"."},
    {"subscription S { newMessage @skip(if: true) { body } oldMessage { body } }",
     "1:29 Subscription \"S\" must not use `@skip` or `@include` directives in the top level "
     "selection."},
    {"subscription S { newMessage @include(if: false) { body } oldMessage @skip(if: true) "
     "@include(if: true) { body } }",
     "1:29,1:69 Subscription \"S\" must not use `@skip` or `@include` directives in the top level "
     "selection."},
    {"subscription { ... @include(if: true) { newMessage { body } } }",
     "1:20 Anonymous Subscription must not use `@skip` or `@include` directives in the top level "
     "selection."},
    {"subscription S { ...A @skip(if: false) } fragment A on SubscriptionRoot { newMessage { body "
     "} }",
     "1:23 Subscription \"S\" must not use `@skip` or `@include` directives in the top level "
     "selection."},
    {"subscription S { ... on Dog { name } }",
     "1:16 Subscription \"S\" must select one top level field.\n1:18 Fragment cannot be spread "
     "here as objects of type \"SubscriptionRoot\" can never be of type \"Dog\"."},
    {"subscription S { ...A } fragment A on Dog { name }",
     "1:16 Subscription \"S\" must select one top level field.\n1:18 Fragment \"A\" cannot be "
     "spread here as objects of type \"SubscriptionRoot\" can never be of type \"Dog\"."},
    {"subscription S { ...A } fragment A on Unknown { name }",
     "1:16 Subscription \"S\" must select one top level field.\n1:39 Unknown type \"Unknown\"."},
    {"subscription S { ... on SubscriptionRoot { newMessage { body } } ... { newMessage { sender } "
     "} }",
     ""},
    {"subscription S { x: __typename x: __typename }",
     "1:18,1:32 Subscription \"S\" must not select an introspection top level field."},
    {"subscription S { newMessage { body @skip(if: true) sender } }", ""},
    {"subscription S @onQuery { newMessage { body } }",
     "1:16 Directive \"@onQuery\" may not be used on SUBSCRIPTION."},
    {"query Q @onField { dog @onQuery { name @onMutation } }",
     "1:9 Directive \"@onField\" may not be used on QUERY.\n1:24 Directive \"@onQuery\" may not be "
     "used on FIELD.\n1:40 Directive \"@onMutation\" may not be used on FIELD."},
    {"{ dog @nope(a: 1) @nope { name @skip } }",
     "1:7 Unknown directive \"@nope\".\n1:19 Unknown directive \"@nope\".\n1:32 Argument "
     "\"@skip(if:)\" of type \"Boolean!\" is required, but it was not provided."},
    {"query ($a: Int @nope @onField) { dog { isAtLocation(x: $a) } }",
     "1:16 Unknown directive \"@nope\".\n1:22 Directive \"@onField\" may not be used on "
     "VARIABLE_DEFINITION."},
    {"mutation M @onMutation { setHuman(id: 1) { name @onField } } subscription S @onSubscription "
     "{ newMessage { body } }",
     ""},
    {"{ dog { ...F @onFragmentDefinition ... on Dog @onFragmentSpread { name } } } fragment F on "
     "Dog @onInlineFragment { name }",
     "1:14 Directive \"@onFragmentDefinition\" may not be used on FRAGMENT_SPREAD.\n1:47 Directive "
     "\"@onFragmentSpread\" may not be used on INLINE_FRAGMENT.\n1:96 Directive "
     "\"@onInlineFragment\" may not be used on FRAGMENT_DEFINITION."},
    {"{ dog { name @deprecated name @oneOf name @specifiedBy(url: \"x\") } }",
     "1:14 Directive \"@deprecated\" may not be used on FIELD.\n1:31 Directive \"@oneOf\" may not "
     "be used on FIELD.\n1:43 Directive \"@specifiedBy\" may not be used on FIELD."},
    {"{ dog { doesKnowCommand(dogCommand: SIT) @nope(dogCommand: 3, x: $v) } }",
     "1:66,1:1 Variable \"$v\" is not defined.\n1:42 Unknown directive \"@nope\".\n1:60 Enum "
     "\"DogCommand\" cannot represent non-enum value: 3."},
    {"{ dog { ... @nope(id: 3) { name } } human(id: 1) { ... @nope(id: 3.5) { name } } }",
     "1:13 Unknown directive \"@nope\".\n1:56 Unknown directive \"@nope\".\n1:66 ID cannot "
     "represent a non-string and non-integer value: 3.5"},
    {"{ dog { name @onField @onField } }",
     "1:14,1:23 The directive \"@onField\" can only be used once at this location."},
    {"{ dog { name @onField @onField @onField } }",
     "1:14,1:23 The directive \"@onField\" can only be used once at this location.\n1:14,1:32 The "
     "directive \"@onField\" can only be used once at this location."},
    {"{ dog { name @onField @rep @onField @rep } }",
     "1:14,1:28 The directive \"@onField\" can only be used once at this location."},
    {"{ dog { name @nope @nope } }",
     "1:14 Unknown directive \"@nope\".\n1:20 Unknown directive \"@nope\"."},
    {"{ dog { name @skip(if: true) @skip(if: false) name @skip(if: true) } }",
     "1:14,1:30 The directive \"@skip\" can only be used once at this location."},
    {"query Q @onQuery @onQuery { dog { ... on Dog @onInlineFragment @onInlineFragment { ...F "
     "@onFragmentSpread @onFragmentSpread } } } fragment F on Dog @onFragmentDefinition "
     "@onFragmentDefinition { name }",
     "1:9,1:18 The directive \"@onQuery\" can only be used once at this location.\n1:46,1:64 The "
     "directive \"@onInlineFragment\" can only be used once at this location.\n1:89,1:107 The "
     "directive \"@onFragmentSpread\" can only be used once at this location.\n1:149,1:171 The "
     "directive \"@onFragmentDefinition\" can only be used once at this location."},
    {"query ($a: Int @onVariableDefinition @onVariableDefinition) { dog { isAtLocation(x: $a) } }",
     "1:16,1:38 The directive \"@onVariableDefinition\" can only be used once at this location."},
    {"{ __schema { types { fields { name } interfaces { name } possibleTypes { name } inputFields "
     "{ name } } } }",
     ""},
    {"{ __type(name: \"Dog\") { fields { type { fields { type { fields { name } } } } } } }",
     "1:3 Maximum introspection depth exceeded"},
    {"{ __schema { types { fields { type { interfaces { possibleTypes { name __schema { types { "
     "name } } } } } } } } }",
     "1:3 Maximum introspection depth exceeded\n1:72 Cannot query field \"__schema\" on type "
     "\"__Type\"."},
    {"{ __schema { ...A } } fragment A on __Schema { types { ...B } } fragment B on __Type { "
     "fields { type { ...B } } }",
     "1:3 Maximum introspection depth exceeded\n1:104 Cannot spread fragment \"B\" within itself."},
    {"{ a: __type(name: \"Dog\") { ...B } b: __type(name: \"Cat\") { fields { type { ...B } } } } "
     "fragment B on __Type { fields { name } inputFields { name } }",
     ""},
    {"{ dog { name } ...M } fragment M on QueryRoot { __type(name: \"Dog\") { fields { type { "
     "fields { type { inputFields { name } } } } } } }",
     "1:49 Maximum introspection depth exceeded"},
    {"query A { dog { name } } query A { cat { name } }",
     "1:7,1:32 There can be only one operation named \"A\"."},
    {"{ dog { name } } query B { cat { name } }",
     "1:1 This anonymous operation must be the only defined operation."},
    {"{ dog { name } } { cat { name } }",
     "1:1 This anonymous operation must be the only defined operation.\n1:18 This anonymous "
     "operation must be the only defined operation."},
    {"{ dog { name @include(if: true) @include(if: false) nickname @skip(if: true) @skip(if: true) "
     "@skip(if: true) } }",
     "1:14,1:33 The directive \"@include\" can only be used once at this location.\n1:62,1:78 The "
     "directive \"@skip\" can only be used once at this location.\n1:62,1:94 The directive "
     "\"@skip\" can only be used once at this location."},
    {"subscription @onSubscription { newMessage { body } oldMessage { body } }",
     "1:52 Anonymous Subscription must select only one top level field."},
    {"subscription S { __typename }",
     "1:18 Subscription \"S\" must not select an introspection top level field."},
    {"subscription { newMessage { body } __typename }",
     "1:36 Anonymous Subscription must select only one top level field.\n1:36 Anonymous "
     "Subscription must not select an introspection top level field."},
    {"{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
     "1:3 Maximum introspection depth exceeded"},
};

#endif
