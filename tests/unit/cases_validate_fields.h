/* tests/unit/cases_validate_fields.h: fields and arguments. See cases_validate.h. */
#ifndef TESTS_UNIT_CASES_VALIDATE_FIELDS_H
#define TESTS_UNIT_CASES_VALIDATE_FIELDS_H

#include "tests/unit/cases_validate.h"

static const struct validate_case cases_validate_fields[] = {
    {"{ dog { unknown_field { deeper } unknown2 } }",
     "1:9 Cannot query field \"unknown_field\" on type \"Dog\".\n1:34 Cannot query field "
     "\"unknown2\" on type \"Dog\"."},
    {"{ dog { __typename meows } cat { barks } }",
     "1:20 Cannot query field \"meows\" on type \"Dog\".\n1:34 Cannot query field \"barks\" on "
     "type \"Cat\"."},
    {"{ unknown(a: 1, b: $c) { x @nope } }",
     "1:20,1:1 Variable \"$c\" is not defined.\n1:3 Cannot query field \"unknown\" on type "
     "\"QueryRoot\".\n1:28 Unknown directive \"@nope\"."},
    {"{ catOrDog { __typename name } }",
     "1:25 Cannot query field \"name\" on type \"CatOrDog\". Did you mean to use an inline "
     "fragment on \"Pet\", \"Canine\", \"Cat\", or \"Dog\"\077"},
    {"{ pet { meows { x } } }", "1:9 Cannot query field \"meows\" on type \"Pet\". Did you mean to "
                                "use an inline fragment on \"Cat\"\077"},
    {"{ someBox { scalar } }",
     "1:13 Cannot query field \"scalar\" on type \"SomeBox\". Did you mean to use an inline "
     "fragment on \"IntBox\", \"NonNullStringBox1\", \"NonNullStringBox1Impl\", or "
     "\"StringBox\"\077"},
    {"{ someBox { unrelatedfield } }", "1:13 Cannot query field \"unrelatedfield\" on type "
                                       "\"SomeBox\". Did you mean \"unrelatedField\"\077"},
    {"{ dog { isHousetrained } }", "1:9 Cannot query field \"isHousetrained\" on type \"Dog\". Did "
                                   "you mean \"isHouseTrained\"\077"},
    {"{ human { relativs { name } } }",
     "1:11 Cannot query field \"relativs\" on type \"Human\". Did you mean \"relatives\"\077"},
    {"{ dog { x: nope(a: 1) } }",
     "1:9 Cannot query field \"nope\" on type \"Dog\". Did you mean \"name\"\077"},
    {"{ __typenam }", "1:3 Cannot query field \"__typenam\" on type \"QueryRoot\"."},
    {"{ dog { __schema { types { name } } } }",
     "1:9 Cannot query field \"__schema\" on type \"Dog\"."},
    {"{ ... on Unknown { x { y } } dog { ... on Nope { z } } }",
     "1:10 Unknown type \"Unknown\".\n1:43 Unknown type \"Nope\"."},
    {"{ human { name pets } }", "1:16 Field \"pets\" of type \"[Pet]\" must have a selection of "
                                "subfields. Did you mean \"pets { ... }\"\077"},
    {"{ human }", "1:3 Field \"human\" of type \"Human\" must have a selection of subfields. Did "
                  "you mean \"human { ... }\"\077"},
    {"{ human { name { x } iq { y } friends } }",
     "1:16 Field \"name\" must not have a selection since type \"String\" has no subfields.\n1:25 "
     "Field \"iq\" must not have a selection since type \"Int\" has no subfields.\n1:31 Field "
     "\"friends\" of type \"[[Human!]!]\" must have a selection of subfields. Did you mean "
     "\"friends { ... }\"\077"},
    {"{ dog { isHouseTrained(atOtherHomes: true) { x } } }",
     "1:44 Field \"isHouseTrained\" must not have a selection since type \"Boolean\" has no "
     "subfields."},
    {"{ catOrDog }", "1:3 Field \"catOrDog\" of type \"CatOrDog\" must have a selection of "
                     "subfields. Did you mean \"catOrDog { ... }\"\077"},
    {"{ __schema __type(name: \"x\") __typename { x } }",
     "1:3 Field \"__schema\" of type \"__Schema!\" must have a selection of subfields. Did you "
     "mean \"__schema { ... }\"\077\n1:12 Field \"__type\" of type \"__Type\" must have a "
     "selection of subfields. Did you mean \"__type { ... }\"\077\n1:41 Field \"__typename\" must "
     "not have a selection since type \"String!\" has no subfields."},
    {"{ human { friends { name } } }", ""},
    {"{ dog { doesKnowCommand(command: SIT) } }",
     "1:25 Unknown argument \"command\" on field \"Dog.doesKnowCommand\". Did you mean "
     "\"dogCommand\"\077"},
    {"{ dog { doesKnowCommand(dogComand: SIT, x: 1) name(surname: true, surnam: true) } }",
     "1:25 Unknown argument \"dogComand\" on field \"Dog.doesKnowCommand\". Did you mean "
     "\"dogCommand\"\077\n1:41 Unknown argument \"x\" on field \"Dog.doesKnowCommand\".\n1:67 "
     "Unknown argument \"surnam\" on field \"Dog.name\". Did you mean \"surname\"\077"},
    {"{ __typename(x: 1) __type(nam: \"x\") { name } __schema(y: 1) { description } }",
     "1:14 Unknown argument \"x\" on field \"<meta>.__typename\".\n1:27 Unknown argument \"nam\" "
     "on field \"<meta>.__type\". Did you mean \"name\"\077\n1:20 Argument "
     "\"<meta>.__type(name:)\" of type \"String!\" is required, but it was not provided.\n1:55 "
     "Unknown argument \"y\" on field \"<meta>.__schema\"."},
    {"{ dog { name @skip(unless: true) } }",
     "1:20 Unknown argument \"unless\" on directive \"@skip\".\n1:14 Argument \"@skip(if:)\" of "
     "type \"Boolean!\" is required, but it was not provided."},
    {"{ dog { name @skip(iff: true) @onField(x: 1) @rep(m: 1, tags: \"x\") } }",
     "1:20 Unknown argument \"iff\" on directive \"@skip\". Did you mean \"if\"\077\n1:14 Argument "
     "\"@skip(if:)\" of type \"Boolean!\" is required, but it was not provided.\n1:40 Unknown "
     "argument \"x\" on directive \"@onField\".\n1:51 Unknown argument \"m\" on directive "
     "\"@rep\". Did you mean \"n\"\077\n1:57 Unknown argument \"tags\" on directive \"@rep\". Did "
     "you mean \"tag\"\077"},
    {"{ dog { name(surname: true, surname: false) } }",
     "1:14,1:29 There can be only one argument named \"surname\"."},
    {"{ dog { name(surname: true, surname: false) name(surname: true, surname: false) } }",
     "1:9,1:45 Fields \"name\" conflict because they have differing arguments. Use different "
     "aliases on the fields to fetch both if this was intentional.\n1:14,1:29 There can be only "
     "one argument named \"surname\".\n1:50,1:65 There can be only one argument named "
     "\"surname\"."},
    {"{ dog { name(surname: true, surname: true) name(surname: true, surname: true) } }",
     "1:14,1:29 There can be only one argument named \"surname\".\n1:49,1:64 There can be only one "
     "argument named \"surname\"."},
    {"{ dog { isAtLocation(x: 1, y: 2, x: 3, y: 4, x: 5) } }",
     "1:22,1:34,1:46 There can be only one argument named \"x\".\n1:28,1:40 There can be only one "
     "argument named \"y\"."},
    {"{ dog { name @need(if: true, level: 1, if: false) } }",
     "1:20,1:40 There can be only one argument named \"if\"."},
    {"{ dog { name @nope(a: 1, a: 2) nope(b: 1, b: 2) } }",
     "1:14 Unknown directive \"@nope\".\n1:20,1:26 There can be only one argument named "
     "\"a\".\n1:32 Cannot query field \"nope\" on type \"Dog\". Did you mean "
     "\"name\"\077\n1:37,1:43 There can be only one argument named \"b\"."},
    {"{ complicatedArgs { multipleReqs } }",
     "1:21 Argument \"ComplicatedArgs.multipleReqs(req1:)\" of type \"Int!\" is required, but it "
     "was not provided.\n1:21 Argument \"ComplicatedArgs.multipleReqs(req2:)\" of type \"Int!\" is "
     "required, but it was not provided."},
    {"{ complicatedArgs { multipleReqs(req2: 1) multipleReqs(req1: 1) } }",
     "1:21,1:43 Fields \"multipleReqs\" conflict because they have differing arguments. Use "
     "different aliases on the fields to fetch both if this was intentional.\n1:21 Argument "
     "\"ComplicatedArgs.multipleReqs(req1:)\" of type \"Int!\" is required, but it was not "
     "provided.\n1:43 Argument \"ComplicatedArgs.multipleReqs(req2:)\" of type \"Int!\" is "
     "required, but it was not provided."},
    {"{ complicatedArgs { multipleReqs(req1: \"one\") } }",
     "1:40 Int cannot represent non-integer value: \"one\"\n1:21 Argument "
     "\"ComplicatedArgs.multipleReqs(req2:)\" of type \"Int!\" is required, but it was not "
     "provided."},
    {"{ complicatedArgs { multipleOptAndReq(opt1: 1) a: multipleOptAndReq(req1: 1, req2: 2) } }",
     "1:21 Argument \"ComplicatedArgs.multipleOptAndReq(req1:)\" of type \"Int!\" is required, but "
     "it was not provided.\n1:21 Argument \"ComplicatedArgs.multipleOptAndReq(req2:)\" of type "
     "\"Int!\" is required, but it was not provided."},
    {"{ complicatedArgs { nonNullFieldWithDefault a: nonNullFieldWithDefault(arg: null) } }",
     "1:77 Expected value of non-null type \"Int!\" not to be null."},
    {"{ dog { name @include mother @skip { name @need(level: 1) } } }",
     "1:14 Argument \"@include(if:)\" of type \"Boolean!\" is required, but it was not "
     "provided.\n1:30 Argument \"@skip(if:)\" of type \"Boolean!\" is required, but it was not "
     "provided.\n1:43 Argument \"@need(if:)\" of type \"Boolean!\" is required, but it was not "
     "provided."},
    {"{ __type { name } x: __type(name: null) { name } }",
     "1:3 Argument \"<meta>.__type(name:)\" of type \"String!\" is required, but it was not "
     "provided.\n1:35 Expected value of non-null type \"String!\" not to be null."},
    {"mutation { setHuman { name } b: setHuman(id: null) { name } }",
     "1:12 Argument \"MutationRoot.setHuman(id:)\" of type \"ID!\" is required, but it was not "
     "provided.\n1:46 Expected value of non-null type \"ID!\" not to be null."},
    {"{ dog { isAtLocation(z: 1) @need } }",
     "1:22 Unknown argument \"z\" on field \"Dog.isAtLocation\". Did you mean \"x\" or "
     "\"y\"\077\n1:28 Argument \"@need(if:)\" of type \"Boolean!\" is required, but it was not "
     "provided."},
    {"{ complicatedArgs { matrix a: matrix(m: 1) b: matrix(m: [1]) c: matrix(m: [[1], [null], 2, "
     "null]) } }",
     "1:82 Expected value of non-null type \"Int!\" not to be null.\n1:92 Expected value of "
     "non-null type \"[Int!]!\" not to be null."},
    {"{ dog { name } }", ""},
    {"query A { dog { name } } query B { cat { name } }", ""},
    {"{ dog { nam } }",
     "1:9 Cannot query field \"nam\" on type \"Dog\". Did you mean \"name\"\077"},
    {"{ dog }", "1:3 Field \"dog\" of type \"Dog\" must have a selection of subfields. Did you "
                "mean \"dog { ... }\"\077"},
    {"{ dog { name { x } } }",
     "1:14 Field \"name\" must not have a selection since type \"String\" has no subfields."},
    {"{ dog { mother { father { nickname } } } }", ""},
    {"{ complicatedArgs { multipleReqs multipleOptAndReq(req1: 1) } }",
     "1:21 Argument \"ComplicatedArgs.multipleReqs(req1:)\" of type \"Int!\" is required, but it "
     "was not provided.\n1:21 Argument \"ComplicatedArgs.multipleReqs(req2:)\" of type \"Int!\" is "
     "required, but it was not provided.\n1:34 Argument "
     "\"ComplicatedArgs.multipleOptAndReq(req2:)\" of type \"Int!\" is required, but it was not "
     "provided."},
    {"mutation @onMutation { setHuman { name } }",
     "1:24 Argument \"MutationRoot.setHuman(id:)\" of type \"ID!\" is required, but it was not "
     "provided."},
    {"{ a: complicatedArgs { complexArgField(complexArg: {requiredField: true, intField: 1}) "
     "complexArgField(complexArg: {intField: 1, requiredField: true}) } }",
     ""},
    {"{ __schema { types { name } } __type(name: \"Dog\") { name fields { name } } __typename }",
     ""},
    {"{ dog { __schema { types { name } } __type(name: \"x\") { name } __typename } }",
     "1:9 Cannot query field \"__schema\" on type \"Dog\".\n1:37 Cannot query field \"__type\" on "
     "type \"Dog\"."},
    {"{ __type { name } }", "1:3 Argument \"<meta>.__type(name:)\" of type \"String!\" is "
                            "required, but it was not provided."},
    {"{ old old2(a: 1, c: 2) }",
     "1:18 Unknown argument \"c\" on field \"QueryRoot.old2\". Did you mean \"a\" or \"b\"\077"},
    {"{ dogg catt humann petsss { x } }",
     "1:3 Cannot query field \"dogg\" on type \"QueryRoot\". Did you mean \"dog\"\077\n1:8 Cannot "
     "query field \"catt\" on type \"QueryRoot\". Did you mean \"cat\"\077\n1:13 Cannot query "
     "field \"humann\" on type \"QueryRoot\". Did you mean \"human\"\077\n1:20 Cannot query field "
     "\"petsss\" on type \"QueryRoot\". Did you mean \"pet\"\077"},
    {"{ dog { mother { name } mother { nickname } } dog { mother { name barks } } }", ""},
    {"subscription { newMessage { body sender } }", ""},
    {"{ complicatedArgs { complexArgField(complexArg: {requiredField: true, stringListField: "
     "\"one\", child: {requiredField: false, intField: 3}}) oneOfArgField(oneOfArg: {intField: 1}) "
     "} }",
     ""},
};

#endif
