/* tests/unit/cases_validate.h: documents for validation, against the schema in front of them.
 *
 * What graphql-js 16.15 says of each document: the place and the message of every error, a line each; empty when
 * there is none. */
#ifndef TESTS_UNIT_CASES_VALIDATE_H
#define TESTS_UNIT_CASES_VALIDATE_H

static const char cases_schema[] =
    "\"An example.\"\n"
    "schema { query: QueryRoot mutation: MutationRoot subscription: SubscriptionRoot }\n"
    "directive @onQuery on QUERY\n"
    "directive @onMutation on MUTATION\n"
    "directive @onSubscription on SUBSCRIPTION\n"
    "directive @onField on FIELD\n"
    "directive @onFragmentDefinition on FRAGMENT_DEFINITION\n"
    "directive @onFragmentSpread on FRAGMENT_SPREAD\n"
    "directive @onInlineFragment on INLINE_FRAGMENT\n"
    "directive @onVariableDefinition on VARIABLE_DEFINITION\n"
    "directive @rep(n: Int! = 1, tag: String) repeatable on FIELD | QUERY\n"
    "directive @need(if: Boolean!, level: Int) on FIELD\n"
    "interface Mammal { mother: Mammal father: Mammal }\n"
    "interface Pet { name(surname: Boolean): String }\n"
    "interface Canine implements Mammal { name(surname: Boolean): String mother: Canine father: "
    "Canine }\n"
    "enum DogCommand { SIT HEEL DOWN }\n"
    "type Dog implements Pet & Mammal & Canine {\n"
    "  name(surname: Boolean): String nickname: String barkVolume: Int barks: Boolean\n"
    "  doesKnowCommand(dogCommand: DogCommand): Boolean\n"
    "  isHouseTrained(atOtherHomes: Boolean = true): Boolean\n"
    "  isAtLocation(x: Int, y: Int): Boolean\n"
    "  mother: Dog father: Dog\n"
    "}\n"
    "type Cat implements Pet { name(surname: Boolean): String nickname: String meows: Boolean "
    "meowsVolume: Int furColor: FurColor }\n"
    "union CatOrDog = Cat | Dog\n"
    "type Human { name(surname: Boolean): String pets: [Pet] relatives: [Human]! iq: Int "
    "friends(first: Int! = 3, near: [Float!]): [[Human!]!] }\n"
    "enum FurColor { BROWN BLACK TAN SPOTTED NO_FUR UNKNOWN }\n"
    "input ComplexInput { requiredField: Boolean! nonNullField: Boolean! = false intField: Int "
    "stringField: String booleanField: Boolean stringListField: [String] child: ComplexInput }\n"
    "input OneOfInput @oneOf { stringField: String intField: Int }\n"
    "scalar Any\n"
    "scalar Invalid @specifiedBy(url: \"https://example.com\")\n"
    "type ComplicatedArgs {\n"
    "  intArgField(intArg: Int): String\n"
    "  nonNullIntArgField(nonNullIntArg: Int!): String\n"
    "  stringArgField(stringArg: String): String\n"
    "  booleanArgField(booleanArg: Boolean): String\n"
    "  enumArgField(enumArg: FurColor): String\n"
    "  floatArgField(floatArg: Float): String\n"
    "  idArgField(idArg: ID): String\n"
    "  anyArgField(any: Any): String\n"
    "  stringListArgField(stringListArg: [String]): String\n"
    "  stringListNonNullArgField(stringListNonNullArg: [String!]): String\n"
    "  complexArgField(complexArg: ComplexInput): String\n"
    "  oneOfArgField(oneOfArg: OneOfInput): String\n"
    "  multipleReqs(req1: Int!, req2: Int!): String\n"
    "  nonNullFieldWithDefault(arg: Int! = 0): String\n"
    "  multipleOpts(opt1: Int = 0, opt2: Int = 0): String\n"
    "  multipleOptAndReq(req1: Int!, req2: Int!, opt1: Int = 0, opt2: Int = 0): String\n"
    "  matrix(m: [[Int!]!]! = [[1]]): String\n"
    "}\n"
    "type Message { body: String sender: String }\n"
    "interface SomeBox { deepBox: SomeBox unrelatedField: String }\n"
    "type StringBox implements SomeBox { scalar: String deepBox: StringBox unrelatedField: String "
    "listStringBox: [StringBox] stringBox: StringBox intBox: IntBox }\n"
    "type IntBox implements SomeBox { scalar: Int deepBox: IntBox unrelatedField: String "
    "listStringBox: [StringBox] stringBox: StringBox intBox: IntBox }\n"
    "interface NonNullStringBox1 { scalar: String! }\n"
    "type NonNullStringBox1Impl implements SomeBox & NonNullStringBox1 { scalar: String! "
    "unrelatedField: String deepBox: SomeBox }\n"
    "type QueryRoot {\n"
    "  human(id: ID): Human dog: Dog cat: Cat pet: Pet catOrDog: CatOrDog complicatedArgs: "
    "ComplicatedArgs someBox: SomeBox\n"
    "  old: String @deprecated old2(a: Int @deprecated(reason: \"no\"), b: FurColor = BLACK): "
    "String @deprecated(reason: \"because\")\n"
    "}\n"
    "type MutationRoot { setHuman(id: ID!): Human }\n"
    "type SubscriptionRoot { newMessage: Message oldMessage: Message }\n";

