/* tests/unit/cases_validate_variables.h: variables. See cases_validate.h. */
#ifndef TESTS_UNIT_CASES_VALIDATE_VARIABLES_H
#define TESTS_UNIT_CASES_VALIDATE_VARIABLES_H

#include "tests/unit/cases_validate.h"

static const struct validate_case cases_validate_variables[] = {
    {"query Q($x: Int, $x: Int, $x: String, $y: Int, $y: Int) { dog { isAtLocation(x: $x, y: $y) } "
     "}",
     "1:10,1:19,1:28 There can be only one variable named \"$x\".\n1:40,1:49 There can be only one "
     "variable named \"$y\".\n1:27,1:81 Variable \"$x\" of type \"String\" used in position "
     "expecting type \"Int\"."},
    {"query A($x: Int) { dog { isAtLocation(x: $x) } } query B($x: Int) { dog { isAtLocation(x: "
     "$x) } }",
     ""},
    {"query ($a: Human, $b: [[CatOrDog!]]!, $c: Pet) { dog { name(surname: $a) isAtLocation(x: $b, "
     "y: $c) } }",
     "1:12 Variable \"$a\" cannot be non-input type \"Human\".\n1:23 Variable \"$b\" cannot be "
     "non-input type \"[[CatOrDog!]]!\".\n1:43 Variable \"$c\" cannot be non-input type "
     "\"Pet\".\n1:8,1:70 Variable \"$a\" of type \"Human\" used in position expecting type "
     "\"Boolean\".\n1:19,1:90 Variable \"$b\" of type \"[[CatOrDog!]]!\" used in position "
     "expecting type \"Int\".\n1:39,1:97 Variable \"$c\" of type \"Pet\" used in position "
     "expecting type \"Int\"."},
    {"query Q($a: Int) { dog { isAtLocation(x: $a, y: $b) ...F } } fragment F on Dog { "
     "isAtLocation(x: $c) ...G } fragment G on Dog { isAtLocation(x: $d) mother { isAtLocation(x: "
     "$d) } }",
     "1:49,1:1 Variable \"$b\" is not defined by operation \"Q\".\n1:98,1:1 Variable \"$c\" is not "
     "defined by operation \"Q\".\n1:145,1:1 Variable \"$d\" is not defined by operation "
     "\"Q\".\n1:174,1:1 Variable \"$d\" is not defined by operation \"Q\".\n1:26,1:82 Fields "
     "\"isAtLocation\" conflict because they have differing arguments. Use different aliases on "
     "the fields to fetch both if this was intentional.\n1:26,1:129 Fields \"isAtLocation\" "
     "conflict because they have differing arguments. Use different aliases on the fields to fetch "
     "both if this was intentional.\n1:82,1:129 Fields \"isAtLocation\" conflict because they have "
     "differing arguments. Use different aliases on the fields to fetch both if this was "
     "intentional."},
    {"{ dog { isAtLocation(x: $a) name @skip(if: $b) @include(if: $c) } complicatedArgs { "
     "complexArgField(complexArg: {requiredField: $d, child: {requiredField: $e}}) "
     "stringListArgField(stringListArg: [$f, \"x\"]) } }",
     "1:25,1:1 Variable \"$a\" is not defined.\n1:44,1:1 Variable \"$b\" is not defined.\n1:61,1:1 "
     "Variable \"$c\" is not defined.\n1:129,1:1 Variable \"$d\" is not defined.\n1:156,1:1 "
     "Variable \"$e\" is not defined.\n1:197,1:1 Variable \"$f\" is not defined."},
    {"query A { dog { ...F } } query B($x: Int) { dog { ...F } } query C($x: Int) { dog { name } } "
     "fragment F on Dog { isAtLocation(x: $x) }",
     "1:130,1:1 Variable \"$x\" is not defined by operation \"A\".\n1:68 Variable \"$x\" is never "
     "used in operation \"C\"."},
    {"query ($a: Int, $b: Int, $c: Int) { dog { isAtLocation(x: $b) } }",
     "1:8 Variable \"$a\" is never used.\n1:26 Variable \"$c\" is never used."},
    {"query A($a: Int) { dog { ...F } } query B($b: Int) { dog { ...F } } fragment F on Dog { "
     "isAtLocation(x: $b) ...F }",
     "1:105,1:1 Variable \"$b\" is not defined by operation \"A\".\n1:9 Variable \"$a\" is never "
     "used in operation \"A\".\n1:109 Cannot spread fragment \"F\" within itself."},
    {"query (\"a text\" $a: Int @onVariableDefinition) { dog { name } }",
     "1:8 Variable \"$a\" is never used."},
    {"query Q($v: Boolean!) @onQuery(x: $v) { dog { name } }",
     "1:32 Unknown argument \"x\" on directive \"@onQuery\"."},
    {"query ($a: Int, $b: Int!, $c: Int = 1, $d: Int = null) { complicatedArgs { "
     "multipleReqs(req1: $a, req2: $b) x: multipleReqs(req1: $c, req2: $d) y: "
     "nonNullFieldWithDefault(arg: $a) z: nonNullFieldWithDefault(arg: $d) } }",
     "1:8,1:95 Variable \"$a\" of type \"Int\" used in position expecting type "
     "\"Int!\".\n1:40,1:141 Variable \"$d\" of type \"Int\" used in position expecting type "
     "\"Int!\"."},
    {"query ($a: [String], $b: [String!], $c: [String]!, $d: String, $e: String!) { "
     "complicatedArgs { a: stringListNonNullArgField(stringListNonNullArg: $a) b: "
     "stringListNonNullArgField(stringListNonNullArg: $b) c: "
     "stringListNonNullArgField(stringListNonNullArg: $c) d: "
     "stringListNonNullArgField(stringListNonNullArg: [$d, $e]) e: "
     "stringListArgField(stringListArg: $e) } }",
     "1:8,1:148 Variable \"$a\" of type \"[String]\" used in position expecting type "
     "\"[String!]\".\n1:37,1:258 Variable \"$c\" of type \"[String]!\" used in position expecting "
     "type \"[String!]\".\n1:52,1:314 Variable \"$d\" of type \"String\" used in position "
     "expecting type \"String!\".\n1:64,1:360 Variable \"$e\" of type \"String!\" used in position "
     "expecting type \"[String]\"."},
    {"query ($a: ComplexInput, $b: Boolean, $c: ComplexInput!) { complicatedArgs { a: "
     "complexArgField(complexArg: $a) b: complexArgField(complexArg: {requiredField: $b, "
     "nonNullField: $b, child: $c}) c: complexArgField(complexArg: {requiredField: true, intField: "
     "$b}) } }",
     "1:26,1:160 Variable \"$b\" of type \"Boolean\" used in position expecting type "
     "\"Boolean!\".\n1:26,1:257 Variable \"$b\" of type \"Boolean\" used in position expecting "
     "type \"Int\"."},
    {"query ($a: Unknown, $b: Int) { dog { name(surname: $a) isAtLocation(x: $a, y: $b) name(nope: "
     "$b) nope(x: $b) } }",
     "1:12 Unknown type \"Unknown\".\n1:38,1:83 Fields \"name\" conflict because they have "
     "differing arguments. Use different aliases on the fields to fetch both if this was "
     "intentional.\n1:88 Unknown argument \"nope\" on field \"Dog.name\".\n1:98 Cannot query field "
     "\"nope\" on type \"Dog\". Did you mean \"name\"\077"},
    {"query ($a: String, $b: String!, $c: Int = 3) { complicatedArgs { a: oneOfArgField(oneOfArg: "
     "{stringField: $a}) b: oneOfArgField(oneOfArg: {stringField: $b}) c: oneOfArgField(oneOfArg: "
     "{intField: $b}) d: oneOfArgField(oneOfArg: {stringField: $a, intField: $c}) } }",
     "1:228 Within OneOf Input Object type \"OneOfInput\", exactly one field must be specified, "
     "and the value for that field must be non-null.\n1:8,1:107 Variable \"$a\" is of type "
     "\"String\" but must be non-nullable to be used for OneOf Input Object "
     "\"OneOfInput\".\n1:20,1:196 Variable \"$b\" of type \"String!\" used in position expecting "
     "type \"Int\".\n1:8,1:242 Variable \"$a\" is of type \"String\" but must be non-nullable to "
     "be used for OneOf Input Object \"OneOfInput\"."},
    {"query ($a: OneOfInput, $b: OneOfInput!) { complicatedArgs { a: oneOfArgField(oneOfArg: $a) "
     "b: oneOfArgField(oneOfArg: $b) } }",
     ""},
    {"query ($a: Int) { complicatedArgs { intArgField(intArg: [$a]) a: stringArgField(stringArg: "
     "{x: $a}) b: complexArgField(complexArg: [{intField: $a}]) c: matrix(m: $a) d: matrix(m: "
     "[$a]) e: matrix(m: [[$a]]) } }",
     "1:57 Int cannot represent non-integer value: [null]\n1:92 String cannot represent a non "
     "string value: {  }\n1:132 Expected value of type \"ComplexInput\" to be an object, found: [{ "
     "intField: $a }].\n1:8,1:163 Variable \"$a\" of type \"Int\" used in position expecting type "
     "\"[[Int!]!]!\".\n1:8,1:181 Variable \"$a\" of type \"Int\" used in position expecting type "
     "\"[Int!]!\".\n1:8,1:201 Variable \"$a\" of type \"Int\" used in position expecting type "
     "\"Int!\"."},
    {"query ($a: Boolean) { dog { name @skip(if: $a) @include(if: $a) } ...F } fragment F on "
     "QueryRoot { dog { barks @skip(if: $a) } }",
     "1:8,1:44 Variable \"$a\" of type \"Boolean\" used in position expecting type "
     "\"Boolean!\".\n1:8,1:61 Variable \"$a\" of type \"Boolean\" used in position expecting type "
     "\"Boolean!\".\n1:8,1:122 Variable \"$a\" of type \"Boolean\" used in position expecting type "
     "\"Boolean!\"."},
    {"query ($a: Any, $b: Int) { complicatedArgs { anyArgField(any: $a) b: anyArgField(any: {x: "
     "[$b]}) c: anyArgField(any: $b) } }",
     "1:17,1:118 Variable \"$b\" of type \"Int\" used in position expecting type \"Any\"."},
    {"query ($a: ID, $b: Float, $c: Int) { complicatedArgs { a: idArgField(idArg: $b) b: "
     "floatArgField(floatArg: $c) c: stringArgField(stringArg: $a) } }",
     "1:16,1:77 Variable \"$b\" of type \"Float\" used in position expecting type "
     "\"ID\".\n1:27,1:108 Variable \"$c\" of type \"Int\" used in position expecting type "
     "\"Float\".\n1:8,1:141 Variable \"$a\" of type \"ID\" used in position expecting type "
     "\"String\"."},
    {"query ($a: Int = \"1\", $b: [Int!] = [1, null], $c: ComplexInput = {requiredFeld: 1}, $d: "
     "OneOfInput = {}, $e: FurColor = \"TAN\", $f: Int! = null, $g: Any = {x: [A, 1]}, $h: Human = "
     "3) { dog { name } }",
     "1:8 Variable \"$a\" is never used.\n1:23 Variable \"$b\" is never used.\n1:47 Variable "
     "\"$c\" is never used.\n1:85 Variable \"$d\" is never used.\n1:106 Variable \"$e\" is never "
     "used.\n1:128 Variable \"$f\" is never used.\n1:145 Variable \"$g\" is never used.\n1:168 "
     "Variable \"$h\" is never used.\n1:18 Int cannot represent non-integer value: \"1\"\n1:40 "
     "Expected value of non-null type \"Int!\" not to be null.\n1:66 Expected value of type "
     "\"ComplexInput\" to include required field \"requiredField\", found: { requiredFeld: 1 "
     "}.\n1:67 Expected value of type \"ComplexInput\" not to include unknown field "
     "\"requiredFeld\". Did you mean \"requiredField\"\077 Found: { requiredFeld: 1 }.\n1:102 "
     "Within OneOf Input Object type \"OneOfInput\", exactly one field must be specified, and the "
     "value for that field must be non-null.\n1:121 Enum \"FurColor\" cannot represent non-enum "
     "value: \"TAN\". Did you mean the enum value \"TAN\"\077\n1:139 Expected value of non-null "
     "type \"Int!\" not to be null.\n1:172 Variable \"$h\" cannot be non-input type \"Human\"."},
    {"query ($a: Int, $b: Int = 1) { human { friends(first: $a) { name } x: friends(first: $b, "
     "near: [$b]) { name } } }",
     "1:17,1:97 Variable \"$b\" of type \"Int\" used in position expecting type \"Float!\"."},
    {"query Q($a: Int, $b: String!) { dog { isAtLocation(x: $a, y: $b) } }",
     "1:18,1:62 Variable \"$b\" of type \"String!\" used in position expecting type \"Int\"."},
    {"query Q($a: Int!, $b: Int = 3) { complicatedArgs { multipleReqs(req1: $a, req2: $b) } }", ""},
    {"query ($a: Int) { complicatedArgs { nonNullIntArgField(nonNullIntArg: $a) } }",
     "1:8,1:71 Variable \"$a\" of type \"Int\" used in position expecting type \"Int!\"."},
    {"query ($a: Int = null) { complicatedArgs { nonNullIntArgField(nonNullIntArg: $a) } }",
     "1:8,1:78 Variable \"$a\" of type \"Int\" used in position expecting type \"Int!\"."},
    {"query ($a: Int) { complicatedArgs { nonNullFieldWithDefault(arg: $a) } }", ""},
    {"query ($a: [String]) { complicatedArgs { stringListNonNullArgField(stringListNonNullArg: $a) "
     "} }",
     "1:8,1:90 Variable \"$a\" of type \"[String]\" used in position expecting type "
     "\"[String!]\"."},
    {"query ($a: [String!]!) { complicatedArgs { stringListNonNullArgField(stringListNonNullArg: "
     "$a) } }",
     ""},
    {"query ($a: String) { complicatedArgs { stringListArgField(stringListArg: [$a, \"x\"]) "
     "intArgField(intArg: [$a]) } }",
     "1:105 Int cannot represent non-integer value: [null]"},
    {"query ($a: String) { complicatedArgs { stringListArgField(stringListArg: $a) } }",
     "1:8,1:74 Variable \"$a\" of type \"String\" used in position expecting type \"[String]\"."},
    {"query ($a: Int, $a: Int, $b: Int, $a: String) { dog { isAtLocation(x: $a, y: $c) } }",
     "1:9,1:18,1:36 There can be only one variable named \"$a\".\n1:78,1:1 Variable \"$c\" is not "
     "defined.\n1:26 Variable \"$b\" is never used.\n1:35,1:71 Variable \"$a\" of type \"String\" "
     "used in position expecting type \"Int\"."},
    {"query Foo($a: Int) { dog { name } }",
     "1:11 Variable \"$a\" is never used in operation \"Foo\"."},
    {"query Foo($a: Dog, $b: [Pet!]!, $c: Unknown, $d: ComplexInput) { dog { name } }",
     "1:11 Variable \"$a\" is never used in operation \"Foo\".\n1:20 Variable \"$b\" is never used "
     "in operation \"Foo\".\n1:33 Variable \"$c\" is never used in operation \"Foo\".\n1:46 "
     "Variable \"$d\" is never used in operation \"Foo\".\n1:15 Variable \"$a\" cannot be "
     "non-input type \"Dog\".\n1:24 Variable \"$b\" cannot be non-input type \"[Pet!]!\".\n1:37 "
     "Unknown type \"Unknown\"."},
    {"query ($x: Boolean = 3, $y: [Int!] = [1, null, \"a\"], $z: ComplexInput = {requiredField: 1, "
     "foo: 2}) { dog { name(surname: $x) isAtLocation(x: $y) } complicatedArgs { "
     "complexArgField(complexArg: $z) } }",
     "1:22 Boolean cannot represent a non boolean value: 3\n1:42 Expected value of non-null type "
     "\"Int!\" not to be null.\n1:48 Int cannot represent non-integer value: \"a\"\n1:89 Boolean "
     "cannot represent a non boolean value: 1\n1:92 Expected value of type \"ComplexInput\" not to "
     "include unknown field \"foo\", found: { requiredField: 1, foo: 2 }.\n1:25,1:143 Variable "
     "\"$y\" of type \"[Int!]\" used in position expecting type \"Int\"."},
    {"query ($s: String, $i: Int!) { complicatedArgs { oneOfArgField(oneOfArg: {stringField: $s}) "
     "x: oneOfArgField(oneOfArg: {intField: $i}) } }",
     "1:8,1:88 Variable \"$s\" is of type \"String\" but must be non-nullable to be used for OneOf "
     "Input Object \"OneOfInput\"."},
    {"query Q($a: Int @onVariableDefinition @onField) @onQuery @onMutation @rep { dog { ...F "
     "@onFragmentSpread @onField ... on Dog @onInlineFragment @onQuery { isAtLocation(x: $a) } } } "
     "fragment F on Dog @onFragmentDefinition @onField { name }",
     "1:39 Directive \"@onField\" may not be used on VARIABLE_DEFINITION.\n1:58 Directive "
     "\"@onMutation\" may not be used on QUERY.\n1:106 Directive \"@onField\" may not be used on "
     "FRAGMENT_SPREAD.\n1:144 Directive \"@onQuery\" may not be used on INLINE_FRAGMENT.\n1:221 "
     "Directive \"@onField\" may not be used on FRAGMENT_DEFINITION."},
    {"query ($a: Int, $b: Int) { dog { isAtLocation(x: $a, y: $b) } dog { isAtLocation(y: $b, x: "
     "$a) } }",
     ""},
    {"query Q1($a: Int) { dog { ...F } } query Q2($a: String) { dog { ...F } } query Q3 { dog { "
     "...F } } fragment F on Dog { isAtLocation(x: $a) }",
     "1:45,1:136 Variable \"$a\" of type \"String\" used in position expecting type "
     "\"Int\".\n1:136,1:74 Variable \"$a\" is not defined by operation \"Q3\"."},
    {"query ($a: Boolean!) { dog { name @skip(if: $a) nickname @include(if: $b) } }",
     "1:71,1:1 Variable \"$b\" is not defined."},
    {"query ($a: Boolean) { dog { name @skip(if: $a) } }",
     "1:8,1:44 Variable \"$a\" of type \"Boolean\" used in position expecting type \"Boolean!\"."},
    {"query ($a: Int!) { human { friends(first: $a, near: [1, 2.5, \"x\"]) { name } } }",
     "1:62 Float cannot represent non numeric value: \"x\""},
    {"query ($v: __TypeKind, $w: __Type) { dog { name } }",
     "1:8 Variable \"$v\" is never used.\n1:24 Variable \"$w\" is never used.\n1:28 Variable "
     "\"$w\" cannot be non-input type \"__Type\"."},
    {"query Q($a: Int!, $b: [Float!], $c: FurColor = TAN) { human { friends(first: $a, near: $b) { "
     "name } } complicatedArgs { enumArgField(enumArg: $c) } }",
     ""},
    {"mutation M($id: ID!) { setHuman(id: $id) { name } }", ""},
    {"\"described\" query Q(\"a variable\" $a: Int) { dog { isAtLocation(x: $a) } } \"and this\" "
     "fragment Unused on Dog { name }",
     "1:75 Fragment \"Unused\" is never used."},
    {"query ($a: Boolean!) { dog { name @skip(if: $a) nickname @include(if: $a) @rep @rep } }", ""},
};

#endif
