/* tests/unit/cases_validate_overlap.h: fields that can or can't be merged. See cases_validate.h. */
#ifndef TESTS_UNIT_CASES_VALIDATE_OVERLAP_H
#define TESTS_UNIT_CASES_VALIDATE_OVERLAP_H

#include "tests/unit/cases_validate.h"

static const struct validate_case cases_validate_overlap[] = {
    {"{ dog { name @include(if: true) name @include(if: false) } }", ""},
    {"{ dog { x: name @skip(if: true) x: nickname @skip(if: false) } }",
     "1:9,1:33 Fields \"x\" conflict because \"name\" and \"nickname\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { name name: nickname name: barks } }",
     "1:9,1:14 Fields \"name\" conflict because \"name\" and \"nickname\" are different fields. "
     "Use different aliases on the fields to fetch both if this was intentional.\n1:9,1:29 Fields "
     "\"name\" conflict because \"name\" and \"barks\" are different fields. Use different aliases "
     "on the fields to fetch both if this was intentional.\n1:14,1:29 Fields \"name\" conflict "
     "because \"nickname\" and \"barks\" are different fields. Use different aliases on the fields "
     "to fetch both if this was intentional."},
    {"{ dog { f: mother { name } f: father { name } } }",
     "1:9,1:28 Fields \"f\" conflict because \"mother\" and \"father\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { mother { x: name } mother { x: nickname } } }",
     "1:9,1:18,1:28,1:37 Fields \"mother\" conflict because subfields \"x\" conflict because "
     "\"name\" and \"nickname\" are different fields. Use different aliases on the fields to fetch "
     "both if this was intentional."},
    {"{ dog { mother { x: name y: barks } mother { x: nickname y: barkVolume } } }",
     "1:9,1:18,1:26,1:37,1:46,1:58 Fields \"mother\" conflict because subfields \"x\" conflict "
     "because \"name\" and \"nickname\" are different fields and subfields \"y\" conflict because "
     "\"barks\" and \"barkVolume\" are different fields. Use different aliases on the fields to "
     "fetch both if this was inte"},
    {"{ dog { mother { mother { x: name } } mother { mother { x: nickname } } } }",
     "1:9,1:18,1:27,1:39,1:48,1:57 Fields \"mother\" conflict because subfields \"mother\" "
     "conflict because subfields \"x\" conflict because \"name\" and \"nickname\" are different "
     "fields. Use different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { mother { mother { x: name } mother { x: nickname } } mother { mother { y: name } } } "
     "}",
     "1:18,1:27,1:37,1:46 Fields \"mother\" conflict because subfields \"x\" conflict because "
     "\"name\" and \"nickname\" are different fields. Use different aliases on the fields to fetch "
     "both if this was intentional."},
    {"{ a: dog { mother { x: name } } a: dog { mother { x: barks } } a: dog { father { name } } }",
     "1:3,1:12,1:21,1:33,1:42,1:51 Fields \"a\" conflict because subfields \"mother\" conflict "
     "because subfields \"x\" conflict because \"name\" and \"barks\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { ...A ...B ...C } } fragment A on Dog { x: name } fragment B on Dog { x: nickname } "
     "fragment C on Dog { x: barks }",
     "1:48,1:78 Fields \"x\" conflict because \"name\" and \"nickname\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional.\n1:48,1:112 Fields "
     "\"x\" conflict because \"name\" and \"barks\" are different fields. Use different aliases on "
     "the fields to fetch both if this was intentional.\n1:78,1:112 Fields \"x\" conflict because "
     "\"nickname\" and \"barks\" are different fields. Use different aliases on the fields to "
     "fetch both if this was intentional."},
    {"{ dog { mother { ...A } mother { ...B } } } fragment A on Dog { x: name ...C } fragment B on "
     "Dog { y: name ...D } fragment C on Dog { y: nickname } fragment D on Dog { x: barks }",
     "1:9,1:65,1:135,1:25,1:169,1:100 Fields \"mother\" conflict because subfields \"x\" conflict "
     "because \"name\" and \"barks\" are different fields and subfields \"y\" conflict because "
     "\"nickname\" and \"name\" are different fields. Use different aliases on the fields to fetch "
     "both if this was intentiona"},
    {"{ ...A dog { x: barks } } fragment A on QueryRoot { dog { ...B } } fragment B on Dog { x: "
     "name }",
     "1:8,1:14,1:53,1:88 Fields \"dog\" conflict because subfields \"x\" conflict because "
     "\"barks\" and \"name\" are different fields. Use different aliases on the fields to fetch "
     "both if this was intentional."},
    {"{ dog { isAtLocation(x: 1) isAtLocation(x: 1, y: 2) } }",
     "1:9,1:28 Fields \"isAtLocation\" conflict because they have differing arguments. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { isAtLocation(x: 1, y: 2) isAtLocation(y: 2, x: 1) isAtLocation(x: 2, y: 1) } }",
     "1:9,1:59 Fields \"isAtLocation\" conflict because they have differing arguments. Use "
     "different aliases on the fields to fetch both if this was intentional.\n1:34,1:59 Fields "
     "\"isAtLocation\" conflict because they have differing arguments. Use different aliases on "
     "the fields to fetch both if this was intentional."},
    {"{ complicatedArgs { complexArgField(complexArg: {intField: 1, requiredField: true}) "
     "complexArgField(complexArg: {requiredField: true, intField: 1}) stringArgField(stringArg: "
     "\"a\") stringArgField(stringArg: \"\"\"a\"\"\") floatArgField(floatArg: 1) "
     "floatArgField(floatArg: 1.0) } }",
     "1:149,1:180 Fields \"stringArgField\" conflict because they have differing arguments. Use "
     "different aliases on the fields to fetch both if this was intentional.\n1:215,1:242 Fields "
     "\"floatArgField\" conflict because they have differing arguments. Use different aliases on "
     "the fields to fetch both if this was intentional."},
    {"query ($a: Int, $b: Int) { dog { isAtLocation(x: $a) isAtLocation(x: $b) } }",
     "1:34,1:54 Fields \"isAtLocation\" conflict because they have differing arguments. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ pet { ... on Dog { x: isAtLocation(x: 1) } ... on Cat { x: name(surname: true) } } }",
     "1:22,1:59 Fields \"x\" conflict because they return conflicting types \"Boolean\" and "
     "\"String\". Use different aliases on the fields to fetch both if this was intentional."},
    {"{ pet { ... on Dog { x: barks } ... on Cat { x: nickname } ... on Pet { x: name } } }",
     "1:22,1:46 Fields \"x\" conflict because they return conflicting types \"Boolean\" and "
     "\"String\". Use different aliases on the fields to fetch both if this was "
     "intentional.\n1:22,1:73 Fields \"x\" conflict because \"barks\" and \"name\" are different "
     "fields. Use different aliases on the fields to fetch both if this was "
     "intentional.\n1:46,1:73 Fields \"x\" conflict because \"nickname\" and \"name\" are "
     "different fields. Use different aliases on the fields to fetch both if this was "
     "intentional."},
    {"{ someBox { ... on IntBox { deepBox { x: scalar } } ... on StringBox { deepBox { x: scalar } "
     "} } }",
     "1:29,1:39,1:72,1:82 Fields \"deepBox\" conflict because subfields \"x\" conflict because "
     "they return conflicting types \"Int\" and \"String\". Use different aliases on the fields to "
     "fetch both if this was intentional."},
    {"{ someBox { ... on IntBox { x: listStringBox { scalar } } ... on StringBox { x: "
     "listStringBox { scalar: unrelatedField } } } }",
     ""},
    {"{ someBox { ... on StringBox { x: stringBox { scalar } x: intBox { scalar } } ... on IntBox "
     "{ y: scalar } ... on NonNullStringBox1 { y: scalar } } }",
     "1:32,1:56 Fields \"x\" conflict because \"stringBox\" and \"intBox\" are different fields. "
     "Use different aliases on the fields to fetch both if this was intentional.\n1:95,1:134 "
     "Fields \"y\" conflict because they return conflicting types \"Int\" and \"String!\". Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ nope { x: a x: b } dog { nope { y: a y: b } } }",
     "1:3 Cannot query field \"nope\" on type \"QueryRoot\".\n1:10,1:15 Fields \"x\" conflict "
     "because \"a\" and \"b\" are different fields. Use different aliases on the fields to fetch "
     "both if this was intentional.\n1:28 Cannot query field \"nope\" on type \"Dog\". Did you "
     "mean \"name\"\077\n1:35,1:40 Fields \"y\" conflict because \"a\" and \"b\" are different "
     "fields. Use different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { x: nope x: alsoNope } unknown { a a: b } }",
     "1:9,1:17 Fields \"x\" conflict because \"nope\" and \"alsoNope\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional.\n1:9 Cannot query "
     "field \"nope\" on type \"Dog\". Did you mean \"name\"\077\n1:17 Cannot query field "
     "\"alsoNope\" on type \"Dog\".\n1:31 Cannot query field \"unknown\" on type "
     "\"QueryRoot\".\n1:41,1:43 Fields \"a\" conflict because \"a\" and \"b\" are different "
     "fields. Use different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { ...A } } fragment A on Dog { x: name mother { ...A x: nickname } }",
     "1:55 Cannot spread fragment \"A\" within itself.\n1:60,1:38 Fields \"x\" conflict because "
     "\"nickname\" and \"name\" are different fields. Use different aliases on the fields to fetch "
     "both if this was intentional."},
    {"{ dog { ... on Unknown { x: name } ... on Cat { x: nickname } x: barks } }",
     "1:26,1:49 Fields \"x\" conflict because \"name\" and \"nickname\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional.\n1:26,1:63 Fields "
     "\"x\" conflict because \"name\" and \"barks\" are different fields. Use different aliases on "
     "the fields to fetch both if this was intentional.\n1:49,1:63 Fields \"x\" conflict because "
     "they return conflicting types \"String\" and \"Boolean\". Use different aliases on the "
     "fields to fetch both if this was intentional.\n1:16 Unknown type \"Unknown\".\n1:36 Fragment "
     "cannot be spread here as objects of type \"Dog\" can never be of type \"Cat\"."},
    {"{ human { friends(first: 1) { name } friends(first: 1) { name: iq } } }",
     "1:11,1:31,1:38,1:58 Fields \"friends\" conflict because subfields \"name\" conflict because "
     "\"name\" and \"iq\" are different fields. Use different aliases on the fields to fetch both "
     "if this was intentional."},
    {"{ dog { m: mother { a0: name b: barks } m: mother { a1: name b: name } m: mother { a2: name "
     "b: barks } m: mother { a3: name b: name } m: mother { a4: name b: barks } m: mother { a5: "
     "name b: name } m: mother { a6: name b: barks } } }",
     "1:9,1:30,1:41,1:62 Fields \"m\" conflict because subfields \"b\" conflict because \"barks\" "
     "and \"name\" are different fields. Use different aliases on the fields to fetch both if this "
     "was intentional.\n1:9,1:30,1:104,1:125 Fields \"m\" conflict because subfields \"b\" "
     "conflict because \"barks\" and \"name\" are different fields. Use different aliases on the "
     "fields to fetch both if this was intentional.\n1:9,1:30,1:167,1:188 Fields \"m\" conflict "
     "because subfields \"b\" conflict because \"barks\" and \"name\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional.\n1:41,1:62,1:72,1:93 "
     "Fields \"m\" conflict because subfields \"b\" conflict because \"name\" and \"barks\" are "
     "different fields. Use different aliases on the fields to fetch both if this was "
     "intentional.\n1:41,1:62,1:135,1:156 Fields \"m\" conflict because subfields \"b\" conflict "
     "because \"name\" and \"barks\" are different fields. Use different aliases on the fields to "
     "fetch both if this was intentional.\n1:41,1:62,1:198,1:219 Fields \"m\" conflict because "
     "subfields \"b\" conflict because \"name\" and \"barks\" are different fields. Use different "
     "aliases on the fields to fetch both if this was intentional.\n1:72,1:93,1:104,1:125 Fields "
     "\"m\" conflict because subfields \"b\" conflict because \"barks\" and \"name\" are different "
     "fields. Use different aliases on the fields to fetch both if this was "
     "intentional.\n1:72,1:93,1:167,1:188 Fields \"m\" conflict because subfields \"b\" conflict "
     "because \"barks\" and \"name\" are different fields. Use different aliases on the fields to "
     "fetch both if this was intentional.\n1:104,1:125,1:135,1:156 Fields \"m\" conflict because "
     "subfields \"b\" conflict because \"name\" and \"barks\" are different fields. Use different "
     "aliases on the fields to fetch both if this was intentional.\n1:104,1:125,1:198,1:219 Fields "
     "\"m\" conflict because subfields \"b\" conflict because \"name\" and \"barks\" are different "
     "fields. Use different aliases on the fields to fetch both if this was "
     "intentional.\n1:135,1:156,1:167,1:188 Fields \"m\" conflict because subfields \"b\" conflict "
     "because \"barks\" and \"name\" are different fields. Use different aliases on the fields to "
     "fetch both if this was intentional.\n1:167,1:188,1:198,1:219 Fields \"m\" conflict because "
     "subfields \"b\" conflict because \"name\" and \"barks\" are different fields. Use different "
     "aliases on the fields to fetch both if this was intentional."},
    {"{ dog { m: mother { a0: name a1: name a2: name a3: name a4: name a5: name a6: name a7: name "
     "a8: name a9: name a10: name a11: name a12: name a13: name a14: name a15: name a16: name a17: "
     "name a18: name a19: name a20: name a21: name a22: name a23: name } m: mother { a0: barks a1: "
     "barks a2: barks a3: barks a4: barks a5: barks a6: barks a7: barks a8: barks a9: barks a10: "
     "barks a11: barks a12: barks a13: barks a14: barks a15: barks a16: barks a17: barks a18: "
     "barks a19: barks a20: barks a21: barks a22: barks a23: barks } } }",
     "1:9,1:21,1:30,1:39,1:48,1:57,1:66,1:75,1:84,1:93,1:102,1:111,1:121,1:131,1:141,1:151,1:161,1:"
     "171,1:181,1:191,1:253,1:265,1:275,1:285,1:295,1:305,1:315,1:325,1:335,1:345,1:355,1:365,1:"
     "376,1:387,1:398,1:409,1:420,1:431,1:442,1:453 Fields \"m\" conflict because subfields \"a0\" "
     "conflict because \"name\" and \"barks\" are different fields and subfields \"a1\" conflict "
     "because \"name\" and \"barks\" are different fields and subfields \"a2\" conflict because "
     "\"name\" and \"barks\" are different fields and"},
    {"query Foo { dog { isAtLocation(x: $zz) ...F } } fragment F on Dog { isAtLocation(y: $yy) }",
     "1:35,1:1 Variable \"$zz\" is not defined by operation \"Foo\".\n1:85,1:1 Variable \"$yy\" is "
     "not defined by operation \"Foo\".\n1:19,1:69 Fields \"isAtLocation\" conflict because they "
     "have differing arguments. Use different aliases on the fields to fetch both if this was "
     "intentional."},
    {"mutation { setHuman(id: \"x\") { name } setHuman(id: \"y\") { name } }",
     "1:12,1:39 Fields \"setHuman\" conflict because they have differing arguments. Use different "
     "aliases on the fields to fetch both if this was intentional."},
    {"{ dog { name: nickname name } }",
     "1:9,1:24 Fields \"name\" conflict because \"nickname\" and \"name\" are different fields. "
     "Use different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { doesKnowCommand(dogCommand: SIT) doesKnowCommand(dogCommand: HEEL) } }",
     "1:9,1:42 Fields \"doesKnowCommand\" conflict because they have differing arguments. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { doesKnowCommand doesKnowCommand(dogCommand: HEEL) } }",
     "1:9,1:25 Fields \"doesKnowCommand\" conflict because they have differing arguments. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { x: name y: nickname x: nickname y: name } }",
     "1:9,1:29 Fields \"x\" conflict because \"name\" and \"nickname\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional.\n1:17,1:41 Fields "
     "\"y\" conflict because \"nickname\" and \"name\" are different fields. Use different aliases "
     "on the fields to fetch both if this was intentional."},
    {"{ pet { ... on Dog { x: barkVolume } ... on Cat { x: nickname } } }",
     "1:22,1:51 Fields \"x\" conflict because they return conflicting types \"Int\" and "
     "\"String\". Use different aliases on the fields to fetch both if this was intentional."},
    {"{ someBox { ... on IntBox { scalar } ... on StringBox { scalar } } }",
     "1:29,1:57 Fields \"scalar\" conflict because they return conflicting types \"Int\" and "
     "\"String\". Use different aliases on the fields to fetch both if this was intentional."},
    {"{ someBox { ... on IntBox { box: stringBox { scalar } } ... on StringBox { box: intBox { "
     "scalar } } } }",
     "1:29,1:46,1:76,1:90 Fields \"box\" conflict because subfields \"scalar\" conflict because "
     "they return conflicting types \"String\" and \"Int\". Use different aliases on the fields to "
     "fetch both if this was intentional."},
    {"{ someBox { ... on IntBox { box: listStringBox { scalar } } ... on StringBox { box: "
     "stringBox { scalar } } } }",
     "1:29,1:80 Fields \"box\" conflict because they return conflicting types \"[StringBox]\" and "
     "\"StringBox\". Use different aliases on the fields to fetch both if this was intentional."},
    {"{ someBox { ... on NonNullStringBox1 { scalar } ... on StringBox { scalar } } }",
     "1:40,1:68 Fields \"scalar\" conflict because they return conflicting types \"String!\" and "
     "\"String\". Use different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { ...A ...B } } fragment A on Dog { name: nickname } fragment B on Dog { name }",
     "1:43,1:80 Fields \"name\" conflict because \"nickname\" and \"name\" are different fields. "
     "Use different aliases on the fields to fetch both if this was intentional."},
    {"{ dog { ...A name: barks } } fragment A on Dog { ...B } fragment B on Dog { name mother { "
     "...A } }",
     "1:14,1:77 Fields \"name\" conflict because \"barks\" and \"name\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional.\n1:50,1:91 Cannot "
     "spread fragment \"A\" within itself via \"B\"."},
    {"{ human { x: pets { name } x: relatives { name } } }",
     "1:11,1:28 Fields \"x\" conflict because \"pets\" and \"relatives\" are different fields. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"{ human(id: 1) { name } human(id: \"1\") { name } human(id: 2) { iq } }",
     "1:3,1:25 Fields \"human\" conflict because they have differing arguments. Use different "
     "aliases on the fields to fetch both if this was intentional.\n1:3,1:49 Fields \"human\" "
     "conflict because they have differing arguments. Use different aliases on the fields to fetch "
     "both if this was intentional.\n1:25,1:49 Fields \"human\" conflict because they have "
     "differing arguments. Use different aliases on the fields to fetch both if this was "
     "intentional."},
    {"query ($a: Int, $b: Int) { dog { isAtLocation(x: $a, y: $b) isAtLocation(x: $b, y: $a) } }",
     "1:34,1:61 Fields \"isAtLocation\" conflict because they have differing arguments. Use "
     "different aliases on the fields to fetch both if this was intentional."},
    {"query ($a: Float) { human { friends(near: [$a]) { name } friends(near: $a) { iq } } }",
     "1:29,1:58 Fields \"friends\" conflict because they have differing arguments. Use different "
     "aliases on the fields to fetch both if this was intentional.\n1:8,1:44 Variable \"$a\" of "
     "type \"Float\" used in position expecting type \"Float!\".\n1:8,1:72 Variable \"$a\" of type "
     "\"Float\" used in position expecting type \"[Float!]\"."},
};

#endif