static const struct {
    const char *text, *errors;
} cases_validate[] = {
    {"{ dog { name } }", ""},
    {"query A { dog { name } } query B { cat { name } }", ""},
    {"query A { dog { name } } query A { cat { name } }",
     "1:7 There can be only one operation named \"A\"."},
    {"{ dog { name } } query B { cat { name } }",
     "1:1 This anonymous operation must be the only defined operation."},
    {"{ dog { name } } { cat { name } }",
     "1:1 This anonymous operation must be the only defined operation.\n1:18 This anonymous "
     "operation must be the only defined operation."},
    {"{ dog { nam } }",
     "1:9 Cannot query field \"nam\" on type \"Dog\". Did you mean \"name\"\077"},
    {"{ dog }", "1:3 Field \"dog\" of type \"Dog\" must have a selection of subfields. Did you "
                "mean \"dog { ... }\"\077"},
    {"{ dog { name { x } } }",
     "1:14 Field \"name\" must not have a selection since type \"String\" has no subfields."},
    {"{ dog { mother { father { nickname } } } }", ""},
    {"{ pet { nickname } }", "1:9 Cannot query field \"nickname\" on type \"Pet\". Did you mean to "
                             "use an inline fragment on \"Cat\" or \"Dog\"\077"},
    {"{ pet { meowsVolume barkVolume } }",
     "1:9 Cannot query field \"meowsVolume\" on type \"Pet\". Did you mean to use an inline "
     "fragment on \"Cat\"\077\n1:21 Cannot query field \"barkVolume\" on type \"Pet\". Did you "
     "mean to use an inline fragment on \"Dog\"\077"},
    {"{ catOrDog { name } }",
     "1:14 Cannot query field \"name\" on type \"CatOrDog\". Did you mean to use an inline "
     "fragment on \"Pet\", \"Canine\", \"Cat\", or \"Dog\"\077"},
    {"{ catOrDog { __typename ... on Dog { name } ... on Cat { name meows } } }", ""},
    {"{ pet { ... on Human { name } } }", "1:9 Fragment cannot be spread here as objects of type "
                                          "\"Pet\" can never be of type \"Human\"."},
    {"{ dog { ... on Cat { meows } } }",
     "1:9 Fragment cannot be spread here as objects of type \"Dog\" can never be of type \"Cat\"."},
    {"{ dog { ...F } } fragment F on Cat { meows }",
     "1:9 Fragment \"F\" cannot be spread here as objects of type \"Dog\" can never be of type "
     "\"Cat\"."},
    {"{ dog { ...F } } fragment F on FurColor { meows }",
     "1:32 Fragment \"F\" cannot condition on non composite type \"FurColor\"."},
    {"{ dog { ... on Int { x } } }",
     "1:16 Fragment cannot condition on non composite type \"Int\"."},
    {"{ dog { ... on Foo { x } } }", "1:16 Unknown type \"Foo\". Did you mean \"Dog\"\077"},
    {"{ dog { ...Missing } }", "1:12 Unknown fragment \"Missing\"."},
    {"fragment A on Dog { name }", "1:1 Fragment \"A\" is never used."},
    {"fragment A on Dog { ...A } { dog { ...A } }",
     "1:21 Cannot spread fragment \"A\" within itself."},
    {"fragment A on Dog { ...B } fragment B on Dog { ...C } fragment C on Dog { ...A } { dog { "
     "...A } }",
     "1:21 Cannot spread fragment \"A\" within itself via \"B\", \"C\"."},
    {"fragment A on Dog { ...B ...C } fragment B on Dog { ...A } fragment C on Dog { ...A ...B } { "
     "dog { ...A } }",
     "1:21 Cannot spread fragment \"A\" within itself via \"B\".\n1:26 Cannot spread fragment "
     "\"A\" within itself via \"C\"."},
    {"fragment A on Dog { mother { ...B } ...C } fragment B on Dog { mother { ...A } } fragment C "
     "on Dog { name } { dog { ...A ...B ...C } }",
     "1:30 Cannot spread fragment \"A\" within itself via \"B\"."},
    {"fragment A on Dog { name } fragment A on Dog { nickname } { dog { ...A } }",
     "1:10 There can be only one fragment named \"A\"."},
    {"query Q($a: Int, $b: String!) { dog { isAtLocation(x: $a, y: $b) } }",
     "1:18 Variable \"$b\" of type \"String!\" used in position expecting type \"Int\"."},
    {"query Q($a: Int!, $b: Int = 3) { complicatedArgs { multipleReqs(req1: $a, req2: $b) } }", ""},
    {"query ($a: Int) { complicatedArgs { nonNullIntArgField(nonNullIntArg: $a) } }",
     "1:8 Variable \"$a\" of type \"Int\" used in position expecting type \"Int!\"."},
    {"query ($a: Int = null) { complicatedArgs { nonNullIntArgField(nonNullIntArg: $a) } }",
     "1:8 Variable \"$a\" of type \"Int\" used in position expecting type \"Int!\"."},
    {"query ($a: Int) { complicatedArgs { nonNullFieldWithDefault(arg: $a) } }", ""},
    {"query ($a: [String]) { complicatedArgs { stringListNonNullArgField(stringListNonNullArg: $a) "
     "} }",
     "1:8 Variable \"$a\" of type \"[String]\" used in position expecting type \"[String!]\"."},
    {"query ($a: [String!]!) { complicatedArgs { stringListNonNullArgField(stringListNonNullArg: "
     "$a) } }",
     ""},
    {"query ($a: String) { complicatedArgs { stringListArgField(stringListArg: [$a, \"x\"]) "
     "intArgField(intArg: [$a]) } }",
     "1:105 Int cannot represent non-integer value: [$a]\n1:8 Variable \"$a\" of type \"String\" "
     "used in position expecting type \"Int\"."},
    {"query ($a: String) { complicatedArgs { stringListArgField(stringListArg: $a) } }",
     "1:8 Variable \"$a\" of type \"String\" used in position expecting type \"[String]\"."},
    {"query ($a: Int, $a: Int, $b: Int, $a: String) { dog { isAtLocation(x: $a, y: $c) } }",
     "1:9 There can be only one variable named \"$a\".\n1:78 Variable \"$c\" is not defined.\n1:26 "
     "Variable \"$b\" is never used.\n1:35 Variable \"$a\" of type \"String\" used in position "
     "expecting type \"Int\"."},
    {"query Foo($a: Int) { dog { name } }",
     "1:11 Variable \"$a\" is never used in operation \"Foo\"."},
    {"query Foo { dog { isAtLocation(x: $zz) ...F } } fragment F on Dog { isAtLocation(y: $yy) }",
     "1:19 Fields \"isAtLocation\" conflict because they have differing arguments. Use different "
     "aliases on the fields to fetch both if this was intentional.\n1:35 Variable \"$zz\" is not "
     "defined by operation \"Foo\".\n1:85 Variable \"$yy\" is not defined by operation \"Foo\"."},
    {"query Foo($a: Dog, $b: [Pet!]!, $c: Unknown, $d: ComplexInput) { dog { name } }",
     "1:15 Variable \"$a\" cannot be non-input type \"Dog\".\n1:24 Variable \"$b\" cannot be "
     "non-input type \"[Pet!]!\".\n1:37 Unknown type \"Unknown\".\n1:11 Variable \"$a\" is never "
     "used in operation \"Foo\".\n1:20 Variable \"$b\" is never used in operation \"Foo\".\n1:33 "
     "Variable \"$c\" is never used in operation \"Foo\".\n1:46 Variable \"$d\" is never used in "
     "operation \"Foo\"."},
    {"query ($x: Boolean = 3, $y: [Int!] = [1, null, \"a\"], $z: ComplexInput = {requiredField: 1, "
     "foo: 2}) { dog { name(surname: $x) isAtLocation(x: $y) } complicatedArgs { "
     "complexArgField(complexArg: $z) } }",
     "1:22 Boolean cannot represent a non boolean value: 3\n1:42 Expected value of type \"Int!\", "
     "found null.\n1:48 Int cannot represent non-integer value: \"a\"\n1:89 Boolean cannot "
     "represent a non boolean value: 1\n1:92 Field \"foo\" is not defined by type "
     "\"ComplexInput\".\n1:25 Variable \"$y\" of type \"[Int!]\" used in position expecting type "
     "\"Int\"."},
    {"{ complicatedArgs { intArgField(intArg: \"3\") } }",
     "1:41 Int cannot represent non-integer value: \"3\""},
    {"{ complicatedArgs { intArgField(intArg: 3.5) } }",
     "1:41 Int cannot represent non-integer value: 3.5"},
    {"{ complicatedArgs { intArgField(intArg: 829384293849283498239482938) } }",
     "1:41 Int cannot represent non 32-bit signed integer value: 829384293849283498239482938"},
    {"{ complicatedArgs { intArgField(intArg: 2147483648) x: intArgField(intArg: -2147483648) } }",
     "1:41 Int cannot represent non 32-bit signed integer value: 2147483648"},
    {"{ complicatedArgs { intArgField(intArg: FOO) floatArgField(floatArg: FOO) } }",
     "1:41 Int cannot represent non-integer value: FOO\n1:70 Float cannot represent non numeric "
     "value: FOO"},
    {"{ complicatedArgs { intArgField(intArg: null) nonNullIntArgField(nonNullIntArg: null) } }",
     "1:81 Expected value of type \"Int!\", found null."},
    {"{ complicatedArgs { intArgField(intArg: [1]) stringArgField(stringArg: {a: 1, b: [2, "
     "\"x\"]}) } }",
     "1:41 Int cannot represent non-integer value: [1]\n1:72 String cannot represent a non string "
     "value: {a: 1, b: [2, \"x\"]}"},
    {"{ complicatedArgs { stringArgField(stringArg: 1) a: stringArgField(stringArg: true) b: "
     "stringArgField(stringArg: BAR) } }",
     "1:47 String cannot represent a non string value: 1\n1:79 String cannot represent a non "
     "string value: true\n1:114 String cannot represent a non string value: BAR"},
    {"{ complicatedArgs { booleanArgField(booleanArg: 2) a: booleanArgField(booleanArg: \"true\") "
     "} }",
     "1:49 Boolean cannot represent a non boolean value: 2\n1:83 Boolean cannot represent a non "
     "boolean value: \"true\""},
    {"{ complicatedArgs { floatArgField(floatArg: \"3.3\") a: floatArgField(floatArg: true) b: "
     "floatArgField(floatArg: 1e5) } }",
     "1:45 Float cannot represent non numeric value: \"3.3\"\n1:79 Float cannot represent non "
     "numeric value: true"},
    {"{ complicatedArgs { idArgField(idArg: 1.5) a: idArgField(idArg: true) b: idArgField(idArg: "
     "7) c: idArgField(idArg: SMTH) } }",
     "1:39 ID cannot represent a non-string and non-integer value: 1.5\n1:65 ID cannot represent a "
     "non-string and non-integer value: true\n1:116 ID cannot represent a non-string and "
     "non-integer value: SMTH"},
    {"{ complicatedArgs { enumArgField(enumArg: JUGGLE) a: enumArgField(enumArg: \"SIT\") b: "
     "enumArgField(enumArg: 2) c: enumArgField(enumArg: brown) d: enumArgField(enumArg: BROWN) } }",
     "1:43 Value \"JUGGLE\" does not exist in \"FurColor\" enum.\n1:76 Enum \"FurColor\" cannot "
     "represent non-enum value: \"SIT\".\n1:108 Enum \"FurColor\" cannot represent non-enum value: "
     "2.\n1:136 Value \"brown\" does not exist in \"FurColor\" enum. Did you mean the enum value "
     "\"BROWN\"\077"},
    {"{ dog { doesKnowCommand(dogCommand: SITT) } }",
     "1:37 Value \"SITT\" does not exist in \"DogCommand\" enum. Did you mean the enum value "
     "\"SIT\"\077"},
    {"{ dog { a: doesKnowCommand(dogCommand: true) b: doesKnowCommand(dogCommand: [SIT]) c: "
     "doesKnowCommand(dogCommand: {a: SIT}) } }",
     "1:40 Enum \"DogCommand\" cannot represent non-enum value: true.\n1:77 Enum \"DogCommand\" "
     "cannot represent non-enum value: [SIT]. Did you mean the enum value \"SIT\"\077\n1:115 Enum "
     "\"DogCommand\" cannot represent non-enum value: {a: SIT}."},
    {"{ complicatedArgs { stringListArgField(stringListArg: [\"one\", 2]) a: "
     "stringListArgField(stringListArg: 1) } }",
     "1:63 String cannot represent a non string value: 2\n1:104 String cannot represent a non "
     "string value: 1"},
    {"{ complicatedArgs { complexArgField(complexArg: {intField: 4}) } }",
     "1:49 Field \"ComplexInput.requiredField\" of required type \"Boolean!\" was not provided."},
    {"{ complicatedArgs { complexArgField(complexArg: {requiredField: true, nonNullField: null, "
     "stringListField: [\"a\", 2], unknownField: 3, strinField: \"x\"}) } }",
     "1:85 Expected value of type \"Boolean!\", found null.\n1:114 String cannot represent a non "
     "string value: 2\n1:118 Field \"unknownField\" is not defined by type "
     "\"ComplexInput\".\n1:135 Field \"strinField\" is not defined by type \"ComplexInput\". Did "
     "you mean \"stringField\", \"intField\", or \"stringListField\"\077"},
    {"{ complicatedArgs { complexArgField(complexArg: {requiredField: true, requiredField: true, "
     "intField: 1, intField: 2}) } }",
     "1:50 There can be only one input field named \"requiredField\".\n1:92 There can be only one "
     "input field named \"intField\"."},
    {"{ complicatedArgs { complexArgField(complexArg: \"str\") a: complexArgField(complexArg: [3]) "
     "b: complexArgField(complexArg: ENUM) } }",
     "1:49 Expected value of type \"ComplexInput\", found \"str\".\n1:87 Expected value of type "
     "\"ComplexInput\", found [3].\n1:123 Expected value of type \"ComplexInput\", found ENUM."},
    {"{ complicatedArgs { complexArgField(complexArg: {requiredField: true, child: {requiredField: "
     "false, child: {}}}) } }",
     "1:108 Field \"ComplexInput.requiredField\" of required type \"Boolean!\" was not provided."},
    {"{ complicatedArgs { oneOfArgField(oneOfArg: {stringField: \"a\", intField: 1}) b: "
     "oneOfArgField(oneOfArg: {stringField: null}) c: oneOfArgField(oneOfArg: {}) d: "
     "oneOfArgField(oneOfArg: {intField: \"x\"}) } }",
     "1:45 OneOf Input Object \"OneOfInput\" must specify exactly one key.\n1:105 Field "
     "\"OneOfInput.stringField\" must be non-null.\n1:153 OneOf Input Object \"OneOfInput\" must "
     "specify exactly one key.\n1:195 Int cannot represent non-integer value: \"x\""},
    {"query ($s: String, $i: Int!) { complicatedArgs { oneOfArgField(oneOfArg: {stringField: $s}) "
     "x: oneOfArgField(oneOfArg: {intField: $i}) } }",
     "1:8 Variable \"$s\" is of type \"String\" but must be non-nullable to be used for OneOf "
     "Input Object \"OneOfInput\"."},
    {"{ complicatedArgs { anyArgField(any: {a: [1, {b: C}], a: 3}) matrix(m: [[1, null], 2]) x: "
     "matrix(m: null) y: matrix(m: [[[\"a\"]]]) } }",
     "1:39 There can be only one input field named \"a\".\n1:77 Expected value of type \"Int!\", "
     "found null.\n1:101 Expected value of type \"[[Int!]!]!\", found null.\n1:122 Int cannot "
     "represent non-integer value: [\"a\"]"},
    {"{ complicatedArgs { multipleReqs multipleOptAndReq(req1: 1) } }",
     "1:21 Field \"multipleReqs\" argument \"req1\" of type \"Int!\" is required, but it was not "
     "provided.\n1:21 Field \"multipleReqs\" argument \"req2\" of type \"Int!\" is required, but "
     "it was not provided.\n1:34 Field \"multipleOptAndReq\" argument \"req2\" of type \"Int!\" is "
     "required, but it was not provided."},
    {"{ dog { name(surename: true, foo: 1) isAtLocation(x: 1, x: 2, y: 3, y: \"q\", x: 1) } }",
     "1:14 Unknown argument \"surename\" on field \"Dog.name\". Did you mean \"surname\"\077\n1:30 "
     "Unknown argument \"foo\" on field \"Dog.name\".\n1:51 There can be only one argument named "
     "\"x\".\n1:63 There can be only one argument named \"y\".\n1:72 Int cannot represent "
     "non-integer value: \"q\""},
    {"{ dog @unknown { name @onQuery @skip @include(if: 1) @skip(if: true, unless: false) } }",
     "1:7 Unknown directive \"@unknown\".\n1:32 The directive \"@skip\" can only be used once at "
     "this location.\n1:23 Directive \"@onQuery\" may not be used on FIELD.\n1:32 Directive "
     "\"@skip\" argument \"if\" of type \"Boolean!\" is required, but it was not provided.\n1:51 "
     "Boolean cannot represent a non boolean value: 1\n1:70 Unknown argument \"unless\" on "
     "directive \"@skip\"."},
    {"{ dog { name @include(if: true) @include(if: false) nickname @skip(if: true) @skip(if: true) "
     "@skip(if: true) } }",
     "1:14 The directive \"@include\" can only be used once at this location.\n1:62 The directive "
     "\"@skip\" can only be used once at this location.\n1:62 The directive \"@skip\" can only be "
     "used once at this location."},
    {"{ dog { name @rep @rep(n: 2) @rep(n: null, tag: 3, tog: 4) @need @need(iff: true, level: 2) "
     "} }",
     "1:60 The directive \"@need\" can only be used once at this location.\n1:52 Unknown argument "
     "\"tog\" on directive \"@rep\". Did you mean \"tag\"\077\n1:38 Expected value of type "
     "\"Int!\", found null.\n1:49 String cannot represent a non string value: 3\n1:60 Directive "
     "\"@need\" argument \"if\" of type \"Boolean!\" is required, but it was not provided.\n1:72 "
     "Unknown argument \"iff\" on directive \"@need\". Did you mean \"if\"\077\n1:66 Directive "
     "\"@need\" argument \"if\" of type \"Boolean!\" is required, but it was not provided."},
    {"query Q($a: Int @onVariableDefinition @onField) @onQuery @onMutation @rep { dog { ...F "
     "@onFragmentSpread @onField ... on Dog @onInlineFragment @onQuery { isAtLocation(x: $a) } } } "
     "fragment F on Dog @onFragmentDefinition @onField { name }",
     "1:39 Directive \"@onField\" may not be used on VARIABLE_DEFINITION.\n1:58 Directive "
     "\"@onMutation\" may not be used on QUERY.\n1:106 Directive \"@onField\" may not be used on "
     "FRAGMENT_SPREAD.\n1:144 Directive \"@onQuery\" may not be used on INLINE_FRAGMENT.\n1:221 "
     "Directive \"@onField\" may not be used on FRAGMENT_DEFINITION."},
    {"mutation @onMutation { setHuman { name } }",
     "1:24 Field \"setHuman\" argument \"id\" of type \"ID!\" is required, but it was not "
     "provided."},
    {"mutation { setHuman(id: \"x\") { name } setHuman(id: \"y\") { name } }",
     "1:12 Fields \"setHuman\" conflict because they have differing arguments. Use different "
     "aliases on the fields to fetch both if this was intentional."},
    {"subscription @onSubscription { newMessage { body } oldMessage { body } }",
     "1:52 Anonymous Subscription must select only one top level field."},
    {"subscription S { newMessage { body } ...F } fragment F on SubscriptionRoot { oldMessage { "
     "sender } x: newMessage { body } }",
     "1:78 Subscription \"S\" must select only one top level field."},
    {"subscription S { __typename }",
     "1:18 Subscription \"S\" must not select an introspection top level field."},
    {"subscription { newMessage { body } __typename }",
     "1:36 Anonymous Subscription must select only one top level field.\n1:36 Anonymous "
     "Subscription must not select an introspection top level field."},
    {"{ dog { name: nickname name } }",
     "1:9 Fields \"name\" conflict because \"nickname\" and \"name\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { doesKnowCommand(dogCommand: SIT) doesKnowCommand(dogCommand: HEEL) } }",
     "1:9 Fields \"doesKnowCommand\" conflict because they have differing arguments. Use different "
     "aliases on the fields to fetch both if this was intentional."},
    {"{ dog { doesKnowCommand doesKnowCommand(dogCommand: HEEL) } }",
     "1:9 Fields \"doesKnowCommand\" conflict because they have differing arguments. Use different "
     "aliases on the fields to fetch both if this was intentional."},
    {"{ dog { x: name y: nickname x: nickname y: name } }",
     "1:9 Fields \"x\" conflict because \"name\" and \"nickname\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional.\n1:17 Fields \"y\" "
     "conflict because \"nickname\" and \"name\" are different fields. Use different aliases on "
     "the fields to fetch both if this was intentional."},
    {"{ pet { ... on Dog { name: nickname } ... on Cat { name: nickname } } }", ""},
    {"{ pet { ... on Dog { x: name } ... on Cat { x: nickname } } }", ""},
    {"{ pet { ... on Dog { x: barkVolume } ... on Cat { x: nickname } } }",
     "1:22 Fields \"x\" conflict because they return conflicting types \"Int\" and \"String\". Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ someBox { ... on IntBox { scalar } ... on StringBox { scalar } } }",
     "1:29 Fields \"scalar\" conflict because they return conflicting types \"Int\" and "
     "\"String\". Use different aliases on the fields to fetch both if this was intentional."},
    {"{ someBox { ... on IntBox { deepBox { unrelatedField } } ... on StringBox { deepBox { "
     "unrelatedField: __typename } } } }",
     ""},
    {"{ someBox { ... on IntBox { box: stringBox { scalar } } ... on StringBox { box: intBox { "
     "scalar } } } }",
     "1:29 Fields \"box\" conflict because subfields \"scalar\" conflict because they return "
     "conflicting types \"String\" and \"Int\". Use different aliases on the fields to fetch both "
     "if this was intentional."},
    {"{ someBox { ... on IntBox { box: listStringBox { scalar } } ... on StringBox { box: "
     "stringBox { scalar } } } }",
     "1:29 Fields \"box\" conflict because they return conflicting types \"[StringBox]\" and "
     "\"StringBox\". Use different aliases on the fields to fetch both if this was intentional."},
    {"{ someBox { ... on NonNullStringBox1 { scalar } ... on StringBox { scalar } } }",
     "1:40 Fields \"scalar\" conflict because they return conflicting types \"String!\" and "
     "\"String\". Use different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { ...A ...B } } fragment A on Dog { name: nickname } fragment B on Dog { name }",
     "1:43 Fields \"name\" conflict because \"nickname\" and \"name\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { ...A name: barks } } fragment A on Dog { ...B } fragment B on Dog { name mother { "
     "...A } }",
     "1:14 Fields \"name\" conflict because \"barks\" and \"name\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional.\n1:50 Cannot spread "
     "fragment \"A\" within itself via \"B\"."},
    {"{ human { x: pets { name } x: relatives { name } } }",
     "1:11 Fields \"x\" conflict because \"pets\" and \"relatives\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ human(id: 1) { name } human(id: \"1\") { name } human(id: 2) { iq } }",
     "1:3 Fields \"human\" conflict because they have differing arguments. Use different aliases "
     "on the fields to fetch both if this was intentional.\n1:3 Fields \"human\" conflict because "
     "they have differing arguments. Use different aliases on the fields to fetch both if this was "
     "intentional.\n1:25 Fields \"human\" conflict because they have differing arguments. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"query ($a: Int, $b: Int) { dog { isAtLocation(x: $a, y: $b) } dog { isAtLocation(y: $b, x: "
     "$a) } }",
     ""},
    {"query ($a: Int, $b: Int) { dog { isAtLocation(x: $a, y: $b) isAtLocation(x: $b, y: $a) } }",
     "1:34 Fields \"isAtLocation\" conflict because they have differing arguments. Use different "
     "aliases on the fields to fetch both if this was intentional."},
    {"{ a: complicatedArgs { complexArgField(complexArg: {requiredField: true, intField: 1}) "
     "complexArgField(complexArg: {intField: 1, requiredField: true}) } }",
     ""},
    {"{ __schema { types { name } } __type(name: \"Dog\") { name fields { name } } __typename }",
     ""},
    {"{ dog { __schema { types { name } } __type(name: \"x\") { name } __typename } }",
     "1:9 Cannot query field \"__schema\" on type \"Dog\".\n1:37 Cannot query field \"__type\" on "
     "type \"Dog\"."},
    {"{ __type { name } }", "1:3 Field \"__type\" argument \"name\" of type \"String!\" is "
                            "required, but it was not provided."},
    {"{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
     "1:3 Maximum introspection depth exceeded"},
    {"{ __schema { ...S } } fragment S on __Schema { types { ...T } } fragment T on __Type { "
     "fields { type { ...U } } } fragment U on __Type { interfaces { possibleTypes { name } } }",
     "1:3 Maximum introspection depth exceeded"},
    {"{ ...F ...F ...G } fragment F on QueryRoot { dog { name } } fragment G on QueryRoot { ...F "
     "cat { name } }",
     ""},
    {"query Q1($a: Int) { dog { ...F } } query Q2($a: String) { dog { ...F } } query Q3 { dog { "
     "...F } } fragment F on Dog { isAtLocation(x: $a) }",
     "1:45 Variable \"$a\" of type \"String\" used in position expecting type \"Int\".\n1:136 "
     "Variable \"$a\" is not defined by operation \"Q3\"."},
    {"query ($a: Boolean!) { dog { name @skip(if: $a) nickname @include(if: $b) } }",
     "1:71 Variable \"$b\" is not defined."},
    {"query ($a: Boolean) { dog { name @skip(if: $a) } }",
     "1:8 Variable \"$a\" of type \"Boolean\" used in position expecting type \"Boolean!\"."},
    {"query ($a: Int!) { human { friends(first: $a, near: [1, 2.5, \"x\"]) { name } } }",
     "1:62 Float cannot represent non numeric value: \"x\""},
    {"query ($a: Float) { human { friends(near: [$a]) { name } friends(near: $a) { iq } } }",
     "1:29 Fields \"friends\" conflict because they have differing arguments. Use different "
     "aliases on the fields to fetch both if this was intentional.\n1:8 Variable \"$a\" of type "
     "\"Float\" used in position expecting type \"Float!\".\n1:8 Variable \"$a\" of type \"Float\" "
     "used in position expecting type \"[Float!]\"."},
    {"{ human { friends { pets { ... on Pet { name } ... on Canine { name ... on Dog { barks } ... "
     "on Cat { meows } } } } } }",
     "1:90 Fragment cannot be spread here as objects of type \"Canine\" can never be of type "
     "\"Cat\"."},
    {"query ($v: __TypeKind, $w: __Type) { dog { name } }",
     "1:28 Variable \"$w\" cannot be non-input type \"__Type\".\n1:8 Variable \"$v\" is never "
     "used.\n1:24 Variable \"$w\" is never used."},
    {"{ dog { ...F } } fragment F on Dog { ... { name nam ... @include(if: true) { nickname(x: 1) "
     "} } }",
     "1:49 Cannot query field \"nam\" on type \"Dog\". Did you mean \"name\"\077\n1:87 Unknown "
     "argument \"x\" on field \"Dog.nickname\"."},
    {"{ old old2(a: 1, c: 2) }",
     "1:18 Unknown argument \"c\" on field \"QueryRoot.old2\". Did you mean \"a\" or \"b\"\077"},
    {"{ dogg catt humann petsss { x } }",
     "1:3 Cannot query field \"dogg\" on type \"QueryRoot\". Did you mean \"dog\"\077\n1:8 Cannot "
     "query field \"catt\" on type \"QueryRoot\". Did you mean \"cat\"\077\n1:13 Cannot query "
     "field \"humann\" on type \"QueryRoot\". Did you mean \"human\"\077\n1:20 Cannot query field "
     "\"petsss\" on type \"QueryRoot\". Did you mean \"pet\"\077"},
    {"query Q { dog { name } } fragment Q on Dog { name } fragment Q2 on Dogg { name ...Q3 } "
     "fragment Q3 on CatOrDog { name ...Q2 }",
     "1:80 Cannot spread fragment \"Q2\" within itself via \"Q3\".\n1:68 Unknown type \"Dogg\". "
     "Did you mean \"Dog\"\077\n1:114 Cannot query field \"name\" on type \"CatOrDog\". Did you "
     "mean to use an inline fragment on \"Pet\", \"Canine\", \"Cat\", or \"Dog\"\077\n1:26 "
     "Fragment \"Q\" is never used.\n1:53 Fragment \"Q2\" is never used.\n1:88 Fragment \"Q3\" is "
     "never used."},
    {"{ dog { name } ...F } fragment F on QueryRoot { cat { furColor } pet { name(surname: false) "
     "} }",
     ""},
    {"query Q($a: Int!, $b: [Float!], $c: FurColor = TAN) { human { friends(first: $a, near: $b) { "
     "name } } complicatedArgs { enumArgField(enumArg: $c) } }",
     ""},
    {"{ human { pets { ... on Dog { barkVolume } ... on Cat { meowsVolume } } relatives { iq } } }",
     ""},
    {"{ dog { x: name x: name ...F } } fragment F on Dog { x: name }", ""},
    {"{ dog { mother { name } mother { nickname } } dog { mother { name barks } } }", ""},
    {"mutation M($id: ID!) { setHuman(id: $id) { name } }", ""},
    {"subscription { newMessage { body sender } }", ""},
    {"{ complicatedArgs { complexArgField(complexArg: {requiredField: true, stringListField: "
     "\"one\", child: {requiredField: false, intField: 3}}) oneOfArgField(oneOfArg: {intField: 1}) "
     "} }",
     ""},
    {"\"described\" query Q(\"a variable\" $a: Int) { dog { isAtLocation(x: $a) } } \"and this\" "
     "fragment Unused on Dog { name }",
     "1:75 Fragment \"Unused\" is never used."},
    {"query ($a: Boolean!) { dog { name @skip(if: $a) nickname @include(if: $a) @rep @rep } }", ""},
    {"{ someBox { ... on StringBox { x: stringBox { scalar } } ... on IntBox { x: stringBox { "
     "scalar } } } }",
     ""},
    {"{ pet { ... on Dog { n: name } ... on Cat { n: nickname } } }", ""},
};

#endif
