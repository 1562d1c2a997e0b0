/* tests/unit/cases_validate_values.h: values. See cases_validate.h. */
#ifndef TESTS_UNIT_CASES_VALIDATE_VALUES_H
#define TESTS_UNIT_CASES_VALIDATE_VALUES_H

#include "tests/unit/cases_validate.h"

static const struct validate_case cases_validate_values[] = {
    {"{ complicatedArgs { f0: intArgField(intArg: 1) f1: intArgField(intArg: -0) f2: "
     "intArgField(intArg: 829384293849283498239482938) f3: intArgField(intArg: 1.0) f4: "
     "intArgField(intArg: 1e10) f5: intArgField(intArg: \"x\") f6: intArgField(intArg: "
     "\"\"\"b\"\"\") f7: intArgField(intArg: true) f8: intArgField(intArg: null) f9: "
     "intArgField(intArg: BROWN) f10: intArgField(intArg: brwn) f11: intArgField(intArg: []) f12: "
     "intArgField(intArg: [1, \"a\"]) f13: intArgField(intArg: {}) f14: intArgField(intArg: {a: "
     "1}) } }",
     "1:100 Int cannot represent non 32-bit signed integer value: "
     "829384293849283498239482938\n1:153 Int cannot represent non-integer value: 1.0\n1:182 Int "
     "cannot represent non-integer value: 1e10\n1:212 Int cannot represent non-integer value: "
     "\"x\"\n1:241 Int cannot represent non-integer value: \"\"\"b\"\"\"\n1:274 Int cannot "
     "represent non-integer value: true\n1:334 Int cannot represent non-integer value: "
     "BROWN\n1:366 Int cannot represent non-integer value: brwn\n1:397 Int cannot represent "
     "non-integer value: []\n1:426 Int cannot represent non-integer value: [1, \"a\"]\n1:461 Int "
     "cannot represent non-integer value: {  }\n1:490 Int cannot represent non-integer value: { a: "
     "1 }"},
    {"{ complicatedArgs { f0: stringArgField(stringArg: 1) f1: stringArgField(stringArg: -0) f2: "
     "stringArgField(stringArg: 829384293849283498239482938) f3: stringArgField(stringArg: 1.0) "
     "f4: stringArgField(stringArg: 1e10) f5: stringArgField(stringArg: \"x\") f6: "
     "stringArgField(stringArg: \"\"\"b\"\"\") f7: stringArgField(stringArg: true) f8: "
     "stringArgField(stringArg: null) f9: stringArgField(stringArg: BROWN) f10: "
     "stringArgField(stringArg: brwn) f11: stringArgField(stringArg: []) f12: "
     "stringArgField(stringArg: [1, \"a\"]) f13: stringArgField(stringArg: {}) f14: "
     "stringArgField(stringArg: {a: 1}) } }",
     "1:51 String cannot represent a non string value: 1\n1:84 String cannot represent a non "
     "string value: -0\n1:118 String cannot represent a non string value: "
     "829384293849283498239482938\n1:177 String cannot represent a non string value: 1.0\n1:212 "
     "String cannot represent a non string value: 1e10\n1:322 String cannot represent a non string "
     "value: true\n1:394 String cannot represent a non string value: BROWN\n1:432 String cannot "
     "represent a non string value: brwn\n1:469 String cannot represent a non string value: "
     "[]\n1:504 String cannot represent a non string value: [1, \"a\"]\n1:545 String cannot "
     "represent a non string value: {  }\n1:580 String cannot represent a non string value: { a: 1 "
     "}"},
    {"{ complicatedArgs { f0: booleanArgField(booleanArg: 1) f1: booleanArgField(booleanArg: -0) "
     "f2: booleanArgField(booleanArg: 829384293849283498239482938) f3: booleanArgField(booleanArg: "
     "1.0) f4: booleanArgField(booleanArg: 1e10) f5: booleanArgField(booleanArg: \"x\") f6: "
     "booleanArgField(booleanArg: \"\"\"b\"\"\") f7: booleanArgField(booleanArg: true) f8: "
     "booleanArgField(booleanArg: null) f9: booleanArgField(booleanArg: BROWN) f10: "
     "booleanArgField(booleanArg: brwn) f11: booleanArgField(booleanArg: []) f12: "
     "booleanArgField(booleanArg: [1, \"a\"]) f13: booleanArgField(booleanArg: {}) f14: "
     "booleanArgField(booleanArg: {a: 1}) } }",
     "1:53 Boolean cannot represent a non boolean value: 1\n1:88 Boolean cannot represent a non "
     "boolean value: -0\n1:124 Boolean cannot represent a non boolean value: "
     "829384293849283498239482938\n1:185 Boolean cannot represent a non boolean value: 1.0\n1:222 "
     "Boolean cannot represent a non boolean value: 1e10\n1:260 Boolean cannot represent a non "
     "boolean value: \"x\"\n1:297 Boolean cannot represent a non boolean value: "
     "\"\"\"b\"\"\"\n1:414 Boolean cannot represent a non boolean value: BROWN\n1:454 Boolean "
     "cannot represent a non boolean value: brwn\n1:493 Boolean cannot represent a non boolean "
     "value: []\n1:530 Boolean cannot represent a non boolean value: [1, \"a\"]\n1:573 Boolean "
     "cannot represent a non boolean value: {  }\n1:610 Boolean cannot represent a non boolean "
     "value: { a: 1 }"},
    {"{ complicatedArgs { f0: floatArgField(floatArg: 1) f1: floatArgField(floatArg: -0) f2: "
     "floatArgField(floatArg: 829384293849283498239482938) f3: floatArgField(floatArg: 1.0) f4: "
     "floatArgField(floatArg: 1e10) f5: floatArgField(floatArg: \"x\") f6: floatArgField(floatArg: "
     "\"\"\"b\"\"\") f7: floatArgField(floatArg: true) f8: floatArgField(floatArg: null) f9: "
     "floatArgField(floatArg: BROWN) f10: floatArgField(floatArg: brwn) f11: "
     "floatArgField(floatArg: []) f12: floatArgField(floatArg: [1, \"a\"]) f13: "
     "floatArgField(floatArg: {}) f14: floatArgField(floatArg: {a: 1}) } }",
     "1:236 Float cannot represent non numeric value: \"x\"\n1:269 Float cannot represent non "
     "numeric value: \"\"\"b\"\"\"\n1:306 Float cannot represent non numeric value: true\n1:374 "
     "Float cannot represent non numeric value: BROWN\n1:410 Float cannot represent non numeric "
     "value: brwn\n1:445 Float cannot represent non numeric value: []\n1:478 Float cannot "
     "represent non numeric value: [1, \"a\"]\n1:517 Float cannot represent non numeric value: {  "
     "}\n1:550 Float cannot represent non numeric value: { a: 1 }"},
    {"{ complicatedArgs { f0: idArgField(idArg: 1) f1: idArgField(idArg: -0) f2: idArgField(idArg: "
     "829384293849283498239482938) f3: idArgField(idArg: 1.0) f4: idArgField(idArg: 1e10) f5: "
     "idArgField(idArg: \"x\") f6: idArgField(idArg: \"\"\"b\"\"\") f7: idArgField(idArg: true) "
     "f8: idArgField(idArg: null) f9: idArgField(idArg: BROWN) f10: idArgField(idArg: brwn) f11: "
     "idArgField(idArg: []) f12: idArgField(idArg: [1, \"a\"]) f13: idArgField(idArg: {}) f14: "
     "idArgField(idArg: {a: 1}) } }",
     "1:145 ID cannot represent a non-string and non-integer value: 1.0\n1:172 ID cannot represent "
     "a non-string and non-integer value: 1e10\n1:258 ID cannot represent a non-string and "
     "non-integer value: true\n1:314 ID cannot represent a non-string and non-integer value: "
     "BROWN\n1:344 ID cannot represent a non-string and non-integer value: brwn\n1:373 ID cannot "
     "represent a non-string and non-integer value: []\n1:400 ID cannot represent a non-string and "
     "non-integer value: [1, \"a\"]\n1:433 ID cannot represent a non-string and non-integer value: "
     "{  }\n1:460 ID cannot represent a non-string and non-integer value: { a: 1 }"},
    {"{ complicatedArgs { f0: enumArgField(enumArg: 1) f1: enumArgField(enumArg: -0) f2: "
     "enumArgField(enumArg: 829384293849283498239482938) f3: enumArgField(enumArg: 1.0) f4: "
     "enumArgField(enumArg: 1e10) f5: enumArgField(enumArg: \"x\") f6: enumArgField(enumArg: "
     "\"\"\"b\"\"\") f7: enumArgField(enumArg: true) f8: enumArgField(enumArg: null) f9: "
     "enumArgField(enumArg: BROWN) f10: enumArgField(enumArg: brwn) f11: enumArgField(enumArg: []) "
     "f12: enumArgField(enumArg: [1, \"a\"]) f13: enumArgField(enumArg: {}) f14: "
     "enumArgField(enumArg: {a: 1}) } }",
     "1:47 Enum \"FurColor\" cannot represent non-enum value: 1.\n1:76 Enum \"FurColor\" cannot "
     "represent non-enum value: -0.\n1:106 Enum \"FurColor\" cannot represent non-enum value: "
     "829384293849283498239482938.\n1:161 Enum \"FurColor\" cannot represent non-enum value: "
     "1.0.\n1:192 Enum \"FurColor\" cannot represent non-enum value: 1e10.\n1:224 Enum "
     "\"FurColor\" cannot represent non-enum value: \"x\".\n1:255 Enum \"FurColor\" cannot "
     "represent non-enum value: \"\"\"b\"\"\".\n1:290 Enum \"FurColor\" cannot represent non-enum "
     "value: true.\n1:388 Value \"brwn\" does not exist in \"FurColor\" enum. Did you mean the "
     "enum value \"BROWN\"\077\n1:421 Enum \"FurColor\" cannot represent non-enum value: "
     "[].\n1:452 Enum \"FurColor\" cannot represent non-enum value: [1, \"a\"].\n1:489 Enum "
     "\"FurColor\" cannot represent non-enum value: {  }.\n1:520 Enum \"FurColor\" cannot "
     "represent non-enum value: { a: 1 }."},
    {"{ complicatedArgs { f0: anyArgField(any: 1) f1: anyArgField(any: -0) f2: anyArgField(any: "
     "829384293849283498239482938) f3: anyArgField(any: 1.0) f4: anyArgField(any: 1e10) f5: "
     "anyArgField(any: \"x\") f6: anyArgField(any: \"\"\"b\"\"\") f7: anyArgField(any: true) f8: "
     "anyArgField(any: null) f9: anyArgField(any: BROWN) f10: anyArgField(any: brwn) f11: "
     "anyArgField(any: []) f12: anyArgField(any: [1, \"a\"]) f13: anyArgField(any: {}) f14: "
     "anyArgField(any: {a: 1}) } }",
     ""},
    {"{ complicatedArgs { f0: stringListArgField(stringListArg: 1) f1: "
     "stringListArgField(stringListArg: -0) f2: stringListArgField(stringListArg: "
     "829384293849283498239482938) f3: stringListArgField(stringListArg: 1.0) f4: "
     "stringListArgField(stringListArg: 1e10) f5: stringListArgField(stringListArg: \"x\") f6: "
     "stringListArgField(stringListArg: \"\"\"b\"\"\") f7: stringListArgField(stringListArg: true) "
     "f8: stringListArgField(stringListArg: null) f9: stringListArgField(stringListArg: BROWN) "
     "f10: stringListArgField(stringListArg: brwn) f11: stringListArgField(stringListArg: []) f12: "
     "stringListArgField(stringListArg: [1, \"a\"]) f13: stringListArgField(stringListArg: {}) "
     "f14: stringListArgField(stringListArg: {a: 1}) } }",
     "1:59 String cannot represent a non string value: 1\n1:100 String cannot represent a non "
     "string value: -0\n1:142 String cannot represent a non string value: "
     "829384293849283498239482938\n1:209 String cannot represent a non string value: 1.0\n1:252 "
     "String cannot represent a non string value: 1e10\n1:386 String cannot represent a non string "
     "value: true\n1:474 String cannot represent a non string value: BROWN\n1:520 String cannot "
     "represent a non string value: brwn\n1:609 String cannot represent a non string value: "
     "1\n1:657 String cannot represent a non string value: {  }\n1:700 String cannot represent a "
     "non string value: { a: 1 }"},
    {"{ complicatedArgs { a: enumArgField(enumArg: SPOTED) b: enumArgField(enumArg: brown) c: "
     "enumArgField(enumArg: \"BROWN\") d: enumArgField(enumArg: 2) e: enumArgField(enumArg: "
     "[BROWN]) f: enumArgField(enumArg: {x: $y}) } }",
     "1:211,1:1 Variable \"$y\" is not defined.\n1:46 Value \"SPOTED\" does not exist in "
     "\"FurColor\" enum. Did you mean the enum value \"SPOTTED\"\077\n1:79 Value \"brown\" does "
     "not exist in \"FurColor\" enum. Did you mean the enum value \"BROWN\"\077\n1:111 Enum "
     "\"FurColor\" cannot represent non-enum value: \"BROWN\". Did you mean the enum value "
     "\"BROWN\"\077\n1:145 Enum \"FurColor\" cannot represent non-enum value: 2.\n1:173 Enum "
     "\"FurColor\" cannot represent non-enum value: [BROWN]. Did you mean the enum value "
     "\"BROWN\"\077\n1:207 Enum \"FurColor\" cannot represent non-enum value: {  }."},
    {"{ complicatedArgs { a: stringListArgField(stringListArg: [\"one\", 2]) b: "
     "stringListArgField(stringListArg: 1) c: stringListArgField(stringListArg: [[\"x\"]]) d: "
     "stringListNonNullArgField(stringListNonNullArg: [null]) } }",
     "1:66 String cannot represent a non string value: 2\n1:107 String cannot represent a non "
     "string value: 1\n1:148 String cannot represent a non string value: [\"x\"]\n1:208 Expected "
     "value of non-null type \"String!\" not to be null."},
    {"{ complicatedArgs { a: complexArgField(complexArg: {intField: 4}) b: "
     "complexArgField(complexArg: {requiredField: true, stringListField: [\"one\", 2]}) c: "
     "complexArgField(complexArg: {requiredField: true, nonNullField: null}) d: "
     "complexArgField(complexArg: {requiredField: true, invalidField: \"value\"}) e: "
     "complexArgField(complexArg: \"x\") f: complexArgField(complexArg: [{requiredField: true}]) "
     "g: complexArgField(complexArg: null) } }",
     "1:52 Expected value of type \"ComplexInput\" to include required field \"requiredField\", "
     "found: { intField: 4 }.\n1:145 String cannot represent a non string value: 2\n1:217 Expected "
     "value of non-null type \"Boolean!\" not to be null.\n1:277 Expected value of type "
     "\"ComplexInput\" not to include unknown field \"invalidField\". Did you mean "
     "\"intField\"\077 Found: { requiredField: true, invalidField: \"value\" }.\n1:332 Expected "
     "value of type \"ComplexInput\" to be an object, found: \"x\".\n1:368 Expected value of type "
     "\"ComplexInput\" to be an object, found: [{ requiredField: true }]."},
    {"{ complicatedArgs { complexArgField(complexArg: {child: {child: {intField: \"x\", inField: "
     "1}, stringField: 3}, requiredField: 1, zzz: 2}) } }",
     "1:126 Boolean cannot represent a non boolean value: 1\n1:57 Expected value of type "
     "\"ComplexInput\" to include required field \"requiredField\", found: { child: { intField: "
     "\"x\", inField: 1 }, stringField: 3 }.\n1:107 String cannot represent a non string value: "
     "3\n1:65 Expected value of type \"ComplexInput\" to include required field \"requiredField\", "
     "found: { intField: \"x\", inField: 1 }.\n1:76 Int cannot represent non-integer value: "
     "\"x\"\n1:81 Expected value of type \"ComplexInput\" not to include unknown field "
     "\"inField\". Did you mean \"intField\"\077 Found: { intField: \"x\", inField: 1 }.\n1:129 "
     "Expected value of type \"ComplexInput\" not to include unknown field \"zzz\", found: {\n  "
     "child: { child: { intField: \"x\", inField: 1 }, stringField: 3 }\n  requiredField: 1\n  "
     "zzz: 2\n}."},
    {"{ complicatedArgs { a: oneOfArgField(oneOfArg: {stringField: \"a\", intField: 1}) b: "
     "oneOfArgField(oneOfArg: {stringField: null}) c: oneOfArgField(oneOfArg: {}) d: "
     "oneOfArgField(oneOfArg: {nope: 1}) e: oneOfArgField(oneOfArg: {stringField: 1}) f: "
     "oneOfArgField(oneOfArg: {stringField: \"a\", stringField: \"b\"}) g: oneOfArgField(oneOfArg: "
     "{intField: 1, nope: 2}) } }",
     "1:48 Within OneOf Input Object type \"OneOfInput\", exactly one field must be specified, and "
     "the value for that field must be non-null.\n1:108 Within OneOf Input Object type "
     "\"OneOfInput\", exactly one field must be specified, and the value for that field must be "
     "non-null.\n1:156 Within OneOf Input Object type \"OneOfInput\", exactly one field must be "
     "specified, and the value for that field must be non-null.\n1:188 Expected value of type "
     "\"OneOfInput\" not to include unknown field \"nope\", found: { nope: 1 }.\n1:187 Within "
     "OneOf Input Object type \"OneOfInput\", exactly one field must be specified, and the value "
     "for that field must be non-null.\n1:239 String cannot represent a non string value: 1\n1:270 "
     "Within OneOf Input Object type \"OneOfInput\", exactly one field must be specified, and the "
     "value for that field must be non-null.\n1:271,1:289 There can be only one input field named "
     "\"stringField\".\n1:349 Expected value of type \"OneOfInput\" not to include unknown field "
     "\"nope\", found: { intField: 1, nope: 2 }."},
    {"{ complicatedArgs { complexArgField(complexArg: {requiredField: true, requiredField: 1, "
     "intField: 1, intField: \"x\", intField: 3}) } }",
     "1:86 Boolean cannot represent a non boolean value: 1\n1:50,1:71 There can be only one input "
     "field named \"requiredField\".\n1:89,1:102 There can be only one input field named "
     "\"intField\".\n1:89,1:117 There can be only one input field named \"intField\"."},
    {"{ complicatedArgs { anyArgField(any: {a: {b: 1, b: [{c: 1, c: 2}]}, a: 2}) nope(x: {d: 1, d: "
     "2}) } }",
     "1:43,1:49 There can be only one input field named \"b\".\n1:54,1:60 There can be only one "
     "input field named \"c\".\n1:39,1:69 There can be only one input field named \"a\".\n1:76 "
     "Cannot query field \"nope\" on type \"ComplicatedArgs\".\n1:85,1:91 There can be only one "
     "input field named \"d\"."},
    {"{ complicatedArgs { a: intArgField(intArg: {a: \"a long text that goes on\", b: \"and one "
     "more that goes on\", c: [1, 2, {d: 3}]}) b: intArgField(intArg: [\"a long text that goes "
     "on\", \"and one more that goes on\", \"and a third that ends it\"]) } }",
     "1:44 Int cannot represent non-integer value: {\n  a: \"a long text that goes on\"\n  b: "
     "\"and one more that goes on\"\n  c: [1, 2, { d: 3 }]\n}\n1:151 Int cannot represent "
     "non-integer value: [\n  \"a long text that goes on\"\n  \"and one more that goes on\"\n  "
     "\"and a third that ends it\"\n]"},
    {"{ complicatedArgs { intArgField(intArg: \"\\u00e9\\n\\t\\\"\\\\ \\u{7f} \320\266\") b: "
     "intArgField(intArg: [\"\"\"\n  block\n    lines\n\"\"\", $a]) } }",
     "4:6,1:1 Variable \"$a\" is not defined.\n1:41 Int cannot represent non-integer value: "
     "\"\303\251\\n\\t\\\"\\\\ \\u007F \320\266\"\n1:91 Int cannot represent non-integer value: "
     "[\"\"\"\nblock\n  lines\n\"\"\", null]"},
    {"{ dog { name(surname: \"x\") @skip(if: 1) @include(if: null) @rep(n: null, tag: 3) @need(if: "
     "[true], level: 1.5) } }",
     "1:23 Boolean cannot represent a non boolean value: \"x\"\n1:38 Boolean cannot represent a "
     "non boolean value: 1\n1:54 Expected value of non-null type \"Boolean!\" not to be "
     "null.\n1:68 Expected value of non-null type \"Int!\" not to be null.\n1:79 String cannot "
     "represent a non string value: 3\n1:92 Boolean cannot represent a non boolean value: "
     "[true]\n1:107 Int cannot represent non-integer value: 1.5"},
    {"{ human(id: 1.5) { friends(first: null, near: [1, 2.5, null, \"x\"]) { name } } h: human(id: "
     "true) { iq } }",
     "1:13 ID cannot represent a non-string and non-integer value: 1.5\n1:35 Expected value of "
     "non-null type \"Int!\" not to be null.\n1:56 Expected value of non-null type \"Float!\" not "
     "to be null.\n1:62 Float cannot represent non numeric value: \"x\"\n1:92 ID cannot represent "
     "a non-string and non-integer value: true"},
    {"{ complicatedArgs { intArgField(nope: \"x\", intArg: \"y\") nope(intArg: \"z\") } }",
     "1:33 Unknown argument \"nope\" on field \"ComplicatedArgs.intArgField\".\n1:52 Int cannot "
     "represent non-integer value: \"y\"\n1:57 Cannot query field \"nope\" on type "
     "\"ComplicatedArgs\"."},
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
     "1:81 Expected value of non-null type \"Int!\" not to be null."},
    {"{ complicatedArgs { intArgField(intArg: [1]) stringArgField(stringArg: {a: 1, b: [2, "
     "\"x\"]}) } }",
     "1:41 Int cannot represent non-integer value: [1]\n1:72 String cannot represent a non string "
     "value: { a: 1, b: [2, \"x\"] }"},
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
     "\"DogCommand\" cannot represent non-enum value: { a: SIT }."},
    {"{ complicatedArgs { stringListArgField(stringListArg: [\"one\", 2]) a: "
     "stringListArgField(stringListArg: 1) } }",
     "1:63 String cannot represent a non string value: 2\n1:104 String cannot represent a non "
     "string value: 1"},
    {"{ complicatedArgs { complexArgField(complexArg: {intField: 4}) } }",
     "1:49 Expected value of type \"ComplexInput\" to include required field \"requiredField\", "
     "found: { intField: 4 }."},
    {"{ complicatedArgs { complexArgField(complexArg: {requiredField: true, nonNullField: null, "
     "stringListField: [\"a\", 2], unknownField: 3, strinField: \"x\"}) } }",
     "1:85 Expected value of non-null type \"Boolean!\" not to be null.\n1:114 String cannot "
     "represent a non string value: 2\n1:118 Expected value of type \"ComplexInput\" not to "
     "include unknown field \"unknownField\", found: {\n  requiredField: true\n  nonNullField: "
     "null\n  stringListField: [\"a\", 2]\n  unknownField: 3\n  strinField: \"x\"\n}.\n1:135 "
     "Expected value of type \"ComplexInput\" not to include unknown field \"strinField\". Did you "
     "mean \"stringField\", \"intField\", or \"stringListField\"\077 Found: {\n  requiredField: "
     "true\n  nonNullField: null\n  stringListField: [\"a\", 2]\n  unknownField: 3\n  "
     "strinField: "},
    {"{ complicatedArgs { complexArgField(complexArg: {requiredField: true, requiredField: true, "
     "intField: 1, intField: 2}) } }",
     "1:50,1:71 There can be only one input field named \"requiredField\".\n1:92,1:105 There can "
     "be only one input field named \"intField\"."},
    {"{ complicatedArgs { complexArgField(complexArg: \"str\") a: complexArgField(complexArg: [3]) "
     "b: complexArgField(complexArg: ENUM) } }",
     "1:49 Expected value of type \"ComplexInput\" to be an object, found: \"str\".\n1:87 Expected "
     "value of type \"ComplexInput\" to be an object, found: [3].\n1:123 Expected value of type "
     "\"ComplexInput\" to be an object, found: ENUM."},
    {"{ complicatedArgs { complexArgField(complexArg: {requiredField: true, child: {requiredField: "
     "false, child: {}}}) } }",
     "1:108 Expected value of type \"ComplexInput\" to include required field \"requiredField\", "
     "found: {  }."},
    {"{ complicatedArgs { oneOfArgField(oneOfArg: {stringField: \"a\", intField: 1}) b: "
     "oneOfArgField(oneOfArg: {stringField: null}) c: oneOfArgField(oneOfArg: {}) d: "
     "oneOfArgField(oneOfArg: {intField: \"x\"}) } }",
     "1:45 Within OneOf Input Object type \"OneOfInput\", exactly one field must be specified, and "
     "the value for that field must be non-null.\n1:105 Within OneOf Input Object type "
     "\"OneOfInput\", exactly one field must be specified, and the value for that field must be "
     "non-null.\n1:153 Within OneOf Input Object type \"OneOfInput\", exactly one field must be "
     "specified, and the value for that field must be non-null.\n1:195 Int cannot represent "
     "non-integer value: \"x\""},
    {"{ complicatedArgs { anyArgField(any: {a: [1, {b: C}], a: 3}) matrix(m: [[1, null], 2]) x: "
     "matrix(m: null) y: matrix(m: [[[\"a\"]]]) } }",
     "1:39,1:55 There can be only one input field named \"a\".\n1:77 Expected value of non-null "
     "type \"Int!\" not to be null.\n1:101 Expected value of non-null type \"[[Int!]!]!\" not to "
     "be null.\n1:122 Int cannot represent non-integer value: [\"a\"]"},
    {"{ dog { name(surename: true, foo: 1) isAtLocation(x: 1, x: 2, y: 3, y: \"q\", x: 1) } }",
     "1:14 Unknown argument \"surename\" on field \"Dog.name\". Did you mean \"surname\"\077\n1:30 "
     "Unknown argument \"foo\" on field \"Dog.name\".\n1:51,1:57,1:77 There can be only one "
     "argument named \"x\".\n1:63,1:69 There can be only one argument named \"y\".\n1:72 Int "
     "cannot represent non-integer value: \"q\""},
    {"{ dog @unknown { name @onQuery @skip @include(if: 1) @skip(if: true, unless: false) } }",
     "1:7 Unknown directive \"@unknown\".\n1:32,1:54 The directive \"@skip\" can only be used once "
     "at this location.\n1:23 Directive \"@onQuery\" may not be used on FIELD.\n1:32 Argument "
     "\"@skip(if:)\" of type \"Boolean!\" is required, but it was not provided.\n1:51 Boolean "
     "cannot represent a non boolean value: 1\n1:70 Unknown argument \"unless\" on directive "
     "\"@skip\"."},
    {"{ dog { name @rep @rep(n: 2) @rep(n: null, tag: 3, tog: 4) @need @need(iff: true, level: 2) "
     "} }",
     "1:60,1:66 The directive \"@need\" can only be used once at this location.\n1:52 Unknown "
     "argument \"tog\" on directive \"@rep\". Did you mean \"tag\"\077\n1:38 Expected value of "
     "non-null type \"Int!\" not to be null.\n1:49 String cannot represent a non string value: "
     "3\n1:60 Argument \"@need(if:)\" of type \"Boolean!\" is required, but it was not "
     "provided.\n1:72 Unknown argument \"iff\" on directive \"@need\". Did you mean "
     "\"if\"\077\n1:66 Argument \"@need(if:)\" of type \"Boolean!\" is required, but it was not "
     "provided."},
};

#endif
