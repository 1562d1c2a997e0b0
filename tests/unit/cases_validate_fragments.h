/* tests/unit/cases_validate_fragments.h: fragments. See cases_validate.h. */
#ifndef TESTS_UNIT_CASES_VALIDATE_FRAGMENTS_H
#define TESTS_UNIT_CASES_VALIDATE_FRAGMENTS_H

#include "tests/unit/cases_validate.h"

static const struct validate_case cases_validate_fragments[] = {
    {"{ dog { ...A ...B } } fragment A on Dog { name } fragment A on Dog { name } fragment B on "
     "Dog { name } fragment A on Cat { name }",
     "1:9 Fragment \"A\" cannot be spread here as objects of type \"Dog\" can never be of type "
     "\"Cat\".\n1:32,1:59 There can be only one fragment named \"A\".\n1:32,1:113 There can be "
     "only one fragment named \"A\"."},
    {"{ ...A } fragment A on Dogg { name }",
     "1:24 Unknown type \"Dogg\". Did you mean \"Dog\"\077"},
    {"{ human(id: 4) { ...UnknownFragment1 ... on Human { ...UnknownFragment2 } } } fragment "
     "HumanFields on Human { name ...UnknownFragment3 }",
     "1:21 Unknown fragment \"UnknownFragment1\".\n1:56 Unknown fragment "
     "\"UnknownFragment2\".\n1:119 Unknown fragment \"UnknownFragment3\".\n1:79 Fragment "
     "\"HumanFields\" is never used."},
    {"fragment A on Int { x } fragment B on ComplexInput { y } fragment C on FurColor { z } { dog "
     "{ ...A ...B ...C } }",
     "1:15 Fragment \"A\" cannot condition on non composite type \"Int\".\n1:39 Fragment \"B\" "
     "cannot condition on non composite type \"ComplexInput\".\n1:72 Fragment \"C\" cannot "
     "condition on non composite type \"FurColor\"."},
    {"{ dog { ... on ComplexInput { x } ... on FurColor { y } ... on String { z } } }",
     "1:16 Fragment cannot condition on non composite type \"ComplexInput\".\n1:42 Fragment cannot "
     "condition on non composite type \"FurColor\".\n1:64 Fragment cannot condition on non "
     "composite type \"String\"."},
    {"{ dog { ... on __Type { name } ... on QueryRoot { dog { name } } } }",
     "1:9 Fragment cannot be spread here as objects of type \"Dog\" can never be of type "
     "\"__Type\".\n1:32 Fragment cannot be spread here as objects of type \"Dog\" can never be of "
     "type \"QueryRoot\"."},
    {"query A { dog { ...F } } query B { dog { ...G } } fragment F on Dog { name } fragment G on "
     "Dog { ...F } fragment H on Dog { ...I } fragment I on Dog { ...H }",
     "1:125,1:152 Cannot spread fragment \"H\" within itself via \"I\".\n1:105 Fragment \"H\" is "
     "never used.\n1:132 Fragment \"I\" is never used."},
    {"fragment A on Dog { name } { dog { name } } fragment B on Dog { name }",
     "1:1 Fragment \"A\" is never used.\n1:45 Fragment \"B\" is never used."},
    {"{ dog { ...A } } fragment A on Dog { name } fragment A on Dog { barks }",
     "1:27,1:54 There can be only one fragment named \"A\"."},
    {"{ dog { ...A } } fragment A on Dog { ...A ...A }",
     "1:38 Cannot spread fragment \"A\" within itself.\n1:43 Cannot spread fragment \"A\" within "
     "itself."},
    {"{ dog { ...A } } fragment A on Dog { mother { ...A } }",
     "1:47 Cannot spread fragment \"A\" within itself."},
    {"{ pet { ...A } } fragment A on Pet { ... on Dog { ...A } }",
     "1:51 Cannot spread fragment \"A\" within itself."},
    {"{ dog { ...A } } fragment A on Dog { ...B } fragment B on Dog { ...A } fragment C on Dog { "
     "...A }",
     "1:38,1:65 Cannot spread fragment \"A\" within itself via \"B\".\n1:72 Fragment \"C\" is "
     "never used."},
    {"{ dog { ...A } } fragment A on Dog { ...B } fragment B on Dog { ...C ...B } fragment C on "
     "Dog { ...A ...B }",
     "1:38,1:65,1:97 Cannot spread fragment \"A\" within itself via \"B\", \"C\".\n1:65,1:102 "
     "Cannot spread fragment \"B\" within itself via \"C\".\n1:70 Cannot spread fragment \"B\" "
     "within itself."},
    {"{ dog { ...A } } fragment A on Dog { ...B } fragment B on Dog { ...C } fragment C on Dog { "
     "...O } fragment X on Dog { ...Y } fragment Y on Dog { ...Z } fragment Z on Dog { ...O } "
     "fragment O on Dog { ...P } fragment P on Dog { ...A ...X }",
     "1:38,1:65,1:92,1:200,1:227 Cannot spread fragment \"A\" within itself via \"B\", \"C\", "
     "\"O\", \"P\".\n1:200,1:232,1:119,1:146,1:173 Cannot spread fragment \"O\" within itself via "
     "\"P\", \"X\", \"Y\", \"Z\"."},
    {"{ dog { ...A ...M } } fragment A on Dog { ...B ...Missing } fragment B on Dog { ...C } "
     "fragment C on Dog { ...B }",
     "1:17 Unknown fragment \"M\".\n1:81,1:108 Cannot spread fragment \"B\" within itself via "
     "\"C\".\n1:51 Unknown fragment \"Missing\"."},
    {"{ pet { ... on CatOrDog { __typename } ...F } } fragment F on Canine { name }", ""},
    {"{ catOrDog { ...F ... on Mammal { mother { ... on Canine { name } ... on Cat { name } } } } "
     "} fragment F on Human { name }",
     "1:14 Fragment \"F\" cannot be spread here as objects of type \"CatOrDog\" can never be of "
     "type \"Human\".\n1:67 Fragment cannot be spread here as objects of type \"Mammal\" can never "
     "be of type \"Cat\"."},
    {"{ dog { ...F } human { ...F } } fragment F on Mammal { __typename }",
     "1:24 Fragment \"F\" cannot be spread here as objects of type \"Human\" can never be of type "
     "\"Mammal\"."},
    {"{ cat { ... on Mammal { __typename } ... on Canine { __typename } ... on Pet { name } ... on "
     "CatOrDog { __typename } } }",
     "1:9 Fragment cannot be spread here as objects of type \"Cat\" can never be of type "
     "\"Mammal\".\n1:38 Fragment cannot be spread here as objects of type \"Cat\" can never be of "
     "type \"Canine\"."},
    {"{ someBox { ... on NonNullStringBox1 { scalar } ... on NonNullStringBox1Impl { scalar } ... "
     "on IntBox { ... on StringBox { scalar } } } }",
     "1:40,1:124 Fields \"scalar\" conflict because they return conflicting types \"String!\" and "
     "\"String\". Use different aliases on the fields to fetch both if this was "
     "intentional.\n1:80,1:124 Fields \"scalar\" conflict because they return conflicting types "
     "\"String!\" and \"String\". Use different aliases on the fields to fetch both if this was "
     "intentional.\n1:105 Fragment cannot be spread here as objects of type \"IntBox\" can never "
     "be of type \"StringBox\"."},
    {"{ dog { ... on Dogg { x } ...F } } fragment F on Catt { x } query ($a: Strng, $b: [Humn!]) { "
     "dog { name } }",
     "1:1 This anonymous operation must be the only defined operation.\n1:16 Unknown type "
     "\"Dogg\". Did you mean \"Dog\"\077\n1:50 Unknown type \"Catt\". Did you mean "
     "\"Cat\"\077\n1:61 This anonymous operation must be the only defined operation.\n1:68 "
     "Variable \"$a\" is never used.\n1:79 Variable \"$b\" is never used.\n1:72 Unknown type "
     "\"Strng\". Did you mean \"String\"\077\n1:84 Unknown type \"Humn\". Did you mean "
     "\"Human\"\077"},
    {"{ dog { ... on Dog { ... on Cat { ... on Human { name } } } } }",
     "1:22 Fragment cannot be spread here as objects of type \"Dog\" can never be of type "
     "\"Cat\".\n1:35 Fragment cannot be spread here as objects of type \"Cat\" can never be of "
     "type \"Human\"."},
    {"{ dog { ... { ... { ...F } } ... @include(if: true) { ... on Cat { name } } } } fragment F "
     "on Cat { name }",
     "1:21 Fragment \"F\" cannot be spread here as objects of type \"Dog\" can never be of type "
     "\"Cat\".\n1:55 Fragment cannot be spread here as objects of type \"Dog\" can never be of "
     "type \"Cat\"."},
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
     "1:21,1:48,1:75 Cannot spread fragment \"A\" within itself via \"B\", \"C\"."},
    {"fragment A on Dog { ...B ...C } fragment B on Dog { ...A } fragment C on Dog { ...A ...B } { "
     "dog { ...A } }",
     "1:21,1:53 Cannot spread fragment \"A\" within itself via \"B\".\n1:26,1:80 Cannot spread "
     "fragment \"A\" within itself via \"C\"."},
    {"fragment A on Dog { mother { ...B } ...C } fragment B on Dog { mother { ...A } } fragment C "
     "on Dog { name } { dog { ...A ...B ...C } }",
     "1:30,1:73 Cannot spread fragment \"A\" within itself via \"B\"."},
    {"fragment A on Dog { name } fragment A on Dog { nickname } { dog { ...A } }",
     "1:10,1:37 There can be only one fragment named \"A\"."},
    {"subscription S { newMessage { body } ...F } fragment F on SubscriptionRoot { oldMessage { "
     "sender } x: newMessage { body } }",
     "1:78,1:100 Subscription \"S\" must select only one top level field."},
    {"{ pet { ... on Dog { name: nickname } ... on Cat { name: nickname } } }", ""},
    {"{ pet { ... on Dog { x: name } ... on Cat { x: nickname } } }", ""},
    {"{ someBox { ... on IntBox { deepBox { unrelatedField } } ... on StringBox { deepBox { "
     "unrelatedField: __typename } } } }",
     ""},
    {"{ __schema { ...S } } fragment S on __Schema { types { ...T } } fragment T on __Type { "
     "fields { type { ...U } } } fragment U on __Type { interfaces { possibleTypes { name } } }",
     "1:3 Maximum introspection depth exceeded"},
    {"{ ...F ...F ...G } fragment F on QueryRoot { dog { name } } fragment G on QueryRoot { ...F "
     "cat { name } }",
     ""},
    {"{ human { friends { pets { ... on Pet { name } ... on Canine { name ... on Dog { barks } ... "
     "on Cat { meows } } } } } }",
     "1:90 Fragment cannot be spread here as objects of type \"Canine\" can never be of type "
     "\"Cat\"."},
    {"{ dog { ...F } } fragment F on Dog { ... { name nam ... @include(if: true) { nickname(x: 1) "
     "} } }",
     "1:49 Cannot query field \"nam\" on type \"Dog\". Did you mean \"name\"\077\n1:87 Unknown "
     "argument \"x\" on field \"Dog.nickname\"."},
    {"query Q { dog { name } } fragment Q on Dog { name } fragment Q2 on Dogg { name ...Q3 } "
     "fragment Q3 on CatOrDog { name ...Q2 }",
     "1:80,1:119 Cannot spread fragment \"Q2\" within itself via \"Q3\".\n1:68 Unknown type "
     "\"Dogg\". Did you mean \"Dog\"\077\n1:114 Cannot query field \"name\" on type \"CatOrDog\". "
     "Did you mean to use an inline fragment on \"Pet\", \"Canine\", \"Cat\", or \"Dog\"\077\n1:26 "
     "Fragment \"Q\" is never used.\n1:53 Fragment \"Q2\" is never used.\n1:88 Fragment \"Q3\" is "
     "never used."},
    {"{ dog { name } ...F } fragment F on QueryRoot { cat { furColor } pet { name(surname: false) "
     "} }",
     ""},
    {"{ human { pets { ... on Dog { barkVolume } ... on Cat { meowsVolume } } relatives { iq } } }",
     ""},
    {"{ dog { x: name x: name ...F } } fragment F on Dog { x: name }", ""},
    {"{ someBox { ... on StringBox { x: stringBox { scalar } } ... on IntBox { x: stringBox { "
     "scalar } } } }",
     ""},
    {"{ pet { ... on Dog { n: name } ... on Cat { n: nickname } } }", ""},
};

#endif
